package runtime

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// BatchOptions set up one Batch. The zero value works.
type BatchOptions struct {
	// Size is how many requests may be in flight or finished and unread
	// together; 0 is the Engine's default.
	Size int
	// Ordered hands Results out in the Source's order.
	Ordered bool
	// Timeout is a deadline counted from now: what is in flight is cancelled
	// with kind batch_timeout. 0: none.
	Timeout time.Duration
	// List says that the Source is a list: when the Batch is stopped its
	// unsent items fail, each in its slot. Another Source is not pulled again.
	List bool
	// Rate and PerHost bound this Batch beside the Engine's own limits.
	Rate    Rate
	PerHost PerHost
	// Abandon ends a Source that answers later: at the deadline and at Close.
	Abandon func()
	// Finish sees each Result on the consumer's goroutine before it is ready.
	// Returning true keeps the slot until Batch.Finished is called.
	Finish func(*Result) (pending bool)
}

// Batch pumps a Source through the Engine's Executor, at most Size at a time.
// Its methods are called on the consumer's goroutine only.
type Batch struct {
	engine   *Engine
	consumer Consumer
	source   Source
	opts     BatchOptions
	limits   limits
	number   int
	ctx      context.Context
	cancel   context.CancelCauseFunc
	timer    *time.Timer

	pulled    int
	inFlight  int // with a worker, or with Finish
	ready     ready
	held      []held // streams handed out and not yet closed
	taker     Waiter // of the last Result
	dry       bool
	err       error // why the Source ended, when not io.EOF
	pulling   bool  // inside the Source
	asked     bool  // the Source will answer with Offer
	closed    bool
	waiters   []Waiter
	streams   bool // a Result carried a stream: its life hangs on ctx
	drainFunc func()

	mu   sync.Mutex
	done []*Result // finished by workers, not yet seen by the consumer
	room []*Result // an earlier done, empty, to be filled again
}

// held is a stream that keeps a slot until its taker asks for more.
type held struct {
	taker  Waiter
	result *Result
}

// Batch starts one. Nothing is pulled or sent before the first Next.
func (e *Engine) Batch(c Consumer, source Source, opts BatchOptions) *Batch {
	if opts.Size <= 0 {
		opts.Size = e.opts.Size
	}
	b := &Batch{engine: e, consumer: c, source: source, opts: opts, ready: ready{next: 1}}
	b.number = e.enter(b)
	b.drainFunc = b.drain
	b.limits = newLimits(opts.Rate, opts.PerHost)
	b.ctx, b.cancel = context.WithCancelCause(e.ctx)
	if opts.Timeout > 0 {
		b.timer = time.AfterFunc(opts.Timeout, b.deadline)
	}
	return b
}

// Next returns the next Result, or io.EOF after the last one. An error of the
// Source comes after everything that was in flight. It is the whole
// scheduler: fill free slots, hand out what is ready, else wait.
func (b *Batch) Next(w Waiter) (*Result, error) {
	b.closeHeld(w)
	for {
		b.fill()
		if r := b.ready.take(b.opts.Ordered); r != nil {
			b.taker = w
			return r, nil
		}
		if b.inFlight == 0 && !b.pulling && !b.asked && b.dry {
			b.leave()
			b.wake() // others may wait for the end too
			if b.err != nil {
				return nil, b.err
			}
			return nil, io.EOF
		}
		if err := b.wait(w); err != nil {
			return nil, err
		}
	}
}

// wait parks w until the Batch changes. A Park may also end for reasons of its
// own; w must not be woken for the Batch later.
func (b *Batch) wait(w Waiter) error {
	b.waiters = append(b.waiters, w)
	err := w.Park()
	if i := slices.Index(b.waiters, w); i >= 0 {
		b.waiters = slices.Delete(b.waiters, i, i+1)
	}
	return err
}

// Number is the Batch's place in its run, from 1.
func (b *Batch) Number() int { return b.number }

// Counts are what a progress callback shows: requests pulled so far and those
// with a worker now.
func (b *Batch) Counts() (pulled, inFlight int) { return b.pulled, b.inFlight }

// fill pulls Requests while slots are free.
func (b *Batch) fill() {
	for !b.dry && !b.pulling && !b.asked && b.inFlight+b.ready.len()+len(b.held) < b.opts.Size {
		if !b.opts.List && b.stopped() != nil {
			b.dry = true
			b.abandon()
			return
		}
		req, err := b.pull()
		if b.closed {
			return
		}
		switch {
		case err == nil:
			b.start(req)
		case errors.Is(err, ErrLater):
			b.asked = true
		default:
			b.endOf(err)
		}
	}
}

// pull calls the Source. One that never returns, since its caller was ended
// inside it, must not keep others from pulling.
func (b *Batch) pull() (*Request, error) {
	b.pulling = true
	defer func() { b.pulling = false }()
	return b.source()
}

// Offer is the answer of a Source that returned ErrLater: a Request, or why
// there is none. As long as somebody waits in Next, more is asked for at once.
func (b *Batch) Offer(req *Request, err error) {
	b.asked = false
	switch {
	case b.closed:
		return
	case err != nil:
		b.endOf(err)
	default:
		b.start(req)
		if len(b.waiters) > 0 {
			b.fill()
		}
	}
	b.wake()
}

func (b *Batch) abandon() {
	if b.opts.Abandon != nil {
		b.opts.Abandon()
	}
}

func (b *Batch) endOf(err error) {
	b.dry = true
	// The error of a Source that was interrupted by our own deadline is no
	// news: what it cost is in the Results.
	if err != io.EOF && b.ctx.Err() == nil { //nolint:errorlint // io.EOF is a Source's own word, never wrapped
		b.err = err
	}
}

// start hands req to a worker. What was pulled while the Batch or the run came
// to its end fails in its slot.
func (b *Batch) start(req *Request) {
	b.pulled++
	r := &Result{Batch: b.number, Index: b.pulled, Request: req}
	b.inFlight++
	if b.stopped() == nil {
		b.engine.started.Add(1)
		b.pending(1)
		if b.engine.workers.run(job{b, r, b.engine.turn(&b.limits)}) {
			return
		}
		b.engine.started.Add(-1)
		b.pending(-1)
	}
	b.fail(r, b.stopped())
	b.settle(r)
	b.wake()
}

// pending tells a consumer that wants to know what will come from outside.
func (b *Batch) pending(delta int) {
	if e, ok := b.consumer.(Expecter); ok {
		e.Expect(delta)
	}
}

func (b *Batch) fail(r *Result, err *Error) {
	err.Index, err.Request = r.Index, r.Request
	r.Err, r.Response = err, nil
}

// stopped says why nothing new may start: the batch's own end, or the run's.
func (b *Batch) stopped() *Error {
	return b.engine.refusal(b.ctx)
}

// execute runs on a worker.
func (b *Batch) execute(r *Result, first turn) {
	resp, err := b.engine.do(b.ctx, r.Request, &b.limits, first)
	if err != nil {
		b.fail(r, err)
		return
	}
	r.Response = resp
}

// complete runs on a worker: it leaves the Result for the consumer, which is
// told only when it has not been already.
func (b *Batch) complete(r *Result) {
	b.mu.Lock()
	b.done = append(b.done, r)
	first := len(b.done) == 1
	b.mu.Unlock()
	if first {
		b.consumer.Deliver(b.drainFunc)
	}
}

func (b *Batch) drain() {
	b.mu.Lock()
	done := b.done
	b.done, b.room = b.room, nil
	b.mu.Unlock()
	for _, r := range done {
		b.engine.started.Add(-1)
		b.pending(-1)
		b.settle(r)
	}
	clear(done)
	b.room = done[:0]
	b.wake()
}

func (b *Batch) settle(r *Result) {
	if !b.closed && b.opts.Finish != nil && b.opts.Finish(r) {
		return
	}
	b.finish(r)
}

// Finished gives a slot back that Finish had kept.
func (b *Batch) Finished(r *Result) {
	b.finish(r)
	b.wake()
}

func (b *Batch) finish(r *Result) {
	b.inFlight--
	if r.Response != nil && r.Response.Stream != nil {
		b.streams = true
	}
	if b.closed {
		b.drop(r)
		b.leaveIfIdle()
		return
	}
	b.ready.push(r)
}

func (b *Batch) wake() {
	waiters := b.waiters
	b.waiters = b.waiters[:0]
	for _, w := range waiters {
		w.Wake()
	}
}

// Hold keeps the slot of a streamed Result until the Waiter that has just
// taken it calls Next again, which closes the stream if that was not done
// before.
func (b *Batch) Hold(r *Result) {
	if r.Response != nil && r.Response.Stream != nil {
		b.held = append(b.held, held{b.taker, r})
	}
}

func (b *Batch) closeHeld(w Waiter) {
	if len(b.held) == 0 {
		return
	}
	b.held = slices.DeleteFunc(b.held, func(h held) bool {
		if h.taker == w {
			_ = h.result.Response.Close() // an unread stream: nothing is lost that was asked for
		}
		return h.taker == w
	})
}
