package vm

import (
	"sort"

	lua "github.com/yuin/gopher-lua"
)

// tableSort can be stopped: stock asks nobody between two comparisons.
func tableSort(L *lua.LState) int {
	s := sorter{L: L, items: L.CheckTable(1)}
	if L.GetTop() > 1 && L.Get(2) != lua.LNil {
		s.less = L.CheckFunction(2)
	}
	sort.Sort(&s)
	return 0
}

// sorter sorts the list in a table.
type sorter struct {
	L     *lua.LState
	items *lua.LTable
	less  *lua.LFunction // nil: the operator
	steps Steps
}

// Len implements sort.Interface.
func (s *sorter) Len() int { return s.items.Len() }

// Swap implements sort.Interface.
func (s *sorter) Swap(i, j int) {
	a, b := s.items.RawGetInt(i+1), s.items.RawGetInt(j+1)
	s.items.RawSetInt(i+1, b)
	s.items.RawSetInt(j+1, a)
}

// Less implements sort.Interface. It leaves the sort by raising.
func (s *sorter) Less(i, j int) bool {
	if err := s.steps.Next(s.L); err != nil {
		Raise(s.L, err)
	}
	a, b := s.items.RawGetInt(i+1), s.items.RawGetInt(j+1)
	if s.less == nil {
		return s.before(a, b)
	}
	s.L.Push(s.less)
	s.L.Push(a)
	s.L.Push(b)
	s.L.Call(2, 1)
	v := s.L.Get(-1)
	s.L.Pop(1)
	return lua.LVAsBool(v)
}

// before is a < b. gopher-lua compares strings byte by byte.
func (s *sorter) before(a, b lua.LValue) bool {
	if x, ok := a.(lua.LString); ok {
		if y, ok := b.(lua.LString); ok {
			return x < y
		}
	}
	return s.L.LessThan(a, b)
}
