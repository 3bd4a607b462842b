package luaapi

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// patternCache keeps compiled patterns: the ones used since the last turn,
// and those of the turn before. It is shared by the scripts of a registry.
type patternCache struct {
	mu       sync.Mutex
	now, old map[string]*regexp.Regexp
}

// patternsPerTurn is half of what the cache holds at most.
const patternsPerTurn = 128

func (p *patternCache) compile(pattern string) (*regexp.Regexp, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if re := p.now[pattern]; re != nil {
		return re, nil
	}
	re := p.old[pattern]
	if re == nil {
		var err error
		if re, err = regexp.Compile(pattern); err != nil {
			return nil, err
		}
	}
	if p.now == nil || len(p.now) == patternsPerTurn {
		p.now, p.old = make(map[string]*regexp.Regexp), p.now
	}
	p.now[pattern] = re
	return re, nil
}

// pattern takes the compiled pattern of parameter i.
func (p *patternCache) pattern(c call, i int) *regexp.Regexp {
	re, err := p.compile(c.text(i))
	if err != nil {
		c.raisef("%s", err.Error())
	}
	return re
}

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
				call: func(c call) int { return matchPattern(c, patterns.pattern(c, 1)) },
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
					return c.push(findAll(c.L, patterns.pattern(c, 1), c.text(2), n))
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
				call: func(c call) int { return replacePattern(c, patterns.pattern(c, 1)) },
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

func matchPattern(c call, re *regexp.Regexp) int {
	s := c.text(2)
	m := re.FindStringSubmatchIndex(s)
	if m == nil {
		return c.push(lua.LNil)
	}
	n := 0
	captures(re, s, m, func(text string, ok bool) {
		c.L.Push(textOrNone(text, ok))
		n++
	})
	return n
}

func findAll(L *lua.LState, re *regexp.Regexp, s string, n int) *lua.LTable {
	matches := re.FindAllStringSubmatchIndex(s, n)
	out := L.CreateTable(len(matches), 0)
	for _, m := range matches {
		if re.NumSubexp() < 2 {
			captures(re, s, m, func(text string, _ bool) { out.Append(lua.LString(text)) })
			continue
		}
		groups := L.CreateTable(re.NumSubexp(), 0)
		captures(re, s, m, func(text string, _ bool) { groups.Append(lua.LString(text)) })
		out.Append(groups)
	}
	return out
}

// maxReplaced bounds the result of a replacement, in bytes, as gsub is.
const maxReplaced = 64 << 20

func replacePattern(c call, re *regexp.Regexp) int {
	s := c.text(2)
	var replacement func(m []int) string
	switch repl := c.arg(3).(type) {
	case *lua.LFunction:
		replacement = func(m []int) string { return replacedBy(c, repl, re, s, m) }
	case lua.LString, lua.LNumber:
		template := c.text(3)
		if group := unknownGroup(re, template); group != "" {
			c.raisef("the replacement names the group %q, which the pattern has not; write ${1}x for a group before letters, $$ for a dollar", group)
		}
		replacement = func(m []int) string { return string(re.ExpandString(nil, template, s, m)) }
	default:
		c.wrong(3, "a string or a function")
	}
	matches := re.FindAllStringSubmatchIndex(s, -1)
	var b strings.Builder
	end := 0
	for _, m := range matches {
		b.WriteString(s[end:m[0]])
		b.WriteString(replacement(m))
		if end = m[1]; b.Len() > maxReplaced {
			c.raisef("the result is longer than %d MiB", maxReplaced>>20)
		}
	}
	b.WriteString(s[end:])
	c.L.Push(lua.LString(b.String()))
	c.L.Push(lua.LNumber(len(matches)))
	return 2
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

var templateGroup = regexp.MustCompile(`\$\$|\$\{([\p{L}\p{Nd}_]+)\}|\$([\p{L}\p{Nd}_]+)`)

// unknownGroup returns a group that a template names and the pattern has not:
// Expand would put nothing in its place.
func unknownGroup(re *regexp.Regexp, template string) string {
	for _, m := range templateGroup.FindAllStringSubmatch(template, -1) {
		name := m[1] + m[2]
		if name == "" {
			continue
		}
		n, err := strconv.Atoi(name)
		if err != nil && re.SubexpIndex(name) < 0 || err == nil && n > re.NumSubexp() {
			return fmt.Sprintf("$%s", name)
		}
	}
	return ""
}
