package vm

import (
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// leastPatience is what every piece of Lua may take, however late it is.
const leastPatience = 10 * time.Millisecond

// hurry is a host whose time is over: what its Lua does is ended piece by piece,
// while the Go code that it serves comes to its end. A piece is what runs
// between two pauses: a step of a task, a call, a bounded call.
type hurry struct {
	cause    error
	patience atomic.Int64 // with a piece; half after each that was ended
	grace    time.Duration

	// Those of look, which runs on one goroutine at a time.
	piece uint64
	since time.Time
	sweep time.Time // when what waits is ended next
}

// Hurry ends with cause, which no pcall catches, each piece of Lua that runs
// longer than patience, and after grace, again and again, each task and bounded
// call that waits. What was marked with Trust goes on. Any goroutine may call
// it; the first call counts.
func (h *Host) Hurry(cause error, patience, grace time.Duration) {
	w := &hurry{cause: cause, grace: grace, since: time.Now(), sweep: time.Now().Add(grace)}
	w.patience.Store(int64(patience))
	if h.late.CompareAndSwap(nil, w) {
		w.rest(h)
	}
}

func (w *hurry) rest(h *Host) {
	time.AfterFunc(max(time.Duration(w.patience.Load())/8, time.Millisecond), func() { w.look(h) })
}

// look marks the piece that runs now if it is overdue.
func (w *hurry) look(h *Host) {
	h.mu.Lock()
	closed := h.closed
	h.mu.Unlock()
	if closed {
		return
	}
	now, piece := time.Now(), h.pieces.Load()
	switch {
	case piece != w.piece || h.idle.Load():
		w.piece, w.since = piece, now
	case now.Sub(w.since) >= time.Duration(w.patience.Load()):
		h.overdue.Store(piece)
		h.guard.alarm.Store(true)
		h.poke()
	}
	if now.After(w.sweep) {
		w.sweep = now.Add(w.grace)
		h.Deliver(h.endWaiting)
	}
	w.rest(h)
}

// endOverdue ends the running piece if it is the one that was marked.
func (h *Host) endOverdue() {
	if piece := h.overdue.Load(); piece == 0 || piece != h.pieces.Load() {
		return
	}
	h.overdue.Store(0)
	w, t := h.late.Load(), h.cur
	switch {
	case t.bounded > 0:
		t.cut = &stop{w.cause}
	case t.trusted || t == h.base:
		return
	default:
		t.killed.CompareAndSwap(nil, &stop{w.cause})
	}
	w.patience.Store(max(w.patience.Load()/2, int64(leastPatience)))
}

// endWaiting ends what is parked.
func (h *Host) endWaiting() {
	cause := h.late.Load().cause
	for _, t := range h.tasks {
		switch {
		case t.state != taskParked:
		case t.bounded > 0:
			t.cut = &stop{cause}
			t.unpark()
		case !t.trusted:
			t.Kill(cause)
		}
	}
}

// Trust marks a task that runs the host's own code: Hurry ends nothing of it
// but its bounded calls.
func (t *Task) Trust() { t.trusted = true }

// CallBounded is CallValue, except that Hurry may end the call alone: it
// returns an interrupted *ScriptError then, and its task goes on.
func (h *Host) CallBounded(L *lua.LState, fn lua.LValue, args ...lua.LValue) (lua.LValue, error) {
	t := h.cur
	t.bounded++
	h.pieces.Add(1)
	return h.callValue(L, fn, args, func(failure *lua.ApiError) *stop {
		t.bounded--
		h.pieces.Add(1)
		ended := t.cut
		t.cut = nil
		if failure == nil || t.stopping() != nil {
			return nil // it came to its end in time, or nothing is to go on
		}
		return ended
	})
}
