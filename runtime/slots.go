package runtime

import (
	"sync/atomic"
	"time"
)

// patience is how long a request waits in its slot; before a longer wait it
// gives the slot up, so that requests to other hosts go on.
const patience = 50 * time.Millisecond

// most is how many requests of a Batch are under way at once, those without a
// slot included. In order, what waits holds up what comes after it anyway.
func (o *BatchOptions) most() int {
	if o.Ordered {
		return o.Size
	}
	return max(1000, 10*o.Size)
}

// A stay is one request's hold on a slot of its Batch, which it may give up
// while it waits. The consumer alone counts slots: a worker tells it what it
// wants, and only takes back at once what the consumer has not yet seen go.
type stay struct {
	batch  *Batch
	result *Result
	slot   atomic.Int32
	back   chan struct{} // the consumer gave a slot again

	again  time.Duration // the wait before a Result is sent again
	before int           // attempts made before it was

	queued   bool // in Batch.returning; the consumer's
	finished bool // came to its end without a slot; the consumer's
}

// What stay.slot says.
const (
	slotKept    = iota
	slotLeaving // given up, and the consumer does not know
	slotGone
)

func newStay(b *Batch, r *Result) *stay {
	return &stay{batch: b, result: r, back: make(chan struct{}, 1)}
}

// leave gives the slot up. It runs on a worker.
func (s *stay) leave() {
	if s.slot.CompareAndSwap(slotKept, slotLeaving) {
		s.batch.tell(event{s.result, s, slotLeft})
	}
}

// regain waits for a slot, if it was given up. It runs on a worker.
func (s *stay) regain() *Error {
	if s.slot.CompareAndSwap(slotLeaving, slotKept) || s.slot.Load() == slotKept {
		return nil
	}
	s.batch.tell(event{s.result, s, slotWanted})
	return s.batch.await(s.back)
}

// pause waits for d, without the slot if that is long.
func (s *stay) pause(d time.Duration) *Error {
	if d > patience {
		s.leave()
	}
	if err := s.batch.sleep(d); err != nil {
		return err
	}
	return s.regain()
}

// An event is what a worker tells the consumer. stay is nil for a request
// that never gave its slot up.
type event struct {
	result *Result
	stay   *stay
	what   happening
}

type happening int8

const (
	finished happening = iota
	slotLeft
	slotWanted
)

// tell leaves an event for the consumer, which is called only when it has not
// been already. Events are taken in their order.
func (b *Batch) tell(ev event) {
	b.mu.Lock()
	b.events = append(b.events, ev)
	first := len(b.events) == 1
	b.mu.Unlock()
	if first {
		b.consumer.Deliver(b.drainFunc)
	}
}

func (b *Batch) drain() {
	b.mu.Lock()
	events := b.events
	b.events, b.room = b.room, nil
	b.mu.Unlock()
	for _, ev := range events {
		b.take(ev)
	}
	clear(events)
	b.room = events[:0]
	b.readmit()
	b.wake()
}

func (b *Batch) take(ev event) {
	s := ev.stay
	switch ev.what {
	case finished:
		b.engine.started.Add(-1)
		b.pending(-1)
		if s == nil || s.slot.Load() == slotKept || s.slot.CompareAndSwap(slotLeaving, slotKept) {
			b.settle(ev.result)
			return
		}
		s.finished = true
		b.queue(s)
	case slotLeft:
		if s.slot.CompareAndSwap(slotLeaving, slotGone) {
			b.inFlight--
			b.away++
		}
	case slotWanted:
		b.queue(s)
	}
}

func (b *Batch) queue(s *stay) {
	if !s.queued {
		s.queued = true
		b.returning = append(b.returning, s)
	}
}

// readmit gives free slots to those that had given theirs up, in the order
// they asked: to go on, or to have what became of them read. A closed Batch
// reads nothing, so that it needs no slots for it.
func (b *Batch) readmit() {
	for len(b.returning) > 0 && (b.closed || b.taken() < b.opts.Size) {
		s := b.returning[0]
		b.returning[0] = nil
		b.returning = b.returning[1:]
		s.queued = false
		b.away--
		b.inFlight++
		if s.finished {
			b.settle(s.result)
			continue
		}
		s.slot.Store(slotKept)
		s.back <- struct{}{}
	}
}

// taken counts the slots in use.
func (b *Batch) taken() int { return b.inFlight + b.ready.len() + len(b.held) }

// hasRoom reports whether one more request may start.
func (b *Batch) hasRoom() bool {
	taken := b.taken()
	return taken < b.opts.Size && taken+b.away < b.most
}

// sleep waits for d, or until the Batch ends or is stopped.
func (b *Batch) sleep(d time.Duration) *Error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-b.ctx.Done():
	case <-b.gate:
	}
	return b.stopped()
}

// await waits until ready can be received from, or until the Batch ends or is
// stopped.
func (b *Batch) await(ready <-chan struct{}) *Error {
	select {
	case <-ready:
		return nil
	case <-b.ctx.Done():
	case <-b.gate:
	}
	return b.stopped()
}
