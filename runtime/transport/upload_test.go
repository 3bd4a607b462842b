package transport_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// source makes a body func that counts how often it was opened and closed.
type source struct {
	read           func() io.Reader
	length         int64
	opened, closed atomic.Int32
}

func (s *source) open() (io.ReadCloser, int64, error) {
	s.opened.Add(1)
	return closing{s.read(), s}, s.length, nil
}

type closing struct {
	io.Reader
	source *source
}

func (c closing) Close() error {
	c.source.closed.Add(1)
	return nil
}

// closedOnce waits until the source has been closed as often as opened.
func (s *source) closedOnce(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); s.closed.Load() != s.opened.Load(); {
		if time.Now().After(deadline) {
			t.Fatalf("opened %d times, closed %d", s.opened.Load(), s.closed.Load())
		}
		time.Sleep(time.Millisecond)
	}
}

func TestFraming(t *testing.T) {
	text := func(s string) *source {
		return &source{read: func() io.Reader { return iotest.OneByteReader(strings.NewReader(s)) }, length: int64(len(s))}
	}
	unknown := func(s string) *source {
		return &source{read: func() io.Reader { return strings.NewReader(s) }, length: -1}
	}
	for _, c := range []struct {
		name, method string
		data         []byte
		source       *source
		header       runtime.Header
		sent         string
	}{
		{name: "GET", method: "GET", sent: ""},
		{name: "POST without a body", method: "POST", sent: "Content-Length: 0\r\n\r\n"},
		{name: "DELETE without a body", method: "DELETE", sent: "Content-Length: 0\r\n\r\n"},
		{name: "GET with a body", method: "GET", data: []byte("abc"), sent: "Content-Length: 3\r\n\r\nabc"},
		{name: "empty data", method: "PUT", data: []byte{}, sent: "Content-Length: 0\r\n\r\n"},
		{name: "known length", method: "POST", source: text("abc"), sent: "Content-Length: 3\r\n\r\nabc"},
		{name: "known to be empty", method: "POST", source: text(""), sent: "Content-Length: 0\r\n\r\n"},
		{name: "unknown length", method: "POST", source: unknown("abc"), sent: "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{name: "unknown and empty", method: "POST", source: unknown(""), sent: "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{
			name: "length given too", method: "POST", data: []byte("abc"),
			header: runtime.Header{{Name: "content-length", Value: "3"}}, sent: "Content-Length: 3\r\n\r\nabc",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
				for {
					p.Request()
					p.Write(two)
				}
			})
			tr := open(t, transport.Config{})
			for range 2 {
				x := to(t, "http://"+script.Addr()+"/")
				x.Method, x.Data = c.method, c.data
				x.Header = append(x.Header, c.header...)
				if c.source != nil {
					x.Body = c.source.open
				}
				must(t, tr, x)
			}
			for _, got := range script.Requests() {
				if _, tail, _ := strings.Cut(got, "volley/test\r\n"); tail != c.sent && "\r\n"+c.sent != tail {
					t.Errorf("sent %q, want the end %q", got, c.sent)
				}
			}
			if script.Conns() != 1 {
				t.Errorf("%d connections, want 1", script.Conns())
			}
			if c.source != nil {
				c.source.closedOnce(t)
			}
		})
	}
}

func TestLargeBodies(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	for _, secure := range []bool{false, true} {
		runtimetest.Leaks(t)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if err != nil || !bytes.Equal(got, want) {
				w.WriteHeader(http.StatusBadRequest)
			}
		}))
		server.TLS = runtimetest.Server(certs.Good)
		if secure {
			server.StartTLS()
		} else {
			server.Start()
		}
		t.Cleanup(server.Close)
		tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
		known := &source{read: func() io.Reader { return bytes.NewReader(want) }, length: int64(len(want))}
		unknown := &source{read: func() io.Reader { return bytes.NewReader(want) }, length: -1}
		for name, prepare := range map[string]func(*transport.Exchange){
			"memory":  func(x *transport.Exchange) { x.Data = want },
			"known":   func(x *transport.Exchange) { x.Body = known.open },
			"unknown": func(x *transport.Exchange) { x.Body = unknown.open },
		} {
			x := to(t, server.URL+"/")
			x.Method = "POST"
			prepare(x)
			if r, _ := must(t, tr, x); r.Status != 200 {
				t.Errorf("secure %v, %s: the server got another body", secure, name)
			}
		}
		if s := tr.Stats(); s.Dialled != 1 {
			t.Errorf("secure %v: %d connections, want 1", secure, s.Dialled)
		}
	}
}

// An answer that comes before the body was sent is the result, whether the
// server closes, resets or just stops reading.
func TestEarlyAnswer(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	const answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge"
	for _, secure := range []bool{false, true} {
		for _, c := range []struct {
			name  string
			after func(*runtimetest.Peer)
		}{
			{"closes", func(p *runtimetest.Peer) {
				p.HalfClose()
				p.Hangup()
			}},
			{"stops reading", func(p *runtimetest.Peer) { p.Await(t.Context().Done()) }},
		} {
			name := c.name
			if secure {
				name += " on TLS"
			}
			t.Run(name, func(t *testing.T) {
				runtimetest.Leaks(t)
				release := make(chan struct{})
				serve := func(p *runtimetest.Peer) {
					p.Head()
					p.Write(answer)
					if c.name == "stops reading" {
						p.Await(release)
						return
					}
					c.after(p)
				}
				scheme := "http://"
				var script *runtimetest.Script
				if secure {
					scheme, script = "https://", runtimetest.ListenTLS(t, runtimetest.Server(certs.Good), serve)
				} else {
					script = runtimetest.Listen(t, serve)
				}
				tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
				x := post(t, scheme+script.Addr()+"/", strings.Repeat("x", 32<<20))
				r, body := must(t, tr, x)
				if r.Status != 413 || body != "large" {
					t.Errorf("got %d %q", r.Status, body)
				}
				close(release)
				if n := tr.Stats().Open; n != 0 {
					t.Errorf("%d connections open after a body cut short", n)
				}
			})
		}
	}
}

func TestServerNeverReads(t *testing.T) {
	runtimetest.Leaks(t)
	release := make(chan struct{})
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) { p.Await(release) })
	tr := open(t, transport.Config{})
	x := post(t, "http://"+script.Addr()+"/", strings.Repeat("x", 64<<20))
	x.ReadTimeout = 200 * time.Millisecond
	_, _, err := fetch(t, tr, x)
	_ = want{runtime.KindReadTimeout, runtime.PhaseSend, runtime.SentMaybe}.check(t, err)
	close(release)
}

// A server that reads slowly is no stall: it is the progress that counts.
func TestServerReadsSlowly(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		p.Head()
		for range 60 {
			p.Bytes(1 << 20)
			time.Sleep(25 * time.Millisecond)
		}
		p.Write(two)
		p.Hangup()
	})
	tr := open(t, transport.Config{})
	x := post(t, "http://"+script.Addr()+"/", strings.Repeat("x", 60<<20))
	// Shorter than the upload, longer than what the sockets' buffers hide of it.
	x.ReadTimeout = time.Second
	must(t, tr, x)
}

func TestExpectContinue(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve func(*runtimetest.Peer)
		want  int
		body  bool
	}{
		{"100", func(p *runtimetest.Peer) {
			p.Head()
			p.Write("HTTP/1.1 100 Continue\r\n\r\n")
			p.Bytes(5)
			p.Write(two)
			p.Hangup()
		}, 200, true},
		{"417", func(p *runtimetest.Peer) {
			p.Head()
			p.Write("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
			if rest := p.Hangup(); rest != "" {
				panic("the body was sent: " + rest)
			}
		}, 417, false},
		{"no 100 ever", func(p *runtimetest.Peer) {
			p.Head()
			p.Bytes(5)
			p.Write(two)
			p.Hangup()
		}, 200, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			script := runtimetest.Listen(t, c.serve)
			tr := open(t, transport.Config{})
			x := to(t, "http://"+script.Addr()+"/")
			body := &source{read: func() io.Reader { return strings.NewReader("hello") }, length: 5}
			x.Method, x.Body = "PUT", body.open
			x.Header.Add("Expect", "100-continue")
			if r, _ := must(t, tr, x); r.Status != c.want {
				t.Errorf("got %d, want %d", r.Status, c.want)
			}
			body.closedOnce(t)
			if got := tr.Stats().Open == 1; got != c.body {
				t.Errorf("connection kept: %v, want %v", got, c.body)
			}
		})
	}
}

// What is wrong with the source of a body is the result, not what the broken
// exchange looks like from outside.
func TestBodySourceFails(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	failing := func(first string, err error) func() io.Reader {
		return func() io.Reader { return io.MultiReader(strings.NewReader(first), iotest.ErrReader(err)) }
	}
	own := runtime.Errorf(runtime.KindCallback, "the generator raised")
	for _, proto := range []string{"http/1.1", "h2"} {
		for _, c := range []struct {
			name   string
			source *source
			kind   runtime.Kind
			says   string
		}{
			{"error", &source{read: failing("abc", errors.New("disk gone")), length: -1}, runtime.KindIO, "disk gone"},
			{"our error", &source{read: failing("abc", own), length: -1}, runtime.KindCallback, "generator"},
			{"too short", &source{read: func() io.Reader { return strings.NewReader("abc") }, length: 10}, runtime.KindIO, "7 bytes before"},
			{"panic", &source{read: func() io.Reader { return panicking{} }, length: -1}, runtime.KindInternal, "panicked"},
		} {
			t.Run(proto+" "+c.name, func(t *testing.T) {
				runtimetest.Leaks(t)
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
				}))
				server.TLS, server.EnableHTTP2 = runtimetest.Server(certs.Good, proto), proto == "h2"
				server.StartTLS()
				t.Cleanup(server.Close)
				tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
				x := to(t, server.URL)
				x.Method, x.Body = "POST", c.source.open
				_, _, err := fetch(t, tr, x)
				e := runtime.AsError(err)
				if e == nil || e.Kind != c.kind || !strings.Contains(e.Message, c.says) {
					t.Errorf("got %v, want kind %s with %q", err, c.kind, c.says)
				}
				c.source.closedOnce(t)
			})
		}
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("boom") }

func TestNothingOutOfPlaceIsSent(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) { p.Hangup() })
	tr := open(t, transport.Config{})
	for name, spoil := range map[string]func(*transport.Exchange){
		"CRLF in a value":       func(x *transport.Exchange) { x.Header.Add("A", "b\r\nC: d") },
		"LF in a value":         func(x *transport.Exchange) { x.Header.Add("A", "b\nC: d") },
		"NUL in a value":        func(x *transport.Exchange) { x.Header.Add("A", "b\x00") },
		"CRLF in a name":        func(x *transport.Exchange) { x.Header.Add("A\r\nB", "c") },
		"space in a name":       func(x *transport.Exchange) { x.Header.Add("A b", "c") },
		"empty name":            func(x *transport.Exchange) { x.Header.Add("", "c") },
		"colon in a name":       func(x *transport.Exchange) { x.Header.Add("a:b", "c") },
		"CRLF in the method":    func(x *transport.Exchange) { x.Method = "GET /x HTTP/1.1\r\nA: b\r\n" },
		"no method":             func(x *transport.Exchange) { x.Method = "" },
		"space in the target":   func(x *transport.Exchange) { x.Target = "/ HTTP/1.1" },
		"CR in the target":      func(x *transport.Exchange) { x.Target = "/\r" },
		"no target":             func(x *transport.Exchange) { x.Target = "" },
		"CRLF in the host":      func(x *transport.Exchange) { x.Host = "a\r\nb" },
		"port is no number":     func(x *transport.Exchange) { x.Port = "80@evil" },
		"scheme":                func(x *transport.Exchange) { x.Scheme = "ftp" },
		"another length":        func(x *transport.Exchange) { x.Header.Add("Content-Length", "7") },
		"another framing":       func(x *transport.Exchange) { x.Header.Add("Transfer-Encoding", "gzip") },
		"chunked with a length": func(x *transport.Exchange) { x.Header.Add("Transfer-Encoding", "chunked") },
	} {
		x := post(t, "http://"+script.Addr()+"/", "abc")
		spoil(x)
		_, err := tr.Do(t.Context(), x)
		if e := runtime.AsError(err); e == nil || e.Kind != runtime.KindInvalidArgument || e.Sent == runtime.SentMaybe {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
