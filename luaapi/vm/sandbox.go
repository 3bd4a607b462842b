package vm

import (
	lua "github.com/yuin/gopher-lua"
)

// openLibraries opens what a script may use and replaces what gopher-lua gets
// wrong. The order matters: package comes first, because the others register
// themselves in it.
func (h *Host) openLibraries() {
	h.open("package", lua.OpenPackage)
	h.open("", lua.OpenBase)
	h.open("table", lua.OpenTable)
	h.open("string", lua.OpenString)
	h.open("math", lua.OpenMath)
	h.open("coroutine", lua.OpenCoroutine)
	if h.opts.Unsafe {
		h.open("os", lua.OpenOs)
		h.open("io", lua.OpenIo)
		h.open("debug", lua.OpenDebug)
	} else {
		h.library("os", nil)
		h.library("io", nil)
	}
	h.lua.invoke = h.main.NewFunction(h.invoke)
	h.openSentinels()
	h.openPackage()
	h.openBase()
	h.openString()
	h.library("table", tableFunctions(h))
	h.library("math", mathFunctions(h))
	h.library("os", osFunctions(h))
	h.openIO()
	h.openDebug()
	co, _ := h.main.GetGlobal("coroutine").(*lua.LTable)
	if err := h.openCoroutine(co); err != nil {
		panic(err) // the embedded Lua code does not compile: no input can cause it
	}
}

func (h *Host) open(name string, f lua.LGFunction) {
	h.main.Push(h.main.NewFunction(f))
	h.main.Push(lua.LString(name))
	h.main.Call(1, 0)
}

// library adds functions to a global table, which it makes if need be.
func (h *Host) library(name string, functions map[string]lua.LGFunction) *lua.LTable {
	lib, ok := h.main.RegisterModule(name, nil).(*lua.LTable)
	if !ok {
		panic("vm: " + name + " is no table")
	}
	for key, f := range functions {
		lib.RawSetString(key, h.main.NewFunction(f))
	}
	return lib
}

// openBase takes away what a sandbox must not have and replaces what is wrong.
func (h *Host) openBase() {
	L := h.main
	if f, ok := L.GetGlobal("pairs").(*lua.LFunction); ok {
		h.lua.pairsStep = f.Upvalues[0].Value()
	}
	if f, ok := L.GetGlobal("ipairs").(*lua.LFunction); ok {
		h.lua.ipairStep = f.Upvalues[0].Value()
	}
	for _, name := range []string{"module", "newproxy", "_printregs", "_GOPHER_LUA_VERSION"} {
		L.SetGlobal(name, lua.LNil)
	}
	for name, f := range map[string]lua.LGFunction{
		"assert": baseAssert, "error": baseError, "rawset": baseRawSet, "setmetatable": baseSetMetatable, "tonumber": baseToNumber,
		"collectgarbage": baseCollectGarbage, "unpack": tableUnpack,
		"pcall": h.pcall, "xpcall": h.xpcall, "pairs": h.pairs, "ipairs": h.ipairs, "print": h.print,
		"load": h.load, "loadstring": h.loadString, "loadfile": h.loadFile, "dofile": h.doFile,
		"require": h.require,
	} {
		L.SetGlobal(name, L.NewFunction(f))
	}
	if h.opts.ReadFile == nil {
		L.SetGlobal("loadfile", lua.LNil)
		L.SetGlobal("dofile", lua.LNil)
	}
}

// openString gives strings a metatable of their own, out of reach: stock
// shares the library's table, and one script could change what strings do for
// all code of the VM.
func (h *Host) openString() {
	lib := h.library("string", stringFunctions(h))
	lib.RawSetString("gfind", lua.LNil)
	lib.RawSetString("__index", lua.LNil)
	mt := h.main.CreateTable(0, 2)
	mt.RawSetString("__index", lib)
	mt.RawSetString("__metatable", lua.LFalse)
	h.main.SetMetatable(lua.LString(""), mt)
}

// openPackage leaves package.loaded and package.preload.
func (h *Host) openPackage() {
	lib := h.library("package", nil)
	for k, _ := lib.Next(lua.LNil); k != lua.LNil; k, _ = lib.Next(k) {
		if name := k.String(); name != "loaded" && name != "preload" {
			lib.RawSet(k, lua.LNil)
		}
	}
	h.lua.loaded, _ = lib.RawGetString("loaded").(*lua.LTable)
	h.lua.preload, _ = lib.RawGetString("preload").(*lua.LTable)
}

// openIO provides io.write. With Unsafe gopher-lua's io stays as it is, since
// its write goes wherever io.output points; only io.stderr is the host's.
func (h *Host) openIO() {
	if !h.opts.Unsafe {
		h.library("io", map[string]lua.LGFunction{"write": h.ioWrite})
		return
	}
	methods := h.main.CreateTable(0, 1)
	methods.RawSetString("write", h.main.NewFunction(h.stderrWrite))
	mt := h.main.CreateTable(0, 1)
	mt.RawSetString("__index", methods)
	h.library("io", nil).RawSetString("stderr", &lua.LUserData{Env: h.main.Env, Metatable: mt})
}

// openDebug lets debug.traceback, as a handler of xpcall, tell of the error's
// stack, which is gone by then.
func (h *Host) openDebug() {
	if !h.opts.Unsafe {
		return
	}
	lib := h.library("debug", nil)
	stock, ok := lib.RawGetString("traceback").(*lua.LFunction)
	if !ok {
		return
	}
	lib.RawSetString("traceback", h.main.NewFunction(func(L *lua.LState) int {
		message, ok := L.Get(1).(lua.LString)
		if h.trace.value == nil || !ok || !sameError(h.trace.value, message) {
			return stock.GFunction(L)
		}
		L.Push(message + "\n" + lua.LString(h.trace.text))
		return 1
	}))
}
