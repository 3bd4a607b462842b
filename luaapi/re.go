package luaapi

import (
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func reModule() Module {
	patterns := &patternCache{}
	pattern := Param{"pattern", "string", `RE2 syntax; "(?i)" at the start ignores case. In Lua write [[\d+]] or "\\d+".`}
	return Module{
		Name: "volley.re",
		Doc:  "Regular expressions (RE2: time linear in the text, no backreferences). Strings are bytes; UTF-8 is understood.",
		Functions: []Function{
			{
				Name: "match", Params: []Param{pattern, {"s", "string", "The text."}}, Returns: "string?, ...",
				Doc: "The captures of the first match, or the whole match when the pattern has no groups; nil when nothing matches. A group that took no part is nil.",
				Example: `local year, month = volley.re.match([[(\d+)-(\d+)]], "on 2024-05-01")
assert(year == "2024" and month == "05" and volley.re.match("x+", "abc") == nil)`,
				call: func(c call) int { return matchPattern(c, patterns.of(c, 1)) },
			},
			{
				Name: "find_all", Params: []Param{pattern, {"s", "string", "The text."}, {"n", "integer?", "At most so many."}},
				Returns: "(string|string[])[]",
				Doc:     `All matches in a list: strings; with two or more groups lists of captures, with one the capture. A group that took no part is "".`,
				Example: `local words = volley.re.find_all([[\w+]], "one two three", 2)
assert(#words == 2 and words[2] == "two")
assert(volley.re.find_all([[(\w)=(\d)]], "a=1 b=2")[2][1] == "b")`,
				call: func(c call) int {
					n := -1
					if c.arg(3) != lua.LNil {
						n = c.integer(3, 0, 1<<31-1)
					}
					return c.push(findAll(c, patterns.of(c, 1), c.text(2), n))
				},
			},
			{
				Name: "replace",
				Params: []Param{
					pattern,
					{"s", "string", "The text."},
					{"repl", "string|fun(...: string?): string|nil", "A text with $1 or ${name} for groups and $$ for a dollar, or a function of the captures; nil from it keeps the match."},
				},
				Returns: "string, integer",
				Doc:     "Replaces every match. Also returns how many there were.",
				Example: `assert(volley.re.replace([[(\w+)@(\w+)]], "me@home", "$2 of $1") == "home of me")
assert(volley.re.replace([[\d+]], "a1b22", function(d) return "<" .. d .. ">" end) == "a<1>b<22>")`,
				call: func(c call) int { return replacePattern(c, patterns.of(c, 1)) },
			},
		},
	}
}

// captures gives take the groups of a match, or the whole match when there are
// none; ok is false for a group that took no part.
func captures(re *regexp.Regexp, s string, m []int, take func(text string, ok bool)) {
	first := 1
	if re.NumSubexp() == 0 {
		first = 0
	}
	for g := first; g <= re.NumSubexp(); g++ {
		if m[2*g] < 0 {
			take("", false)
			continue
		}
		take(s[m[2*g]:m[2*g+1]], true)
	}
}

func textOrNone(text string, ok bool) lua.LValue {
	if !ok {
		return lua.LNil
	}
	return lua.LString(text)
}

func matchPattern(c call, p *pattern) int {
	s := c.text(2)
	m := p.first(c, s)
	if m == nil {
		return c.push(lua.LNil)
	}
	n := 0
	captures(p.re, s, m, func(text string, ok bool) {
		c.L.Push(textOrNone(text, ok))
		n++
	})
	return n
}

func findAll(c call, p *pattern, s string, n int) *lua.LTable {
	out := c.L.CreateTable(0, 0)
	for m := range p.all(c, s, n) {
		if p.re.NumSubexp() < 2 {
			captures(p.re, s, m, func(text string, _ bool) { out.Append(lua.LString(text)) })
			continue
		}
		groups := c.L.CreateTable(p.re.NumSubexp(), 0)
		captures(p.re, s, m, func(text string, _ bool) { groups.Append(lua.LString(text)) })
		out.Append(groups)
	}
	return out
}

const (
	// maxReplaced bounds the result of a replacement, in bytes, as gsub is.
	maxReplaced = 64 << 20
	// maxTemplate bounds what takes the place of a match, as it is written.
	maxTemplate = 1 << 16
)

func replacePattern(c call, p *pattern) int {
	s := c.text(2)
	var replace func(b *strings.Builder, m []int)
	switch repl := c.arg(3).(type) {
	case *lua.LFunction:
		replace = func(b *strings.Builder, m []int) { b.WriteString(replacedBy(c, repl, p.re, s, m)) }
	case lua.LString, lua.LNumber:
		pieces := c.template(p.re, c.text(3))
		replace = func(b *strings.Builder, m []int) { c.expand(b, pieces, s, m) }
	default:
		c.wrong(3, "a string or a function")
	}
	var b strings.Builder
	n, end := 0, 0
	for m := range p.all(c, s, -1) {
		b.WriteString(s[end:m[0]])
		replace(&b, m)
		c.boundReplaced(&b)
		n, end = n+1, m[1]
	}
	b.WriteString(s[end:])
	c.L.Push(lua.LString(b.String()))
	c.L.Push(lua.LNumber(n))
	return 2
}

func (c call) boundReplaced(b *strings.Builder) {
	if b.Len() > maxReplaced {
		c.raisef("the result is longer than %d MiB", maxReplaced>>20)
	}
}

// replacedBy asks a Lua function what takes the place of a match.
func replacedBy(c call, f *lua.LFunction, re *regexp.Regexp, s string, m []int) string {
	n := 0
	c.L.Push(f)
	captures(re, s, m, func(text string, ok bool) {
		c.L.Push(textOrNone(text, ok))
		n++
	})
	c.L.Call(n, 1)
	v := c.L.Get(-1)
	c.L.Pop(1)
	if v == lua.LNil || v == lua.LFalse {
		return s[m[0]:m[1]]
	}
	text, ok := plainText(v)
	if !ok {
		c.raisef("the function must return a string or nil, got %s", typeName(v))
	}
	return text
}

// templatePiece is a part of a replacement: a text, or a group from 0.
type templatePiece struct {
	text  string
	group int // -1: the text
}

var templateGroup = regexp.MustCompile(`\$\$|\$\{([\p{L}\p{Nd}_]+)\}|\$([\p{L}\p{Nd}_]+)`)

// template takes a replacement apart, as Regexp.Expand reads it. A group that
// the pattern has not raises: Expand would put nothing in its place.
func (c call) template(re *regexp.Regexp, text string) []templatePiece {
	if len(text) > maxTemplate {
		c.raisef("the replacement is longer than %d KiB; replace with a function", maxTemplate>>10)
	}
	var pieces []templatePiece
	end := 0
	for _, at := range templateGroup.FindAllStringSubmatchIndex(text, -1) {
		pieces = append(pieces, templatePiece{text[end:at[0]], -1})
		end = at[1]
		name := strings.Trim(text[at[0]+1:at[1]], "{}")
		if name == "$" {
			pieces = append(pieces, templatePiece{"$", -1})
			continue
		}
		group, err := strconv.Atoi(name)
		if err != nil {
			group = re.SubexpIndex(name)
		}
		if group < 0 || group > re.NumSubexp() {
			c.raisef("the replacement names the group %q, which the pattern has not; write ${1}x for a group before letters, $$ for a dollar", "$"+name)
		}
		pieces = append(pieces, templatePiece{"", group})
	}
	return append(pieces, templatePiece{text[end:], -1})
}

// expand writes a replacement for the match m of s.
func (c call) expand(b *strings.Builder, pieces []templatePiece, s string, m []int) {
	for _, p := range pieces {
		switch {
		case p.group < 0:
			b.WriteString(p.text)
		case m[2*p.group] >= 0:
			b.WriteString(s[m[2*p.group]:m[2*p.group+1]])
			c.boundReplaced(b)
		}
	}
}
