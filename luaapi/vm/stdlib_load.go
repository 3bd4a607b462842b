package vm

import (
	"context"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// chunkName drops the mark that Lua puts before a chunk name: "@file", "=text".
func chunkName(name string) string { return strings.TrimLeft(name, "@=") }

// compileFor compiles for a script, which gets nil and the message on failure.
func (h *Host) compileFor(L *lua.LState, name string, src []byte) int {
	chunk, err := compileApart(L, chunkName(name), src)
	if stopped := Stopping(L); stopped != nil {
		Raise(L, stopped)
	}
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	f := h.instantiate(chunk)
	f.Env = L.Env
	L.Push(f)
	return 1
}

// longSource is the size in bytes from which to compile takes long.
const longSource = 64 << 10

// compileApart is Compile, for which a stop of the script does not wait.
func compileApart(L *lua.LState, name string, src []byte) (*Chunk, error) {
	if len(src) < longSource {
		return Compile(name, src)
	}
	return Apart(L, func(context.Context) (*Chunk, error) { return Compile(name, src) })
}

// load takes a function that returns the pieces of a source, or a string.
func (h *Host) load(L *lua.LState) int {
	if _, ok := L.Get(1).(lua.LString); ok {
		return h.loadString(L)
	}
	reader := L.CheckFunction(1)
	name := L.OptString(2, "?")
	var src []byte
	for {
		L.Push(reader)
		L.Call(0, 1)
		piece := L.Get(-1)
		L.Pop(1)
		if piece == lua.LNil || piece == lua.LString("") {
			return h.compileFor(L, name, src)
		}
		if !lua.LVCanConvToString(piece) {
			L.Push(lua.LNil)
			L.Push(lua.LString("reader function must return a string"))
			return 2
		}
		src = append(src, piece.String()...)
		if tooLong(L, len(src)) {
			return 2
		}
	}
}

func (h *Host) loadString(L *lua.LState) int {
	src := L.CheckString(1)
	if tooLong(L, len(src)) {
		return 2
	}
	return h.compileFor(L, L.OptString(2, "<string>"), []byte(src))
}

// tooLong pushes nil and a message for a source over the limit of load.
func tooLong(L *lua.LState, size int) bool {
	if size <= maxLoadString {
		return false
	}
	L.Push(lua.LNil)
	L.Push(lua.LString(fmt.Sprintf("source is larger than %d bytes (%s)", maxLoadString, bigLiteralHint)))
	return true
}

// loadFile goes through Options.ReadFile.
func (h *Host) loadFile(L *lua.LState) int {
	path := L.CheckString(1)
	src, err := h.opts.ReadFile(path)
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	return h.compileFor(L, path, src)
}

// doFile goes through Options.ReadFile and raises what is wrong.
func (h *Host) doFile(L *lua.LState) int {
	path := L.CheckString(1)
	src, err := h.opts.ReadFile(path)
	if err != nil {
		Raise(L, err)
	}
	chunk, err := compileApart(L, path, src)
	if err != nil {
		Raise(L, err)
	}
	L.SetTop(0)
	L.Push(h.Load(chunk))
	L.Call(0, lua.MultRet)
	return L.GetTop()
}
