package transport_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

const two = ok + "Content-Length: 2\r\n\r\nhi"

// An answer that comes while a connection is idle belongs to no request.
func TestLateResponseIsNeverDelivered(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	for _, secure := range []bool{false, true} {
		for _, late := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON", "HTTP/1.1 408 Request Timeout\r\n\r\n", "garbage"} {
			runtimetest.Leaks(t)
			idle, poisoned := make(chan struct{}), make(chan struct{})
			serve := func(p *runtimetest.Peer) {
				p.Request()
				p.Write(two)
				if p.Index == 0 {
					p.Await(idle)
					p.Write(late)
					close(poisoned)
				}
				p.Hangup()
			}
			scheme, script := "http", (*runtimetest.Script)(nil)
			if secure {
				scheme, script = "https", runtimetest.ListenTLS(t, runtimetest.Server(certs.Good), serve)
			} else {
				script = runtimetest.Listen(t, serve)
			}
			tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
			url := scheme + "://" + script.Addr() + "/"
			must(t, tr, to(t, url))
			close(idle)
			<-poisoned
			time.Sleep(10 * time.Millisecond) // loopback delivers in order, but not within the write call
			r, body := must(t, tr, post(t, url, "x"))
			if body != "hi" || r.Reused || script.Conns() != 2 {
				t.Errorf("secure %v: got %d %q, reused %v", secure, r.Status, body, r.Reused)
			}
		}
	}
}

// The poison may also have been read together with the response: it is then
// in the TLS layer, where no look at the socket finds it.
func TestRecordBehindTheResponseIsNeverDelivered(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		corked := &cork{Conn: p.Conn}
		server := tls.Server(corked, runtimetest.Server(certs.Good))
		if _, err := http.ReadRequest(bufio.NewReader(server)); err != nil {
			return
		}
		corked.held = new(bytes.Buffer)
		_, _ = io.WriteString(server, two)
		_, _ = io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON")
		_, _ = p.Conn.Write(corked.held.Bytes())
		p.Hangup()
	})
	tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
	url := "https://" + script.Addr() + "/"
	for range 3 {
		if _, body := must(t, tr, to(t, url)); body != "hi" {
			t.Fatalf("got %q", body)
		}
	}
}

// cork holds writes back once held is set.
type cork struct {
	net.Conn
	held *bytes.Buffer
}

func (c *cork) Write(p []byte) (int, error) {
	if c.held != nil {
		return c.held.Write(p)
	}
	return c.Conn.Write(p)
}

// A connection that the server closed while idle costs nobody a failure.
func TestClosedWhileIdle(t *testing.T) {
	runtimetest.Leaks(t)
	closed := make(chan struct{})
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		p.Request()
		p.Write(two)
		if p.Index == 0 {
			_ = p.Conn.Close()
			close(closed)
		}
		p.Hangup()
	})
	tr := open(t, transport.Config{})
	url := "http://" + script.Addr() + "/"
	must(t, tr, to(t, url))
	<-closed
	time.Sleep(10 * time.Millisecond)
	if r, _ := must(t, tr, post(t, url, "x")); r.Reused {
		t.Error("a closed connection was used")
	}
	if n := len(script.Requests()); n != 2 {
		t.Errorf("%d requests arrived, want 2", n)
	}
}

// The server takes the second request on a connection and closes: whether it
// acted, nobody knows. Only what may be repeated is.
func TestStaleConnection(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*transport.Exchange)
		end     func(*runtimetest.Peer)
		again   bool
	}{
		{"GET", func(*transport.Exchange) {}, (*runtimetest.Peer).Sever, true},
		{"GET reset", func(*transport.Exchange) {}, (*runtimetest.Peer).Reset, true},
		{"POST", func(x *transport.Exchange) { x.Method, x.Data = "POST", []byte("x") }, (*runtimetest.Peer).Sever, false},
		{"POST reset", func(x *transport.Exchange) { x.Method, x.Data = "POST", []byte("x") }, (*runtimetest.Peer).Reset, false},
		{"PUT", func(x *transport.Exchange) { x.Method, x.Data = "PUT", []byte("x") }, (*runtimetest.Peer).Sever, false},
		{"DELETE", func(x *transport.Exchange) { x.Method = "DELETE" }, (*runtimetest.Peer).Sever, false},
		{"POST with a key", func(x *transport.Exchange) {
			x.Method, x.Data = "POST", []byte("x")
			x.Header.Add("idempotency-key", "1")
		}, (*runtimetest.Peer).Sever, true},
		{"GET with a body that cannot be read again", func(x *transport.Exchange) {
			x.Body = func() (io.ReadCloser, int64, error) { return io.NopCloser(strings.NewReader("x")), 1, nil }
		}, (*runtimetest.Peer).Sever, false},
		{"GET with a body that can", func(x *transport.Exchange) {
			x.Replayable = true
			x.Body = func() (io.ReadCloser, int64, error) { return io.NopCloser(strings.NewReader("x")), 1, nil }
		}, (*runtimetest.Peer).Sever, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
				p.Request()
				p.Write(two)
				if p.Index == 0 {
					p.Request()
					c.end(p)
				} else {
					p.Hangup()
				}
			})
			tr := open(t, transport.Config{})
			url := "http://" + script.Addr() + "/"
			must(t, tr, to(t, url))
			x := to(t, url)
			c.prepare(x)
			if !c.again {
				_, _, err := fetch(t, tr, x)
				_ = want{runtime.KindClosed, runtime.PhaseWait, runtime.SentMaybe}.check(t, err)
				if n := len(script.Requests()); n != 2 {
					t.Errorf("%d requests arrived, want 2", n)
				}
				return
			}
			must(t, tr, x)
			if n := len(script.Requests()); n != 3 || script.Conns() != 2 {
				t.Errorf("%d requests on %d connections, want 3 on 2", n, script.Conns())
			}
		})
	}
}

// Half an answer is an answer: nothing is repeated after it.
func TestHalfAnAnswerOnAUsedConnection(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		p.Request()
		p.Write(two)
		p.Request()
		p.Write("HTTP/1.1 2")
	})
	tr := open(t, transport.Config{})
	url := "http://" + script.Addr() + "/"
	must(t, tr, to(t, url))
	_, _, err := fetch(t, tr, to(t, url))
	_ = want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}.check(t, err)
	if n := len(script.Requests()); n != 2 {
		t.Errorf("%d requests arrived, want 2", n)
	}
}

// A fresh connection that dies is the caller's to judge.
func TestFreshConnectionIsNotRetried(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, reply(""))
	tr := open(t, transport.Config{})
	_, _, err := fetch(t, tr, to(t, "http://"+script.Addr()+"/"))
	_ = want{runtime.KindClosed, runtime.PhaseWait, runtime.SentMaybe}.check(t, err)
	if script.Conns() != 1 {
		t.Errorf("%d connections", script.Conns())
	}
}

func TestConnectionCloseIsHonoured(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		p.Request()
		p.Write(two)
		p.Hangup()
	})
	tr := open(t, transport.Config{})
	x := to(t, "http://"+script.Addr()+"/")
	x.Header.Add("Connection", "close")
	must(t, tr, x)
	if n := tr.Stats().Open; n != 0 {
		t.Errorf("%d connections open after Connection: close", n)
	}
}

func TestBodyClosedEarly(t *testing.T) {
	runtimetest.Leaks(t)
	for _, c := range []struct {
		name, answer string
		open         int64
	}{
		{"rest has arrived", ok + "Content-Length: 10\r\n\r\n0123456789", 1},
		{"rest is outstanding", ok + "Content-Length: 1000000\r\n\r\n0123456789", 0},
		{"chunked", chunks("3\r\nabc\r\n"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			script := runtimetest.Listen(t, stalling(c.answer))
			tr := open(t, transport.Config{})
			r, err := tr.Do(t.Context(), to(t, "http://"+script.Addr()+"/"))
			if err != nil {
				t.Fatal(err)
			}
			var b [2]byte
			if _, err := r.Body.Read(b[:]); err != nil {
				t.Fatal(err)
			}
			if err := r.Body.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = r.Body.Read(b[:])
			_ = want{runtime.KindClosedResponse, runtime.PhaseBody, runtime.SentYes}.check(t, err)
			if n := tr.Stats().Open; n != c.open {
				t.Errorf("%d connections open, want %d", n, c.open)
			}
		})
	}
}

func TestIdleTimeout(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		p.Request()
		p.Write(two)
		p.Hangup()
	})
	tr := open(t, transport.Config{IdleTimeout: 30 * time.Millisecond})
	must(t, tr, to(t, "http://"+script.Addr()+"/"))
	for deadline := time.Now().Add(5 * time.Second); tr.Stats().Open > 0; {
		if time.Now().After(deadline) {
			t.Fatal("an idle connection stays open")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestIdlePerOrigin(t *testing.T) {
	runtimetest.Leaks(t)
	both := make(chan struct{}, 2)
	release := make(chan struct{})
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		p.Request()
		both <- struct{}{}
		p.Await(release)
		p.Write(two)
		p.Hangup()
	})
	tr := open(t, transport.Config{IdlePerOrigin: 1})
	done := make(chan struct{}, 2)
	for range 2 {
		go func() {
			must(t, tr, to(t, "http://"+script.Addr()+"/"))
			done <- struct{}{}
		}()
	}
	<-both
	<-both
	close(release)
	<-done
	<-done
	if s := tr.Stats(); s.Open != 1 || s.Dialled != 2 {
		t.Errorf("stats %+v, want 1 of 2 connections open", s)
	}
}
