package runtime

import (
	"context"
	"sync"
	"sync/atomic"
)

// DefaultSize is how many requests a Batch has in flight when nothing says
// otherwise.
const DefaultSize = 100

// EngineOptions set up an Engine. Only Executor is required.
type EngineOptions struct {
	Executor Executor // for requests without a Session
	Size     int      // default of Batches; 0: DefaultSize
	Rate     Rate     // of the whole run
	PerHost  PerHost  // of the whole run
	Retry    *Retry   // for what requests and sessions leave open
	Breaker  Breaker  // of each host
	Hooks    *Hooks   // run for every request, before its session's and its own
	// Record sees each Result once, when nothing about it will change any
	// more, on the consumer's goroutine. nil: nobody asks.
	Record func(*Result)
	// Warn is told, on any goroutine, what a person should know about the run
	// as a whole. nil: nobody asks.
	Warn func(text string)
}

// Engine runs the Batches of one run: it owns the workers, the limits that
// all Batches share, and the way the run is stopped.
type Engine struct {
	opts     EngineOptions
	ctx      context.Context
	cancel   context.CancelCauseFunc
	workers  workers
	limits   limits
	parked   parking
	breakers breakers
	retries  retryBudget
	started  atomic.Int64

	recording sync.Mutex // held while Record runs

	halted context.Context // ends with Stop
	halt   context.CancelFunc
	gate   <-chan struct{} // halted.Done
	cause  atomic.Pointer[Error]

	mu      sync.Mutex
	number  int
	batches map[*Batch]struct{}
	last    map[*Batch]context.CancelCauseFunc // Last Batches that have begun
}

// NewEngine returns an Engine whose requests end when ctx does.
func NewEngine(ctx context.Context, opts EngineOptions) *Engine {
	if opts.Size <= 0 {
		opts.Size = DefaultSize
	}
	e := &Engine{opts: opts, batches: map[*Batch]struct{}{}}
	e.limits = newLimits(opts.Rate, opts.PerHost)
	e.breakers.Breaker = opts.Breaker
	e.ctx, e.cancel = context.WithCancelCause(ctx)
	e.halted, e.halt = context.WithCancel(context.WithoutCancel(ctx))
	e.gate = e.halted.Done()
	return e
}

// SetBreaker replaces EngineOptions.Breaker and forgets what failed. It is
// called while nothing is in flight.
func (e *Engine) SetBreaker(b Breaker) { e.breakers.set(b) }

// SetHooks replaces EngineOptions.Hooks. It is called before the first request.
func (e *Engine) SetHooks(h *Hooks) { e.opts.Hooks = h }

// Context ends when the Engine is cancelled or closed.
func (e *Engine) Context() context.Context { return e.ctx }

// Halted ends with Stop: nothing new starts.
func (e *Engine) Halted() context.Context { return e.halted }

// Size is the default of Batches.
func (e *Engine) Size() int { return e.opts.Size }

// InFlight counts requests that a worker has now.
func (e *Engine) InFlight() int { return int(e.started.Load()) }

// Record hands a Result to the run's record. The consumer calls it once for
// each Result it took from a Batch; the Batch does for those nobody took.
// Several consumers may share an Engine: the record sees one Result at a time.
func (e *Engine) Record(r *Result) {
	if e.opts.Record != nil {
		e.recording.Lock()
		defer e.recording.Unlock()
		e.opts.Record(r)
	}
}

// Stop lets nothing new start: unsent slots fail with cause, waits for limits
// and retries end. What is in flight goes on. Any goroutine may call it.
func (e *Engine) Stop(cause *Error) {
	if e.cause.CompareAndSwap(nil, cause) {
		e.halt()
	}
}

// Cancel stops and ends what is in flight, with cause: also a Last Batch that
// has begun, so that a second Cancel ends one that the first let run.
func (e *Engine) Cancel(cause *Error) {
	e.Stop(cause)
	e.cancel(cause)
	e.cancelLast(cause)
}

// Stopping returns why nothing new starts, or nil.
func (e *Engine) Stopping() *Error { return e.stopping() }

func (e *Engine) stopping() *Error {
	if c := e.cause.Load(); c != nil {
		failure := *c
		return &failure
	}
	return nil
}

// Close cancels what is left and waits for the workers, or for ctx.
func (e *Engine) Close(ctx context.Context) error {
	e.Cancel(runEnded())
	return e.workers.stop(ctx)
}

func runEnded() *Error { return &Error{Kind: KindCancelled, Message: "the run has ended"} }

// CloseBatches closes every Batch that is still open. The consumer calls it
// before it stops taking deliveries.
func (e *Engine) CloseBatches() {
	e.mu.Lock()
	open := make([]*Batch, 0, len(e.batches))
	for b := range e.batches {
		open = append(open, b)
	}
	e.mu.Unlock()
	for _, b := range open {
		b.Close()
	}
}

// OpenBatches counts Batches with anything left to deliver.
func (e *Engine) OpenBatches() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.batches)
}

// enter counts b, and numbers it when it is new.
func (e *Engine) enter(b *Batch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if b.number == 0 {
		e.number++
		b.number = e.number
	}
	e.batches[b] = struct{}{}
}

func (e *Engine) exit(b *Batch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.batches, b)
}
