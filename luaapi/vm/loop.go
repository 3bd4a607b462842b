package vm

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"
)

// Deliver queues f for the loop goroutine and wakes it. It never blocks. It
// returns false, and drops f, when the host is closed. What is delivered
// between runs waits for the next one, or for Close.
func (h *Host) Deliver(f func()) bool {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return false
	}
	h.delivered = append(h.delivered, f)
	h.mu.Unlock()
	h.poke()
	return true
}

func (h *Host) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Interrupt stops every Lua thread of the host at its next instruction; parked
// calls raise; no pcall catches it. The run that is on, or else the next one,
// returns err in an interrupted *ScriptError. The first Interrupt counts.
func (h *Host) Interrupt(err error) {
	if err == nil {
		err = errInterrupts
	}
	h.guard.setHalt(err)
	h.poke()
}

// Run calls main as a green thread, and goes on until it and all tasks, calls
// and deliveries are done. When ctx ends, the run is interrupted with its
// cause. The error is a *ScriptError or a *Deadlock. Run may be called again
// after it returned.
func (h *Host) Run(ctx context.Context, main *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	run, err := h.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer h.end()
	if m := h.opts.Limits.memory; m != nil {
		m.enter(h)
		defer m.leave(h)
	}
	if ctx.Err() != nil {
		h.Interrupt(context.Cause(ctx))
	}
	unwatch := context.AfterFunc(ctx, func() { h.interruptRun(run, context.Cause(ctx)) })
	defer unwatch()
	t := h.Spawn(main, args...)
	t.main, t.taken = true, true
	h.loop()
	h.reportUnhandled()
	return h.outcome(t)
}

func (h *Host) begin(ctx context.Context) (run int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return 0, errClosed
	}
	if h.running {
		return 0, errRunning
	}
	h.running = true
	h.runs++
	h.runCtx, h.deadlock, h.halting = ctx, nil, false
	return h.runs, nil
}

func (h *Host) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = false
	h.runCtx = context.Background()
	h.guard.halt.Store(nil)
	h.finished.Broadcast()
}

// interruptRun is Interrupt for a given run: the end of a context may be
// noticed only after its run is over.
func (h *Host) interruptRun(run int, cause error) {
	h.mu.Lock()
	if h.running && h.runs == run {
		h.guard.setHalt(cause)
	}
	h.mu.Unlock()
	h.poke()
}

// loop runs until nothing is left to run or to wait for.
func (h *Host) loop() {
	for {
		h.runDelivered()
		if s := h.guard.halt.Load(); s != nil && !h.halting {
			h.haltTasks(s)
		}
		h.startCalls()
		for n := h.ready.len(); n > 0; n-- {
			h.step(h.ready.pop())
		}
		if h.busy() {
			continue
		}
		switch {
		case len(h.tasks) == 0:
			return
		case h.external == 0:
			h.breakDeadlock()
		default:
			h.idle.Store(true)
			<-h.wake
			h.idle.Store(false)
		}
	}
}

// busy reports whether there is something to do at once.
func (h *Host) busy() bool {
	if h.ready.len() > 0 || h.calls.len() > 0 {
		return true
	}
	if h.guard.halt.Load() != nil && !h.halting {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.delivered) > 0
}

// runDelivered takes everything delivered so far.
func (h *Host) runDelivered() {
	h.mu.Lock()
	batch := h.delivered
	h.delivered = h.spare
	h.mu.Unlock()
	for i, f := range batch {
		batch[i] = nil
		f()
	}
	h.mu.Lock()
	h.spare = batch[:0]
	h.mu.Unlock()
}

// step lets t run until it parks or ends.
func (h *Host) step(t *Task) {
	if t.state == taskNew {
		if s := t.stopping(); s != nil {
			se := &ScriptError{}
			se.interruptedBy(s)
			t.finish(nil, se)
			return
		}
		t.fiber = h.takeFiber()
		t.fiber.task = t
	}
	if t.killed.Load() != nil {
		h.guard.alarm.Store(true)
	}
	t.state = taskRunning
	h.cur = t
	h.pieces.Add(1)
	t.fiber.next()
	h.cur = h.base
}

// haltTasks wakes every parked task to the interrupt.
func (h *Host) haltTasks(s *stop) {
	h.halting = true
	for _, t := range h.tasks {
		if t.state == taskParked {
			t.unpark()
		}
		if t.cancel != nil {
			t.cancel(s.cause)
		}
	}
}

// breakDeadlock notes who waits for what and kills them all.
func (h *Host) breakDeadlock() {
	if h.deadlock == nil {
		h.deadlock = h.report()
	}
	for _, t := range h.tasks {
		t.Kill(h.deadlock)
	}
}

func (h *Host) reportUnhandled() {
	for _, t := range h.failed {
		if !t.taken && h.opts.Unhandled != nil {
			h.opts.Unhandled(t, t.err)
		}
	}
	h.failed = nil
}

// outcome is what Run returns: main's result, unless the run was cut short.
func (h *Host) outcome(main *Task) ([]lua.LValue, error) {
	err := main.err
	se := (*ScriptError)(nil)
	raised := errors.As(err, &se) && !se.Interrupted
	switch s := h.guard.halt.Load(); {
	case raised:
		return nil, err
	case s != nil && err != nil:
		return nil, err
	case s != nil:
		se = &ScriptError{}
		se.interruptedBy(s)
		return nil, se
	case h.deadlock != nil:
		return nil, h.deadlock
	}
	return main.results, err
}

// Close interrupts a run that is on and waits for its end, runs what was
// delivered since, and ends every coroutine. It must not be called from within
// a run. A second Close does nothing.
func (h *Host) Close() {
	h.mu.Lock()
	for h.running {
		h.guard.setHalt(errClosed)
		h.poke()
		h.finished.Wait()
	}
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.closed = true
	h.mu.Unlock()
	h.runDelivered()
	for _, f := range h.fibers {
		f.stop()
	}
	h.fibers, h.threads = nil, nil
	h.main.Close()
}
