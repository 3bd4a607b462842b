package vm

import (
	"reflect"
	"sync"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// Two instructions allocate as much as their operands ask for, without a call
// that could be replaced: a concatenation, and an assignment far beyond the
// end of a table. Rewriting them in the source would make each a function
// call, so they are replaced in gopher-lua's own table of instructions, once
// and for every state of the process, as MaxArrayIndex is.

// instruction is gopher-lua's instFunc; the frame is of no use outside.
type instruction func(L *lua.LState, inst uint32, frame unsafe.Pointer) int

//go:linkname instructions github.com/yuin/gopher-lua.jumpTable
var instructions [lua.OP_NOP + 1]instruction

// Where gopher-lua keeps what it does not export.
var (
	frameOffset = offset(reflect.TypeFor[lua.LState](), "currentFrame")
	fnOffset    = offset(frameType(), "Fn")
	arrayOffset = offset(reflect.TypeFor[lua.LTable](), "array")
)

func frameType() reflect.Type {
	f, _ := reflect.TypeFor[lua.LState]().FieldByName("currentFrame")
	return f.Type.Elem()
}

func offset(t reflect.Type, name string) uintptr {
	f, ok := t.FieldByName(name)
	if !ok {
		panic("vm: gopher-lua has no " + t.String() + "." + name) // another version: no input can cause it
	}
	return f.Offset
}

const (
	maxArrayIndex = 1 << 23 // integer keys from here on live in the hash part: 128 MiB is the most one table takes at once
	maxGap        = 1 << 10 // items beyond the end up to which gopher-lua may grow a table by itself
	bigString     = 1 << 16 // bytes below which a concatenation is not looked at twice
	slotSize      = int(unsafe.Sizeof(lua.LValue(nil)))
)

// confine sets the limits that gopher-lua has once for the whole process.
var confine = sync.OnceFunc(func() {
	lua.MaxArrayIndex = maxArrayIndex
	instructions[lua.OP_CONCAT] = confinedConcat(instructions[lua.OP_CONCAT])
	instructions[lua.OP_SETTABLE] = confinedSet(instructions[lua.OP_SETTABLE])
})

// confinedConcat adds up the operands before they are joined.
func confinedConcat(stock instruction) instruction {
	return func(L *lua.LState, inst uint32, frame unsafe.Pointer) int {
		size := 0
		for i, last := int(inst&0x1ff), int(inst>>9)&0x1ff; i <= last; i++ {
			if s, ok := L.Get(i + 1).(lua.LString); ok {
				size += len(s)
			}
		}
		if size > bigString {
			reserveString(L, size)
		}
		return stock(L, inst, frame)
	}
}

// confinedSet looks at t[k] = v where k is a large number.
func confinedSet(stock instruction) instruction {
	return func(L *lua.LState, inst uint32, frame unsafe.Pointer) int {
		if key, ok := operand(L, int(inst&0x1ff)).(lua.LNumber); ok && key > maxGap {
			if t, ok := L.Get(int(inst>>18)&0xff + 1).(*lua.LTable); ok {
				makeRoom(L, t, key)
			}
		}
		return stock(L, inst, frame)
	}
}

// operand is a register, or a constant of the running function.
func operand(L *lua.LState, i int) lua.LValue {
	const isConstant = 1 << 8
	if i&isConstant == 0 {
		return L.Get(i + 1)
	}
	frame := *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(L), frameOffset))
	fn := *(**lua.LFunction)(unsafe.Add(frame, fnOffset))
	return fn.Proto.Constants[i&^isConstant]
}

// makeRoom prepares t for an assignment to t[key]. Far beyond the end
// gopher-lua would append one nil after the other, in seconds and with several
// times the memory. An array at its limit raises: what follows would be in the
// hash part, where # does not see it.
func makeRoom(L *lua.LState, t *lua.LTable, key lua.LNumber) {
	index := int(key)
	array := (*[]lua.LValue)(unsafe.Add(unsafe.Pointer(t), arrayOffset))
	if lua.LNumber(index) != key || index-len(*array) <= maxGap && index < maxArrayIndex {
		return
	}
	if index >= maxArrayIndex {
		fullArray(L, index, len(*array))
		return
	}
	reserve(L, (index-len(*array))*slotSize)
	grown := make([]lua.LValue, index-1, index+index/8)
	for i := copy(grown, *array); i < len(grown); i++ {
		grown[i] = lua.LNil
	}
	*array = grown
}

func fullArray(L *lua.LState, index, length int) {
	if index == maxArrayIndex && length == maxArrayIndex-1 {
		L.RaiseError("a table holds %d items in sequence at most", maxArrayIndex-1)
	}
}
