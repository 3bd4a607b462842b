package luaapi

import (
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime/client"
)

// mapping is a read-only table of strings in Lua: volley.vars and volley.env.
type mapping struct {
	name   string
	get    func(key string) (value string, ok bool, err error)
	listed map[string]string // what pairs yields
}

func (*mapping) className() string { return "Mapping" }

func mappingOf(ud *lua.LUserData) *mapping {
	if m, ok := ud.Value.(*mapping); ok {
		return m
	}
	return &mapping{get: func(string) (string, bool, error) { return "", false, nil }}
}

func mappingClass() Class {
	return Class{
		Name: "Mapping",
		Doc:  "Strings by name, read only. A name that is not there is nil.",
		lookup: func(_ *Script, L *lua.LState, ud *lua.LUserData, key string) (lua.LValue, bool) {
			value, ok, err := mappingOf(ud).get(key)
			if err != nil {
				vm.Raise(L, err)
			}
			if !ok {
				return lua.LNil, true
			}
			return lua.LString(value), true
		},
		assign: func(c call, ud *lua.LUserData, key string, _ lua.LValue) bool {
			c.in = mappingOf(ud).name
			c.raisef("%q cannot be changed: it is read only", key)
			return false
		},
		pairs: func(_ *Script, _ *lua.LState, ud *lua.LUserData) []entry {
			listed := mappingOf(ud).listed
			entries := make([]entry, 0, len(listed))
			for _, name := range slices.Sorted(maps.Keys(listed)) {
				entries = append(entries, entry{lua.LString(name), lua.LString(listed[name])})
			}
			return entries
		},
		tostring: func(_ *Script, ud *lua.LUserData) string { return mappingOf(ud).name },
	}
}

func (s *Script) vars() lua.LValue {
	return s.wrap(&mapping{
		name: "volley.vars",
		get: func(key string) (string, bool, error) {
			v, ok := s.config.Vars[key]
			return v, ok, nil
		},
		listed: s.config.Vars,
	})
}

func (s *Script) env() lua.LValue {
	return s.wrap(&mapping{name: "volley.env", get: s.lookupEnv, listed: s.config.Env})
}

// lookupEnv returns a variable of the env file or, if granted, of the
// environment.
func (s *Script) lookupEnv(name string) (string, bool, error) {
	if v, ok := s.config.Env[name]; ok {
		return v, true, nil
	}
	return s.config.Policy.Getenv(name)
}

// getenv is os.getenv, to which an empty variable is one that is not set.
func (s *Script) getenv(name string) (string, error) {
	v, _, err := s.lookupEnv(name)
	return v, err
}

// environmentValues are the entries of volley that are no functions.
func environmentValues() []Value {
	return []Value{
		{"null", "userdata", "JSON's null, and the value that takes a header or parameter out. It is truthy; compare with ==.", func(s *Script) lua.LValue {
			return vm.Null(s.L)
		}},
		{"vars", "volley.Mapping", "What --var and --vars set: `volley.vars.NAME` is a string or nil.", (*Script).vars},
		{"env", "volley.Mapping", "The environment: `volley.env.NAME` is a string or nil. Needs --allow-env NAME, or --env-file; `pairs` lists the latter.", (*Script).env},
		{"args", "string[]", "What stands behind -- on the command line.", func(s *Script) lua.LValue {
			return textList(s.L, s.config.Args)
		}},
		{"codes", "table<string, integer>", "Status codes by the names requests has: `volley.codes.not_found`.", (*Script).codes},
		{"version", "string", "Of volley.", func(s *Script) lua.LValue { return lua.LString(s.config.Version) }},
	}
}

func (s *Script) codes() lua.LValue {
	t := s.L.CreateTable(0, len(client.StatusCodes))
	for _, name := range slices.Sorted(maps.Keys(client.StatusCodes)) {
		t.RawSetString(name, lua.LNumber(client.StatusCodes[name]))
	}
	// requests knows each name in upper case too.
	s.guardOr("volley.codes", t, func(key string) lua.LValue { return t.RawGetString(strings.ToLower(key)) })
	return t
}

func arrayFunction() Function {
	return Function{
		Name: "array", Params: []Param{{"t", "table?", "A list; default a new one."}}, Returns: "table",
		Doc:     "Marks a table as a list and returns it: an empty one is written as [] in JSON, not {}.",
		Example: `assert(volley.json.encode(volley.array{}) == "[]")`,
		call: func(c call) int {
			t := c.tableOr(1)
			if t == nil {
				t = c.L.CreateTable(0, 0)
			}
			if t.Metatable != lua.LNil && !vm.IsArray(t) {
				c.raisef("the table has a metatable of its own, which the mark would replace")
			}
			vm.SetArray(c.L, t)
			return c.push(t)
		},
	}
}
