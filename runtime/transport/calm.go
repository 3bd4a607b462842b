package transport

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"volley/runtime"
)

const (
	calmFor     = 10 * time.Second
	slowestCalm = 2 * time.Second // between two requests
	rateOver    = 10 * time.Second
)

// place is what has a rate: a host and port, however it is reached.
type place struct{ host, port string }

// calming keeps the servers that said ENHANCE_YOUR_CALM (RFC 9113 section 7)
// at half the rate of before, for calmFor. The zero value holds none.
type calming struct {
	some   atomic.Bool // until one was told of, nobody looks further
	mu     sync.Mutex
	places map[place]*spacing
}

// spacing lets one request go each interval.
type spacing struct {
	every time.Duration
	next  time.Time // the next turn that is free
	until time.Time
}

// slow halves the rate, which was so many requests per second.
func (c *calming) slow(p place, rate float64, now time.Time) {
	every := min(time.Duration(2*float64(time.Second)/rate), slowestCalm)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.places == nil {
		c.places = map[place]*spacing{}
	}
	c.places[p] = &spacing{every: every, next: now.Add(every), until: now.Add(calmFor)}
	c.some.Store(true)
}

// turn takes the next turn of p and returns how long it is until then.
func (c *calming) turn(p place, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.places[p]
	if s == nil {
		return 0
	}
	if !now.Before(s.until) {
		delete(c.places, p)
		c.some.Store(len(c.places) > 0)
		return 0
	}
	at := now
	if s.next.After(at) {
		at = s.next
	}
	if at.After(s.until) {
		return s.until.Sub(now) // it is over by then
	}
	s.next = at.Add(s.every)
	return at.Sub(now)
}

// bide waits for the trip's turn at a server that wants calm. The wait counts
// against no timeout.
func (t *Transport) bide(ctx context.Context, trip *trip) *runtime.Error {
	x := trip.exchange
	wait := t.calm.turn(place{x.Host, x.Port}, trip.now)
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		trip.waited(wait)
		return nil
	case <-t.ended:
		return errClosed()
	case <-ctx.Done():
		return runtime.Cancelled(ctx)
	}
}

// meter counts the requests of a connection, for its rate.
type meter struct {
	since time.Time
	n     int
}

func (m *meter) count(now time.Time) {
	if now.Sub(m.since) > rateOver {
		*m = meter{since: now}
	}
	m.n++
}

// rate is requests per second, of a burst as if it had taken one.
func (m *meter) rate(now time.Time) float64 {
	return float64(m.n) / max(1, now.Sub(m.since).Seconds())
}
