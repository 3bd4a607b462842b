package transport

import (
	"context"
	"io"
	"time"

	"volley/runtime"
)

// continueWait is how long a body is held back for the 100 that the caller's
// Expect header asks for (RFC 9110 section 10.1.1).
const continueWait = time.Second

// exchange sends the trip's request on c and reads the head of its response.
func (c *conn) exchange(ctx context.Context, trip *trip) (*Reply, *runtime.Error) {
	c.timings = runtime.Timings{}
	if !c.served {
		c.timings = trip.timings
	}
	if err := c.begin(ctx, trip); err != nil {
		c.rest()
		c.transport.park(c)
		return nil, err
	}
	out, err := c.compose(trip)
	if err != nil {
		c.rest()
		c.transport.park(c)
		return nil, err
	}
	h, err := c.run(trip, &out)
	if err == nil {
		var reply *Reply
		if reply, err = c.reply(trip, &out, h); err == nil {
			return reply, nil
		}
	}
	switch {
	case c.ask.disturbed:
		trip.verdict = disturbed
	case c.served && err.Sent != runtime.SentYes && err.Kind == runtime.KindClosed:
		trip.verdict = stale
	}
	c.drop()
	return nil, err
}

// outgoing is a request ready to be written.
type outgoing struct {
	head    *writeBuffer
	data    []byte        // the body, or
	source  io.ReadCloser // what yields it
	length  int64
	expect  bool // the body waits for a 100
	started bool // the body is on its way, or there is none
	unsent  bool // a final answer came instead of the 100
}

func (o *outgoing) hasBody() bool { return len(o.data) > 0 || o.source != nil }

// compose opens the body and writes the head into a buffer.
func (c *conn) compose(trip *trip) (outgoing, *runtime.Error) {
	x := trip.exchange
	out := outgoing{data: x.Data, length: int64(len(x.Data))}
	given := x.Data != nil
	if x.Data == nil && x.Body != nil {
		source, length, err := x.Body()
		if err != nil {
			return out, bodyFault(err)
		}
		given, out.length = true, length
		if length == 0 {
			_ = source.Close()
		} else {
			out.source = source
		}
	}
	out.head = c.transport.writes.Get().(*writeBuffer)
	head, err := x.appendHead(out.head.data[:0], c.absolute, given, out.length)
	out.head.data = head
	if err != nil {
		if out.source != nil {
			_ = out.source.Close()
		}
		c.recycle(out.head)
		return out, err
	}
	out.expect = out.hasBody() && expectsContinue(x.Header)
	return out, nil
}

func expectsContinue(h runtime.Header) bool {
	v, ok := h.Lookup("Expect")
	return ok && runtime.EqualFold(v, "100-continue")
}

// recycle keeps a write buffer for later, unless it grew large.
func (c *conn) recycle(b *writeBuffer) {
	if cap(b.data) <= keptWrite {
		c.transport.writes.Put(b)
	}
}

// run sends the request and returns the head of the final response.
func (c *conn) run(trip *trip, out *outgoing) (*head, *runtime.Error) {
	sendErr := c.send(trip, out)
	if sendErr != nil && isTimeout(sendErr) {
		return nil, c.fault(runtime.PhaseSend, sendErr)
	}
	h, err := c.awaitContinue(trip, out)
	if h == nil && err == nil {
		h, err = c.final(trip)
	}
	if c.ask.atOnce {
		sendErr = c.ask.err
		c.asked() // it may never have come to that
	}
	if err != nil && sendErr != nil && c.sent != runtime.SentYes {
		return nil, c.fault(runtime.PhaseSend, sendErr)
	}
	return h, err
}

// send writes the head and a short body in one piece, and leaves a long body
// to an upload. After an error the answer may be there all the same.
func (c *conn) send(trip *trip, out *outgoing) error {
	inline := out.source == nil && len(out.data) <= inlineBody
	if inline && c.ask.atOnce {
		out.head.data = append(out.head.data, out.data...)
		out.started = true
		c.ask.data, c.ask.buffer = out.head.data, out.head
		return nil
	}
	c.clock.armWrite(c.nc, trip.now)
	if !out.expect && !inline {
		c.startUpload(out, append([]byte(nil), out.head.data...))
		c.recycle(out.head)
		return nil
	}
	if inline && !out.expect {
		out.head.data = append(out.head.data, out.data...)
		out.started = true
	}
	err := c.write(out.head.data)
	c.recycle(out.head)
	return err
}

// startUpload hands the body over to a goroutine.
func (c *conn) startUpload(out *outgoing, head []byte) {
	out.started = true
	u := &upload{head: head, data: out.data, source: out.source, left: out.length}
	u.start(c)
}

// awaitContinue waits for the 100 an expecting request asked for, and lets
// the body go. A final answer is returned: the body stays here.
func (c *conn) awaitContinue(trip *trip, out *outgoing) (*head, *runtime.Error) {
	if out.started || !out.hasBody() {
		return nil, nil
	}
	normal := c.clock.read
	if normal <= 0 || normal > continueWait {
		c.clock.read = continueWait
	}
	h, err := c.nextHead(trip)
	c.clock.read = normal
	switch {
	case err != nil && (err.Kind != runtime.KindReadTimeout || c.w > c.r):
		c.closeSource(out)
		return nil, err
	case err == nil && h.status == 101 && !asksUpgrade(trip.exchange):
		c.closeSource(out)
		return nil, c.fault(runtime.PhaseHeaders, errSwitched())
	case err == nil && (h.status >= 200 || h.status == 101):
		out.unsent = true
		c.closeSource(out)
		return h, nil
	}
	c.startUpload(out, nil)
	return nil, nil
}

func (c *conn) closeSource(out *outgoing) {
	if out.source != nil {
		_ = out.source.Close()
	}
}

// write sends p whole, or says why not. Any progress renews the time it has.
func (c *conn) write(p []byte) error {
	for {
		n, err := c.nc.Write(p)
		if n > 0 {
			c.sent = runtime.SentMaybe
		}
		if err == nil {
			return nil
		}
		if n == 0 || c.secure != nil || !isTimeout(err) {
			return err
		}
		p = p[n:]
		c.clock.armWrite(c.nc, time.Now())
	}
}

// read reads at least one byte into p. now is when the wait for it began.
func (c *conn) read(p []byte, now time.Time) (int, error) {
	c.clock.armRead(c.nc, now)
	for {
		n, err := c.nc.Read(p)
		if n > 0 {
			return n, nil
		}
		if err == nil {
			continue
		}
		if !c.waitsOn(err) {
			return 0, err
		}
	}
}

// waitsOn reports whether a read that failed with err only met a deadline
// that was set early, and may go on.
func (c *conn) waitsOn(err error) bool {
	if !isTimeout(err) {
		return false
	}
	if c.upload != nil {
		c.clock.extend(c.upload.since())
	}
	return c.clock.rearmRead(c.nc, time.Now())
}

// fill reads more into the buffer, which grows to at most limit bytes, and
// returns how much came.
func (c *conn) fill(now time.Time, limit int) (int, error) {
	if rawReads && c.buf == nil && c.nc == c.wire.Conn && c.wire.raw != nil {
		return c.fillWhenReady(now)
	}
	c.needBuffer()
	switch {
	case c.r == c.w:
		c.r, c.w = 0, 0
	case c.w == len(c.buf) && c.r > 0:
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	case c.w == len(c.buf):
		grown := make([]byte, min(2*len(c.buf), max(limit, len(c.buf)+1)))
		copy(grown, c.buf[:c.w])
		c.buf = grown
	}
	n, err := c.read(c.buf[c.w:], now)
	c.w += n
	return n, err
}
