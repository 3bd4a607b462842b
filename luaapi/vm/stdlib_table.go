package vm

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxResult bounds the strings that one library call may build, in bytes.
const maxResult = 64 << 20

func tableFunctions(*Host) map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"concat": tableConcat, "remove": tableRemove, "pack": tablePack, "unpack": tableUnpack,
	}
}

// tooLarge raises when a string of size bytes may not be built.
func tooLarge(L *lua.LState, size int) {
	if size > maxResult {
		L.RaiseError("resulting string is larger than %d MiB", maxResult>>20)
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
	var b strings.Builder
	for ; i <= j; i++ {
		v := item(t, i)
		switch v := v.(type) {
		case lua.LString:
			b.WriteString(string(v))
		case lua.LNumber:
			b.WriteString(v.String())
		default:
			L.RaiseError("invalid value (%s) at index %d in table for 'concat'", v.Type().String(), i)
		}
		if i < j {
			b.WriteString(sep)
		}
		tooLarge(L, b.Len())
	}
	L.Push(lua.LString(b.String()))
	return 1
}

// item is t[i] without metamethods.
func item(t *lua.LTable, i int) lua.LValue {
	if i >= 1 && i < maxArrayIndex {
		return t.RawGetInt(i)
	}
	return t.RawGet(lua.LNumber(i))
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
