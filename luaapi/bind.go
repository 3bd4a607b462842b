package luaapi

import (
	"sort"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/spell"
)

// object is the Go value in every userdata of the API.
type object interface{ className() string }

// bind puts the modules into a table each and makes the classes' metatables.
func (s *Script) bind(r *Registry) *lua.LTable {
	s.classes = map[string]*lua.LTable{}
	for i := range r.Classes {
		s.classes[r.Classes[i].Name] = s.metatable(&r.Classes[i])
	}
	root := s.L.NewTable()
	for i := range r.Modules {
		m := &r.Modules[i]
		t := root
		if m.Name != "volley" {
			t = s.L.NewTable()
			root.RawSetString(m.Name[len("volley."):], t)
		}
		for j := range m.Functions {
			t.RawSetString(m.Functions[j].Name, s.function(m.Name, &m.Functions[j]))
		}
		for _, v := range m.Values {
			t.RawSetString(v.Name, v.make(s))
		}
	}
	for i := range r.Modules {
		t := root
		if name := r.Modules[i].Name; name != "volley" {
			t, _ = root.RawGetString(name[len("volley."):]).(*lua.LTable)
		}
		s.guard(r.Modules[i].Name, t)
	}
	return root
}

func (s *Script) function(in string, f *Function) *lua.LFunction {
	return s.L.NewFunction(func(L *lua.LState) int {
		return f.call(call{s: s, L: L, fn: f, in: in})
	})
}

// guard makes unknown names of a module raise, and the module read only.
func (s *Script) guard(name string, t *lua.LTable) {
	s.guardOr(name, t, func(string) lua.LValue { return lua.LNil })
}

// guardOr is guard with other names that are known after all.
func (s *Script) guardOr(name string, t *lua.LTable, other func(key string) lua.LValue) {
	mt := s.L.NewTable()
	c := func(L *lua.LState) call { return call{s: s, L: L, in: name} }
	mt.RawSetString("__index", s.L.NewFunction(func(L *lua.LState) int {
		key := L.Get(2).String()
		if v := other(key); v != lua.LNil {
			L.Push(v)
			return 1
		}
		c(L).raise(runtime.Errorf(runtime.KindInvalidArgument, "%s has no %q%s", name, key, spell.Hint(key, keysOf(t))))
		return 0
	}))
	mt.RawSetString("__newindex", s.L.NewFunction(func(L *lua.LState) int {
		c(L).raise(runtime.Errorf(runtime.KindInvalidArgument, "%s cannot be changed (%q)", name, L.Get(2).String()))
		return 0
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	t.Metatable = mt
}

func keysOf(t *lua.LTable) []string {
	var out []string
	t.ForEach(func(k, _ lua.LValue) { out = append(out, k.String()) })
	sort.Strings(out)
	return out
}

// metatable builds what makes a userdata an object of the class.
func (s *Script) metatable(class *Class) *lua.LTable {
	mt := s.L.NewTable()
	fields := map[string]*Field{}
	methods := map[string]*lua.LFunction{}
	var known []string
	for i := range class.Fields {
		fields[class.Fields[i].Name] = &class.Fields[i]
		known = append(known, class.Fields[i].Name)
	}
	for i := range class.Methods {
		methods[class.Methods[i].Name] = s.function(class.Name, &class.Methods[i])
		known = append(known, class.Methods[i].Name)
	}
	set := func(event string, f lua.LGFunction) { mt.RawSetString(event, s.L.NewFunction(f)) }
	set("__index", func(L *lua.LState) int { return s.indexObject(L, class, fields, methods, known) })
	set("__newindex", func(L *lua.LState) int { return s.assignObject(L, class, fields, known) })
	set("__pairs", func(L *lua.LState) int { return s.pairsObject(L, class) })
	set("__tostring", func(L *lua.LState) int {
		text := class.Name
		if ud := L.CheckUserData(1); class.tostring != nil {
			text = class.tostring(s, ud)
		}
		L.Push(lua.LString(text))
		return 1
	})
	if class.call != nil {
		set("__call", func(L *lua.LState) int { return class.call(call{s: s, L: L, in: class.Name}) })
	}
	if class.length != nil {
		set("__len", func(L *lua.LState) int {
			L.Push(lua.LNumber(class.length(L.CheckUserData(1))))
			return 1
		})
	}
	if class.equal != nil {
		set("__eq", func(L *lua.LState) int {
			L.Push(lua.LBool(class.equal(L.CheckUserData(1), L.CheckUserData(2))))
			return 1
		})
	}
	mt.RawSetString("__metatable", lua.LFalse)
	return mt
}

func (s *Script) indexObject(L *lua.LState, class *Class, fields map[string]*Field, methods map[string]*lua.LFunction, known []string) int {
	ud := L.CheckUserData(1)
	key, ok := L.Get(2).(lua.LString)
	if ok {
		if f := fields[string(key)]; f != nil {
			L.Push(f.get(s, L, ud))
			return 1
		}
		if m := methods[string(key)]; m != nil {
			L.Push(m)
			return 1
		}
	}
	name := L.Get(2).String()
	if class.lookup != nil {
		if v, ok := class.lookup(s, L, ud, name); ok {
			L.Push(v)
			return 1
		}
	}
	hint := spell.Hint(name, known)
	if class.unknown != nil {
		if own := class.unknown(name); own != "" {
			hint = own
		}
	}
	call{s: s, L: L, in: class.Name}.raise(runtime.Errorf(runtime.KindInvalidArgument, "%s has no %q%s", class.Name, name, hint))
	return 0
}

func (s *Script) assignObject(L *lua.LState, class *Class, fields map[string]*Field, known []string) int {
	ud := L.CheckUserData(1)
	name := L.Get(2).String()
	c := call{s: s, L: L, in: class.Name}
	if f := fields[name]; f != nil {
		if f.set == nil {
			c.raisef("%q cannot be changed", name)
		}
		f.set(c, ud, L.Get(3))
		return 0
	}
	if class.assign != nil && class.assign(c, ud, name, L.Get(3)) {
		return 0
	}
	c.raisef("has no %q%s", name, spell.Hint(name, known))
	return 0
}

// pairsObject returns an iterator over the object's entries or its fields.
func (s *Script) pairsObject(L *lua.LState, class *Class) int {
	ud := L.CheckUserData(1)
	var entries []entry
	if class.pairs != nil {
		entries = class.pairs(s, L, ud)
	} else {
		for i := range class.Fields {
			f := &class.Fields[i]
			entries = append(entries, entry{lua.LString(f.Name), f.get(s, L, ud)})
		}
	}
	next := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if next == len(entries) {
			L.Push(lua.LNil)
			return 1
		}
		next++
		L.Push(entries[next-1].key)
		L.Push(entries[next-1].value)
		return 2
	}))
	L.Push(ud)
	L.Push(lua.LNil)
	return 3
}

// wrap returns a userdata of the class around v.
func (s *Script) wrap(v object) *lua.LUserData {
	return &lua.LUserData{Value: v, Env: s.L.Env, Metatable: s.classes[v.className()]}
}
