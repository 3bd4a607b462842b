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
	// together; 0 is the Engine's default. One that waits for its host, or for
	// its next attempt, does not count: beside Size, up to 1000 such requests,
	// or ten times Size, are put aside. Ordered puts none aside.
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
	// Within is the Place of the attempt whose hook sends the Batch; nil: none.
	Within *Place
	// Abandon ends a Source that answers later: at the deadline and at Close.
	Abandon func()
	// Finish sees each Result on the consumer's goroutine before it is ready.
	// Returning true keeps the slot until Batch.Finished or Batch.Again is
	// called.
	Finish func(*Result) (pending bool)
	// Last says that the Batch cleans up: it runs although the Engine was
	// stopped or cancelled. A Cancel after its first request ends it too, and
	// Grace after the stop, or after its first request if that came later.
	Last bool
	// Grace is used with Last only; 0: DefaultGrace.
	Grace time.Duration
}

// DefaultGrace is what a Last Batch has when its run was stopped.
const DefaultGrace = 5 * time.Second

// Batch pumps a Source through the Engine's Executor, at most Size at a time.
// Its methods are called on the consumer's goroutine only.
type Batch struct {
	engine   *Engine
	consumer Consumer
	source   Source
	opts     BatchOptions
	limits   limits
	number   int
	most     int // requests under way, without a slot too
	ctx      context.Context
	cancel   context.CancelCauseFunc
	gate     <-chan struct{} // closed when nothing new may start
	end      time.Time       // the deadline; zero: none
	timer    *time.Timer
	unwatch  func() // of a Last Batch

	pulled    int
	inFlight  int // in a slot: with a worker, or with Finish
	away      int // without a slot
	returning []*stay
	kept      []*Result // with Finish
	spare     *Request  // pulled, but its slot was taken meanwhile
	ready     ready
	held      []held // streams handed out and not yet closed
	taker     Waiter // of the last Result
	dry       bool
	err       error // why the Source ended, when not io.EOF
	pulling   bool  // inside the Source
	asked     bool  // the Source will answer with Offer
	closed    bool
	left      bool // the Engine no longer counts it
	begun     bool // a Last Batch has sent something
	waiters   []Waiter
	streams   bool // a Result carried a stream: its life hangs on ctx
	drainFunc func()

	mu     sync.Mutex
	events []event // told by workers, not yet seen by the consumer
	room   []event // an earlier events, empty, to be filled again
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
	b.most = opts.most()
	b.drainFunc = b.drain
	b.limits = newLimits(opts.Rate, opts.PerHost)
	if opts.Timeout > 0 {
		b.end = time.Now().Add(opts.Timeout)
	}
	if !opts.Last {
		b.gate = e.gate
	}
	b.open()
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
		if b.idle() && !b.pulling && !b.asked && b.spare == nil && b.dry {
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

// Refill pulls Requests for the slots that w's last Result left free, as Next
// does, but takes no Result: a Source that returns ErrLater may then be given
// its turn before others that are ready are taken.
func (b *Batch) Refill(w Waiter) {
	b.closeHeld(w)
	b.fill()
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
// in a slot with a worker now.
func (b *Batch) Counts() (pulled, inFlight int) { return b.pulled, b.inFlight }

// fill gives free slots to what has waited for one, then pulls Requests.
func (b *Batch) fill() {
	b.readmit()
	b.startSpare()
	for !b.dry && !b.pulling && !b.asked && b.spare == nil && b.hasRoom() {
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
			b.spare = req
			b.startSpare()
		case errors.Is(err, ErrLater):
			b.asked = true
		default:
			b.endOf(err)
		}
	}
}

// startSpare starts what was pulled, when a slot is free: the one it was
// pulled for may have gone to a request that came back to it.
func (b *Batch) startSpare() {
	if req := b.spare; req != nil && b.taken() < b.opts.Size {
		b.spare = nil
		b.start(req)
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
// there is none. As long as somebody waits in Next it is sent and more is asked
// for at once, and nobody is woken for it: a Source that answers without a wait
// fills every slot before the first Result is taken. What comes while nobody
// waits is sent when somebody does.
func (b *Batch) Offer(req *Request, err error) {
	b.asked = false
	switch {
	case b.closed:
		return
	case err != nil:
		b.endOf(err)
	default:
		b.spare = req
		if len(b.waiters) > 0 {
			b.fill()
		}
		if !b.dry {
			return
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
	if b.opts.Last && !b.begun {
		b.begin()
	}
	err := b.stopped()
	if err == nil {
		b.engine.started.Add(1)
		b.pending(1)
		if b.engine.workers.run(job{batch: b, result: r, turn: b.engine.turn(&b.limits)}) {
			return
		}
		b.engine.started.Add(-1)
		b.pending(-1)
		err = b.ended()
	}
	b.fail(r, err)
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
	if b.ctx.Err() != nil {
		return Cancelled(b.ctx)
	}
	if b.opts.Last {
		return nil
	}
	return b.engine.stopping()
}

// ended is why there are no workers any more.
func (b *Batch) ended() *Error {
	if err := b.stopped(); err != nil {
		return err
	}
	return runEnded()
}

// execute runs on a worker.
func (b *Batch) execute(j *job) {
	resp, err := b.do(j)
	if err != nil {
		b.fail(j.result, err)
		return
	}
	j.result.Response = resp
}

func (b *Batch) settle(r *Result) {
	if r.Err != nil {
		r.cutShort()
	}
	if !b.closed && b.opts.Finish != nil {
		b.kept = append(b.kept, r)
		if b.opts.Finish(r) {
			return
		}
		b.unkeep(r)
	}
	b.finish(r)
}

// Finished gives a slot back that Finish had kept.
func (b *Batch) Finished(r *Result) {
	b.unkeep(r)
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
