package faults_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
)

// A deed is what a server of the farm does to a request, and what must come
// of it. Each has an origin, and so connections, of its own.
type deed struct {
	name string
	kind runtime.Kind // "": the answer is the request's own tag
	code int          // of a good answer; 0: 200
	// times says how many of a hundred requests go there.
	times int
	// serve answers one request; false ends the connection.
	serve func(c *farmConn, tag string) bool
}

// farmDeeds is everything that the farm does, good and bad.
func farmDeeds() []deed {
	return []deed{
		{name: "echo", times: 30, serve: func(c *farmConn, tag string) bool { return c.answer("200 OK", tag) }},
		{name: "chunks", times: 8, serve: func(c *farmConn, tag string) bool {
			half := len(tag) / 2
			return c.write(fmt.Sprintf("%s%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", chunked(""), half, tag[:half], len(tag)-half, tag[half:]))
		}},
		{name: "pieces", times: 8, serve: func(c *farmConn, tag string) bool {
			return c.write(fmt.Sprintf("%sContent-Length: %d\r\n\r\n", okLine, len(tag))) && c.write(tag[:1]) && c.write(tag[1:])
		}},
		{name: "gzip", times: 6, serve: func(c *farmConn, tag string) bool { return c.write(coded("gzip", gzipped([]byte(tag)))) }},
		{name: "last", times: 5, serve: func(c *farmConn, tag string) bool {
			c.write(fmt.Sprintf("%sConnection: close\r\n\r\n%s", okLine, tag))
			return false
		}},
		{name: "slow", times: 5, serve: func(c *farmConn, tag string) bool { return c.pause(50*time.Millisecond) && c.answer("200 OK", tag) }},
		{name: "two answers", times: 5, serve: func(c *farmConn, tag string) bool {
			return c.write(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s%sContent-Length: 6\r\n\r\nPOISON", okLine, len(tag), tag, okLine))
		}},
		{name: "unavailable", code: 503, times: 5, serve: func(c *farmConn, tag string) bool { return c.answer("503 Service Unavailable", tag) }},
		{name: "redirect", times: 5, serve: func(c *farmConn, tag string) bool {
			return c.write(location(c.farm.url("echo", tag)))
		}},
		{name: "loop", kind: runtime.KindTooManyRedirects, times: 1, serve: func(c *farmConn, tag string) bool {
			return c.write(location(c.farm.url("loop", tag)))
		}},
		{name: "reset", kind: runtime.KindClosed, times: 4, serve: func(c *farmConn, _ string) bool { return c.reset() }},
		{name: "reset in body", kind: runtime.KindClosed, times: 3, serve: func(c *farmConn, tag string) bool {
			c.write(fmt.Sprintf("%sContent-Length: 1000\r\n\r\n%s", okLine, tag))
			return c.reset()
		}},
		{name: "cut", kind: runtime.KindIncompleteBody, times: 4, serve: func(c *farmConn, tag string) bool {
			c.write(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", okLine, len(tag)+1, tag))
			return false
		}},
		{name: "cut chunk", kind: runtime.KindIncompleteBody, times: 2, serve: func(c *farmConn, tag string) bool {
			c.write(chunked("fff\r\n" + tag))
			return false
		}},
		{name: "broken gzip", kind: runtime.KindDecode, times: 3, serve: func(c *farmConn, tag string) bool {
			data := gzipped([]byte(tag))
			data[len(data)-6] ^= 0xff // of the checksum
			return c.write(coded("gzip", data))
		}},
		{name: "garbage", kind: runtime.KindInvalidResponse, times: 2, serve: func(c *farmConn, tag string) bool {
			c.write("SSH-2.0-" + tag + "\r\n")
			return false
		}},
		{name: "silent", kind: runtime.KindReadTimeout, times: 1, serve: func(c *farmConn, _ string) bool { return c.hangup() }},
		{name: "refused", kind: runtime.KindConnect, times: 2},
		{name: "late", times: 1, serve: func(c *farmConn, tag string) bool {
			return c.answer("200 OK", tag) && c.farm.keep(c)
		}},
	}
}

// farm is a server for each deed, and one that speaks HTTP/2.
type farm struct {
	t         testing.TB
	deeds     []deed
	origins   map[string]string // by name: "http://127.0.0.1:port"
	listeners []net.Listener
	work      sync.WaitGroup

	mu   sync.Mutex
	over bool
	open map[net.Conn]bool
	idle map[*farmConn]bool // of "late", since their answer
}

// farmConn is a connection of the farm, on its server's side.
type farmConn struct {
	net.Conn
	farm *farm
	in   *bufio.Reader
}

func newFarm(t testing.TB, certificates *runtimetest.Certificates) *farm {
	t.Helper()
	f := &farm{t: t, deeds: farmDeeds(), origins: map[string]string{}, open: map[net.Conn]bool{}, idle: map[*farmConn]bool{}}
	for _, d := range f.deeds {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f.origins[d.name] = "http://" + l.Addr().String()
		if d.serve == nil { // nobody listens there
			_ = l.Close()
			continue
		}
		f.listeners = append(f.listeners, l)
		f.work.Go(func() { f.accept(l, d) })
	}
	second := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Query().Get("tag"))
	}))
	second.EnableHTTP2 = true
	second.TLS = &tls.Config{Certificates: []tls.Certificate{certificates.Good}, MinVersion: tls.VersionTLS12}
	second.StartTLS()
	f.deeds = append(f.deeds, deed{name: "second", times: 8})
	f.origins["second"] = second.URL
	t.Cleanup(func() {
		second.Close()
		f.close()
	})
	return f
}

func (f *farm) close() {
	for _, l := range f.listeners {
		_ = l.Close()
	}
	f.mu.Lock()
	f.over = true
	for c := range f.open {
		_ = c.Close()
	}
	f.mu.Unlock()
	f.work.Wait()
}

func (f *farm) url(name, tag string) string { return f.origins[name] + "/?tag=" + tag }

func (f *farm) accept(l net.Listener, d deed) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		c := &farmConn{Conn: nc, farm: f, in: bufio.NewReader(nc)}
		f.mu.Lock()
		if f.over {
			_ = nc.Close()
		}
		f.open[nc] = true
		f.mu.Unlock()
		f.work.Go(func() { f.attend(c, d) })
	}
}

func (f *farm) attend(c *farmConn, d deed) {
	defer func() {
		_ = c.Close()
		f.mu.Lock()
		delete(f.open, c.Conn)
		delete(f.idle, c)
		f.mu.Unlock()
	}()
	for {
		req, err := http.ReadRequest(c.in)
		if err != nil {
			return
		}
		f.mu.Lock()
		delete(f.idle, c)
		f.mu.Unlock()
		if _, err := io.Copy(io.Discard, req.Body); err != nil || !d.serve(c, req.URL.Query().Get("tag")) {
			return
		}
	}
}

// keep notes a connection that will be told something unasked.
func (f *farm) keep(c *farmConn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle[c] = true
	return true
}

// speakUnasked sends an answer to no request on every connection that waits
// for its next one, and returns on how many.
func (f *farm) speakUnasked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.idle {
		c.write(okLine + "Content-Length: 6\r\n\r\nPOISON")
	}
	return len(f.idle)
}

func (c *farmConn) write(text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil
}

func (c *farmConn) answer(status, body string) bool {
	return c.write(fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body))
}

func (c *farmConn) reset() bool {
	_ = c.Conn.(*net.TCPConn).SetLinger(0)
	return false
}

func (c *farmConn) pause(d time.Duration) bool {
	time.Sleep(d)
	return true
}

// hangup waits for the other side to do so.
func (c *farmConn) hangup() bool {
	_, _ = io.Copy(io.Discard, c.in)
	return false
}

// judge says what is wrong with the result of a request with that tag; "" if
// nothing is.
func (d *deed) judge(res *runtime.Result, tag string) string {
	switch {
	case d.kind != "" && res.Err == nil:
		return fmt.Sprintf("%s: status %d, body %.80q; want kind %s", d.name, res.Response.Status, res.Response.Content, d.kind)
	case d.kind != "" && res.Err.Kind != d.kind:
		return fmt.Sprintf("%s: %v; want kind %s", d.name, res.Err, d.kind)
	case d.kind != "":
		return ""
	case res.Err != nil:
		return fmt.Sprintf("%s: %v", d.name, res.Err)
	case !bytes.Equal(res.Response.Content, []byte(tag)):
		return fmt.Sprintf("%s: the body of %s is %.80q", d.name, tag, res.Response.Content)
	case res.Response.Status != or(d.code, 200):
		return fmt.Sprintf("%s: status %d", d.name, res.Response.Status)
	}
	return ""
}

// tagOf is a body that only the request with that number has, of a length of
// its own.
func tagOf(n int) string { return fmt.Sprintf("tag-%d-%s", n, strings.Repeat("x", n%97)) }
