package vm

import lua "github.com/yuin/gopher-lua"

// CallValue calls fn, which may be anything callable, on behalf of a binding
// that runs on L, and returns its first result, nil if it has none. Blocking
// calls in it park the current task. A failure is a *ScriptError with its
// traceback; what must not be caught passes through.
func (h *Host) CallValue(L *lua.LState, fn lua.LValue, args ...lua.LValue) (lua.LValue, error) {
	return h.callValue(L, fn, args, nil)
}

// callValue is CallValue; after, if not nil, is told how the call ended before
// anybody else is, and may say that it was stopped alone.
func (h *Host) callValue(L *lua.LState, fn lua.LValue, args []lua.LValue, after func(*lua.ApiError) *stop) (lua.LValue, error) {
	base := L.GetTop()
	L.Push(fn)
	for _, a := range args {
		L.Push(a)
	}
	t := h.cur
	caught := t.caught
	t.caught = -1 // protected makes it 0: the traceback is wanted
	defer func() { t.caught = caught }()
	n, failure := h.attempt(L, len(args))
	var ended *stop
	if after != nil {
		ended = after(failure)
	}
	if failure != nil {
		if ended == nil {
			h.passOn(L, failure)
		}
		L.SetTop(base)
		se := h.scriptError(&lua.ApiError{Type: lua.ApiErrorRun, Object: h.withPosition(L, failure.Object)})
		if ended != nil {
			se.interruptedBy(ended)
		}
		return lua.LNil, se
	}
	first := lua.LNil
	if n > 0 {
		first = L.Get(base + 1)
	}
	L.SetTop(base)
	return first, nil
}

// Running returns the innermost Lua thread of the running task, for CallValue
// by Go code that was not given one; nil outside any task.
func (h *Host) Running() *lua.LState {
	switch t := h.cur; {
	case t == h.base:
		return nil
	case len(t.stack) > 0:
		return t.stack[len(t.stack)-1]
	default:
		return t.fiber.thread.L
	}
}

// Parks counts the blocking calls of the host's tasks so far. Any goroutine
// may call it.
func (h *Host) Parks() uint64 { return h.parks.Load() }

// Expect notes that delta more events will come from outside, or fewer: a task
// that waits for another one is not deadlocked meanwhile. Loop goroutine only.
func (h *Host) Expect(delta int) { h.external += delta }
