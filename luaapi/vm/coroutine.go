package vm

import (
	"errors"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// User coroutines are gopher-lua's own, because an abandoned one is simply
// collected. What is repaired around them: values lost or left undefined by
// resume, errors without traceback, nesting without limit, and coroutines that
// are parked in a blocking call of another task.

// coroutineLua is the part that has to be Lua: only a Lua call adjusts the
// number of values that a resume passes in to what the script asked for.
// start waits before the body runs, so that the host can set the thread up.
const coroutineLua = `local hold, yield = ...
local function pass(...) return ... end
local function start(f) return f(hold()) end
return start, function(...) return pass(yield(...)) end`

var coroutineChunk = sync.OnceValues(func() (*Chunk, error) { return Compile(HostChunk, []byte(coroutineLua)) })

// openCoroutine replaces the coroutine library's functions.
func (h *Host) openCoroutine(lib *lua.LTable) error {
	L := h.main
	stock, ok := lib.RawGetString("resume").(*lua.LFunction)
	if !ok {
		return errors.New("gopher-lua has no coroutine.resume")
	}
	h.lua.resume = stock.GFunction
	chunk, err := coroutineChunk()
	if err != nil {
		return err
	}
	hold := L.NewFunction(func(*lua.LState) int { return -1 })
	if err := L.CallByParam(lua.P{Fn: h.instantiate(chunk), NRet: 2, Protect: true}, hold, L.NewFunction(h.yield)); err != nil {
		return err
	}
	start, yield := L.Get(-2), L.Get(-1)
	L.Pop(2)
	h.lua.start, _ = start.(*lua.LFunction)
	lib.RawSetString("yield", yield)
	for name, f := range map[string]lua.LGFunction{
		"create": h.coCreate, "resume": h.coResume, "wrap": h.coWrap, "status": h.coStatus, "running": h.coRunning,
	} {
		lib.RawSetString(name, L.NewFunction(f))
	}
	return nil
}

// newCoroutine makes a coroutine that will call fn.
func (h *Host) newCoroutine(L *lua.LState) *lua.LState {
	fn := L.CheckFunction(1)
	if fn.IsG {
		L.ArgError(1, "Lua function expected")
	}
	co := h.newThread()
	current := L.G.CurrentThread
	if _, err, _ := L.Resume(co, h.lua.start, fn); err != nil {
		h.passOn(L, &lua.ApiError{Object: lua.LString(err.Error())})
		L.RaiseError("%s", err.Error())
	}
	L.G.CurrentThread = current
	co.Panic = h.coPanic
	return co
}

// coPanic is how Lua errors leave a coroutine: the last moment at which its
// frames stand.
func (h *Host) coPanic(co *lua.LState) {
	value := co.Get(-1)
	h.raisedIn = co
	if h.wantsTrace() {
		h.recordTrace(co, value)
	}
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: value, StackTrace: traceHeader})
}

func (h *Host) coCreate(L *lua.LState) int {
	L.Push(h.newCoroutine(L))
	return 1
}

func (h *Host) coWrap(L *lua.LState) int {
	co := h.newCoroutine(L)
	L.Push(L.NewFunction(func(L *lua.LState) int {
		L.Insert(co, 1)
		n := h.coResume(L)
		if L.Get(-n) == lua.LTrue {
			return n - 1
		}
		L.Error(L.Get(-1), 0)
		return 0
	}))
	return 1
}

// coResume resumes the coroutine that is argument 1 with the other arguments.
func (h *Host) coResume(L *lua.LState) int {
	co := L.CheckThread(1)
	if status := h.status(co); status != "suspended" {
		L.Push(lua.LFalse)
		L.Push(lua.LString("cannot resume " + status + " coroutine"))
		return 2
	}
	t := h.cur
	depth := len(t.stack)
	h.enter(L, co)
	current := L.G.CurrentThread
	h.trace, h.raisedIn = errorTrace{}, nil
	n := h.lua.resume(L)
	L.G.CurrentThread = current
	t.leave(depth)
	if L.Get(-n) == lua.LTrue {
		return n
	}
	h.coFailed(L, co)
	return n
}

// coFailed looks at the error that ended a coroutine; it is on top of L's
// stack. coPanic has seen every Lua error: what it has not seen is a Go panic.
func (h *Host) coFailed(L, co *lua.LState) {
	value := L.Get(-1)
	h.passOn(L, &lua.ApiError{Type: lua.ApiErrorRun, Object: value})
	if h.raisedIn == co {
		return
	}
	text := value.String()
	if isStackOverflow(text) {
		L.Replace(-1, lua.LString("stack overflow (in a coroutine)"))
		return
	}
	unwind(L, &PanicError{Value: text, Stack: "(lost in a coroutine)"})
}

// yield is coroutine.yield, once it is sure that the value reaches a resume.
// Across a pcall, metamethod, iterator or other Go boundary gopher-lua would
// end the coroutine instead, without a word.
func (h *Host) yield(L *lua.LState) int {
	t := h.cur
	if n := len(t.stack); n == 0 || t.stack[n-1] != L || L.Parent == nil {
		if inCoroutine(t) {
			raiseAt(L, "attempt to yield across a pcall")
		}
		raiseAt(L, "attempt to yield from outside a coroutine")
	}
	if !plainCalls(L) {
		raiseAt(L, "attempt to yield across a metamethod, iterator, callback or require")
	}
	return -1
}

func inCoroutine(t *Task) bool {
	for _, L := range t.stack {
		if L.Parent != nil {
			return true
		}
	}
	return false
}

// statusParked is for a coroutine that is inside a blocking call of another
// task. To resume it would run it twice at once.
const statusParked = "parked (it waits in another task)"

// status is that of coroutine.status, or statusParked.
func (h *Host) status(co *lua.LState) string {
	if co.Dead {
		return "dead"
	}
	stack := h.cur.stack
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i] == co {
			if i == h.innermost() {
				return "running"
			}
			return "normal"
		}
	}
	if co.Parent != nil {
		return statusParked
	}
	return "suspended"
}

// innermost is the index of the running coroutine in the task's stack, -1
// outside any.
func (h *Host) innermost() int {
	stack := h.cur.stack
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].Parent != nil {
			return i
		}
	}
	return -1
}

func (h *Host) coStatus(L *lua.LState) int {
	status := h.status(L.CheckThread(1))
	if status == statusParked {
		status = "normal"
	}
	L.Push(lua.LString(status))
	return 1
}

// coRunning is nil outside user coroutines, also in spawned tasks.
func (h *Host) coRunning(L *lua.LState) int {
	if i := h.innermost(); i >= 0 {
		L.Push(h.cur.stack[i])
	} else {
		L.Push(lua.LNil)
	}
	return 1
}
