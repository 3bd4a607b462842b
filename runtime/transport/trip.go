package transport

import (
	"context"
	"time"

	"volley/runtime"
)

// trip is one call of Do on its way: what it has used up and what it found.
type trip struct {
	own       Exchange // the caller's may be in use by others
	exchange  *Exchange
	start     time.Time // moved on by waits that count against no limit
	now       time.Time // the last look at the clock
	deadline  time.Time // of the exchange, moved on likewise; zero: none
	connectBy time.Time // when the connection must be open; zero: not begun, or no limit
	timings   runtime.Timings
	fresh     bool          // use no pooled connection
	retried   bool          // a pooled connection died under it; forgiven once
	refused   int           // times an HTTP/2 server said it did nothing
	hunger    time.Duration // waited for a file descriptor
	verdict   verdict       // on the try that failed
	dialled   bool          // for it, or tried to
}

// begin makes t the trip of a copy of x.
func (t *trip) begin(x *Exchange) {
	now := time.Now()
	*t = trip{own: *x, start: now, now: now, deadline: x.Deadline}
	t.exchange = &t.own
}

// verdict says what a failed try means for another.
type verdict int8

const (
	final       verdict = iota
	stale               // a reused connection ended before the first byte
	unprocessed         // the HTTP/2 peer vouches that it did nothing
	wantsHTTP1          // it asks for HTTP/1.1 instead
	disturbed           // the connection had been of no use, and nothing was sent
)

// tick looks at the clock.
func (t *trip) tick() time.Time {
	t.now = time.Now()
	return t.now
}

// waited takes a wait for a connection slot out of every clock.
func (t *trip) waited(d time.Duration) {
	t.start = t.start.Add(d)
	if !t.deadline.IsZero() {
		t.deadline = t.deadline.Add(d)
	}
	if !t.connectBy.IsZero() {
		t.connectBy = t.connectBy.Add(d)
	}
	t.tick()
}

// connecting returns ctx bounded by the connect timeout and the deadline.
func (t *trip) connecting(ctx context.Context) (context.Context, context.CancelFunc) {
	if d := t.exchange.ConnectTimeout; d > 0 && t.connectBy.IsZero() {
		t.connectBy = t.tick().Add(d)
	}
	until := t.connectBy
	if !t.deadline.IsZero() && (until.IsZero() || t.deadline.Before(until)) {
		until = t.deadline
	}
	if until.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, until)
}

// replayable reports whether the request's body can be sent once more.
func (x *Exchange) replayable() bool { return x.Body == nil || x.Replayable }

// harmless reports whether sending the request twice does no more than once
// (RFC 9110 section 9.2.2; PUT and DELETE are left to the caller's policy).
func (x *Exchange) harmless() bool {
	switch x.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	return x.Header.Has("Idempotency-Key")
}

// again decides whether a failed try is repeated unseen.
func (t *trip) again(ctx context.Context, err *runtime.Error) bool {
	was := t.verdict
	t.verdict = final
	switch {
	case ctx.Err() != nil || !t.exchange.replayable():
		return false
	case was == unprocessed:
		return t.pauseAfterRefusal(ctx)
	case was == wantsHTTP1:
		return t.takeHTTP1()
	case was != stale || t.retried:
		return false
	}
	t.retried, t.fresh = true, true
	t.connectBy = time.Time{}
	return err.Sent == runtime.SentNo || t.exchange.harmless()
}

// takeHTTP1 turns the trip to connections that speak HTTP/1.1 only, and
// reports whether it may: not if the caller insists on HTTP/2, nor twice.
func (t *trip) takeHTTP1() bool {
	route := t.exchange.Route
	if route.config.Version != "" {
		return false
	}
	config := route.config
	config.Version = "1.1"
	older, err := route.transport.Route(config)
	if err != nil {
		return false
	}
	t.own.Route = older
	t.connectBy = time.Time{}
	return true
}
