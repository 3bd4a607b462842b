package vm

import lua "github.com/yuin/gopher-lua"

// call is a queued Call.
type call struct {
	fn   *lua.LFunction
	args []lua.LValue
	done func(results []lua.LValue, err error)
}

// Call queues fn to run as a green thread, in the order of the calls; done gets
// the outcome on the loop goroutine, outside any task. As long as fn does not
// park, one fiber runs call after call; when it parks, another takes the next.
// done may be nil.
func (h *Host) Call(fn *lua.LFunction, args []lua.LValue, done func(results []lua.LValue, err error)) {
	h.calls.push(call{fn, args, done})
}

// startCalls runs the calls queued so far. Those they queue in turn wait for
// the next round, so that tasks and deliveries get theirs.
func (h *Host) startCalls() {
	h.batch = h.calls.len()
	for h.batch > 0 {
		f := h.takeFiber()
		f.next()
		h.cur = h.base
	}
}

// runCalls takes calls off the queue until this round's are done. It goes on
// elsewhere when one of them parks.
func (f *fiber) runCalls() {
	h := f.h
	for h.batch > 0 {
		h.batch--
		c := h.calls.pop()
		results, err := f.runCall(c)
		h.cur = h.base
		if c.done != nil {
			c.done(results, err)
		}
	}
}

func (f *fiber) runCall(c call) ([]lua.LValue, error) {
	h := f.h
	if s := h.guard.halt.Load(); s != nil {
		se := &ScriptError{}
		se.interruptedBy(s)
		return nil, se
	}
	t := f.spare
	if t == nil {
		t = &Task{}
		f.spare = t
	}
	h.adopt(t)
	t.state, t.fiber, t.taken = taskRunning, f, true
	h.cur = t
	h.pieces.Add(1)
	results, err := f.run(c.fn, c.args)
	h.cur = h.base
	if !t.exposed {
		h.disown(t)
		t.token = false
		t.killed.Store(nil)
		return results, err
	}
	f.spare = nil
	t.finish(results, err)
	return results, err
}
