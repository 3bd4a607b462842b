package luaapi

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/client"
)

// headersObject is a view of a header list: of a response, of a request, which
// decides whether it may be written to, or of a session.
type headersObject struct {
	fields  *runtime.Header
	owner   *requestObject
	session *sessionObject
}

// list is the header as it is now.
func (o *headersObject) list() runtime.Header {
	if o.session != nil {
		return o.session.session.Settings().Header
	}
	return *o.fields
}

func (*headersObject) className() string { return "Headers" }

func headersOf(ud *lua.LUserData) *headersObject {
	if o, ok := ud.Value.(*headersObject); ok {
		return o
	}
	return &headersObject{fields: &runtime.Header{}}
}

func headersClass() Class {
	return Class{
		Name:    "Headers",
		Doc:     "Headers by name, in any case: `resp.headers[\"content-type\"]`; repeats are joined with `, `. An absent one is nil.",
		Methods: headersMethods(),
		lookup: func(_ *Script, _ *lua.LState, ud *lua.LUserData, key string) (lua.LValue, bool) {
			if v, ok := headersOf(ud).list().Joined(key); ok {
				return lua.LString(v), true
			}
			return lua.LNil, true
		},
		assign: func(c call, ud *lua.LUserData, key string, v lua.LValue) bool {
			o := headersOf(ud)
			edit := func(h *runtime.Header) { h.Del(key) }
			if v != lua.LNil && !off(v) {
				text := needText(c, "headers["+key+"]", v)
				edit = func(h *runtime.Header) { h.Set(key, text) }
			}
			switch {
			case o.session != nil:
				o.session.update(c, func(set *client.Settings) { edit(&set.Header) })
			case o.owner != nil:
				change(c, o.owner.ud(), "headers")
				edit(o.fields)
			default:
				c.raisef("the headers of a response cannot be changed")
			}
			return true
		},
		pairs: func(_ *Script, _ *lua.LState, ud *lua.LUserData) []entry {
			var out []entry
			seen := map[string]bool{}
			fields := headersOf(ud).list()
			for _, f := range fields {
				if folded := strings.ToLower(f.Name); !seen[folded] {
					seen[folded] = true
					joined, _ := fields.Joined(f.Name)
					out = append(out, entry{lua.LString(f.Name), lua.LString(joined)})
				}
			}
			return out
		},
		tostring: func(_ *Script, ud *lua.LUserData) string {
			var b strings.Builder
			for _, f := range headersOf(ud).list() {
				b.WriteString(f.Name + ": " + f.Value + "\n")
			}
			return b.String()
		},
	}
}

func headersMethods() []Function {
	return []Function{
		{
			Name: "get_all", Params: []Param{{"name", "string", "In any case."}}, Returns: "string[]",
			Doc: "Every value of a header, in order.",
			Example: `local resp = volley.get(base .. "/response-headers?X-A=1&X-A=2"):send()
assert(#resp.headers:get_all("x-a") == 2 and resp.headers["X-A"] == "1, 2")`,
			call: func(c call) int {
				out := c.L.NewTable()
				for i, v := range self[*headersObject](c).list().Values(c.text(1)) {
					out.RawSetInt(i+1, lua.LString(v))
				}
				return c.push(out)
			},
		},
		{
			Name: "pairs", Returns: "fun(): string, string",
			Doc:     "Iterates over every header line, in order, repeats apart.",
			Example: `for name, value in volley.get(base .. "/get"):send().headers:pairs() do assert(#name > 0 and value) end`,
			call: func(c call) int {
				fields, i := self[*headersObject](c).list().Clone(), 0
				return c.push(c.L.NewFunction(func(L *lua.LState) int {
					if i == len(fields) {
						return 0
					}
					i++
					L.Push(lua.LString(fields[i-1].Name))
					L.Push(lua.LString(fields[i-1].Value))
					return 2
				}))
			},
		},
	}
}
