package luaapi

import (
	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
)

// Gathering is a Namespace some of whose members are lists that grow.
type Gathering interface {
	Namespace
	// Gathered returns the Gathered of that name, or nil.
	Gathered(name string) any
}

// Gathered is a list to which items are added now and then. It keeps a view
// for Lua, which saves converting them over and over.
type Gathered interface {
	Items() []any
	View() any
	SetView(view any)
}

// gatheredView are the items of a Gathered as values of Lua; those that are
// tables, which a script may change, are nil.
type gatheredView struct {
	s     *Script
	items []lua.LValue
}

// gatheredValue is a Gathered in Lua: a table of its own for whoever asks, as
// sorting it must change no other's.
func (s *Script) gatheredValue(L *lua.LState, list Gathered) lua.LValue {
	items := list.Items()
	v, _ := list.View().(*gatheredView)
	if v == nil || v.s != s || len(v.items) > len(items) {
		v = &gatheredView{s: s}
		list.SetView(v)
	}
	for _, item := range items[len(v.items):] {
		v.items = append(v.items, immutable(L, item))
	}
	table := L.CreateTable(len(items), 0)
	vm.SetArray(L, table)
	for i, value := range v.items {
		if value == nil {
			value = vm.ToLua(L, items[i])
		}
		table.RawSetInt(i+1, value)
	}
	return table
}

// immutable is what v is in Lua if that cannot be changed, or nil.
func immutable(L *lua.LState, v any) lua.LValue {
	switch v := vm.ToLua(L, v).(type) {
	case lua.LString, lua.LNumber, lua.LBool:
		return v
	}
	return nil
}
