package transport

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"volley/runtime"
)

const (
	readSize  = 4 << 10
	keptWrite = 128 << 10 // a larger write buffer is not kept
)

// readBuffer and writeBuffer belong to a connection only while it serves an
// exchange.
type (
	readBuffer  [readSize]byte
	writeBuffer struct{ data []byte }
)

// conn is an HTTP/1 connection. One goroutine at a time owns it: that of the
// exchange it serves, then the pool.
type conn struct {
	transport *Transport
	origin    *origin
	wire      *wire
	nc        net.Conn // what is read and written: the socket, or TLS over it
	secure    *tls.Conn
	tls       *tls.ConnectionState // with the origin; nil: http
	absolute  bool                 // a plain proxy: requests name their whole URL
	remote    string
	served    bool // an exchange before this one was complete

	// The bytes read and not yet used are buf[r:w].
	buf   []byte
	r, w  int
	store *readBuffer

	ready    func(fd uintptr) bool // readReady, made once
	readyErr error
	ask      ask

	// The exchange under way.
	ctx      context.Context
	clock    clock
	sent     runtime.Sent
	timings  runtime.Timings
	upload   *upload // the body being sent by another goroutine
	heads    reading
	head     head // of the response, last read
	pace     pace
	lastRead time.Time

	watch watch

	// While idle.
	since        time.Time
	patience     time.Duration // the server's Keep-Alive: timeout; 0: not said
	older, newer *conn
}

// watch closes the connection when the context of its exchange ends. The
// registration outlives the exchange, because the next is likely to come with
// the same context: one batch has one.
type watch struct {
	mu   sync.Mutex
	done <-chan struct{}
	stop func() bool
	busy bool
}

// begin makes c serve an exchange under ctx.
func (c *conn) begin(ctx context.Context, trip *trip) *runtime.Error {
	c.ctx = ctx
	c.sent = runtime.SentNo
	c.heads = reading{}
	c.clock.read, c.clock.deadline = trip.exchange.ReadTimeout, trip.deadline
	if ctx.Err() == nil {
		c.watchFor(ctx)
	}
	// Asked once more: the end may have come before the watch was on.
	if ctx.Err() != nil {
		return runtime.Cancelled(ctx)
	}
	return nil
}

func (c *conn) watchFor(ctx context.Context) {
	done := ctx.Done()
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	c.watch.busy = true
	if done == c.watch.done {
		return
	}
	if c.watch.stop != nil {
		c.watch.stop()
		c.watch.stop = nil
	}
	c.watch.done = done
	if done != nil {
		c.watch.stop = context.AfterFunc(ctx, func() { c.cancelled(done) })
	}
}

// cancelled closes the wire if the exchange that done belongs to is still
// under way. Nothing softer ends a TLS write.
func (c *conn) cancelled(done <-chan struct{}) {
	// Under the lock: once the exchange is at rest, the wire may be another's.
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	if c.watch.busy && c.watch.done == done {
		c.wire.shut()
	}
}

// rest ends the exchange but keeps the watch's registration.
func (c *conn) rest() {
	c.watch.mu.Lock()
	c.watch.busy = false
	c.watch.mu.Unlock()
	c.ctx, c.upload, c.head = nil, nil, head{}
	c.yieldBuffer()
}

// release gives a connection whose exchange is complete back to the pool.
func (c *conn) release() {
	if c.w > c.r {
		c.drop() // bytes nobody asked for
		return
	}
	c.rest()
	c.served = true
	c.transport.park(c)
}

// drop closes the connection for good.
func (c *conn) drop() {
	c.watch.mu.Lock()
	c.watch.busy = false
	if c.watch.stop != nil {
		c.watch.stop()
		c.watch.stop = nil
	}
	c.watch.mu.Unlock()
	c.wire.shut()
	c.yieldBuffer()
}

// farewell closes a connection on which nothing is under way. On TLS the peer
// is told that nothing was cut off (RFC 8446 section 6.1).
func (c *conn) farewell() {
	if c.secure != nil {
		_ = c.secure.Close()
	}
	c.drop()
}

// fresh reports whether the connection has been idle for less than both ends
// allow.
func (c *conn) fresh(now time.Time) bool {
	idle := now.Sub(c.since)
	return idle < c.transport.config.IdleTimeout && (c.patience == 0 || idle < c.patience)
}

// quiet reports whether nothing came in while the connection was idle. Bytes
// on a plain connection answer no request of ours. On TLS they may be session
// tickets, which tls.Conn takes in silence.
func (c *conn) quiet() bool {
	if c.secure == nil {
		return c.wire.waiting() < 0
	}
	if !c.clock.future(time.Now()) {
		c.clock.clear(c.nc)
	}
	c.wire.probing = true
	var b [1]byte
	n, err := c.secure.Read(b[:])
	c.wire.probing = false
	return n == 0 && isTimeout(err)
}

// needBuffer makes sure there is a read buffer.
func (c *conn) needBuffer() {
	if c.buf == nil {
		c.store = c.transport.buffers.Get().(*readBuffer)
		c.buf = c.store[:]
		c.r, c.w = 0, 0
	}
}

// yieldBuffer gives the read buffer back. What is in it is lost.
func (c *conn) yieldBuffer() {
	if c.store != nil {
		c.transport.buffers.Put(c.store)
	}
	c.store, c.buf = nil, nil
	c.r, c.w = 0, 0
}
