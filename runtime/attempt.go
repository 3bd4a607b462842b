package runtime

import (
	"context"
	"fmt"
	"runtime/debug"
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
	batch   *Batch
	result  *Result
	stay    *stay
	exec    Executor
	req     *Request // as the caller built it
	sent    *Request // as this attempt sends it
	way     *passage // of the last attempt
	before  int      // attempts of earlier trips of the Result
	attempt int      // from 1
	spent   time.Duration
	resp    *Response
	err     *Error
}

// do runs a request to its result: limits, attempts and the pauses between
// them. Neither the waits for a limit nor the pauses count against a timeout.
func (b *Batch) do(j *job) (*Response, *Error) {
	req := j.result.Request
	if req.Invalid != nil {
		failure := *req.Invalid // the request may stand in other slots too
		return nil, &failure
	}
	b.engine.retries.earn()
	t := trip{batch: b, result: j.result, stay: j.stay, exec: req.Session, req: req, sent: b.engine.dressed(req)}
	if t.exec == nil {
		t.exec = b.engine.opts.Executor
	}
	if t.returns() {
		for first := j.turn; t.once(first) && t.again(); first = (turn{}) {
		}
	}
	j.stay = t.stay
	if t.err != nil {
		t.err.Attempts = t.before + t.attempt
		return nil, t.err
	}
	t.resp.Attempts = t.before + t.attempt
	return t.resp, nil
}

// dressed adds the run's hooks.
func (e *Engine) dressed(req *Request) *Request {
	if e.opts.Hooks == nil {
		return req
	}
	c := *req
	c.RunHooks = e.opts.Hooks
	return &c
}

// returns waits out what Again was told to; false means that the end came
// first.
func (t *trip) returns() bool {
	if t.stay == nil {
		return true
	}
	t.before = t.stay.before
	t.err = t.stay.pause(t.stay.again)
	return t.err == nil
}

// hold returns the trip's hold on its slot.
func (t *trip) hold() *stay {
	if t.stay == nil {
		t.stay = newStay(t.batch, t.result)
	}
	return t.stay
}

// once makes one attempt; false means that it was not admitted. The outcome
// of the attempt before it then stays the result, since it says more than the
// refusal.
func (t *trip) once(first turn) bool {
	t.giveUpStream()
	if refused := t.admit(first); refused != nil {
		if t.resp == nil && t.err == nil {
			t.err = refused
		}
		return false
	}
	t.attempt++
	t.resp, t.err = call(t.context(), t.exec, t.sent)
	t.learn()
	if t.way == nil || t.way.place.empty() {
		return true
	}
	// A host's slot is free after the attempt, for a stream when that ends.
	if t.err == nil && t.resp.Stream != nil {
		t.resp.place = &t.way.place
		t.resp.Stream = &releasing{Stream: t.resp.Stream, place: &t.way.place}
	} else {
		t.way.place.release()
	}
	return true
}

// context is what the attempt and its hooks run under.
func (t *trip) context() context.Context {
	if t.way == nil || t.way.place.empty() {
		return t.batch.ctx
	}
	return context.WithValue(t.batch.ctx, placeKey{}, &t.way.place)
}

// learn draws from the outcome what it says of its host.
func (t *trip) learn() {
	resp := answer(t.resp, t.err)
	if p := t.way; p != nil {
		t.batch.engine.breakers.leave(p.host, p.probe, healthOf(t.resp, t.err))
		if len(p.paces) > 0 {
			t.teach(p)
		}
	}
	if resp == nil || !mentionsLimit(resp.Header) {
		return
	}
	if policy := t.policy(); policy != nil && policy.IgnoreRetryAfter {
		return
	}
	now := time.Now()
	if wait, ok := RateLimited(resp.Header, now); ok {
		t.batch.engine.parked.park(hostOf(t.exec, t.req), now.Add(wait))
	}
}

// teach lets adaptive rates learn. They take the host at its word, also where
// nothing is retried.
func (t *trip) teach(p *passage) {
	what := lessonOf(t.resp, t.err)
	for _, c := range p.paces {
		c.learn(what, p.began)
	}
	if what != refused && what != calm {
		return
	}
	now := time.Now()
	if until, ok := orDefault(t.policy()).parks(answer(t.resp, t.err), now); ok {
		t.batch.engine.parked.park(p.host, until)
	}
}

func orDefault(r *Retry) *Retry {
	if r == nil {
		return &Retry{}
	}
	return r
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
	policy, e := t.policy(), t.batch.engine
	if policy == nil || t.attempt > policy.Total || !policy.wants(t.req, t.resp, t.err) {
		return false
	}
	if t.batch.stopped() != nil || !t.replayable() || !t.timeLeft() || !e.affords() {
		return false
	}
	if err := t.tell(); err != nil {
		t.giveUpStream()
		t.err = err
		return false
	}
	resp, now := answer(t.resp, t.err), time.Now()
	if until, ok := policy.parks(resp, now); ok {
		e.parked.park(hostOf(t.exec, t.req), until)
	}
	pause := policy.pause(t.attempt, resp, now)
	if pause <= patience && t.stay == nil {
		return t.batch.sleep(pause) == nil
	}
	return t.hold().pause(pause) == nil
}

// tell calls the Retry hooks, as call does: a panic is an error.
func (t *trip) tell() (err *Error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	var between []*Hooks
	if g, ok := t.exec.(Governor); ok {
		between = g.HooksOf(t.req)
	}
	for h := range t.sent.EachHooks(between) {
		if h.Retry == nil {
			continue
		}
		if err := h.Retry(t.context(), t.req, t.resp, t.err, t.before+t.attempt+1); err != nil {
			return AsError(err)
		}
	}
	return nil
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
	t.sent = withTotal(t.sent, total-t.spent)
	return true
}

func (t *trip) policy() *Retry {
	if g, ok := t.exec.(Governor); ok {
		if p := g.RetryPolicy(t.req); p != nil {
			return p
		}
	} else if o := t.req.Options; o != nil && o.Retry != nil {
		return o.Retry
	}
	return t.batch.engine.opts.Retry
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
	place *Place
}

func (r *releasing) free() {
	if r.Done() {
		r.place.release()
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
