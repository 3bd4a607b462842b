package luaapi

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

func urlModule() Module {
	return Module{
		Name: "volley.url",
		Doc:  "URLs taken apart and put together (RFC 3986).",
		Functions: []Function{
			{
				Name: "parse", Params: []Param{{"url", "string", "Absolute or relative."}},
				Returns: "table",
				Doc: "Takes a URL apart: a table with what is there of `scheme user password host port path query params fragment`. `port` is a number, `params` the " +
					"decoded query by name (a repeated name has a list), the rest is as written. Raises kind `invalid_url`.",
				Example: `local u = volley.url.parse("https://example.com:8443/a%20b?q=1&q=2&x=y#top")
assert(u.host == "example.com" and u.port == 8443 and u.path == "/a%20b" and u.fragment == "top")
assert(u.params.q[2] == "2" and u.params.x == "y")`,
				call: func(c call) int {
					t, err := parseURL(c, c.text(1))
					if err != nil {
						c.raise(invalidURL(c, err))
					}
					return c.push(t)
				},
			},
			{
				Name: "build", Params: []Param{{"parts", "table", "As `parse` returns them; `params` beats `query`, pairs keep their order."}},
				Returns: "string",
				Doc:     "Puts a URL together. What a part may not hold is escaped; escapes that are there stay.",
				Example: `local url = volley.url.build{scheme = "https", host = "example.com", path = "/a b", params = {q = "1&2"}}
assert(url == "https://example.com/a%20b?q=1%262")`,
				call: func(c call) int {
					t := c.tableOr(1)
					if t == nil {
						c.wrong(1, "a table")
					}
					var parts urlParts
					apply(c, "parts", urlPartTable, t, &parts)
					return c.push(lua.LString(parts.String()))
				},
			},
			{
				Name: "join", Params: []Param{{"base", "string", "An absolute URL."}, {"ref", "string", "Absolute or relative."}},
				Returns: "string",
				Doc:     "Resolves a reference against a base, as a browser does with a link.",
				Example: `assert(volley.url.join("https://example.com/a/b", "../c?d=1") == "https://example.com/c?d=1")`,
				call:    joinURL,
			},
			{
				Name: "quote", Params: []Param{{"s", "string", "Any bytes."}, {"safe", "string?", `Characters to leave alone besides letters, digits and "-._~"; default "/".`}},
				Returns: "string",
				Doc:     "Escapes a string for a path or, with safe = \"\", for any part of a URL.",
				Example: `assert(volley.url.quote("a b/c") == "a%20b/c" and volley.url.quote("a/b", "") == "a%2Fb")`,
				call: func(c call) int {
					s, safe := c.text(1), c.textOr(2, "/")
					return c.push(lua.LString(apartOn(c, len(s)+len(safe), func() string { return quoteURL(s, safe, false) })))
				},
			},
			{
				Name: "unquote", Params: []Param{{"s", "string", "A part of a URL."}}, Returns: "string",
				Doc:     "Undoes the escapes; a percent sign that begins none stays.",
				Example: `assert(volley.url.unquote("a%20b%2Fc 100%") == "a b/c 100%")`,
				call: func(c call) int {
					s := c.text(1)
					return c.push(lua.LString(apartOn(c, len(s), func() string { return unquoteURL(s) })))
				},
			},
		},
	}
}

func invalidURL(c call, err error) error {
	return runtime.Errorf(runtime.KindInvalidURL, "%s: %w", c.name(), err)
}

func parseURL(c call, raw string) (*lua.LTable, error) {
	u, err := apart(c, len(raw) >= longText, func() (*url.URL, error) { return url.Parse(raw) })
	if err != nil {
		return nil, err
	}
	t := c.L.CreateTable(0, 8)
	set := func(name, value string) {
		if value != "" {
			t.RawSetString(name, lua.LString(value))
		}
	}
	set("scheme", u.Scheme)
	set("host", u.Hostname())
	set("user", u.User.Username())
	if password, ok := u.User.Password(); ok {
		t.RawSetString("password", lua.LString(password))
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		t.RawSetString("port", lua.LNumber(n))
	}
	set("path", u.EscapedPath()+u.Opaque)
	set("query", u.RawQuery)
	set("fragment", u.EscapedFragment())
	t.RawSetString("params", queryTable(c, u.RawQuery))
	return t, nil
}

// queryTable decodes a query: name → value, or the list of its values.
func queryTable(c call, query string) *lua.LTable {
	t := c.L.CreateTable(0, 4)
	var steps vm.Steps
	for field := range strings.SplitSeq(query, "&") {
		if err := steps.Next(c.L); err != nil {
			c.raise(err)
		}
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		name, value = unquoteForm(name), unquoteForm(value)
		switch before := t.RawGetString(name).(type) {
		case *lua.LTable:
			before.Append(lua.LString(value))
		case lua.LString:
			list := c.L.CreateTable(2, 0)
			list.Append(before)
			list.Append(lua.LString(value))
			t.RawSetString(name, list)
		default:
			t.RawSetString(name, lua.LString(value))
		}
	}
	return t
}

func unquoteForm(s string) string { return unquoteURL(strings.ReplaceAll(s, "+", " ")) }

// urlParts are what build puts together.
type urlParts struct {
	scheme, user, password, host, path, query, fragment string
	hasPassword                                         bool
	port                                                int
	params                                              []runtime.Field
}

var urlPartTable = index(urlPartOptions())

func urlPartOptions() []option[urlParts] {
	part := func(name string, field func(*urlParts) *string) option[urlParts] {
		return option[urlParts]{Option: Option{Name: name, Type: "string"}, set: func(_ call, p *urlParts, v lua.LValue) error {
			s, err := text(v)
			*field(p) = s
			return err
		}}
	}
	return []option[urlParts]{
		part("scheme", func(p *urlParts) *string { return &p.scheme }),
		part("user", func(p *urlParts) *string { return &p.user }),
		part("password", func(p *urlParts) *string { p.hasPassword = true; return &p.password }),
		part("host", func(p *urlParts) *string { return &p.host }),
		part("path", func(p *urlParts) *string { return &p.path }),
		part("query", func(p *urlParts) *string { return &p.query }),
		part("fragment", func(p *urlParts) *string { return &p.fragment }),
		{Option: Option{Name: "port", Type: "integer"}, set: func(_ call, p *urlParts, v lua.LValue) error {
			n, err := whole(v, 0)
			if err == nil && n > 65535 {
				err = fmt.Errorf("must be at most 65535, got %d", n)
			}
			p.port = n
			return err
		}},
		{Option: Option{Name: "params", Type: "table"}, set: func(_ call, p *urlParts, v lua.LValue) (err error) {
			p.params, err = fieldsOf(v)
			return err
		}},
	}
}

// Characters that stand for themselves in the parts of a URL, besides letters,
// digits and "-._~" (RFC 3986 section 3).
const (
	safeInUser  = "!$&'()*+,;="
	safeInPath  = safeInUser + ":@/"
	safeInQuery = safeInPath + "?"
)

func (p *urlParts) String() string {
	var b strings.Builder
	if p.scheme != "" {
		b.WriteString(p.scheme + ":")
	}
	if p.host != "" {
		b.WriteString("//" + p.authority())
	}
	if p.host != "" && p.path != "" && p.path[0] != '/' {
		b.WriteByte('/')
	}
	b.WriteString(quoteURL(p.path, safeInPath, true))
	query := quoteURL(p.query, safeInQuery, true)
	if p.params != nil {
		query = encodeQuery(p.params)
	}
	if query != "" {
		b.WriteString("?" + query)
	}
	if p.fragment != "" {
		b.WriteString("#" + quoteURL(p.fragment, safeInQuery, true))
	}
	return b.String()
}

func (p *urlParts) authority() string {
	host := p.host
	if strings.Contains(host, ":") && host[0] != '[' {
		host = "[" + host + "]"
	}
	if p.port != 0 {
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(p.port))
	}
	if p.user == "" && !p.hasPassword {
		return host
	}
	user := quoteURL(p.user, safeInUser, false)
	if p.hasPassword {
		user += ":" + quoteURL(p.password, safeInUser, false)
	}
	return user + "@" + host
}

func encodeQuery(fields []runtime.Field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(quoteURL(f.Name, "", false) + "=" + quoteURL(f.Value, "", false))
	}
	return b.String()
}

// quoteURL escapes all but unreserved characters and those of safe; with keep,
// escapes that are there already are left as they are.
func quoteURL(s, safe string, keep bool) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isUnreserved(c) || strings.IndexByte(safe, c) >= 0:
			b.WriteByte(c)
		case keep && isEscape(s[i:]):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func isEscape(s string) bool {
	if len(s) < 3 || s[0] != '%' {
		return false
	}
	_, err := strconv.ParseUint(s[1:3], 16, 8)
	return err == nil
}

func unquoteURL(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if isEscape(s[i:]) {
			v, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // checked by isEscape
			b.WriteByte(byte(v))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func joinURL(c call) int {
	base, err := url.Parse(c.text(1))
	if err != nil {
		c.raise(invalidURL(c, err))
	}
	joined, err := base.Parse(c.text(2))
	if err != nil {
		c.raise(invalidURL(c, err))
	}
	return c.push(lua.LString(joined.String()))
}
