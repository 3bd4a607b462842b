package vm

import (
	"sync/atomic"
	"time"
)

// guard is the context of every Lua thread of a host. The VM calls Done before
// each instruction, which makes it the place to count instructions and to stop
// scripts. Done never returns an open channel: nil to go on, a closed one to
// stop.
type guard struct {
	h      *Host
	limits *Limits
	left   int64       // instructions, of those taken from the limits; loop goroutine only
	alarm  atomic.Bool // somebody may have to stop: look closer
	halt   atomic.Pointer[stop]
}

// closedChannel is what Done returns to a thread that has to stop.
var closedChannel = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func newGuard(h *Host, limits *Limits) *guard { return &guard{h: h, limits: limits} }

// Done is called before every VM instruction.
func (g *guard) Done() <-chan struct{} {
	g.left--
	if g.left >= 0 && !g.alarm.Load() {
		return nil
	}
	return g.check()
}

func (g *guard) check() <-chan struct{} {
	if g.left < 0 {
		g.refill()
	}
	if m := g.limits.memory; m != nil && g.alarm.Load() {
		m.wait()
	}
	if g.stopped() != nil {
		return closedChannel
	}
	return nil
}

// spend takes n instructions off the limit, for work inside one instruction,
// and reports whether the running thread must stop.
func (g *guard) spend(n int64) bool {
	g.left -= n
	return g.check() != nil
}

// refill takes the next share of instructions. When there are none it halts
// the host; every later run stops as well.
func (g *guard) refill() {
	debt := -g.left
	got := g.limits.take(max(debt, share))
	if got < debt {
		g.left = -1 // no underflow
		g.setHalt(&LimitError{Instructions: g.limits.instructions})
		return
	}
	g.left = got - debt
}

func (g *guard) setHalt(cause error) {
	g.halt.CompareAndSwap(nil, &stop{cause})
	g.alarm.Store(true)
}

// stopped returns why the running task must stop, or nil. The alarm is for all
// tasks: it is lowered when it is not for this one, and raised again when the
// task it is for is stepped.
func (g *guard) stopped() *stop {
	if !g.alarm.Load() {
		return nil
	}
	g.alarm.Store(false)
	g.h.endOverdue()
	s := g.h.cur.stopping()
	if s != nil {
		g.alarm.Store(true)
	}
	return s
}

// Err is the text the VM raises; the position is put before it.
func (g *guard) Err() error {
	if s := g.stopped(); s != nil {
		return s
	}
	return nil
}

// Deadline reports none: time limits come as an Interrupt or a Kill.
func (g *guard) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Value returns nil.
func (g *guard) Value(any) any { return nil }
