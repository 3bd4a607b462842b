package vm

import (
	"errors"
	"iter"

	lua "github.com/yuin/gopher-lua"
)

// fiber is a coroutine with a Lua thread: what a task runs on. A finished one
// is kept for the next task.
type fiber struct {
	h      *Host
	thread *thread
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	task   *Task // to run at the next step; nil: the queued calls
	spare  *Task // reused by calls as long as nobody saw it
}

func (h *Host) takeFiber() *fiber {
	if n := len(h.fibers); n > 0 {
		f := h.fibers[n-1]
		h.fibers[n-1] = nil
		h.fibers = h.fibers[:n-1]
		return f
	}
	f := &fiber{h: h, thread: h.takeThread()}
	f.next, f.stop = iter.Pull(f.body)
	return f
}

// body is the coroutine: one job per step, idle in between.
func (f *fiber) body(yield func(struct{}) bool) {
	f.yield = yield
	for {
		if t := f.task; t != nil {
			f.task = nil
			f.runTask(t)
		} else {
			f.runCalls()
		}
		keep := len(f.h.fibers) < keepFibers
		if keep {
			f.h.fibers = append(f.h.fibers, f)
		} else {
			f.h.giveThread(f.thread)
		}
		if !keep || !yield(struct{}{}) {
			return
		}
	}
}

func (f *fiber) runTask(t *Task) {
	results, err := f.run(t.fn, t.args)
	f.h.cur = f.h.base
	t.finish(results, err)
}

// run calls fn on the fiber's Lua thread as the current task.
func (f *fiber) run(fn *lua.LFunction, args []lua.LValue) ([]lua.LValue, error) {
	h, L := f.h, f.thread.L
	h.trace.value = nil // of another task
	L.G.CurrentThread = L
	L.Push(h.lua.invoke)
	L.Push(fn)
	for _, a := range args {
		L.Push(a)
	}
	err := L.PCall(len(args)+1, lua.MultRet, nil)
	if err == nil {
		results := takeResults(L)
		f.refresh(true)
		if s := h.cur.stopping(); s != nil {
			se := &ScriptError{}
			se.interruptedBy(s)
			return nil, se
		}
		return results, nil
	}
	failure := (*lua.ApiError)(nil)
	if !errors.As(err, &failure) {
		return nil, err
	}
	failure.Object = h.withPosition(L, failure.Object)
	se := h.scriptError(failure)
	f.refresh(failure.Type != lua.ApiErrorPanic)
	return nil, se
}

// takeResults empties L's stack.
func takeResults(L *lua.LState) []lua.LValue {
	n := L.GetTop()
	if n == 0 {
		return nil
	}
	results := make([]lua.LValue, n)
	for i := range results {
		results[i] = L.Get(i + 1)
	}
	L.SetTop(0)
	return results
}

// refresh makes the fiber ready for its next job.
func (f *fiber) refresh(clean bool) {
	if clean && f.thread.reusable() {
		f.thread.L.SetTop(0)
		f.thread.L.Env = f.h.main.Env
		return
	}
	f.thread = f.h.takeThread()
}
