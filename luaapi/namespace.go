package luaapi

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/spell"
)

// namespaceObject is a Namespace in Lua: res, row and their like. A member is
// converted when it is first read.
type namespaceObject struct {
	ns   Namespace
	read []readMember // few
}

// readMember is a member that was converted.
type readMember struct {
	name  string
	value lua.LValue
}

func (*namespaceObject) className() string { return "Namespace" }

func namespaceOf(ud *lua.LUserData) *namespaceObject {
	o, _ := ud.Value.(*namespaceObject)
	return o
}

// namespaceClass is no part of the registry: scripts never meet it.
func namespaceClass() *Class {
	return &Class{
		Name: "Namespace",
		lookup: func(s *Script, L *lua.LState, ud *lua.LUserData, key string) (lua.LValue, bool) {
			return namespaceOf(ud).member(s, L, key), true
		},
		assign: func(c call, _ *lua.LUserData, key string, _ lua.LValue) bool {
			c.raise(runtime.Errorf(runtime.KindInvalidArgument, "%q cannot be changed: it is read only", key))
			return false
		},
		pairs: func(s *Script, L *lua.LState, ud *lua.LUserData) []entry {
			o := namespaceOf(ud)
			var entries []entry
			for _, name := range o.ns.Names() {
				if v := o.member(s, L, name); v != lua.LNil {
					entries = append(entries, entry{lua.LString(name), v})
				}
			}
			return entries
		},
	}
}

func (o *namespaceObject) member(s *Script, L *lua.LState, name string) lua.LValue {
	for i := range o.read {
		if o.read[i].name == name {
			return o.read[i].value
		}
	}
	converted := o.convert(s, L, name)
	o.read = append(o.read, readMember{name, converted})
	return converted
}

func (o *namespaceObject) convert(s *Script, L *lua.LState, name string) lua.LValue {
	if g, ok := o.ns.(Gathering); ok {
		if list, ok := g.Gathered(name).(Gathered); ok {
			return s.gatheredValue(L, list)
		}
	}
	v, err := o.ns.Member(name)
	if err != nil {
		vm.Raise(L, asInvalid(err))
	}
	return s.scopeValue(L, v)
}

// plain is the whole of it as a map.
func (o *namespaceObject) plain() (any, error) { return wholeNamespace(o.ns) }

func wholeNamespace(ns Namespace) (any, error) {
	out := map[string]any{}
	for _, name := range ns.Names() {
		v, err := ns.Member(name)
		if err != nil {
			return nil, err
		}
		if inner, ok := v.(Namespace); ok {
			if v, err = wholeNamespace(inner); err != nil {
				return nil, err
			}
		}
		out[name] = v
	}
	return out, nil
}

// asInvalid is err as an Error; one that is none is the caller's fault.
func asInvalid(err error) error {
	var e *runtime.Error
	if errors.As(err, &e) {
		return err
	}
	return runtime.Errorf(runtime.KindInvalidArgument, "%w", err)
}

// scopeValue is a value of a Scope in Lua: nil is nil, where a null further in
// is volley.null.
func (s *Script) scopeValue(L *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return lua.LNil
	case Namespace:
		if s.classes["Namespace"] == nil {
			s.classes["Namespace"] = s.metatable(namespaceClass())
		}
		return s.wrap(&namespaceObject{ns: v})
	}
	return vm.ToLua(L, v)
}

// scopeNames are what an expression of a spec may begin with.
var scopeNames = []string{"vars", "env", "secrets", "row", "matrix", "captures", "res", "run", "hash"}

func unknownName(name string, known []string) error {
	switch {
	case name == "res":
		return runtime.Errorf(runtime.KindInvalidArgument, `there is no res here; a function of on_response gets resp, one of on_error req and err`)
	case slices.Contains(scopeNames, name):
		return runtime.Errorf(runtime.KindInvalidArgument, "there is no %s here", name)
	}
	hint := spell.Hint(name, scopeNames)
	if hint == "" {
		hint = spell.Hint(name, known)
	}
	return runtime.Errorf(runtime.KindInvalidArgument, "unknown name %q%s", name, hint)
}

// hash is the function hash(s) of expressions: the first 52 bits of the
// SHA-256 of a text, as a number.
func (s *Script) hash() lua.LValue {
	if s.hashing == nil {
		s.hashing = s.L.NewFunction(func(L *lua.LState) int {
			text, ok := fieldText(L.Get(1))
			if !ok {
				vm.Raise(L, runtime.Errorf(runtime.KindInvalidArgument, "hash takes a string or a number, got %s", typeName(L.Get(1))))
			}
			sum := sha256.Sum256([]byte(text))
			L.Push(lua.LNumber(binary.BigEndian.Uint64(sum[:8]) >> 12))
			return 1
		})
	}
	return s.hashing
}
