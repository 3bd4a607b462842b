package transport

import (
	"net"
	"os"
	"syscall"
)

// wire is the lowest layer of a connection: the socket, counted while it is
// open. TLS and proxies are stacked above it, so whoever closes the stack
// closes the wire.
type wire struct {
	net.Conn
	transport *Transport
	origin    *origin
	raw       syscall.RawConn // nil: not a socket, as with net.Pipe
	look      func(fd uintptr)
	looked    int // result of the last look: bytes waiting, 0 at the end, -1 none yet
	// probing makes Read answer from what has arrived and never wait. Only
	// the owner of an idle connection sets it.
	probing bool
	closed  bool // guarded by Transport.mu
}

// newWire counts nc, which took the place of a slot. It closes nc when the
// Transport was closed meanwhile.
func (t *Transport) newWire(nc net.Conn, o *origin) (*wire, bool) {
	w := &wire{Conn: nc, transport: t, origin: o}
	if s, ok := nc.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			w.raw = raw
		}
	}
	w.look = func(fd uintptr) { w.looked = peek(fd) }
	t.counts.dialled.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		w.closed = true
		t.slots.open--
		_ = nc.Close()
		return w, false
	}
	t.conns[w] = struct{}{}
	o.users++
	return w, true
}

// Read reads from the socket; while probing it does not wait for more than
// has arrived.
func (w *wire) Read(p []byte) (int, error) {
	if w.probing && w.waiting() < 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return w.Conn.Read(p)
}

// waiting returns how many bytes can be read without waiting (at most one is
// counted), 0 at the end of the stream or on an error, -1 when nothing
// happened since.
func (w *wire) waiting() int {
	if w.raw == nil {
		return -1
	}
	w.looked = 0
	if err := w.raw.Control(w.look); err != nil {
		return 0
	}
	return w.looked
}

// Close closes the socket and gives up its slot, once.
func (w *wire) Close() error {
	t := w.transport
	t.mu.Lock()
	if w.closed {
		t.mu.Unlock()
		return net.ErrClosed
	}
	w.closed = true
	delete(t.conns, w)
	t.leaveLocked(w.origin)
	t.mu.Unlock()
	err := w.Conn.Close()
	// The slot is free when the descriptor is.
	t.freeSlot()
	return err
}

// shut closes the wire, whatever is going on above it.
func (w *wire) shut() { _ = w.Close() }
