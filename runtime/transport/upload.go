package transport

import (
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"volley/runtime"
)

const (
	inlineBody  = 64 << 10  // a body in memory up to this goes out with its head
	memoryPiece = 256 << 10 // of a larger one per write
	securePiece = 16 << 10  // the same on TLS, where a write that times out cannot go on
	sourcePiece = 32 << 10  // read from a body's reader per write
	lastFlush   = 50 * time.Millisecond
)

// upload sends a long body from a goroutine of its own, so that the exchange
// hears an answer that comes before the end of it.
type upload struct {
	conn    *conn
	head    []byte        // goes out with the first piece
	data    []byte        // the body, or
	source  io.ReadCloser // what yields it
	left    int64         // of source; -1: until it ends, sent chunked
	started time.Time

	moved    atomic.Int64 // nanoseconds after started: the last progress
	sourcing atomic.Bool  // waiting for source, not for the peer
	wrote    atomic.Bool  // something may have been written
	lastly   atomic.Bool  // the last piece is being written
	stopping atomic.Bool
	broken   atomic.Pointer[runtime.Error] // the source's fault
	done     chan struct{}
	whole    bool // all was written; valid once done is closed
}

// start begins the upload.
func (u *upload) start(c *conn) {
	u.conn, u.done, u.started = c, make(chan struct{}), time.Now()
	c.upload = u
	go u.run()
}

func (u *upload) run() {
	defer close(u.done)
	defer func() {
		if p := recover(); p != nil {
			u.fail(runtime.Errorf(runtime.KindInternal, "the request body panicked: %v", p))
		}
	}()
	if u.source == nil {
		u.whole = u.sendData()
		return
	}
	defer func() { _ = u.source.Close() }()
	u.whole = u.sendSource()
}

// fail ends the exchange with the source's error.
func (u *upload) fail(err *runtime.Error) {
	u.broken.Store(err)
	u.conn.wire.shut()
}

// stop makes the upload end at its next write.
func (u *upload) stop() {
	u.stopping.Store(true)
	_ = u.conn.nc.SetWriteDeadline(time.Unix(1, 0))
}

// finished reports whether all was written. An answer may overtake the return
// of the last write, which is waited for.
func (u *upload) finished() bool {
	select {
	case <-u.done:
		return u.whole
	default:
	}
	if !u.lastly.Load() {
		return false
	}
	t := time.NewTimer(lastFlush)
	defer t.Stop()
	select {
	case <-u.done:
		return u.whole
	case <-t.C:
		return false
	}
}

// since returns when the peer's present wait began.
func (u *upload) since() time.Time {
	if u.sourcing.Load() {
		return time.Now()
	}
	return u.started.Add(time.Duration(u.moved.Load()))
}

// sendData sends the head and the body from memory.
func (u *upload) sendData() bool {
	piece := memoryPiece
	if u.conn.secure != nil {
		piece = securePiece
	}
	first := min(piece, len(u.data))
	u.lastly.Store(first == len(u.data))
	if !u.writeBoth(u.head, u.data[:first]) {
		return false
	}
	for rest := u.data[first:]; len(rest) > 0; {
		n := min(piece, len(rest))
		u.lastly.Store(n == len(rest))
		if !u.write(rest[:n]) {
			return false
		}
		rest = rest[n:]
	}
	return true
}

// sendSource sends the head and what the source yields, chunked when its
// length is unknown.
func (u *upload) sendSource() bool {
	const room = 18 // chunk size in hex, CRLF
	buf := make([]byte, len(u.head)+room+sourcePiece+len("\r\n0\r\n\r\n"))
	out := append(buf[:0], u.head...)
	for {
		space := buf[len(out)+room : len(out)+room+sourcePiece]
		if u.left >= 0 && u.left < int64(len(space)) {
			space = space[:u.left]
		}
		n, ended, ok := u.pull(space)
		if !ok {
			return false
		}
		switch {
		case u.left < 0:
			out = appendChunk(out, space[:n], ended)
		default:
			out = append(out, space[:n]...)
			u.left -= int64(n)
			ended = u.left == 0
		}
		u.lastly.Store(ended)
		if len(out) > 0 && !u.write(out) {
			return false
		}
		if ended {
			return true
		}
		out = buf[:0]
	}
}

// appendChunk appends data as a chunk, which may lie further on in out's own
// array, and the last chunk after the end.
func appendChunk(out, data []byte, last bool) []byte {
	if len(data) > 0 {
		out = strconv.AppendInt(out, int64(len(data)), 16)
		out = append(out, "\r\n"...)
		out = append(out, data...)
		out = append(out, "\r\n"...)
	}
	if last {
		out = append(out, "0\r\n\r\n"...)
	}
	return out
}

// pull reads from the source until something comes.
func (u *upload) pull(p []byte) (n int, ended, ok bool) {
	u.sourcing.Store(true)
	defer func() {
		u.moved.Store(int64(time.Since(u.started)))
		u.sourcing.Store(false)
	}()
	if u.left == 0 {
		return 0, true, true
	}
	for n == 0 {
		if u.stopping.Load() {
			return 0, false, false
		}
		var err error
		n, err = u.source.Read(p)
		switch {
		case err == nil:
		case err == io.EOF && (u.left < 0 || int64(n) == u.left):
			return n, true, true
		case isEOF(err):
			u.fail(runtime.Errorf(runtime.KindIO, "the request body ended %d bytes before the length it had announced", u.left-int64(n)))
			return 0, false, false
		default:
			u.fail(bodyFault(err))
			return 0, false, false
		}
	}
	return n, false, true
}

// bodyFault is the error of a request body that cannot be read.
func bodyFault(err error) *runtime.Error {
	if e, ok := err.(*runtime.Error); ok { //nolint:errorlint // one of ours is never wrapped
		return e
	}
	return runtime.Errorf(runtime.KindIO, "the request body cannot be read: %w", err)
}

// writeBoth sends two pieces in one gathering write where the connection can.
func (u *upload) writeBoth(head, data []byte) bool {
	tcp, ok := u.conn.nc.(*net.TCPConn)
	if !ok || len(head) == 0 {
		return (len(head) == 0 || u.write(head)) && u.write(data)
	}
	bufs := net.Buffers{head, data}
	for len(bufs) > 0 {
		if !u.arm() {
			return false
		}
		n, err := bufs.WriteTo(tcp)
		if !u.progress(int(n), err) {
			return false
		}
	}
	return true
}

// write sends p whole. Any progress renews the time it has.
func (u *upload) write(p []byte) bool {
	for len(p) > 0 {
		if !u.arm() {
			return false
		}
		n, err := u.conn.nc.Write(p)
		if !u.progress(n, err) {
			return false
		}
		p = p[n:]
	}
	return true
}

// arm prepares a write; false when the upload is to stop.
func (u *upload) arm() bool {
	u.conn.clock.armWrite(u.conn.nc, time.Now())
	if u.stopping.Load() {
		return false
	}
	u.wrote.Store(true) // before the server can have seen any of it
	return true
}

// progress notes what a write did and reports whether to go on. The exchange
// hears of a broken connection when it reads.
func (u *upload) progress(n int, err error) bool {
	if n > 0 {
		u.moved.Store(int64(time.Since(u.started)))
	}
	if err == nil {
		return true
	}
	return n > 0 && u.conn.secure == nil && isTimeout(err)
}
