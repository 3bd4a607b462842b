package client

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"volley/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient returns a Client that sees an empty environment.
func newClient(t testing.TB, config Config) *Client {
	t.Helper()
	if config.Environ == nil {
		config.Environ = func(string) string { return "" }
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func newSession(t testing.TB, settings Settings) *Session {
	t.Helper()
	s, err := newClient(t, Config{}).NewSession(settings)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve starts a server and returns its URL.
func serve(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// serveRaw answers each connection's first request with those bytes and
// closes it. It returns the URL and a func for the requests seen, whole.
func serveRaw(t testing.TB, answer string) (url string, seen func() []string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var requests []string
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer func() { _ = conn.Close() }()
				text := readRequest(conn)
				mu.Lock()
				requests = append(requests, text)
				mu.Unlock()
				_, _ = io.WriteString(conn, answer)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return "http://" + listener.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), requests...)
	}
}

// readRequest reads a head, and a body of announced length behind it.
func readRequest(conn net.Conn) string {
	r := bufio.NewReader(conn)
	var head strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			break
		}
		if value, ok := strings.CutPrefix(strings.ToLower(line), "content-length:"); ok {
			for _, c := range strings.TrimSpace(value) {
				length = length*10 + int(c-'0')
			}
		}
	}
	body := make([]byte, length)
	_, _ = io.ReadFull(r, body)
	return head.String() + string(body)
}

func get(url string) *runtime.Request { return &runtime.Request{Method: "GET", URL: url} }

// must sends a request that has to succeed.
func must(t testing.TB, x runtime.Executor, req *runtime.Request) *runtime.Response {
	t.Helper()
	resp, err := x.Do(context.Background(), req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return resp
}

// fails sends a request that has to fail with that kind.
func fails(t testing.TB, x runtime.Executor, req *runtime.Request, kind runtime.Kind) {
	t.Helper()
	_ = failure(t, x, req, kind)
}

// failure is fails for those who look at the error.
func failure(t testing.TB, x runtime.Executor, req *runtime.Request, kind runtime.Kind) *runtime.Error {
	t.Helper()
	resp, err := x.Do(context.Background(), req)
	if err == nil {
		_ = resp.Close()
		t.Fatalf("%s %s: got status %d, want an error of kind %s", req.Method, req.URL, resp.Status, kind)
	}
	var e *runtime.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T, want *runtime.Error", err)
	}
	if e.Kind != kind {
		t.Fatalf("%s: got %v, want kind %s", req.URL, err, kind)
	}
	if e.Request != req {
		t.Fatalf("the error's request is not the caller's")
	}
	return e
}

func wantText(t testing.TB, what, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("%s is %q, want it to contain %q", what, got, part)
		}
	}
}
