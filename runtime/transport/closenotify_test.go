package transport_test

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// heard keeps what a client sent on a connection.
type heard struct {
	net.Conn
	mu  sync.Mutex
	all []byte
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, p[:n]...)
	return n, err
}

// lastRecord returns the type of the last TLS record that came.
func (h *heard) lastRecord() byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	kind := byte(0)
	for b := h.all; len(b) >= 5; {
		kind = b[0]
		b = b[min(len(b), 5+int(b[3])<<8+int(b[4])):]
	}
	return kind
}

// An idle connection that is closed says so (RFC 8446 section 6.1), so that
// the peer can tell it from one that was cut. In TLS 1.2 the type of the record
// can be read from outside.
func TestCloseNotify(t *testing.T) {
	const alert = 21
	certs := runtimetest.NewCertificates(t)
	for _, c := range []struct {
		name   string
		proto  string
		config transport.Config
		end    func(*transport.Transport)
	}{
		{"the transport is closed", "http/1.1", transport.Config{}, func(tr *transport.Transport) { _ = tr.Close() }},
		{"it was idle for long", "http/1.1", transport.Config{IdleTimeout: 20 * time.Millisecond}, func(*transport.Transport) {}},
		{"HTTP/2", "h2", transport.Config{}, func(tr *transport.Transport) { _ = tr.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			config := runtimetest.Server(certs.Good, c.proto)
			config.MaxVersion = tls.VersionTLS12
			last := make(chan byte, 1)
			script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
				tap := &heard{Conn: p.Conn}
				p.Through(tls.Server(tap, config))
				defer func() { last <- tap.lastRecord() }()
				if c.proto == "h2" {
					f := runtimetest.BeginH2(p)
					f.Answer(f.Request(), true, ":status", "200")
					_, _ = io.Copy(io.Discard, p.Conn)
					return
				}
				p.Request()
				p.Write(two)
				p.Hangup()
			})
			c.config.TLS = &tls.Config{RootCAs: certs.Roots}
			tr := open(t, c.config)
			must(t, tr, to(t, "https://"+script.Addr()+"/"))
			c.end(tr)
			if kind := <-last; kind != alert {
				t.Errorf("the last record is of type %d, want an alert", kind)
			}
			_ = tr.Close()
		})
	}
}
