package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"volley/runtime"
)

const (
	// crowded is how long a request waits for a stream on the connections
	// there are before another is opened beside them.
	crowded = 200 * time.Millisecond

	maxRefusals  = 7 // tries that an HTTP/2 server said it did nothing of
	firstRefusal = 20 * time.Millisecond
	longestPause = time.Second

	streamBuffer = 1 << 20   // received and not yet read, per stream
	connBuffer   = 128 << 20 // the same for a connection: no stream starves
	pingAfter    = 30 * time.Second
	pingTimeout  = 15 * time.Second
	lastMoment   = time.Second // between the end of a stream's time and that of its connection
)

// probe is the dial that shows what an origin speaks; others wait for it
// instead of opening connections they would not need.
type probe struct{ done chan struct{} }

// h2conn is an HTTP/2 connection: net/http's, over a socket and TLS of ours.
type h2conn struct {
	transport *Transport
	origin    *origin
	cc        *http.ClientConn
	wire      *wire
	guard     *guard
	remote    string
	tls       *tls.ConnectionState // nil: http
	timings   runtime.Timings      // of the dial

	// Guarded by Transport.mu.
	users   int  // exchanges that hold a stream
	served  bool // one exchange began before
	calmed  bool // the server said ENHANCE_YOUR_CALM
	meter   meter
	retired bool // no new ones

	mu      sync.Mutex // never held while cc is called
	waiting []chan struct{}
}

type h2socket struct{}

// newH2 returns the http.Transport that turns one dialled connection, handed
// over in the context, into an http.ClientConn. It opens nothing itself, and
// takes every connection for a plain one: TLS is ours.
func (t *Transport) newH2() *http.Transport {
	given := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return ctx.Value(h2socket{}).(*guard), nil
	}
	tr := &http.Transport{
		DisableCompression:     true,
		MaxResponseHeaderBytes: t.config.MaxHeader,
		IdleConnTimeout:        t.config.IdleTimeout,
		ExpectContinueTimeout:  continueWait,
		Protocols:              new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     streamBuffer,
			MaxReceiveBufferPerConnection: connBuffer,
			SendPingTimeout:               pingAfter,
			PingTimeout:                   pingTimeout,
		},
	}
	tr.DialContext = given
	tr.Protocols.SetUnencryptedHTTP2(true)
	return tr
}

// acquireStream finds a stream for the trip, or finds out that the origin
// speaks HTTP/1. It returns an empty link when the pool must be looked at
// again.
func (t *Transport) acquireStream(ctx context.Context, o *origin, trip *trip) (link, *runtime.Error) {
	t.mu.Lock()
	known := slices.Clone(o.streams)
	t.mu.Unlock()
	for _, h := range slices.Backward(known) {
		switch ok, dead := h.reserve(); {
		case ok:
			t.counts.requests.Add(1)
			return link{stream: h}, nil
		case dead:
			t.retire(h)
			known = slices.DeleteFunc(known, func(k *h2conn) bool { return k == h })
		}
	}
	if len(known) > 0 {
		got, err := t.awaitStream(ctx, known[len(known)-1], trip)
		if got || err != nil {
			return link{}, err
		}
	}
	return t.dialProbe(ctx, o, trip)
}

// dialProbe opens a connection unless somebody is at it, who is waited for.
// After a dial that failed, all dial at once.
func (t *Transport) dialProbe(ctx context.Context, o *origin, trip *trip) (link, *runtime.Error) {
	t.mu.Lock()
	if p := o.probe; p != nil && !o.hasty {
		t.mu.Unlock()
		return link{}, t.awaitProbe(ctx, p, trip)
	}
	p := &probe{done: make(chan struct{})}
	o.probe = p
	t.mu.Unlock()
	c, err := t.open(ctx, o, trip)
	var out link
	if c != nil {
		out, err = t.settle(ctx, o, c, trip)
	}
	t.mu.Lock()
	if o.probe == p {
		o.probe = nil
	}
	if c != nil || err != nil {
		o.hasty = err != nil
	}
	t.mu.Unlock()
	close(p.done)
	return out, err
}

// settle looks at what a new connection speaks and makes a link of it.
func (t *Transport) settle(ctx context.Context, o *origin, c *conn, trip *trip) (link, *runtime.Error) {
	speaks := http1
	if o.key.scheme == "http" || c.secure != nil && c.secure.ConnectionState().NegotiatedProtocol == "h2" {
		speaks = http2
	}
	t.mu.Lock()
	o.speaks = speaks
	t.mu.Unlock()
	if speaks == http1 {
		t.counts.requests.Add(1)
		return link{conn: c}, nil
	}
	h, err := t.upgrade(ctx, o, c, trip)
	if err != nil {
		return link{}, err
	}
	ok, _ := h.reserve()
	if !ok {
		t.retire(h)
		if last := h.lastWord(); last != nil {
			return link{}, last.In(runtime.PhaseHeaders)
		}
		return link{}, t.unusable(ctx, trip)
	}
	t.counts.requests.Add(1)
	return link{stream: h}, nil
}

// upgrade makes an HTTP/2 connection of a dialled one.
func (t *Transport) upgrade(ctx context.Context, o *origin, c *conn, trip *trip) (*h2conn, *runtime.Error) {
	var nc net.Conn = c.wire
	if c.secure != nil {
		nc = c.secure
	}
	guard := newGuard(nc)
	given := context.WithValue(ctx, h2socket{}, guard)
	cc, err := t.h2().NewClientConn(given, "http", trip.exchange.origin())
	if err != nil {
		c.wire.shut()
		if ctx.Err() != nil {
			return nil, runtime.Cancelled(ctx)
		}
		return nil, runtime.Errorf(runtime.KindClosed, "HTTP/2 with %s did not begin: %w", trip.exchange.origin(), err).In(runtime.PhaseTLS)
	}
	h := &h2conn{transport: t, origin: o, cc: cc, wire: c.wire, guard: guard, remote: c.remote, tls: c.tls, timings: trip.timings}
	t.mu.Lock()
	o.streams = append(o.streams, h)
	t.mu.Unlock()
	cc.SetStateHook(h.changed)
	return h, nil
}

// reserve claims a stream. dead says that the connection will give none any
// more.
func (h *h2conn) reserve() (ok, dead bool) {
	if h.cc.Reserve() == nil {
		h.transport.mu.Lock()
		h.users++
		delete(h.transport.restful, h)
		h.transport.mu.Unlock()
		if h.cc.Available() > 0 {
			h.wakeOne()
		}
		return true, false
	}
	// That nothing is in flight by now would say nothing: those that held the
	// streams may have ended since.
	return false, h.cc.Err() != nil
}

// done gives a stream's place up.
func (h *h2conn) done() {
	t := h.transport
	t.mu.Lock()
	h.users--
	last := h.users == 0
	if last && !h.retired {
		t.restful[h] = struct{}{}
		t.slots.wakeOne()
	}
	shut := last && h.retired
	t.mu.Unlock()
	if shut {
		h.close()
	}
}

// close ends the connection and every exchange on it.
func (h *h2conn) close() {
	_ = h.cc.Close() // before the wire, for the close_notify of TLS
	h.transport.retire(h)
	h.wire.shut()
}

// retire takes a connection out of use: running exchanges may end on it.
func (t *Transport) retire(h *h2conn) {
	t.mu.Lock()
	h.retired = true
	delete(t.restful, h)
	h.origin.streams = slices.DeleteFunc(h.origin.streams, func(k *h2conn) bool { return k == h })
	shut := h.users == 0
	t.mu.Unlock()
	if shut {
		h.wire.shut()
	}
	h.wakeAll()
}

// changed is called by net/http when a stream ended, the peer's limit rose,
// or the connection closed.
func (h *h2conn) changed(cc *http.ClientConn) {
	if cc.Err() != nil {
		h.transport.retire(h)
		return
	}
	h.wakeOne()
}

func (h *h2conn) wakeOne() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) > 0 {
		close(h.waiting[0])
		h.waiting = h.waiting[1:]
	}
}

func (h *h2conn) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.waiting {
		close(w)
	}
	h.waiting = nil
}

// awaitStream waits until h may have a stream free; false when it took so
// long that another connection is worth its price. The wait counts against
// no timeout.
func (t *Transport) awaitStream(ctx context.Context, h *h2conn, trip *trip) (bool, *runtime.Error) {
	woken := make(chan struct{})
	h.mu.Lock()
	h.waiting = append(h.waiting, woken)
	h.mu.Unlock()
	if h.cc.Available() > 0 || h.cc.Err() != nil {
		h.wakeOne() // it changed before we stood in the queue
	}
	began := time.Now()
	patience := time.NewTimer(crowded)
	defer patience.Stop()
	defer func() { trip.waited(time.Since(began)) }()
	select {
	case <-woken:
		return true, nil
	case <-patience.C:
		h.leaveQueue(woken)
		return false, nil
	case <-ctx.Done():
		h.leaveQueue(woken)
		return false, runtime.Cancelled(ctx)
	}
}

// leaveQueue gives up a place; a wake-up that was already given goes on to
// the next.
func (h *h2conn) leaveQueue(woken chan struct{}) {
	h.mu.Lock()
	i := slices.Index(h.waiting, woken)
	if i >= 0 {
		h.waiting = slices.Delete(h.waiting, i, i+1)
	}
	h.mu.Unlock()
	if i < 0 {
		h.wakeOne()
	}
}

// awaitProbe waits for another's dial; that is connecting, and its time
// counts as such.
func (t *Transport) awaitProbe(ctx context.Context, p *probe, trip *trip) *runtime.Error {
	bounded, cancel := trip.connecting(ctx)
	defer cancel()
	select {
	case <-p.done:
		trip.tick()
		return nil
	case <-bounded.Done():
		return trip.interrupted(ctx, runtime.PhaseConnect, bounded.Err())
	}
}

// unusable is the outcome of connections that take no request at all.
func (t *Transport) unusable(ctx context.Context, trip *trip) *runtime.Error {
	if trip.pauseAfterRefusal(ctx) {
		return nil
	}
	if ctx.Err() != nil {
		return runtime.Cancelled(ctx)
	}
	return &runtime.Error{
		Kind: runtime.KindClosed, Phase: runtime.PhaseSend, Sent: runtime.SentNo, Retryable: true,
		Message: "the HTTP/2 server takes no request on any connection",
	}
}

// pauseAfterRefusal counts a try that the server vouches to have done nothing
// of, and reports whether there is to be another: at once the first times,
// then after growing pauses.
func (t *trip) pauseAfterRefusal(ctx context.Context) bool {
	t.refused++
	t.connectBy = time.Time{}
	if t.refused >= maxRefusals {
		return false
	}
	if t.refused < 3 {
		return true
	}
	pause := min(firstRefusal<<(t.refused-3), longestPause)
	if !t.deadline.IsZero() && time.Until(t.deadline) < pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		t.tick()
		return true
	case <-ctx.Done():
		return false
	}
}
