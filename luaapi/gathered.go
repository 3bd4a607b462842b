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

// Gathered is a list to which items are added now and then. Lua sees one table
// of it, which grows with it and keeps what a view needs for that.
type Gathered interface {
	Items() []any
	View() any
	SetView(view any)
}

// gatheredTable is the view of a Gathered: its table, and how many items that
// was given.
type gatheredTable struct {
	s     *Script
	table *lua.LTable
	n     int
}

// gatheredValue is a Gathered in Lua. The cost is that of what is new, unless
// a script changed the length of the table, which it is not meant to.
func (s *Script) gatheredValue(L *lua.LState, list Gathered) lua.LValue {
	items := list.Items()
	v, _ := list.View().(*gatheredTable)
	if v == nil || v.s != s || v.n > len(items) || v.table.Len() != v.n {
		v = &gatheredTable{s: s, table: L.CreateTable(len(items), 0)}
		vm.SetArray(L, v.table)
		list.SetView(v)
	}
	for ; v.n < len(items); v.n++ {
		v.table.RawSetInt(v.n+1, vm.ToLua(L, items[v.n]))
	}
	return v.table
}
