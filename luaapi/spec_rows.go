package luaapi

import (
	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// iterate makes an iterator of a function that returns one or a list, or that
// yields.
const iterate = `local generate = ...
local co, step, list, n = coroutine.create(generate)
return function()
  if step then return step() end
  if list then
    n = n + 1
    return list[n]
  end
  if coroutine.status(co) == "dead" then return nil end
  local ok, v = coroutine.resume(co)
  if not ok then error(v, 0) end
  if coroutine.status(co) ~= "dead" then return v end
  if type(v) == "function" then
    step = v
    return step()
  elseif type(v) == "table" then
    list, n = v, 1
    return list[1]
  elseif v ~= nil then
    error("a function for data must return an iterator or a list, or yield, got a " .. type(v), 0)
  end
end`

// Iteration is a Lua function that makes rows, in a green thread of its own:
// while it waits, the run goes on. Its methods belong to the loop goroutine.
type Iteration struct {
	f       *SpecFunction
	later   func()
	task    *vm.Task
	fn      *lua.LFunction
	release func()

	wanted bool // a value is to be made
	made   bool // value is one, or err the end
	value  any
	err    error
	ended  bool
}

// Iterate calls f for data: it returns an iterator or a list, or yields. later
// is called when Next, which had none, has a value.
func (f *SpecFunction) Iterate(scope Scope, later func()) (*Iteration, error) {
	chunk, err := vm.Compile(vm.HostChunk, []byte(iterate))
	if err != nil {
		return nil, err
	}
	it := &Iteration{f: f, later: later}
	it.fn, it.release = f.lend(scope, nil, nil)
	host := f.h.s.host
	it.task = host.Spawn(f.h.s.L.NewFunction(it.run), host.Instance(chunk))
	it.task.Take() // what it raises is the error of Next
	it.task.OnEnd(it.end)
	return it, nil
}

// Next returns one plain value, ok false at the end; the error is that of the
// function, or runtime.ErrLater.
func (it *Iteration) Next() (value any, ok bool, err error) {
	switch {
	case it.made:
		it.made = false
		return it.value, true, nil
	case it.ended:
		return nil, false, it.err
	}
	it.wanted = true
	it.task.Wake()
	return nil, false, runtime.ErrLater
}

// Stop ends the function, whatever it waits for.
func (it *Iteration) Stop() {
	if !it.task.Done() {
		it.task.Kill(&runtime.Error{Kind: runtime.KindCancelled, Message: "its rows are not wanted any more"})
	}
}

// run is the green thread: one value each time one is wanted.
func (it *Iteration) run(L *lua.LState) int {
	host := it.f.h.s.host
	step, err := host.CallValue(L, L.Get(1), it.fn)
	for err == nil {
		for !it.wanted {
			if err := it.task.ParkFor("the next row that is asked for"); err != nil {
				vm.Raise(L, err)
			}
		}
		var v lua.LValue
		if v, err = host.CallValue(L, step); err != nil || v == lua.LNil {
			break
		}
		if it.value, err = it.f.plain(v); err == nil {
			it.wanted, it.made = false, true
			it.later()
		}
	}
	if err != nil {
		it.err = it.f.code.placedError(err)
	}
	return 0
}

// end is the last answer.
func (it *Iteration) end() {
	if _, err := it.task.Result(); err != nil && it.err == nil {
		it.err = it.f.code.placedError(err)
	}
	it.ended = true
	it.release()
	if it.wanted {
		it.wanted = false
		it.later()
	}
}
