package transport

import (
	"context"
	"crypto/tls"
	"time"

	"volley/runtime"
)

// originKey says which requests may share a connection.
type originKey struct {
	scheme, host, port string
	route              *Route
}

// protocol is what an origin's connections were found to speak.
type protocol int8

const (
	unknown protocol = iota
	http1
	http2
)

// origin is one place requests go to. It exists while it has connections or
// somebody wants one. Transport.mu guards it.
type origin struct {
	key     originKey
	idle    []*conn // last in, first out: the warmest connection
	users   int     // open connections and exchanges that wait for one
	speaks  protocol
	probe   *probe      // the dial that will tell what the origin speaks
	tls     *tls.Config // with ServerName and NextProtos; nil until needed
	hasty   bool        // that dial failed: no more waiting for one
	streams []*h2conn
}

// link is what an exchange was given to run on: exactly one field is set.
type link struct {
	conn   *conn
	stream *h2conn // with a stream reserved
}

// acquire finds or opens a connection for the trip.
func (t *Transport) acquire(ctx context.Context, trip *trip) (link, *runtime.Error) {
	x := trip.exchange
	key := originKey{x.Scheme, x.Host, x.Port, x.Route}
	for {
		if ctx.Err() != nil {
			return link{}, runtime.Cancelled(ctx)
		}
		o, c, err := t.look(key, trip)
		switch {
		case err != nil:
			return link{}, err
		case c == nil:
			found, err := t.connectTo(ctx, o, trip)
			t.leave(o)
			if err != nil || found != (link{}) {
				return found, err
			}
		case c.fresh(trip.now) && (c.asksAtOnce(x) || c.quiet()):
			t.counts.requests.Add(1)
			t.counts.reused.Add(1)
			return link{conn: c}, nil
		default:
			c.farewell()
		}
	}
}

// look takes an idle connection to key out of the pool. Without one it
// returns the origin, which the caller must leave.
func (t *Transport) look(key originKey, trip *trip) (*origin, *conn, *runtime.Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, nil, errClosed()
	}
	o := t.origins[key]
	if o == nil {
		o = &origin{key: key}
		t.origins[key] = o
	}
	if n := len(o.idle); n > 0 && !trip.fresh {
		c := o.idle[n-1]
		t.unpark(c)
		return o, c, nil
	}
	o.users++
	return o, nil, nil
}

// connectTo opens a connection to o, or finds a place on one that is shared.
// It returns an empty link when the pool must be looked at again.
func (t *Transport) connectTo(ctx context.Context, o *origin, trip *trip) (link, *runtime.Error) {
	if t.multiplexed(o) {
		return t.acquireStream(ctx, o, trip)
	}
	c, err := t.open(ctx, o, trip)
	if c == nil || err != nil {
		return link{}, err
	}
	t.counts.requests.Add(1)
	return link{conn: c}, nil
}

// multiplexed reports whether requests to the origin may turn out to share an
// HTTP/2 connection.
func (t *Transport) multiplexed(o *origin) bool {
	switch o.key.route.config.Version {
	case "1.1":
		return false
	case "h2c":
		return o.key.scheme == "http" || t.unsettled(o)
	}
	return t.unsettled(o)
}

func (t *Transport) unsettled(o *origin) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return o.key.scheme == "https" && o.speaks != http1
}

// open takes a slot and dials in it. It returns nil and no error when it
// could not right now: a slot was waited for, or the system had no file
// descriptor; the caller looks at the pool again.
func (t *Transport) open(ctx context.Context, o *origin, trip *trip) (*conn, *runtime.Error) {
	ready, err := t.takeSlot(ctx, trip)
	if !ready || err != nil {
		return nil, err
	}
	c, err := t.dialApart(ctx, o, trip)
	if err != nil && short(err) && trip.starved(ctx) {
		return nil, nil
	}
	return c, err
}

// leave ends one use of an origin, and the origin with the last.
func (t *Transport) leave(o *origin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaveLocked(o)
}

func (t *Transport) leaveLocked(o *origin) {
	o.users--
	if o.users == 0 && t.origins[o.key] == o {
		delete(t.origins, o.key)
	}
}

// park puts a connection that finished its exchange among the idle ones, or
// closes it when there are enough.
func (t *Transport) park(c *conn) {
	c.since = time.Now()
	t.mu.Lock()
	o := c.origin
	if t.closed || c.wire.closed || len(o.idle) >= t.config.IdlePerOrigin {
		t.mu.Unlock()
		c.farewell()
		return
	}
	o.idle = append(o.idle, c)
	t.idle.push(c)
	t.slots.wakeOne()
	if !t.sweep {
		t.sweep = true
		t.armJanitor(t.config.IdleTimeout)
	}
	t.mu.Unlock()
}

// unpark takes a connection out of both idle lists. t.mu is held.
func (t *Transport) unpark(c *conn) {
	t.idle.remove(c)
	o := c.origin
	for i := len(o.idle) - 1; i >= 0; i-- {
		if o.idle[i] == c {
			copy(o.idle[i:], o.idle[i+1:])
			o.idle[len(o.idle)-1] = nil
			o.idle = o.idle[:len(o.idle)-1]
			return
		}
	}
}

// armJanitor sets the one timer behind idle_timeout. t.mu is held.
func (t *Transport) armJanitor(d time.Duration) {
	if t.janitor == nil {
		t.janitor = time.AfterFunc(d, t.closeExpired)
		return
	}
	t.janitor.Reset(d)
}

// closeExpired closes what has been idle too long and sets the timer for the
// next; with nothing idle it rests until a connection is parked.
func (t *Transport) closeExpired() {
	now := time.Now()
	var expired []*conn
	t.mu.Lock()
	for c := t.idle.oldest; c != nil; c = t.idle.oldest {
		if left := t.config.IdleTimeout - now.Sub(c.since); left > 0 && !t.closed {
			t.armJanitor(left)
			break
		}
		t.unpark(c)
		expired = append(expired, c)
	}
	t.sweep = t.idle.oldest != nil
	t.mu.Unlock()
	for _, c := range expired {
		c.farewell()
	}
}

// idleList links the idle connections of all origins by age.
type idleList struct {
	oldest, newest *conn
}

func (l *idleList) push(c *conn) {
	c.older, c.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = c
	} else {
		l.oldest = c
	}
	l.newest = c
}

func (l *idleList) remove(c *conn) {
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		l.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		l.newest = c.older
	}
	c.older, c.newer = nil, nil
}
