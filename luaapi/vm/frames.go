package vm

import (
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// frameFields locates what this file reads in gopher-lua's unexported frames.
type frameFields struct {
	current   int // in LState
	debug     int // in Debug
	fn        int // the rest in callFrame
	pc        int
	parent    int
	tailCalls int
}

var fields = func() frameFields {
	state := reflect.TypeFor[lua.LState]()
	current, _ := state.FieldByName("currentFrame")
	frame := current.Type.Elem()
	index := func(name string) int {
		f, _ := frame.FieldByName(name)
		return f.Index[0]
	}
	debug, _ := reflect.TypeFor[lua.Debug]().FieldByName("frame")
	return frameFields{
		current: current.Index[0], debug: debug.Index[0],
		fn: index("Fn"), pc: index("Pc"), parent: index("Parent"), tailCalls: index("TailCall"),
	}
}()

// tailCalls is how many frames the one that dbg describes has replaced: as many
// levels of GetStack show it once more.
func tailCalls(dbg *lua.Debug) int {
	return int(reflect.ValueOf(dbg).Elem().Field(fields.debug).Elem().Field(fields.tailCalls).Int())
}

// plainCalls reports whether every frame of L was entered by a call
// instruction of a Lua function. If not, a Go function or a metamethod stands
// between, and its Go frame would not survive a yield.
func plainCalls(L *lua.LState) bool {
	frame := reflect.ValueOf(L).Elem().Field(fields.current)
	for !frame.IsNil() {
		parent := frame.Elem().Field(fields.parent)
		if parent.IsNil() {
			return true
		}
		fn := (*lua.LFunction)(parent.Elem().Field(fields.fn).UnsafePointer())
		pc := int(parent.Elem().Field(fields.pc).Int())
		if fn.IsG || pc < 1 {
			return false
		}
		if op := int(fn.Proto.Code[pc-1] >> 26); op != lua.OP_CALL && op != lua.OP_TAILCALL {
			return false
		}
		frame = parent
	}
	return true
}
