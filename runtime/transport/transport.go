package transport

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"volley/runtime"
)

const (
	defaultIdlePerOrigin = 100
	defaultIdleTimeout   = 90 * time.Second
	defaultMaxHeader     = 256 << 10
	defaultMaxLines      = 5000
	maxLookups           = 64
)

// Transport executes exchanges over pooled connections. It is safe for use by
// many goroutines.
type Transport struct {
	config   Config
	direct   *Route        // used by an Exchange without one
	lookups  chan struct{} // as many as may be under way
	names    nameCache
	calm     calming
	ended    chan struct{} // closed by Close
	resolver *net.Resolver
	buffers  sync.Pool // *readBuffer
	writes   sync.Pool // *writeBuffer
	trips    sync.Pool // *trip

	routesMu sync.Mutex
	routes   map[RouteConfig]*Route

	// mu guards everything below; nothing that blocks is called under it.
	mu      sync.Mutex
	closed  bool
	origins map[originKey]*origin
	conns   map[*wire]struct{} // every connection that is open
	idle    idleList           // oldest first
	janitor *time.Timer        // armed while sweeping is set
	sweep   bool
	slots   slots
	restful map[*h2conn]struct{} // HTTP/2 connections with no request on them

	h2 func() *http.Transport // made once

	counts struct{ dialled, requests, reused atomic.Int64 }
}

// New makes a Transport. It opens nothing until the first exchange.
func New(config Config) *Transport {
	if config.IdlePerOrigin <= 0 {
		config.IdlePerOrigin = defaultIdlePerOrigin
	}
	if config.IdleTimeout <= 0 {
		config.IdleTimeout = defaultIdleTimeout
	}
	if config.MaxHeader <= 0 {
		config.MaxHeader = defaultMaxHeader
	}
	if config.MaxLines <= 0 {
		config.MaxLines = defaultMaxLines
	}
	t := &Transport{
		config:  config,
		lookups: make(chan struct{}, maxLookups),
		ended:   make(chan struct{}),
		routes:  map[RouteConfig]*Route{},
		origins: map[originKey]*origin{},
		conns:   map[*wire]struct{}{},
		slots:   newSlots(),
		restful: map[*h2conn]struct{}{},
	}
	t.resolver = t.config.systemResolver()
	t.buffers.New = func() any { return new(readBuffer) }
	t.trips.New = func() any { return new(trip) }
	t.writes.New = func() any { return &writeBuffer{data: make([]byte, 0, 2<<10)} }
	t.h2 = sync.OnceValue(t.newH2)
	t.direct = &Route{transport: t}
	t.direct.tls = t.baseTLS()
	t.routes[RouteConfig{}] = t.direct
	return t
}

// Do sends x and returns when the headers of its response have been read.
// Every error is an *runtime.Error. A Reply's Body must be read to its end or
// closed.
func (t *Transport) Do(ctx context.Context, x *Exchange) (*Reply, error) {
	trip := t.trips.Get().(*trip)
	trip.begin(x)
	defer t.finish(trip)
	if x.Route == nil {
		trip.own.Route = t.direct
	}
	return t.travel(ctx, trip)
}

// finish keeps the trip's memory for another, unless a dial, of which parts may
// go on for a while, had to do with it.
func (t *Transport) finish(trip *trip) {
	if !trip.dialled {
		trip.own = Exchange{} // nothing of the request is kept alive
		t.trips.Put(trip)
	}
}

// travel tries until there is a reply, or an error that stands.
func (t *Transport) travel(ctx context.Context, trip *trip) (*Reply, error) {
	if err := trip.own.check(); err != nil {
		return nil, err
	}
	for {
		reply, err := t.try(ctx, trip)
		if err == nil {
			return reply, nil
		}
		if !trip.again(ctx, err) {
			return nil, err
		}
	}
}

// try sends the exchange once, on a pooled connection or a new one.
func (t *Transport) try(ctx context.Context, trip *trip) (*Reply, *runtime.Error) {
	if t.calm.some.Load() {
		if err := t.bide(ctx, trip); err != nil {
			return nil, err
		}
	}
	for {
		link, err := t.acquire(ctx, trip)
		if err != nil {
			return nil, err
		}
		if link.stream != nil {
			return link.stream.exchange(ctx, trip)
		}
		reply, err := link.conn.exchange(ctx, trip)
		if err == nil || trip.verdict != disturbed {
			return reply, err
		}
		trip.verdict = final
		t.counts.requests.Add(-1)
		t.counts.reused.Add(-1)
	}
}

// Stats returns the counts so far.
func (t *Transport) Stats() Stats {
	t.mu.Lock()
	open := len(t.conns)
	t.mu.Unlock()
	return Stats{
		Dialled:  t.counts.dialled.Load(),
		Requests: t.counts.requests.Load(),
		Reused:   t.counts.reused.Load(),
		Open:     int64(open),
	}
}

// Close closes every connection, also those in use: their exchanges fail with
// kind cancelled. Later exchanges fail too. It returns nil.
func (t *Transport) Close() error {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.ended)
	}
	var resting []func()
	for end := t.evict(); end != nil; end = t.evict() {
		resting = append(resting, end)
	}
	if t.janitor != nil {
		t.janitor.Stop()
	}
	t.sweep = false
	t.slots.wakeAll()
	t.mu.Unlock()
	for _, end := range resting {
		end()
	}
	t.shutAll()
	return nil
}

// shutAll closes every connection that is open.
func (t *Transport) shutAll() {
	t.mu.Lock()
	open := make([]*wire, 0, len(t.conns))
	for w := range t.conns {
		open = append(open, w)
	}
	t.mu.Unlock()
	for _, w := range open {
		w.shut()
	}
}

func (t *Transport) isClosed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

func errClosed() *runtime.Error {
	return &runtime.Error{Kind: runtime.KindCancelled, Message: "the transport was closed"}
}
