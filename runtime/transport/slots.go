package transport

import (
	"context"
	"errors"
	"syscall"
	"time"

	"volley/runtime"
)

// slots bounds the connections that are open at once by the file descriptors
// the process may have. Transport.mu guards it.
type slots struct {
	open    int       // connections, and dials under way
	most    int       // what RLIMIT_NOFILE leaves us
	limit   int       // less than most after the system refused a descriptor
	lowered time.Time // when limit was last changed
	waiting []chan struct{}
}

const (
	sparedFiles   = 64 // left to outputs, scripts and the journal
	slotRecovery  = time.Second
	descriptorGap = 20 * time.Millisecond // between dials that meet EMFILE with nothing of ours open
)

func newSlots() slots {
	n := max(1, openFilesLimit()-sparedFiles)
	return slots{most: n, limit: n}
}

// free reports whether one more connection may be opened. A limit that was
// lowered grows back by one each second.
func (s *slots) free(now time.Time) bool {
	if s.limit < s.most && now.Sub(s.lowered) > slotRecovery {
		s.limit++
		s.lowered = now
	}
	return s.open < s.limit
}

func (s *slots) wakeOne() {
	if len(s.waiting) > 0 {
		close(s.waiting[0])
		s.waiting = s.waiting[1:]
	}
}

func (s *slots) wakeAll() {
	for _, w := range s.waiting {
		close(w)
	}
	s.waiting = nil
}

// forget takes w off the queue; it reports false when w was already woken.
func (s *slots) forget(w chan struct{}) bool {
	for i := range s.waiting {
		if s.waiting[i] == w {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// takeSlot claims the right to open a connection. When all are taken it
// closes an idle one or waits for one to end, and returns false: the caller
// looks again, since what was freed may be a connection it can use. The wait
// counts against no timeout.
func (t *Transport) takeSlot(ctx context.Context, trip *trip) (bool, *runtime.Error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return false, errClosed()
	}
	if t.slots.free(time.Now()) {
		t.slots.open++
		t.mu.Unlock()
		return true, nil
	}
	if victim := t.evict(); victim != nil {
		t.mu.Unlock()
		victim()
		return false, nil
	}
	woken := make(chan struct{})
	t.slots.waiting = append(t.slots.waiting, woken)
	t.mu.Unlock()
	began := time.Now()
	select {
	case <-woken:
		trip.waited(time.Since(began))
		return false, nil
	case <-ctx.Done():
		t.mu.Lock()
		if !t.slots.forget(woken) {
			t.slots.wakeOne()
		}
		t.mu.Unlock()
		return false, runtime.Cancelled(ctx)
	}
}

// evict takes the connection that has been idle longest out of the pool and
// returns how to close it; nil when none is idle. t.mu is held.
func (t *Transport) evict() func() {
	if c := t.idle.oldest; c != nil {
		t.unpark(c)
		return c.farewell
	}
	for h := range t.restful {
		delete(t.restful, h)
		h.retired = true
		return h.close
	}
	return nil
}

// freeSlot gives a slot back.
func (t *Transport) freeSlot() {
	t.mu.Lock()
	t.slots.open--
	t.slots.wakeOne()
	t.mu.Unlock()
}

// short reports that err means the process or the system is out of file
// descriptors.
func short(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// shrink lowers the limit to what is open now, after the system refused a
// descriptor.
func (t *Transport) shrink() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slots.limit = max(1, t.slots.open)
	t.slots.lowered = time.Now()
}

// starved pauses a trip that met the descriptor limit of the system, and
// reports whether it should try once more: for as long as a connect timeout.
func (t *trip) starved(ctx context.Context) bool {
	t.exchange.Route.transport.shrink()
	began := time.Now()
	select {
	case <-time.After(descriptorGap):
	case <-ctx.Done():
	}
	t.waited(time.Since(began))
	t.hunger += time.Since(began)
	limit := t.exchange.ConnectTimeout
	return limit <= 0 || t.hunger < limit
}
