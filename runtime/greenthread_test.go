package runtime_test

import (
	"iter"
	"sync"
	"testing"
	"time"

	"volley/runtime"
)

// loop is a Consumer with green threads, as a script's event loop is one.
type loop struct {
	mu    sync.Mutex
	queue []func()
	poke  chan struct{}
	ready []*thread
	live  int

	current *thread // the one that runs now
}

func newLoop() *loop { return &loop{poke: make(chan struct{}, 1)} }

// Deliver implements runtime.Consumer.
func (l *loop) Deliver(f func()) {
	l.mu.Lock()
	l.queue = append(l.queue, f)
	l.mu.Unlock()
	select {
	case l.poke <- struct{}{}:
	default:
	}
}

// spawn makes a green thread that run will step.
func (l *loop) spawn(f func(*thread)) *thread {
	t := &thread{loop: l}
	t.step, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		f(t)
	})
	l.live++
	l.ready = append(l.ready, t)
	return t
}

// run steps threads and runs deliveries until every thread has ended. Threads
// that nothing can wake any more fail the test.
func (l *loop) run(t *testing.T) {
	t.Helper()
	defer func() {
		for _, th := range l.ready {
			th.stop()
		}
	}()
	for l.live > 0 {
		for len(l.ready) > 0 {
			th := l.ready[0]
			l.ready = l.ready[1:]
			l.current = th
			if _, ok := th.step(); !ok {
				l.live--
			}
		}
		if l.live == 0 {
			return
		}
		select {
		case <-l.poke:
		case <-time.After(time.Hour):
			t.Errorf("%d threads are parked for ever", l.live)
			return
		}
		l.mu.Lock()
		queue := l.queue
		l.queue = nil
		l.mu.Unlock()
		for _, f := range queue {
			f()
		}
	}
}

// thread is a Waiter.
type thread struct {
	loop   *loop
	step   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	parked bool
	woken  bool
	wakes  int
	reason error
}

var _ runtime.Waiter = (*thread)(nil)

// Park implements runtime.Waiter.
func (t *thread) Park() error {
	for !t.woken {
		t.parked = true
		t.yield(struct{}{})
	}
	t.woken = false
	reason := t.reason
	t.reason = nil
	return reason
}

// Wake implements runtime.Waiter.
func (t *thread) Wake() {
	t.wakes++
	t.woken = true
	if t.parked {
		t.parked = false
		t.loop.ready = append(t.loop.ready, t)
	}
}

// Interrupt ends the thread's Park with reason.
func (t *thread) Interrupt(reason error) {
	t.reason = reason
	t.Wake()
}

// sleep parks the thread for d of virtual time.
func (t *thread) sleep(d time.Duration) error { return pause(t.loop, t, d) }

// pause blocks w for d the way a script's sleep does: others run meanwhile.
func pause(c runtime.Consumer, w runtime.Waiter, d time.Duration) error {
	over := false
	timer := time.AfterFunc(d, func() { c.Deliver(func() { over = true; w.Wake() }) })
	defer timer.Stop()
	for !over {
		if err := w.Park(); err != nil {
			return err
		}
	}
	return nil
}
