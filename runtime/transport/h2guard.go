package transport

import (
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"volley/runtime"
)

// The numbers of RFC 9113 sections 3.4 and 6.
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	frameRST          = 0x3
	frameSettings     = 0x4
	frameWindowUpdate = 0x8
	flagEndStream     = 0x1 // of data and headers
	flagAck           = 0x1 // of settings
	settingWindow     = 0x4 // SETTINGS_INITIAL_WINDOW_SIZE
	settingFrame      = 0x5 // SETTINGS_MAX_FRAME_SIZE
	preface           = 24  // bytes that a client sends before its first frame

	frameHeader   = 9
	maxWindow     = 1<<31 - 1
	leastFrame    = 1 << 14 // that a peer must take (RFC 9113 section 6.5.2)
	maxFrame      = 1<<24 - 1
	firstWindow   = 1<<16 - 1 // until SETTINGS say otherwise (RFC 9113 section 6.9.2)
	maxCredits    = 10_000    // streams of which credit is known, at one time
	settingLength = 6
)

// guard lies between an HTTP/2 connection and net/http, and ends it when the
// peer grants a stream a window that is too large (RFC 9113 section 6.9.1):
// net/http would wait for itself for ever (its processWindowUpdate calls
// endStreamError under the lock that this takes). It follows the frames both
// ways, and of each stream that was granted more than it began with, what was
// granted and used. It also keeps why the connection ended, which net/http
// does not tell a request that came too late to have a stream.
type guard struct {
	net.Conn
	in, out frameScan
	broken  atomic.Bool   // a write failed
	ended   chan struct{} // closed when a read fails, with why in err
	err     error

	mu      sync.Mutex // reads and writes come from two goroutines
	initial int64
	credits map[uint32]*credit
	fault   *runtime.Error // what the peer did wrong
}

// credit is what a stream was granted beyond its first window, less what was
// sent.
type credit struct {
	bytes              int64
	peerEnded, weEnded bool
}

func newGuard(nc net.Conn) *guard {
	g := &guard{Conn: nc, initial: firstWindow, credits: map[uint32]*credit{}, ended: make(chan struct{})}
	g.out.left = preface
	return g
}

// Read implements net.Conn.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in.scan(p[:n], g.received); g.fault != nil {
		n, err = 0, g.fault
	}
	if err != nil {
		g.over(err)
	}
	return n, err
}

// Write implements net.Conn.
func (g *guard) Write(p []byte) (int, error) {
	g.mu.Lock()
	g.out.scan(p, g.sends)
	g.mu.Unlock()
	n, err := g.Conn.Write(p)
	if err != nil {
		g.broken.Store(true)
	}
	return n, err
}

// Close implements net.Conn. After a write that failed it lets the reading come
// to its end, so that what the peer sent before it closed is known: an alert.
func (g *guard) Close() error {
	if g.broken.Load() {
		_ = g.why(closePatience)
	}
	err := g.Conn.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over(net.ErrClosed)
	return err
}

// How long the reading of a broken connection may take to end. It does at once
// but on a machine that has no time for it, or when nobody reads any more.
const (
	closePatience = 100 * time.Millisecond
	lastPatience  = time.Second
)

// why returns what ended the reading; nil when it goes on after d.
func (g *guard) why(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-g.ended:
	case <-timer.C:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// over notes what ended the reading. The caller holds g.mu.
func (g *guard) over(err error) {
	if g.err == nil {
		g.err = err
		close(g.ended)
	}
}

// received follows a frame of the peer's, or an item in one.
func (g *guard) received(f *frame) {
	switch {
	case f.item == nil:
		if f.ends() {
			g.end(f.stream, func(c *credit) { c.peerEnded = true })
		}
	case f.kind == frameWindowUpdate:
		c := g.credit(f.stream)
		c.bytes += int64(binary.BigEndian.Uint32(f.item) & maxWindow)
		if g.initial+c.bytes > maxWindow {
			g.fault = malformed("the server grants a stream a window of more than 2^31-1 bytes")
		}
	default:
		g.setting(binary.BigEndian.Uint16(f.item), binary.BigEndian.Uint32(f.item[2:]))
	}
}

func (g *guard) setting(id uint16, value uint32) {
	switch {
	case id == settingWindow:
		g.initial = int64(value)
	case id == settingFrame && (value < leastFrame || value > maxFrame):
		g.fault = malformed("the server's largest HTTP/2 frame is %d bytes, outside 2^14 to 2^24-1", value)
	}
}

// sends follows a frame of ours.
func (g *guard) sends(f *frame) {
	if f.item != nil {
		return
	}
	if f.kind == frameData && f.length > 0 {
		g.credit(f.stream).bytes -= int64(f.length)
	}
	if f.ends() {
		g.end(f.stream, func(c *credit) { c.weEnded = true })
	}
}

func (g *guard) credit(stream uint32) *credit {
	c := g.credits[stream]
	if c == nil {
		if len(g.credits) >= maxCredits {
			clear(g.credits)
		}
		c = new(credit)
		g.credits[stream] = c
	}
	return c
}

// end notes that one side is done with a stream, and forgets it with the
// other.
func (g *guard) end(stream uint32, note func(*credit)) {
	c := g.credits[stream]
	if c == nil {
		return
	}
	if note(c); c.peerEnded && c.weEnded {
		delete(g.credits, stream)
	}
}

// frame is the header of a frame, and with item a part of its payload.
type frame struct {
	kind   byte
	flags  byte
	stream uint32
	length int
	item   []byte
}

// ends reports whether whoever sent the frame is done with the stream.
func (f *frame) ends() bool {
	switch f.kind {
	case frameRST:
		return true
	case frameData, frameHeaders:
		return f.flags&flagEndStream != 0
	default:
		return false
	}
}

// of returns the size of the items that matter in the frame's payload.
func (f *frame) of() int {
	switch {
	case f.kind == frameWindowUpdate && f.stream != 0:
		return 4
	case f.kind == frameSettings && f.flags&flagAck == 0:
		return settingLength
	}
	return 0
}

// frameScan finds the frames in bytes that come in pieces.
type frameScan struct {
	head  [frameHeader]byte
	have  int // of head
	frame frame
	left  int // of the payload
	item  [settingLength]byte
	got   int // of item
}

// scan tells see of each header and of each item that matters.
func (s *frameScan) scan(p []byte, see func(*frame)) {
	for len(p) > 0 {
		if s.left > 0 {
			n := min(s.left, len(p))
			s.payload(p[:n], see)
			s.left -= n
			p = p[n:]
			continue
		}
		n := copy(s.head[s.have:], p)
		p = p[n:]
		if s.have += n; s.have < frameHeader {
			return
		}
		s.have, s.got = 0, 0
		s.frame = frame{
			kind: s.head[3], flags: s.head[4],
			stream: binary.BigEndian.Uint32(s.head[5:]) & maxWindow,
			length: int(s.head[0])<<16 | int(s.head[1])<<8 | int(s.head[2]),
		}
		s.left = s.frame.length
		see(&s.frame)
	}
}

// payload gathers the items of a payload.
func (s *frameScan) payload(p []byte, see func(*frame)) {
	size := s.frame.of()
	if size == 0 {
		return
	}
	for len(p) > 0 {
		n := copy(s.item[s.got:size], p)
		p = p[n:]
		if s.got += n; s.got == size {
			s.got = 0
			item := s.frame
			item.item = s.item[:size]
			see(&item)
		}
	}
}
