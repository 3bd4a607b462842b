package runtimetest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// giveUp bounds every wait of a scripted peer, so that a broken test fails
// instead of hanging.
const giveUp = 20 * time.Second

// Script is a listener whose connections are served by a func, byte for byte.
type Script struct {
	t        testing.TB
	listener net.Listener
	serve    func(*Peer)
	work     sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	conns    int
	open     map[net.Conn]struct{}
	requests []string
}

// Listen starts a Script. serve runs once per connection; the connection is
// closed when it returns.
func Listen(t testing.TB, serve func(*Peer)) *Script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return run(t, l, serve)
}

// ListenTLS is Listen behind TLS. The handshake is part of the first read.
func ListenTLS(t testing.TB, config *tls.Config, serve func(*Peer)) *Script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return run(t, tls.NewListener(l, config), serve)
}

// ListenUnix is Listen on a Unix socket.
func ListenUnix(t testing.TB, path string, serve func(*Peer)) *Script {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, l, serve)
}

func run(t testing.TB, l net.Listener, serve func(*Peer)) *Script {
	s := &Script{t: t, listener: l, serve: serve, open: map[net.Conn]struct{}{}}
	s.work.Go(s.accept)
	t.Cleanup(s.Close)
	return s
}

// Close ends the listener and every connection, and waits for their funcs.
func (s *Script) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for nc := range s.open {
		_ = nc.SetDeadline(time.Unix(1, 0))
	}
	s.mu.Unlock()
	s.work.Wait()
}

func (s *Script) accept() {
	for {
		nc, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			_ = nc.Close()
			return
		}
		p := &Peer{Conn: nc, Index: s.conns, script: s, in: bufio.NewReader(nc)}
		s.conns++
		s.open[nc] = struct{}{}
		s.mu.Unlock()
		s.work.Go(func() { s.attend(p) })
	}
}

// gone unwinds a serve func whose connection ended.
type gone struct{}

func (s *Script) attend(p *Peer) {
	nc := p.Conn
	defer func() {
		_ = p.Conn.Close()
		s.mu.Lock()
		delete(s.open, nc)
		s.mu.Unlock()
		if r := recover(); r != nil && r != (gone{}) {
			s.t.Errorf("connection %d: %v", p.Index, r)
		}
	}()
	s.serve(p)
}

// Addr returns "127.0.0.1:port".
func (s *Script) Addr() string { return s.listener.Addr().String() }

// Port returns the port alone.
func (s *Script) Port() string {
	_, port, _ := net.SplitHostPort(s.Addr())
	return port
}

// Conns returns how many connections were accepted.
func (s *Script) Conns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// Requests returns every request that Peer.Request read, as raw bytes.
func (s *Script) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Peer is the server's end of one connection. Its methods end the serve func
// when the connection does.
type Peer struct {
	Conn   net.Conn
	Index  int // of the connection, from 0
	script *Script
	in     *bufio.Reader
}

// giveTime bounds the wait that follows, unless Close has ended all waits.
func (p *Peer) giveTime(set func(time.Time) error) {
	p.script.mu.Lock()
	defer p.script.mu.Unlock()
	if !p.script.closed {
		_ = set(time.Now().Add(giveUp))
	}
}

// Through makes nc, which lies over the connection, what is read and written.
func (p *Peer) Through(nc net.Conn) {
	p.Conn, p.in = nc, bufio.NewReader(nc)
}

// Request reads one request with its body, records it, and returns its bytes.
func (p *Peer) Request() string {
	head := p.Head()
	body := p.body(head)
	p.script.mu.Lock()
	defer p.script.mu.Unlock()
	p.script.requests = append(p.script.requests, head+body)
	return head + body
}

// Head reads the request line and header, and leaves the body.
func (p *Peer) Head() string {
	var head strings.Builder
	for {
		p.giveTime(p.Conn.SetReadDeadline)
		line, err := p.in.ReadString('\n')
		if err != nil {
			panic(gone{})
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String()
		}
	}
}

// Bytes reads exactly n bytes.
func (p *Peer) Bytes(n int) []byte {
	p.giveTime(p.Conn.SetReadDeadline)
	b := make([]byte, n)
	if _, err := io.ReadFull(p.in, b); err != nil {
		panic(gone{})
	}
	return b
}

// body reads the body that head announces, as it came.
func (p *Peer) body(head string) string {
	var raw strings.Builder
	tee := io.TeeReader(p.in, &raw)
	req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(head), one{tee})))
	if err != nil {
		panic(err)
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		panic(gone{})
	}
	return raw.String()
}

// one reads a byte at a time, so that nothing beyond a body is taken.
type one struct{ io.Reader }

func (o one) Read(p []byte) (int, error) {
	if len(p) > 1 {
		p = p[:1]
	}
	return o.Reader.Read(p)
}

// Write sends text as it stands.
func (p *Peer) Write(text string) {
	p.giveTime(p.Conn.SetWriteDeadline)
	if _, err := io.WriteString(p.Conn, text); err != nil {
		panic(gone{})
	}
}

// Await waits for c to be closed or sent to.
func (p *Peer) Await(c <-chan struct{}) {
	select {
	case <-c:
	case <-time.After(giveUp):
		panic("nobody let the peer go on")
	}
}

// Hangup waits until the other side closes, and returns what it sent until
// then. A reset counts as closing.
func (p *Peer) Hangup() string {
	p.giveTime(p.Conn.SetReadDeadline)
	rest, err := io.ReadAll(p.in)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		panic(gone{})
	}
	return string(rest)
}

// Reset closes the connection with a TCP reset.
func (p *Peer) Reset() {
	nc := p.Conn
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = nc.Close()
}

// Sever closes the socket without the close_notify that TLS would send.
func (p *Peer) Sever() {
	if t, ok := p.Conn.(*tls.Conn); ok {
		_ = t.NetConn().Close()
		return
	}
	_ = p.Conn.Close()
}

// HalfClose sends a FIN and goes on reading.
func (p *Peer) HalfClose() {
	if tcp, ok := p.Conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}
