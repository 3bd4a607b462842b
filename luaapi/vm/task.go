package vm

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

type taskState uint8

const (
	taskNew     taskState = iota // waits for its first step
	taskRunning                  // is the one that runs
	taskParked                   // waits for Wake
	taskWoken                    // waits for its next step
	taskEnded
)

// Task is a green thread. Its methods belong to the loop goroutine, except
// Kill, which any goroutine may call.
type Task struct {
	h     *Host
	id    int64
	state taskState
	fiber *fiber
	fn    *lua.LFunction
	args  []lua.LValue

	token    bool   // a Wake that came before its Park
	external bool   // parked until an event from outside
	what     string // otherwise: what it waits for
	raise    error  // what Park returns next
	killed   atomic.Pointer[stop]

	trusted bool  // Hurry leaves it alone
	bounded int   // bounded calls within each other that it is in
	cut     *stop // why the innermost of them must end

	stack   []*lua.LState // the Lua stacks within each other: pcall threads and coroutines
	caught  int           // how many of them catch errors
	exposed bool          // somebody holds the pointer
	main    bool
	taken   bool
	slot    int // index in Host.tasks

	results []lua.LValue
	err     error
	waiters []*Task
	onEnd   []func()
	ctx     context.Context //nolint:containedctx // made for whoever asks, ends with the task
	cancel  context.CancelCauseFunc
}

// Current returns the running green thread, nil outside any.
func (h *Host) Current() *Task {
	if h.cur == h.base {
		return nil
	}
	h.cur.exposed = true
	return h.cur
}

// Spawn makes a green thread that calls fn. It starts at the next loop step,
// after those spawned before it.
func (h *Host) Spawn(fn *lua.LFunction, args ...lua.LValue) *Task {
	t := &Task{fn: fn, args: args, exposed: true}
	h.adopt(t)
	h.ready.push(t)
	return t
}

// adopt counts t among the live tasks.
func (h *Host) adopt(t *Task) {
	h.nextID++
	t.h, t.id, t.slot = h, h.nextID, len(h.tasks)
	h.tasks = append(h.tasks, t)
}

// disown is called once, when t has ended.
func (h *Host) disown(t *Task) {
	last := len(h.tasks) - 1
	moved := h.tasks[last]
	h.tasks[t.slot] = moved
	moved.slot = t.slot
	h.tasks[last] = nil
	h.tasks = h.tasks[:last]
}

// ID numbers the tasks of a host from 1.
func (t *Task) ID() int64 { return t.id }

// Park suspends the running task, which must be t, until Wake: an event from
// outside (network, timer) is pending. A non-nil error says that it was
// stopped or interrupted instead; give it to Raise.
func (t *Task) Park() error { return t.park(true, "") }

// ParkFor is Park while only other tasks can wake t: when nothing external is
// pending either, it counts as deadlocked. what names what it waits for.
func (t *Task) ParkFor(what string) error { return t.park(false, what) }

func (t *Task) park(external bool, what string) error {
	h := t.h
	if s := t.stopping(); s != nil {
		return s
	}
	if t.token {
		t.token = false
		return nil
	}
	h.parks.Add(1)
	t.state, t.external, t.what = taskParked, external, what
	if external {
		h.external++
	}
	return t.suspend()
}

// Yield lets every task run that is ready, then goes on. The error is that of
// Park.
func (t *Task) Yield() error {
	if s := t.stopping(); s != nil {
		return s
	}
	t.state = taskWoken
	t.h.ready.push(t)
	return t.suspend()
}

// suspend gives the loop its turn until it steps t again.
func (t *Task) suspend() error {
	h := t.h
	current := h.main.G.CurrentThread
	resumed := t.fiber.yield(struct{}{})
	h.main.G.CurrentThread = current
	if !resumed {
		return &stop{errClosed}
	}
	if s := t.stopping(); s != nil {
		return s
	}
	err := t.raise
	t.raise = nil
	return err
}

// stopping returns why t must stop, or nil.
func (t *Task) stopping() *stop {
	if s := t.killed.Load(); s != nil {
		return s
	}
	if s := t.h.guard.halt.Load(); s != nil {
		return s
	}
	return t.cut
}

// Wake lets a parked task go on at the next loop step. One Wake before the
// Park is remembered; more are harmless.
func (t *Task) Wake() {
	switch t.state {
	case taskParked:
		t.unpark()
	case taskRunning:
		t.token = true
	case taskNew, taskWoken, taskEnded:
	}
}

func (t *Task) unpark() {
	if t.external {
		t.h.external--
	}
	t.state = taskWoken
	t.h.ready.push(t)
}

// Interrupt makes the blocking call in which t is parked raise err, once; the
// script may catch it. A task that is not parked is left alone.
func (t *Task) Interrupt(err error) {
	if t.state == taskParked {
		t.raise = err
		t.unpark()
	}
}

// Kill stops t for good: at its next instruction, or in the blocking call in
// which it is parked, and no pcall holds it. Its result is err. The first Kill
// counts.
func (t *Task) Kill(err error) {
	if err == nil {
		err = errKilled
	}
	if !t.killed.CompareAndSwap(nil, &stop{err}) {
		return
	}
	t.h.guard.alarm.Store(true)
	t.h.Deliver(t.noticeKill)
}

// noticeKill wakes a killed task if it is parked, and ends its context.
func (t *Task) noticeKill() {
	if t.state == taskParked {
		t.unpark()
	}
	if t.cancel != nil {
		t.cancel(t.killed.Load().cause)
	}
}

// Done reports whether the task has ended.
func (t *Task) Done() bool { return t.state == taskEnded }

// Result returns what the task's function returned, or the *ScriptError that
// ended it. Before its end both are nil.
func (t *Task) Result() ([]lua.LValue, error) { return t.results, t.err }

// Take marks the result as taken: an error in it is not reported as unhandled.
func (t *Task) Take() { t.taken = true }

// Join parks waiter, the running task, until t has ended. The error is
// waiter's own, as of Park.
func (t *Task) Join(waiter *Task) error {
	for t.state != taskEnded {
		if !slices.Contains(t.waiters, waiter) {
			t.waiters = append(t.waiters, waiter)
		}
		if err := waiter.ParkFor(fmt.Sprintf("task %d", t.id)); err != nil {
			t.waiters = slices.DeleteFunc(t.waiters, func(w *Task) bool { return w == waiter })
			return err
		}
	}
	return nil
}

// OnEnd runs f on the loop goroutine when t has ended, however it did; the
// last one registered runs first. On an ended task it runs at once.
func (t *Task) OnEnd(f func()) {
	if t.state == taskEnded {
		f()
		return
	}
	t.onEnd = append(t.onEnd, f)
}

// Context returns a context that ends when t does, with the error given to
// Kill as its cause. It is made when first asked for.
func (t *Task) Context() context.Context {
	if t.ctx == nil {
		t.ctx, t.cancel = context.WithCancelCause(t.h.runCtx)
		if s := t.stopping(); s != nil {
			t.cancel(s.cause)
		} else if t.state == taskEnded {
			t.cancel(errTaskEnded)
		}
	}
	return t.ctx
}

// finish records the end of t and tells everybody.
func (t *Task) finish(results []lua.LValue, err error) {
	h := t.h
	t.state, t.results, t.err = taskEnded, results, err
	t.fiber, t.fn, t.args, t.stack = nil, nil, nil, nil
	h.disown(t)
	if t.cancel != nil {
		t.cancel(endCause(t, err))
	}
	for i := len(t.onEnd) - 1; i >= 0; i-- {
		t.onEnd[i]()
	}
	t.onEnd = nil
	for _, w := range t.waiters {
		w.Wake()
	}
	t.waiters = nil
	if se, ok := err.(*ScriptError); ok && !t.main && !se.Interrupted { //nolint:errorlint // made by run
		h.failed = append(h.failed, t)
	}
}

func endCause(t *Task, err error) error {
	if s := t.stopping(); s != nil {
		return s.cause
	}
	if err != nil {
		return err
	}
	return errTaskEnded
}

// Traceback tells where a started task stands, innermost frame first.
func (t *Task) Traceback() string {
	if t.fiber == nil {
		return traceHeader
	}
	var lines []string
	for i := len(t.stack) - 1; i >= 0; i-- {
		more, _, _ := threadTrace(t.stack[i])
		lines = append(lines, more...)
	}
	more, _, _ := threadTrace(t.fiber.thread.L)
	lines = append(lines, more...)
	return strings.TrimSuffix(traceHeader+"\n"+joinTrace(lines), "\n")
}

// report lists the live tasks of a deadlock in the order of their birth.
func (h *Host) report() *Deadlock {
	d := &Deadlock{}
	for _, t := range h.tasks {
		d.Tasks = append(d.Tasks, ParkedTask{ID: t.id, What: t.what, Traceback: t.Traceback()})
	}
	slices.SortFunc(d.Tasks, func(a, b ParkedTask) int { return cmp.Compare(a.ID, b.ID) })
	return d
}
