package vm

import (
	"runtime/debug"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxNesting bounds calls that start a fresh Lua stack (pcall, xpcall,
// coroutines, require) within each other: the Lua stack limit does not see
// them, and Go's own limit kills the process.
const maxNesting = 190

// enter notes that the running task goes on L, a fresh Lua stack.
func (h *Host) enter(caller, L *lua.LState) {
	t := h.cur
	if len(t.stack) >= maxNesting {
		caller.RaiseError("stack overflow (nested pcall/coroutine)")
	}
	t.stack = append(t.stack, L)
}

// leave goes back to the stack that was current before the matching enter.
func (t *Task) leave(depth int) {
	clear(t.stack[depth:])
	t.stack = t.stack[:depth]
}

// invoke is the root of every protected call: it calls its first argument with
// the others. Its own deferred call sees an error while the failing frames
// still stand.
func (h *Host) invoke(L *lua.LState) int {
	defer h.mend(L)
	L.Call(L.GetTop()-1, lua.MultRet)
	return L.GetTop()
}

// mend looks at what ends a protected call. A Lua error passes, with its
// traceback recorded; gopher-lua's stack overflow, a bare Go panic, becomes a
// Lua error; any other Go panic becomes a *PanicError that unwinds the task.
func (h *Host) mend(L *lua.LState) {
	r := recover()
	if r == nil {
		return
	}
	if ae, ok := r.(*lua.ApiError); ok {
		if h.wantsTrace() {
			h.recordTrace(L, ae.Object)
		}
		if ae.StackTrace == "" {
			ae.StackTrace = traceHeader // else PCall formats a traceback of its own
		}
		panic(ae)
	}
	if isStackOverflow(r) {
		if h.wantsTrace() {
			h.recordTrace(L, lua.LString("stack overflow"))
		}
		raiseAt(L, "stack overflow")
	}
	ud := newUnwinding(&PanicError{Value: r, Stack: string(debug.Stack())})
	h.recordTrace(L, ud)
	L.Error(ud, 0)
}

func isStackOverflow(r any) bool {
	s, _ := r.(string)
	return s == "lua callstack overflow"
}

// luaPosition is "file:line:" of the innermost Lua function of L that is not
// the host's own, or "".
func luaPosition(L *lua.LState) string {
	for level := 0; level <= 4; level++ {
		w := L.Where(level)
		if w != "" && !strings.HasPrefix(w, "[G]") && !strings.HasPrefix(w, HostChunk) {
			return w
		}
	}
	return ""
}

// raiseAt raises message with the position of the script's innermost function.
func raiseAt(L *lua.LState, message string) {
	L.Error(lua.LString(strings.TrimPrefix(luaPosition(L)+" "+message, " ")), 0)
}

// protected calls the function and nargs arguments on top of caller's stack on
// a thread of its own. On success the results replace them, and their number
// is returned. On failure the error value is returned. What must not be caught
// is raised again and does not return.
func (h *Host) protected(caller *lua.LState, nargs int) (nret int, raised lua.LValue) {
	n, failure := h.attempt(caller, nargs)
	if failure == nil {
		return n, nil
	}
	h.passOn(caller, failure)
	return 0, failure.Object
}

// attempt is protected without the last word: it returns what must not be
// caught too.
func (h *Host) attempt(caller *lua.LState, nargs int) (int, *lua.ApiError) {
	th := h.takeThread()
	L, t := th.L, h.cur
	depth := len(t.stack)
	h.enter(caller, L)
	t.caught++
	L.Push(h.lua.invoke)
	grow(L, nargs+1)
	caller.XMoveTo(L, nargs+1)
	current := caller.G.CurrentThread
	err := L.PCall(nargs+1, lua.MultRet, nil)
	caller.G.CurrentThread = current
	t.caught--
	t.leave(depth)
	if err == nil {
		n := L.GetTop()
		grow(caller, n)
		L.XMoveTo(caller, n)
		h.giveThread(th)
		return n, nil
	}
	failure := err.(*lua.ApiError) //nolint:errorlint,forcetypeassert // PCall returns nothing else
	if failure.Type != lua.ApiErrorPanic {
		L.SetTop(0)
		h.giveThread(th)
	}
	return 0, failure
}

// passOn raises failure again on L if it must not be caught.
func (h *Host) passOn(L *lua.LState, failure *lua.ApiError) {
	ud, _ := failure.Object.(*lua.LUserData)
	if ud != nil && isUnwinding(ud) {
		L.Error(ud, 0)
	}
	if s := h.guard.stopped(); s != nil {
		ud = newUnwinding(s)
	} else if failure.Type == lua.ApiErrorPanic {
		ud = newUnwinding(&PanicError{Value: failure.Object.String(), Stack: failure.StackTrace})
	} else {
		return
	}
	h.trace.value = ud
	L.Error(ud, 0)
}

// pcall is Lua's. Stock pcall detaches the upvalues of running outer functions
// whenever it catches something; a thread of its own confines that.
func (h *Host) pcall(L *lua.LState) int {
	fn := L.CheckAny(1)
	if !callable(L, fn) {
		L.Push(lua.LFalse)
		L.Push(lua.LString("attempt to call a " + fn.Type().String() + " value"))
		return 2
	}
	n, raised := h.protected(L, L.GetTop()-1)
	if raised != nil {
		L.Push(lua.LFalse)
		L.Push(h.withPosition(L, raised))
		return 2
	}
	L.Insert(lua.LTrue, 1)
	return n + 1
}

// xpcall is Lua's. The handler runs after the failed function's stack is gone.
func (h *Host) xpcall(L *lua.LState) int {
	fn := L.CheckAny(1)
	handler := L.CheckAny(2)
	if !callable(L, handler) {
		L.ArgError(2, "function expected, got "+handler.Type().String())
	}
	var n int
	var raised lua.LValue
	if callable(L, fn) {
		L.SetTop(2)
		L.Push(fn)
		n, raised = h.protected(L, 0)
	} else {
		raised = lua.LString("attempt to call a " + fn.Type().String() + " value")
	}
	if raised == nil {
		L.Insert(lua.LTrue, L.GetTop()-n+1)
		return n + 1
	}
	L.Push(handler)
	L.Push(h.withPosition(L, raised))
	n, failed := h.protected(L, 1)
	if failed != nil {
		L.Push(lua.LFalse)
		L.Push(failed)
		return 2
	}
	L.Insert(lua.LFalse, L.GetTop()-n+1)
	return n + 1
}

// withPosition completes an error string that was raised at the very root of
// a thread, where gopher-lua found no position and left a blank.
func (h *Host) withPosition(L *lua.LState, v lua.LValue) lua.LValue {
	s, ok := v.(lua.LString)
	if !ok || !strings.HasPrefix(string(s), " ") {
		return v
	}
	return lua.LString(strings.TrimPrefix(luaPosition(L)+string(s), " "))
}

// protectedText is tostring(v), outside any function.
func (h *Host) protectedText(v lua.LValue) (string, error) {
	th := h.takeThread()
	th.L.Push(th.L.NewFunction(func(L *lua.LState) int {
		L.Push(L.ToStringMeta(v))
		return 1
	}))
	if err := th.L.PCall(0, 1, nil); err != nil {
		return "", err
	}
	text := th.L.Get(-1).String()
	th.L.SetTop(0)
	h.giveThread(th)
	return text, nil
}

func callable(L *lua.LState, v lua.LValue) bool {
	return v.Type() == lua.LTFunction || L.GetMetaField(v, "__call").Type() == lua.LTFunction
}
