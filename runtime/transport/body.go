package transport

import (
	"fmt"
	"io"
	"sync"
	"time"

	"volley/runtime"
)

// maxDrain is how much of a body that is closed early may be thrown away, if
// it is in the buffer already, to save the connection.
const maxDrain = 4 << 10

// directRead is the size from which a read goes past the buffer.
const directRead = 2 << 10

// answer is a Reply and its Body in one piece.
type answer struct {
	Reply
	body body
}

// body reads the body of an HTTP/1 response. The connection leaves it with
// the last byte.
type body struct {
	conn    *conn // nil once the body ended
	framing bodyFraming
	left    int64 // of a body of known length
	chunks  chunkReader
	count   int64 // bytes received
	err     error // what every further Read returns
	marked  bool  // something said where the end is
	trailer runtime.Header

	// What another goroutine may abort: the connection's socket for as long
	// as the body has it, so that no later exchange is hit.
	hold    sync.Mutex
	wire    *wire // nil once the body ended
	aborted bool
}

// reply makes the Reply of a head. A response without a body frees the
// connection here.
func (c *conn) reply(trip *trip, out *outgoing, h *head) (*Reply, *runtime.Error) {
	f, err := h.frame(trip.exchange.Method)
	if err != nil {
		return nil, c.fault(runtime.PhaseHeaders, err)
	}
	f.close = f.close || out.unsent || closes(trip.exchange.Header)
	if c.upload != nil && h.status >= 300 && !c.upload.finished() {
		// The server has made up its mind: no more of the body.
		c.upload.stop()
		f.close = true
	}
	if f.patience > 0 {
		c.patience = f.patience
	}
	a := &answer{Reply: Reply{
		Status: h.status, Reason: h.reason, Protocol: "HTTP/1.1", Header: h.header, HeaderBytes: h.size,
		Length: f.length, RemoteAddr: c.remote, Reused: c.served, TLS: c.tls,
		Timings: c.timings, Elapsed: trip.now.Sub(trip.start),
	}}
	if h.minor == 0 {
		a.Protocol = "HTTP/1.0"
	}
	b := &a.body
	b.conn, b.wire, b.framing = c, c.wire, f
	b.left, b.marked = f.length, f.chunked || f.length >= 0
	a.Body = b
	if f.length == 0 {
		b.end(io.EOF)
	}
	return &a.Reply, nil
}

// closes reports whether the request asks for the connection to end.
func closes(h runtime.Header) bool {
	v, ok := h.Lookup("Connection")
	return ok && hasToken(v, "close")
}

// Read implements io.Reader. Bytes and an error never come together.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b.framing.chunked {
		return b.readChunked(p)
	}
	if b.left >= 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.conn.readData(p)
	if err != nil {
		return 0, b.fail(err)
	}
	if err := b.took(n); err != nil {
		return 0, err
	}
	if b.left > 0 {
		if b.left -= int64(n); b.left == 0 {
			b.end(io.EOF)
		}
	}
	return n, nil
}

// took counts n bytes of data and watches the pace at which they come.
func (b *body) took(n int) error {
	b.count += int64(n)
	c := b.conn
	c.pace.bytes += int64(n)
	if b.framing.events || !c.pace.slow(c.lastRead, c.clock.read) {
		return nil
	}
	return b.fail(c.pace.fault(runtime.PhaseBody))
}

// readData reads body bytes: what is buffered, else from the connection,
// straight into a large p.
func (c *conn) readData(p []byte) (int, error) {
	if c.r < c.w {
		n := copy(p, c.buf[c.r:c.w])
		c.r += n
		return n, nil
	}
	now := time.Now()
	c.lastRead = now
	if len(p) >= directRead {
		c.yieldBuffer()
		return c.read(p, now)
	}
	if _, err := c.fill(now, readSize); err != nil {
		return 0, err
	}
	n := copy(p, c.buf[c.r:c.w])
	c.r += n
	return n, nil
}

// fail ends the body with what err means here.
func (b *body) fail(err error) error {
	c := b.conn
	switch {
	case !isEOF(err) || c.ctx.Err() != nil:
	case !b.marked && err == io.EOF: //nolint:errorlint // one inside a TLS record is io.ErrUnexpectedEOF
		b.end(io.EOF)
		return io.EOF
	default:
		e := &runtime.Error{Kind: runtime.KindIncompleteBody, Retryable: true, Cause: io.ErrUnexpectedEOF}
		if b.left >= 0 {
			e.Message = fmt.Sprintf("the connection ended after %d of %d body bytes", b.count, b.count+b.left)
		} else {
			e.Message = fmt.Sprintf("the connection ended inside the chunked body, after %d bytes", b.count)
		}
		err = e
	}
	e := c.fault(runtime.PhaseBody, err)
	b.end(e)
	return e
}

// end makes err the body's last word and lets the connection go: to the pool
// if it can serve again.
func (b *body) end(err error) {
	c := b.conn
	b.err, b.conn = err, nil
	b.framing.events = false
	aborted := b.giveUpWire()
	if err == io.EOF && !aborted && !b.framing.close && (c.upload == nil || c.upload.finished()) { //nolint:errorlint // ours, as is
		c.release()
		return
	}
	if c.upload != nil {
		c.upload.stop()
	}
	c.drop()
}

// giveUpWire puts the socket out of Abort's reach and reports whether that
// came before.
func (b *body) giveUpWire() (aborted bool) {
	b.hold.Lock()
	defer b.hold.Unlock()
	b.wire = nil
	return b.aborted
}

// Abort implements Body: it closes the socket and leaves the buffers to the
// goroutine that reads.
func (b *body) Abort() {
	b.hold.Lock()
	defer b.hold.Unlock()
	if b.wire != nil {
		b.aborted = true
		b.wire.shut()
	}
}

// failure returns what ended the body, nil for its proper end.
func (b *body) failure() error {
	if b.err == io.EOF { //nolint:errorlint // ours, as is
		return nil
	}
	return b.err
}

// Close implements io.Closer. Closing before the end loses the connection,
// unless the rest has arrived already.
func (b *body) Close() error {
	if b.err != nil {
		return nil
	}
	if b.left >= 0 && b.left <= maxDrain && int64(b.conn.w-b.conn.r) >= b.left {
		b.conn.r += int(b.left)
		b.end(io.EOF)
	} else {
		b.end(errBodyClosed())
	}
	b.err = errBodyClosed()
	return nil
}

func errBodyClosed() *runtime.Error {
	return &runtime.Error{Kind: runtime.KindClosedResponse, Phase: runtime.PhaseBody, Sent: runtime.SentYes, Message: "the body was closed"}
}

// Wire implements Body.
func (b *body) Wire() int64 { return b.count }

// EndUnmarked implements Body.
func (b *body) EndUnmarked() bool { return !b.marked && b.err == io.EOF } //nolint:errorlint // ours, as is

// Trailer implements Body.
func (b *body) Trailer() runtime.Header { return b.trailer }
