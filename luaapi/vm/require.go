package vm

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// loadingModule is a module whose body runs. The body may park, so other tasks
// can ask for the module meanwhile: they wait, which a script that requires
// itself must not.
type loadingModule struct {
	by      *Task
	waiters []*Task
}

// require is Lua's, with Options.Loaders in the place of package.loaders.
func (h *Host) require(L *lua.LState) int {
	name := L.CheckString(1)
	for {
		if v := h.lua.loaded.RawGetString(name); lua.LVAsBool(v) {
			L.Push(v)
			return 1
		}
		module := h.loading[name]
		if module == nil {
			break
		}
		h.awaitModule(L, name, module)
	}
	load := h.findModule(L, name)
	module := &loadingModule{by: h.cur}
	h.loading[name] = module
	defer func() {
		delete(h.loading, name)
		for _, w := range module.waiters {
			w.Wake()
		}
	}()
	L.SetTop(1)
	L.Push(load)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	L.Push(h.cacheModule(name, L.Get(-1)))
	return 1
}

// awaitModule parks the current task until the module is there, or its loading
// has failed.
func (h *Host) awaitModule(L *lua.LState, name string, module *loadingModule) {
	t := h.Current()
	if module.by == h.cur || t == nil {
		L.RaiseError("module '%s' requires itself, directly or through another", name)
	}
	module.waiters = append(module.waiters, t)
	if err := t.ParkFor("module '" + name + "'"); err != nil {
		Raise(L, err)
	}
}

// findModule returns the function that loads a module, or raises where it
// looked in vain.
func (h *Host) findModule(L *lua.LState, name string) lua.LValue {
	if f := h.lua.preload.RawGetString(name); f != lua.LNil {
		return f
	}
	var looked strings.Builder
	for _, loader := range h.opts.Loaders {
		src, chunkname, err := loader(name)
		if err != nil {
			Raise(L, err)
		}
		if src == nil {
			fmt.Fprintf(&looked, "\n\tno %s", chunkname)
			continue
		}
		chunk, err := Compile(chunkname, src)
		if err != nil {
			Raise(L, err)
		}
		return h.Load(chunk)
	}
	L.RaiseError("module '%s' not found:\n\tno field package.preload['%s']%s", name, name, looked.String())
	return nil
}

// cacheModule stores what a module's body returned, unless the body stored
// something itself.
func (h *Host) cacheModule(name string, v lua.LValue) lua.LValue {
	if v == lua.LNil {
		if own := h.lua.loaded.RawGetString(name); lua.LVAsBool(own) {
			return own
		}
		v = lua.LTrue
	}
	h.lua.loaded.RawSetString(name, v)
	return v
}
