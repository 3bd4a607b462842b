package vm

import lua "github.com/yuin/gopher-lua"

func tableFunctions(*Host) map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"concat": tableConcat, "insert": tableInsert, "remove": tableRemove, "pack": tablePack, "unpack": tableUnpack,
		"sort": tableSort,
	}
}

// tableConcat builds the string at once: stock pushes every item and separator
// on the Lua stack, which holds few.
func tableConcat(L *lua.LState) int {
	t := L.CheckTable(1)
	sep := ""
	if L.Get(2) != lua.LNil {
		sep = L.CheckString(2)
	}
	i := L.OptInt(3, 1)
	j := L.OptInt(4, -1)
	if L.Get(4) == lua.LNil {
		j = t.Len()
	}
	b := result{L: L}
	var steps Steps
	for ; i <= j; i++ {
		if err := steps.Next(L); err != nil {
			Raise(L, err)
		}
		v := item(t, i)
		switch v := v.(type) {
		case lua.LString:
			b.add(string(v))
		case lua.LNumber:
			b.add(v.String())
		default:
			L.RaiseError("invalid value (%s) at index %d in table for 'concat'", v.Type().String(), i)
		}
		if i < j {
			b.add(sep)
		}
	}
	L.Push(b.value())
	return 1
}

// item is t[i] without metamethods.
func item(t *lua.LTable, i int) lua.LValue {
	if i >= 1 && i < maxArrayIndex {
		return t.RawGetInt(i)
	}
	return t.RawGet(lua.LNumber(i))
}

// tableInsert looks at the position before gopher-lua grows the table to it.
func tableInsert(L *lua.LState) int {
	t := L.CheckTable(1)
	switch L.GetTop() {
	case 1:
		L.RaiseError("wrong number of arguments to 'insert'")
	case 2:
		if n := t.Len(); n >= maxGap {
			makeRoom(L, t, lua.LNumber(n+1))
		}
		t.Append(L.Get(2))
	default:
		at := L.CheckInt(2)
		makeRoom(L, t, lua.LNumber(at))
		t.Insert(at, L.Get(3))
	}
	return 0
}

// tableRemove takes the last item, not a trailing nil as stock does, and leaves
// the table alone for a position outside it.
func tableRemove(L *lua.LState) int {
	t := L.CheckTable(1)
	n := t.Len()
	pos := n
	if L.GetTop() > 1 {
		pos = L.CheckInt(2)
	}
	if pos < 1 || pos > n {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(t.Remove(pos))
	return 1
}

func tablePack(L *lua.LState) int {
	n := L.GetTop()
	t := L.CreateTable(n, 1)
	for i := 1; i <= n; i++ {
		t.RawSetInt(i, L.Get(i))
	}
	t.RawSetString("n", lua.LNumber(n))
	L.Push(t)
	return 1
}

// tableUnpack grows the Lua stack once; stock does so every few hundred values.
func tableUnpack(L *lua.LState) int {
	t := L.CheckTable(1)
	i := L.OptInt(2, 1)
	j := L.OptInt(3, t.Len())
	if i > j {
		return 0
	}
	n := room(L, j-i+1)
	for k := range n {
		L.Push(item(t, i+k))
	}
	return n
}

// maxValues bounds what one call returns.
const maxValues = maxSlots / 4

// room makes place for the n results of a library call, or raises.
func room(L *lua.LState, n int) int {
	if n < 0 || n > maxValues {
		L.RaiseError("too many results")
	}
	grow(L, n)
	return n
}

// grow makes place for n values on L's stack at once: gopher-lua itself grows
// it in small steps, which is quadratic.
func grow(L *lua.LState, n int) {
	if n > slotStep {
		top := L.GetTop()
		L.SetTop(top + n)
		L.SetTop(top)
	}
}
