package transport_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mccutchen/go-httpbin/v2/httpbin"
	"go.uber.org/goleak"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// to makes a GET to a URL, with the default timeouts of a client.
func to(t testing.TB, raw string) *transport.Exchange {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &transport.Exchange{
		Method: "GET", Scheme: u.Scheme, Host: u.Hostname(), Port: u.Port(), Target: u.RequestURI(),
		Header:         runtime.Header{{Name: "Host", Value: u.Host}, {Name: "User-Agent", Value: "volley/test"}},
		ConnectTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second,
	}
}

// open makes a Transport that is closed with the test, which must leave
// nothing behind.
func open(t testing.TB, config transport.Config) *transport.Transport {
	t.Helper()
	tr := transport.New(config)
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

// fetch does an exchange and reads its body.
func fetch(t testing.TB, tr *transport.Transport, x *transport.Exchange) (*transport.Reply, string, error) {
	t.Helper()
	reply, err := tr.Do(t.Context(), x)
	if err != nil {
		return nil, "", err
	}
	data, err := transport.ReadBody(reply.Body, reply.Length, 0)
	return reply, string(data), err
}

// must is fetch of an exchange that succeeds.
func must(t testing.TB, tr *transport.Transport, x *transport.Exchange) (*transport.Reply, string) {
	t.Helper()
	reply, body, err := fetch(t, tr, x)
	if err != nil {
		t.Fatalf("%s %s: %v", x.Method, x.Target, err)
	}
	return reply, body
}

// want is what an error must say.
type want struct {
	kind  runtime.Kind
	phase runtime.Phase
	sent  runtime.Sent
}

func (w want) check(t testing.TB, err error) *runtime.Error {
	t.Helper()
	var e *runtime.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an error of kind %s", err, w.kind)
	}
	sent := e.Sent
	if sent == "" {
		sent = runtime.SentNo
	}
	if e.Kind != w.kind || e.Phase != w.phase || sent != w.sent {
		t.Errorf("got kind %s, phase %s, sent %s (%v); want %s, %s, %s", e.Kind, e.Phase, sent, err, w.kind, w.phase, w.sent)
	}
	return e
}

func post(t testing.TB, raw, body string) *transport.Exchange {
	x := to(t, raw)
	x.Method, x.Data, x.Length = "POST", []byte(body), int64(len(body))
	x.Header.Add("Content-Type", "text/plain")
	return x
}

func TestHTTPBin(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	for _, c := range []struct {
		name, protocol string
		start          func(*httptest.Server)
		version        string
	}{
		{"plain", "HTTP/1.1", (*httptest.Server).Start, ""},
		{"tls", "HTTP/1.1", (*httptest.Server).StartTLS, "1.1"},
		{"h2", "HTTP/2.0", (*httptest.Server).StartTLS, ""},
		{"h2c", "HTTP/2.0", func(s *httptest.Server) {
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Start()
		}, "h2c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			server := httptest.NewUnstartedServer(httpbin.New())
			server.TLS = runtimetest.Server(certs.Good)
			server.EnableHTTP2 = true
			c.start(server)
			t.Cleanup(server.Close)
			tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
			route, err := tr.Route(transport.RouteConfig{Version: c.version})
			if err != nil {
				t.Fatal(err)
			}
			exercise(t, tr, route, server.URL, c.protocol)
		})
	}
}

// exercise runs the same requests over each protocol.
func exercise(t *testing.T, tr *transport.Transport, route *transport.Route, base, protocol string) {
	do := func(x *transport.Exchange) (*transport.Reply, string) {
		t.Helper()
		x.Route = route
		reply, body := must(t, tr, x)
		if reply.Protocol != protocol {
			t.Errorf("%s: protocol %s, want %s", x.Target, reply.Protocol, protocol)
		}
		return reply, body
	}
	first, body := do(to(t, base+"/get?a=1&b=%20"))
	if first.Status != 200 || !strings.Contains(body, `"a"`) || first.Reused || first.Timings.Connect == 0 {
		t.Errorf("first GET: %+v %s", first, body)
	}
	second, body := do(post(t, base+"/post", "hello"))
	if second.Status != 200 || !strings.Contains(body, "hello") || !second.Reused || second.Timings.Connect != 0 {
		t.Errorf("POST: %+v %s", second, body)
	}
	if r, body := do(post(t, base+"/post", strings.Repeat("x", 300<<10))); r.Status != 200 || len(body) < 300<<10 {
		t.Errorf("large POST: %d, %d bytes", r.Status, len(body))
	}
	if r, body := do(to(t, base+"/stream-bytes/100000?seed=1&chunk_size=777")); len(body) != 100000 || r.Length != -1 {
		t.Errorf("chunked: %d bytes, length %d", len(body), r.Length)
	}
	x := to(t, base+"/get")
	x.Method = "HEAD"
	if r, body := do(x); r.Status != 200 || body != "" {
		t.Errorf("HEAD: %d %q", r.Status, body)
	}
	if r, body := do(to(t, base+"/status/204")); r.Status != 204 || body != "" {
		t.Errorf("204: %d %q", r.Status, body)
	}
	if r, body := do(to(t, base+"/trailers?x=y")); r.Body.Trailer().Get("x") != "y" {
		t.Errorf("trailers: %v %s", r.Body.Trailer(), body)
	}
	if s := tr.Stats(); s.Dialled != 1 || s.Requests != 7 || s.Reused != 6 {
		t.Errorf("stats %+v, want one connection for 7 requests", s)
	}
}

func TestManyAtOnceShareTheirConnections(t *testing.T) {
	runtimetest.Leaks(t)
	const workers, each = 8, 30
	var mu sync.Mutex
	conns := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		conns[r.RemoteAddr] = true
		mu.Unlock()
		_, _ = w.Write([]byte(r.URL.RawQuery))
	}))
	t.Cleanup(server.Close)
	tr := open(t, transport.Config{})
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				query := url.Values{"q": {string(rune('a' + w)), string(rune('a' + i))}}.Encode()
				if _, body := must(t, tr, to(t, server.URL+"/?"+query)); body != query {
					t.Errorf("got the answer to %q, asked %q", body, query)
				}
			}
		})
	}
	all.Wait()
	s := tr.Stats()
	if s.Requests != workers*each || s.Dialled > workers || len(conns) > workers || s.Open > workers {
		t.Errorf("stats %+v and %d connections for %d workers", s, len(conns), workers)
	}
}

func TestCloseEndsWhatRuns(t *testing.T) {
	runtimetest.Leaks(t)
	reached := make(chan struct{})
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		p.Request()
		close(reached)
		p.Hangup()
	})
	tr := open(t, transport.Config{})
	failed := make(chan error)
	go func() {
		_, err := tr.Do(context.Background(), to(t, "http://"+script.Addr()+"/"))
		failed <- err
	}()
	<-reached
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	_ = want{runtime.KindCancelled, runtime.PhaseWait, runtime.SentMaybe}.check(t, <-failed)
	if _, err := tr.Do(t.Context(), to(t, "http://"+script.Addr()+"/")); err == nil {
		t.Error("a closed Transport took an exchange")
	}
	if open := tr.Stats().Open; open != 0 {
		t.Errorf("%d connections open after Close", open)
	}
}

func TestRoutesAreInterned(t *testing.T) {
	tr := open(t, transport.Config{})
	a, err := tr.Route(transport.RouteConfig{Proxy: "http://127.0.0.1:3128", Version: "auto"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := tr.Route(transport.RouteConfig{Proxy: "http://127.0.0.1:3128"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := tr.Route(transport.RouteConfig{VerifyOff: true})
	if err != nil {
		t.Fatal(err)
	}
	if a != b || a == other {
		t.Error("equal configs must give one Route, others another")
	}
	for _, c := range []struct {
		config transport.RouteConfig
		kind   runtime.Kind
		says   string
	}{
		{transport.RouteConfig{CA: "/nowhere/ca.pem"}, runtime.KindTLS, "/nowhere/ca.pem"},
		{transport.RouteConfig{Cert: "/nowhere/client.pem"}, runtime.KindTLS, "/nowhere/client.pem"},
		{transport.RouteConfig{Proxy: "http://:8080"}, runtime.KindProxy, "names no host"},
		{transport.RouteConfig{Proxy: "gopher://127.0.0.1"}, runtime.KindProxy, "gopher"},
		{transport.RouteConfig{Version: "3"}, runtime.KindInvalidArgument, "http_version"},
		{transport.RouteConfig{LocalAddr: "here"}, runtime.KindInvalidArgument, "here"},
		{transport.RouteConfig{Resolver: "dns.example"}, runtime.KindInvalidArgument, "ip:port"},
		{transport.RouteConfig{Override: "127.0.0.1"}, runtime.KindInvalidArgument, "host:port"},
	} {
		_, err := tr.Route(c.config)
		var e *runtime.Error
		if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Message, c.says) {
			t.Errorf("%+v: got %v, want kind %s with %q", c.config, err, c.kind, c.says)
		}
	}
}

// freePort returns a port on which nothing listens.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}
