package transport

import (
	"time"

	"volley/runtime"
)

// ask is how a short request goes out on a pooled socket: in one visit to the
// network poller it is made sure that nothing came in while the connection was
// idle, the request is written, and its answer waited for. Each of the three
// on its own costs the same system calls and one more.
type ask struct {
	atOnce    bool         // the exchange under way does so
	data      []byte       // what is still to be written
	buffer    *writeBuffer // that data lies in
	quiet     bool         // nothing came in while the connection was idle
	disturbed bool         // something did: the connection is of no use
	err       error        // of the write
	seen      [1]byte
}

// asksAtOnce prepares c, which was idle, for x, and reports whether whatever
// came in meanwhile is looked for only when x is written.
func (c *conn) asksAtOnce(x *Exchange) bool {
	c.ask = ask{}
	c.ask.atOnce = rawReads && c.nc == c.wire.Conn && c.wire.raw != nil &&
		x.Body == nil && len(x.Data) <= inlineBody && !expectsContinue(x.Header)
	return c.ask.atOnce
}

// fillWhenReady is fill of a socket, without a buffer until something is
// there: thousands of exchanges that wait need none. What is to be written is
// written first.
func (c *conn) fillWhenReady(now time.Time) (int, error) {
	if c.ready == nil {
		c.ready = c.readReady
	}
	c.clock.armRead(c.nc, now)
	for {
		switch err := c.wire.raw.Read(c.ready); {
		case err != nil:
			if !c.waitsOn(err) {
				return 0, err
			}
		case c.ask.disturbed:
			return 0, runtime.Errorf(runtime.KindClosed, "bytes came on an idle connection")
		case c.ask.data == nil:
			return c.w, c.readyErr
		default:
			if err := c.askOn(); err != nil {
				return 0, err
			}
			c.clock.armRead(c.nc, time.Now()) // the wait begins only now
		}
	}
}

// readReady reads what is there; false when nothing is yet.
func (c *conn) readReady(fd uintptr) bool {
	if c.ask.data != nil {
		return !c.askNow(fd)
	}
	c.needBuffer()
	n, err := readNow(fd, c.buf)
	if n < 0 {
		c.yieldBuffer()
		return false
	}
	c.w, c.readyErr = n, err
	return true
}

// askNow writes the request, and reports whether all of it is out. The look
// comes first: it also makes sure that the poller tells of all that comes in
// from here on.
func (c *conn) askNow(fd uintptr) bool {
	if !c.ask.quiet {
		n, _ := readNow(fd, c.ask.seen[:])
		c.ask.quiet, c.ask.disturbed = n < 0, n >= 0
		if c.ask.disturbed {
			return false
		}
	}
	n := writeNow(fd, c.ask.data)
	if n > 0 {
		c.sent = runtime.SentMaybe
	}
	if c.ask.data = c.ask.data[n:]; len(c.ask.data) > 0 {
		return false
	}
	c.asked()
	return true
}

// asked gives the buffer back: thousands that wait need none.
func (c *conn) asked() {
	if c.ask.buffer != nil {
		c.recycle(c.ask.buffer)
	}
	c.ask.data, c.ask.buffer = nil, nil
}

// askOn writes what a full socket did not take at once. An answer may be there
// in spite of an error, except that of time.
func (c *conn) askOn() error {
	c.clock.armWrite(c.nc, time.Now())
	c.ask.err = c.write(c.ask.data)
	c.asked()
	if c.ask.err != nil && isTimeout(c.ask.err) {
		return c.ask.err
	}
	return nil
}
