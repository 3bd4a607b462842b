package luaapi

import (
	"bytes"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/client"
)

// jarObject is a cookie jar in Lua: a session's, or what one response set.
type jarObject struct{ jar *client.Jar }

func (*jarObject) className() string { return "Jar" }

// fields are the cookies as names and values, as the cookies option takes them.
func (o *jarObject) fields() []runtime.Field {
	var out []runtime.Field
	for _, c := range o.jar.List() {
		out = append(out, runtime.Field{Name: c.Name, Value: c.Value})
	}
	return out
}

// responseJar is resp.cookies.
func responseJar(r *runtime.Response) *jarObject {
	jar := client.NewJar()
	for _, c := range client.Cookies(r) {
		_ = jar.Set(c) // one that no jar takes is none of the response's cookies
	}
	return &jarObject{jar: jar}
}

func jarOf(ud *lua.LUserData) *client.Jar {
	if o, ok := ud.Value.(*jarObject); ok {
		return o.jar
	}
	return client.NewJar()
}

// cookieSite is {domain=, path=} of get, delete and clear.
type cookieSite struct{ domain, path string }

func siteOf(c call, i int) cookieSite {
	var site cookieSite
	t := c.tableOr(i)
	if t == nil {
		return site
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		s, err := text(v)
		switch k.String() {
		case "domain":
			site.domain = s
		case "path":
			site.path = s
		default:
			c.raisef("unknown option %q; it takes domain and path", k.String())
		}
		if err != nil {
			c.raisef("%s %s", k.String(), err.Error())
		}
	}
	return site
}

func jarClass() Class {
	return Class{
		Name:    "Jar",
		Doc:     "Cookies (RFC 6265). `jar.NAME` is the value of a cookie, or nil; pairs yields names and values.",
		Methods: append(jarMethods(), jarFiles()...),
		lookup: func(_ *Script, _ *lua.LState, ud *lua.LUserData, key string) (lua.LValue, bool) {
			if v, ok := jarOf(ud).Get(key, "", ""); ok {
				return lua.LString(v), true
			}
			return lua.LNil, true
		},
		pairs: func(_ *Script, _ *lua.LState, ud *lua.LUserData) []entry {
			var out []entry
			for _, c := range jarOf(ud).List() {
				out = append(out, entry{lua.LString(c.Name), lua.LString(c.Value)})
			}
			return out
		},
		tostring: func(_ *Script, ud *lua.LUserData) string { return fmt.Sprintf("<Jar [%d]>", len(jarOf(ud).List())) },
	}
}

func jarMethods() []Function {
	site := Param{"opts", "table?", "{domain=, path=}"}
	return []Function{
		{
			Name: "get", Params: []Param{{"name", "string", ""}, site}, Returns: "string?",
			Doc:     "The value of a cookie, or nil; never an error.",
			Example: "local s = volley.session{cookies = {a = \"1\"}}\nassert(s.cookies:get(\"a\") == \"1\" and s.cookies:get(\"b\") == nil)",
			call: func(c call) int {
				at := siteOf(c, 2)
				if v, ok := self[*jarObject](c).jar.Get(c.text(1), at.domain, at.path); ok {
					return c.push(lua.LString(v))
				}
				return c.push(lua.LNil)
			},
		},
		{
			Name: "set", Params: []Param{{"name", "string", ""}, {"value", "string", ""}, {"opts", "table?", "{domain=, path=, secure=, expires=, http_only=}; expires in seconds since 1970."}},
			Doc:     "Adds or replaces a cookie.",
			Example: "local s = volley.session()\ns.cookies:set(\"a\", \"1\", {path = \"/x\"})\nassert(s.cookies:get(\"a\", {path = \"/x\"}) == \"1\")",
			call:    setCookie,
		},
		{
			Name: "delete", Params: []Param{{"name", "string", ""}, site}, Returns: "integer",
			Doc:     "Removes cookies by name and returns how many there were.",
			Example: "local s = volley.session{cookies = {a = \"1\"}}\nassert(s.cookies:delete(\"a\") == 1)",
			call: func(c call) int {
				at := siteOf(c, 2)
				return c.push(lua.LNumber(self[*jarObject](c).jar.Delete(c.text(1), at.domain, at.path)))
			},
		},
		{
			Name: "list", Returns: "table[]",
			Doc:     "Every cookie as {name, value, domain, path, secure, http_only, expires}.",
			Example: "local s = volley.session{cookies = {a = \"1\"}}\nassert(s.cookies:list()[1].name == \"a\")",
			call: func(c call) int {
				out := c.L.NewTable()
				for i, cookie := range self[*jarObject](c).jar.List() {
					out.RawSetInt(i+1, cookieTable(c.L, cookie))
				}
				return c.push(out)
			},
		},
		{
			Name: "clear", Params: []Param{site}, Doc: "Removes all cookies, or those of a domain and path.",
			Example: "local s = volley.session{cookies = {a = \"1\"}}\ns.cookies:clear()\nassert(#s.cookies:list() == 0)",
			call: func(c call) int {
				at := siteOf(c, 1)
				self[*jarObject](c).jar.Clear(at.domain, at.path)
				return 0
			},
		},
		{
			Name: "to_table", Returns: "table<string, string>",
			Doc:     "Names and values as a plain table.",
			Example: "local s = volley.session{cookies = {a = \"1\"}}\nassert(s.cookies:to_table().a == \"1\")",
			call: func(c call) int {
				out := c.L.NewTable()
				for _, cookie := range self[*jarObject](c).jar.List() {
					out.RawSetString(cookie.Name, lua.LString(cookie.Value))
				}
				return c.push(out)
			},
		},
	}
}

func cookieTable(L *lua.LState, cookie client.Cookie) *lua.LTable {
	t := L.CreateTable(0, 7)
	t.RawSetString("name", lua.LString(cookie.Name))
	t.RawSetString("value", lua.LString(cookie.Value))
	t.RawSetString("domain", lua.LString(cookie.Domain))
	t.RawSetString("path", lua.LString(cookie.Path))
	t.RawSetString("secure", lua.LBool(cookie.Secure))
	t.RawSetString("http_only", lua.LBool(cookie.HTTPOnly))
	if !cookie.Expires.IsZero() {
		t.RawSetString("expires", lua.LNumber(cookie.Expires.Unix()))
	}
	return t
}

// setCookie is jar:set.
func setCookie(c call) int {
	cookie := client.Cookie{Name: c.text(1), Value: c.text(2)}
	if t := c.tableOr(3); t != nil {
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			var err error
			switch k.String() {
			case "domain":
				cookie.Domain, err = text(v)
			case "path":
				cookie.Path, err = text(v)
			case "secure":
				cookie.Secure, err = boolean(v)
			case "http_only":
				cookie.HTTPOnly, err = boolean(v)
			case "expires":
				cookie.Expires, err = expiryOf(v)
			default:
				c.raisef("unknown option %q; it takes domain, path, secure, expires and http_only", k.String())
			}
			if err != nil {
				c.raisef("%s %s", k.String(), err.Error())
			}
		}
	}
	if err := self[*jarObject](c).jar.Set(cookie); err != nil {
		c.raise(err)
	}
	return 0
}

func expiryOf(v lua.LValue) (time.Time, error) {
	n, ok := v.(lua.LNumber)
	if !ok {
		return time.Time{}, fmt.Errorf("must be seconds since 1970, got %s", typeName(v))
	}
	return time.Unix(int64(n), 0), nil
}

func jarFiles() []Function {
	return []Function{
		{
			Name: "save", Params: []Param{{"path", "string", "Needs --allow-write for its folder."}},
			Doc:     "Writes the cookies in the Netscape format that curl and browsers share, to a file that only you may read.",
			Example: "volley.session{cookies = {a = \"1\"}}.cookies:save(\"cookies.txt\")",
			call: func(c call) int {
				var b bytes.Buffer
				if err := self[*jarObject](c).jar.Write(&b); err != nil {
					c.raise(err)
				}
				if err := c.s.config.Policy.WriteSecret(c.text(1), b.Bytes()); err != nil {
					c.raise(err)
				}
				return 0
			},
		},
		{
			Name: "load", Params: []Param{{"path", "string", ""}},
			Doc:     "Adds the cookies of a file in the Netscape format.",
			Example: "local s = volley.session{cookies = {a = \"1\"}}\ns.cookies:save(\"cookies.txt\")\nlocal t = volley.session()\nt.cookies:load(\"cookies.txt\")\nassert(t.cookies:get(\"a\") == \"1\")",
			call: func(c call) int {
				data, err := c.s.config.Policy.ReadFile(c.text(1))
				if err == nil {
					err = self[*jarObject](c).jar.Read(bytes.NewReader(data))
				}
				if err != nil {
					c.raise(err)
				}
				return 0
			},
		},
	}
}
