package runtime

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Governor is an Executor, such as a Session, with an opinion of its own on
// how its requests are repeated, and hooks that are told of it.
type Governor interface {
	// RetryPolicy returns the request's policy or the session's; nil: none.
	RetryPolicy(req *Request) *Retry
	// TotalTimeout bounds all attempts of req together; 0: no limit.
	TotalTimeout(req *Request) time.Duration
	// HooksOf returns the hooks that run before the request's own, in order.
	HooksOf(req *Request) []*Hooks
}

// A trip is one request on its way through its attempts.
type trip struct {
	engine  *Engine
	ctx     context.Context
	exec    Executor
	req     *Request // as the caller built it
	sent    *Request // as this attempt sends it
	turn    turn     // of the first attempt
	attempt int      // from 1
	spent   time.Duration
	resp    *Response
	err     *Error
}

// do runs req to its result: limits, attempts and the pauses between them.
// Neither the waits for a limit nor the pauses count against a timeout.
func (e *Engine) do(ctx context.Context, req *Request, batch *limits, first turn) (*Response, *Error) {
	if req.Invalid != nil {
		failure := *req.Invalid // the request may stand in other slots too
		return nil, &failure
	}
	e.retries.earn()
	t := trip{engine: e, ctx: ctx, exec: req.Session, req: req, sent: req, turn: first}
	if t.exec == nil {
		t.exec = e.opts.Executor
	}
	for t.once(batch) && t.again() {
	}
	if t.err != nil {
		t.err.Attempts = t.attempt
		return nil, t.err
	}
	t.resp.Attempts = t.attempt
	return t.resp, nil
}

// once makes one attempt; false means that it was not admitted. The outcome
// of the attempt before it then stays the result, since it says more than the
// refusal.
func (t *trip) once(batch *limits) bool {
	t.giveUpStream()
	release, refused := t.engine.admit(t.ctx, t.exec, t.req, batch, t.turn)
	if refused != nil {
		if t.resp == nil && t.err == nil {
			t.err = refused
		}
		return false
	}
	t.attempt++
	t.turn = turn{}
	t.resp, t.err = call(t.ctx, t.exec, t.sent)
	if release == nil {
		return true
	}
	// A host's slot is free after the attempt, for a stream when that ends.
	if t.err == nil && t.resp.Stream != nil {
		t.resp.Stream = &releasing{Stream: t.resp.Stream, release: release}
	} else {
		release()
	}
	return true
}

// giveUpStream ends the stream of an attempt that is to be repeated: its
// host's slot may be the one that the next attempt waits for. Nobody can read
// it any more, so it is no result either.
func (t *trip) giveUpStream() {
	if r := answer(t.resp, t.err); r != nil && r.Stream != nil {
		_ = r.Close() // unread on purpose
		t.resp = nil
	}
}

// call turns a panic below into an error of its own kind: one request fails,
// the others go on, and the report shows the stack.
func call(ctx context.Context, exec Executor, req *Request) (resp *Response, err *Error) {
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, panicked(p)
		}
	}()
	resp, failure := exec.Do(ctx, req)
	switch {
	case failure != nil:
		return nil, AsError(failure)
	case resp == nil:
		return nil, &Error{Kind: KindInternal, Message: "neither a response nor an error; this is a bug in volley"}
	}
	return resp, nil
}

// affords takes one retry from the run's budget; the first one refused is told.
func (e *Engine) affords() bool {
	if e.retries.spend() {
		return true
	}
	if e.opts.Warn != nil {
		e.retries.warned.Do(func() {
			e.opts.Warn("too many retries: beyond the first 1000 a run repeats one in ten requests; the others keep their last outcome")
		})
	}
	return false
}

// again decides on another attempt and waits the pause before it.
func (t *trip) again() bool {
	policy := t.engine.policy(t.exec, t.req)
	if policy == nil || t.attempt > policy.Total || !policy.wants(t.req, t.resp, t.err) {
		return false
	}
	if t.ctx.Err() != nil || t.engine.stopping() != nil || !t.replayable() || !t.timeLeft() || !t.engine.affords() {
		return false
	}
	if err := t.tell(); err != nil {
		t.giveUpStream()
		t.err = err
		return false
	}
	resp, now := answer(t.resp, t.err), time.Now()
	if until, ok := policy.parks(resp, now); ok {
		t.engine.parked.park(hostOf(t.exec, t.req), until)
	}
	return t.engine.sleep(t.ctx, policy.pause(t.attempt, resp, now)) == nil
}

// tell calls the Retry hooks, the executor's first, as call does: a panic is
// an error.
func (t *trip) tell() (err *Error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	if g, ok := t.exec.(Governor); ok {
		for _, h := range g.HooksOf(t.req) {
			if err := t.tellOne(h); err != nil {
				return err
			}
		}
	}
	return t.tellOne(t.req.Hooks)
}

func (t *trip) tellOne(h *Hooks) *Error {
	if h == nil || h.Retry == nil {
		return nil
	}
	return AsError(h.Retry(t.ctx, t.req, t.resp, t.err, t.attempt+1))
}

// replayable reports whether the body can go out once more.
func (t *trip) replayable() bool {
	return t.req.Body == nil || t.req.Body.Replayable() || t.err != nil && nothingSent(t.err)
}

// timeLeft gives the next attempt what is left of the total timeout.
func (t *trip) timeLeft() bool {
	g, ok := t.exec.(Governor)
	if !ok {
		return true
	}
	total := g.TotalTimeout(t.req)
	if total <= 0 {
		return true
	}
	t.spent += took(t.resp, t.err)
	if t.spent >= total {
		return false
	}
	t.sent = withTotal(t.req, total-t.spent)
	return true
}

func (e *Engine) policy(exec Executor, req *Request) *Retry {
	if g, ok := exec.(Governor); ok {
		if p := g.RetryPolicy(req); p != nil {
			return p
		}
	} else if req.Options != nil && req.Options.Retry != nil {
		return req.Options.Retry
	}
	return e.opts.Retry
}

func took(resp *Response, err *Error) time.Duration {
	if err != nil {
		return err.Timings.Total
	}
	return resp.Timings.Total
}

func withTotal(req *Request, left time.Duration) *Request {
	c := *req
	o := Options{}
	if req.Options != nil {
		o = *req.Options
	}
	t := Timeout{}
	if o.Timeout != nil {
		t = *o.Timeout
	}
	t.Total = left
	o.Timeout = &t
	c.Options = &o
	return &c
}

func panicked(p any) *Error {
	return &Error{
		Kind:      KindInternal,
		Message:   fmt.Sprintf("panic: %v; this is a bug in volley", p),
		Traceback: string(debug.Stack()),
	}
}

// releasing is a Stream that frees its host's slot when it ends.
type releasing struct {
	Stream
	release func()
	once    sync.Once // Read and Close may both see the end
}

func (r *releasing) free() {
	if r.Done() {
		r.once.Do(r.release)
	}
}

// Read implements io.Reader.
func (r *releasing) Read(p []byte) (int, error) {
	n, err := r.Stream.Read(p)
	r.free()
	return n, err
}

// Close implements io.Closer.
func (r *releasing) Close() error {
	err := r.Stream.Close()
	r.free()
	return err
}
