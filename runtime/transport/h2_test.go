package transport_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// h2Faults are the errors of net/http's HTTP/2, each provoked.
var h2Faults = []struct {
	name  string
	serve func(*frames)
	want  want
	says  string
	conns int // 0: any
}{
	{"reset before the headers", func(f *frames) {
		_ = f.WriteRSTStream(f.Request(), http2.ErrCodeInternal)
		f.Idle()
	}, want{runtime.KindInvalidResponse, runtime.PhaseWait, runtime.SentMaybe}, "INTERNAL_ERROR", 1},
	{"refused always", func(f *frames) {
		for {
			_ = f.WriteRSTStream(f.Request(), http2.ErrCodeRefusedStream)
		}
	}, want{runtime.KindClosed, runtime.PhaseWait, runtime.SentNo}, "REFUSED_STREAM", 1},
	{"goaway always", func(f *frames) {
		f.Request()
		_ = f.WriteGoAway(0, http2.ErrCodeNo, nil)
		f.Idle()
	}, want{runtime.KindClosed, runtime.PhaseWait, runtime.SentNo}, "GOAWAY", 7},
	{"calm down", func(f *frames) {
		_ = f.WriteGoAway(f.Request(), http2.ErrCodeEnhanceYourCalm, nil)
		f.Peer.Sever()
	}, want{runtime.KindClosed, runtime.PhaseWait, runtime.SentMaybe}, "ENHANCE_YOUR_CALM", 1},
	{"closed before the headers", func(f *frames) {
		f.Request()
	}, want{runtime.KindClosed, runtime.PhaseWait, runtime.SentMaybe}, "closed", 1},
	{"silence", func(f *frames) {
		f.Request()
		f.Idle()
	}, want{runtime.KindReadTimeout, runtime.PhaseWait, runtime.SentMaybe}, "500ms", 1},
	{"large headers", func(f *frames) {
		s := f.Request()
		for range 20 {
			f.Answer(s, false, ":status", "103", "link", strings.Repeat("x", 15<<10))
		}
		f.Idle()
	}, want{runtime.KindHeadersTooLarge, runtime.PhaseHeaders, runtime.SentYes}, "limit", 1},
	{"no status", func(f *frames) {
		f.Answer(f.Request(), true, "a", "b")
		f.Idle()
	}, want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "status", 1},
	{"no HTTP/2 at all", func(f *frames) {
		f.Request()
		f.Peer.Write("HTTP/1.1 400 Bad Request\r\n\r\n")
		f.Idle()
	}, want{runtime.KindInvalidResponse, runtime.PhaseWait, runtime.SentMaybe}, "HTTP/1.1", 1},
	{"bad frame", func(f *frames) {
		s := f.Request()
		_ = f.WriteRawFrame(http2.FrameData, 0, 0, []byte("x"))
		_ = s
		f.Idle()
	}, want{runtime.KindInvalidResponse, runtime.PhaseWait, runtime.SentMaybe}, "PROTOCOL_ERROR", 1},
	{"reset in the body", func(f *frames) {
		s := f.Request()
		f.Answer(s, false, ":status", "200")
		_ = f.WriteData(s, false, []byte("abc"))
		_ = f.WriteRSTStream(s, http2.ErrCodeInternal)
		f.Idle()
	}, want{runtime.KindIncompleteBody, runtime.PhaseBody, runtime.SentYes}, "INTERNAL_ERROR", 1},
	{"closed in the body", func(f *frames) {
		s := f.Request()
		f.Answer(s, false, ":status", "200")
		_ = f.WriteData(s, false, []byte("abc"))
	}, want{runtime.KindIncompleteBody, runtime.PhaseBody, runtime.SentYes}, "", 1},
	{"short of its length", func(f *frames) {
		s := f.Request()
		f.Answer(s, false, ":status", "200", "content-length", "10")
		_ = f.WriteData(s, true, []byte("abc"))
		f.Idle()
	}, want{runtime.KindIncompleteBody, runtime.PhaseBody, runtime.SentYes}, "", 1},
	{"beyond its length", func(f *frames) {
		s := f.Request()
		f.Answer(s, false, ":status", "200", "content-length", "1")
		_ = f.WriteData(s, true, []byte("abc"))
		f.Idle()
	}, want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, "Content-Length", 1},
	{"stall in the body", func(f *frames) {
		s := f.Request()
		f.Answer(s, false, ":status", "200")
		_ = f.WriteData(s, false, []byte("abc"))
		f.Idle()
	}, want{runtime.KindReadTimeout, runtime.PhaseBody, runtime.SentYes}, "500ms", 1},
}

func TestH2Faults(t *testing.T) {
	for _, c := range h2Faults {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			script := runtimetest.ListenH2(t, c.serve)
			tr := h2Transport(t)
			x := post(t, "https://"+script.Addr()+"/", "")
			x.ReadTimeout = 500 * time.Millisecond
			_, _, err := fetch(t, tr, x)
			e := c.want.check(t, err)
			if !strings.Contains(e.Message, c.says) {
				t.Errorf("message %q lacks %q", e.Message, c.says)
			}
			if e.Calm != (c.name == "calm down") {
				t.Errorf("calm %v", e.Calm)
			}
			if c.conns > 0 && script.Conns() != c.conns {
				t.Errorf("%d connections, want %d", script.Conns(), c.conns)
			}
			_ = tr.Close()
		})
	}
}

// What the server vouches not to have touched is sent again, POST included.
func TestH2Unprocessed(t *testing.T) {
	for _, c := range []struct {
		name   string
		refuse func(*frames, uint32)
		conns  int
	}{
		{"goaway once", func(f *frames, _ uint32) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) }, 2},
		{"refused once", func(f *frames, s uint32) { _ = f.WriteRSTStream(s, http2.ErrCodeRefusedStream) }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			var tries atomic.Int32
			script := runtimetest.ListenH2(t, func(f *frames) {
				for {
					s := f.Request()
					if tries.Add(1) == 1 {
						c.refuse(f, s)
						continue
					}
					f.Answer(s, true, ":status", "200")
				}
			})
			tr := h2Transport(t)
			r, _ := must(t, tr, post(t, "https://"+script.Addr()+"/", "x"))
			if r.Status != 200 || tries.Load() != 2 || script.Conns() != c.conns {
				t.Errorf("status %d after %d tries on %d connections", r.Status, tries.Load(), script.Conns())
			}
			_ = tr.Close()
		})
	}
}

func TestH2ShareOneConnection(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	const limit, workers, each = 5, 20, 10
	var mu sync.Mutex
	conns := map[string]bool{}
	var now, most atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		mu.Lock()
		conns[r.RemoteAddr] = true
		mu.Unlock()
		_, _ = io.WriteString(w, r.URL.RawQuery)
	}))
	server.TLS, server.EnableHTTP2 = runtimetest.Server(certs.Good), true
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: limit}
	server.StartTLS()
	t.Cleanup(server.Close)
	tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
	must(t, tr, to(t, server.URL+"/"))
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				query := fmt.Sprintf("%d-%d", w, i)
				if r, body := must(t, tr, to(t, server.URL+"/?"+query)); body != query || r.Protocol != "HTTP/2.0" {
					t.Errorf("asked %q, got %q over %s", query, body, r.Protocol)
				}
			}
		})
	}
	all.Wait()
	if len(conns) != 1 || most.Load() > limit {
		t.Errorf("%d connections, %d streams at once", len(conns), most.Load())
	}
	if s := tr.Stats(); s.Dialled != 1 || s.Requests != workers*each+1 || s.Reused != workers*each {
		t.Errorf("stats %+v", s)
	}
	_ = tr.Close()
}

// A burst at an origin of which nothing is known opens one connection.
func TestH2BurstAtFirst(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS, server.EnableHTTP2 = runtimetest.Server(certs.Good), true
	server.StartTLS()
	t.Cleanup(server.Close)
	tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() { must(t, tr, to(t, server.URL+"/")) })
	}
	all.Wait()
	if s := tr.Stats(); s.Dialled != 1 {
		t.Errorf("%d connections for a burst, want 1", s.Dialled)
	}
	_ = tr.Close()
}

// Cancelling or closing one stream leaves the others alone.
func TestH2StreamsAreIndependent(t *testing.T) {
	runtimetest.Leaks(t)
	reached, release := make(chan struct{}), make(chan struct{})
	certs := runtimetest.NewCertificates(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			close(reached)
			<-r.Context().Done()
		case "/endless":
			for r.Context().Err() == nil {
				_, _ = w.Write(make([]byte, 10<<10))
			}
		default:
			<-release
			_, _ = io.WriteString(w, "hi")
		}
	}))
	server.TLS, server.EnableHTTP2 = runtimetest.Server(certs.Good), true
	server.StartTLS()
	t.Cleanup(server.Close)
	tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
	other := make(chan error, 1)
	go func() {
		_, body, err := fetch(t, tr, to(t, server.URL+"/"))
		if err == nil && body != "hi" {
			err = fmt.Errorf("got %q", body)
		}
		other <- err
	}()
	ctx, cancel := context.WithCancelCause(t.Context())
	hung := make(chan error, 1)
	go func() {
		_, err := tr.Do(ctx, to(t, server.URL+"/hang"))
		hung <- err
	}()
	<-reached
	cancel(runtime.Errorf(runtime.KindBatchTimeout, "over"))
	_ = want{runtime.KindBatchTimeout, runtime.PhaseWait, runtime.SentMaybe}.check(t, <-hung)
	r, err := tr.Do(t.Context(), to(t, server.URL+"/endless"))
	if err != nil {
		t.Fatal(err)
	}
	var b [10]byte
	if _, err := r.Body.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	close(release)
	if err := <-other; err != nil {
		t.Error(err)
	}
	if s := tr.Stats(); s.Dialled != 1 {
		t.Errorf("%d connections", s.Dialled)
	}
	_ = tr.Close()
}

// A stream of the peer's that ends while the connection drains does not keep
// the next request waiting: it goes to a new connection.
func TestH2GoAwayDuringABody(t *testing.T) {
	runtimetest.Leaks(t)
	release := make(chan struct{})
	script := runtimetest.ListenH2(t, func(f *frames) {
		s := f.Request()
		if f.Peer.Index > 0 {
			f.Answer(s, true, ":status", "204")
			f.Idle()
			return
		}
		f.Answer(s, false, ":status", "200")
		_ = f.WriteGoAway(s, http2.ErrCodeNo, nil)
		f.Peer.Await(release)
		_ = f.WriteData(s, true, []byte("hi"))
		f.Idle()
	})
	tr := h2Transport(t)
	first, err := tr.Do(t.Context(), to(t, "https://"+script.Addr()+"/"))
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := must(t, tr, to(t, "https://"+script.Addr()+"/")); r.Status != 204 {
		t.Errorf("got %d", r.Status)
	}
	close(release)
	if data, err := transport.ReadBody(first.Body, first.Length, 0); err != nil || string(data) != "hi" {
		t.Errorf("got %q, %v", data, err)
	}
	_ = tr.Close()
}

func TestH2RequestAsSent(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	var mu sync.Mutex
	var got []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		got = append(got, fmt.Sprintf("%s %s %s %v %q %v", r.Method, r.RequestURI, r.Host, r.Header, body, r.ContentLength))
	}))
	server.TLS, server.EnableHTTP2 = runtimetest.Server(certs.Good), true
	server.StartTLS()
	t.Cleanup(server.Close)
	tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
	x := post(t, server.URL+"/", "abc")
	x.Target = "//a%2Fb?x=%zz&y"
	x.Header = runtime.Header{
		{Name: "Host", Value: "given.test"},
		{Name: "X-A", Value: "1"},
		{Name: "x-a", Value: "2"},
		{Name: "Connection", Value: "keep-alive"},
		{Name: "Content-Length", Value: "3"},
	}
	must(t, tr, x)
	if want := `POST //a%2Fb?x=%zz&y given.test map[Content-Length:[3] X-A:[1 2]] "abc" 3`; got[0] != want {
		t.Errorf("got  %s\nwant %s", got[0], want)
	}
	_ = tr.Close()
}

// A server that grants no streams costs a bounded number of connections.
func TestH2NoStreams(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.ListenH2(t, func(f *frames) { f.Idle() }, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0})
	tr := h2Transport(t)
	x := post(t, "https://"+script.Addr()+"/", "x")
	x.ReadTimeout = 500 * time.Millisecond
	_, _, err := fetch(t, tr, x)
	e := runtime.AsError(err)
	if e == nil || e.Kind != runtime.KindReadTimeout && e.Kind != runtime.KindClosed || script.Conns() > 16 {
		t.Errorf("got %v after %d connections", err, script.Conns())
	}
	_ = tr.Close()
}
