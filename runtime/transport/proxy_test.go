package transport_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elazarl/goproxy"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// proxied starts a real HTTP proxy that notes what it was asked.
func proxied(t *testing.T, config *tls.Config) (string, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	proxy := goproxy.NewProxyHttpServer()
	proxy.Logger = log.New(io.Discard, "", 0)
	proxy.Tr = &http.Transport{DisableKeepAlives: true}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization"))
		mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	if config != nil {
		server.TLS = config
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), asked...)
	}
}

func TestHTTPProxies(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	runtimetest.Leaks(t)
	var mu sync.Mutex
	var leaked []string
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		leaked = append(leaked, r.Header.Get("Proxy-Authorization"))
	})
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(handler)
	secure.TLS, secure.EnableHTTP2 = runtimetest.Server(certs.Good), true
	secure.StartTLS()
	t.Cleanup(secure.Close)
	const basic = "Basic dXNlcjpwYXNz"
	secureHost := strings.TrimPrefix(secure.URL, "https://")
	for _, c := range []struct {
		name, origin, version string
		tls                   *tls.Config
		asked, protocol       string
	}{
		{"http by http", plain.URL, "", nil, "GET " + plain.URL + "/x?y=1 " + basic, "HTTP/1.1"},
		{"http by https", plain.URL, "", runtimetest.Server(certs.Good), "GET " + plain.URL + "/x?y=1 " + basic, "HTTP/1.1"},
		{"https by http", secure.URL, "1.1", nil, "CONNECT " + secureHost + " " + basic, "HTTP/1.1"},
		{"https by https", secure.URL, "1.1", runtimetest.Server(certs.Good), "CONNECT " + secureHost + " " + basic, "HTTP/1.1"},
		{"h2 by http", secure.URL, "2", nil, "CONNECT " + secureHost + " " + basic, "HTTP/2.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxyURL, asked := proxied(t, c.tls)
			tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
			route, err := tr.Route(transport.RouteConfig{
				Proxy: strings.Replace(proxyURL, "://", "://user:pass@", 1), Version: c.version,
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 2 {
				x := to(t, c.origin+"/x?y=1")
				x.Route = route
				r, _ := must(t, tr, x)
				if r.Status != 200 || r.Protocol != c.protocol || r.Reused != (i == 1) {
					t.Errorf("got %d %s, reused %v", r.Status, r.Protocol, r.Reused)
				}
			}
			if got := asked()[0]; got != c.asked {
				t.Errorf("the proxy was asked %q, want %q", got, c.asked)
			}
			_ = tr.Close()
		})
	}
	mu.Lock()
	defer mu.Unlock()
	if all := strings.Join(leaked, ""); all != "" {
		t.Errorf("the origin saw %q", all)
	}
}

func TestProxyFaults(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	for _, c := range []struct {
		name      string
		serve     func(*runtimetest.Peer)
		kind      runtime.Kind
		says      string
		retryable bool
	}{
		{"407", reply("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"), runtime.KindProxy, "407", false},
		{"502", reply("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), runtime.KindProxy, "502", true},
		{"closes", reply(""), runtime.KindProxy, "closed", true},
		{"garbage", reply("nonsense\r\n\r\n"), runtime.KindProxy, "nonsense", false},
		{"speaks first", reply("HTTP/1.1 200 OK\r\n\r\n\x16\x03"), runtime.KindProxy, "before the tunnel", false},
		{"silent", stalling(""), runtime.KindConnectTimeout, "200ms", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			script := runtimetest.Listen(t, c.serve)
			tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
			x := to(t, "https://origin.test/")
			x.ConnectTimeout = 200 * time.Millisecond
			var err error
			if x.Route, err = tr.Route(transport.RouteConfig{Proxy: script.Addr()}); err != nil {
				t.Fatal(err)
			}
			_, err = tr.Do(t.Context(), x)
			e := want{c.kind, runtime.PhaseConnect, runtime.SentNo}.check(t, err)
			if !strings.Contains(e.Message, c.says) || e.Retryable != c.retryable {
				t.Errorf("message %q lacks %q, or retryable is %v", e.Message, c.says, e.Retryable)
			}
			if n := tr.Stats().Open; n != 0 {
				t.Errorf("%d connections open", n)
			}
		})
	}
	t.Run("refuses", func(t *testing.T) {
		tr := open(t, transport.Config{})
		x := to(t, "http://origin.test/")
		var err error
		if x.Route, err = tr.Route(transport.RouteConfig{Proxy: "127.0.0.1:" + freePort(t)}); err != nil {
			t.Fatal(err)
		}
		_, err = tr.Do(t.Context(), x)
		_ = want{runtime.KindProxy, runtime.PhaseConnect, runtime.SentNo}.check(t, err)
	})
}

func TestSocks(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	plain := runtimetest.Listen(t, answering)
	secure := runtimetest.ListenTLS(t, runtimetest.Server(certs.Good), answering)
	for _, c := range []struct{ scheme, url, target string }{
		{"socks5", "http://localhost:" + plain.Port() + "/", "127.0.0.1:" + plain.Port()},
		{"socks5h", "http://localhost:" + plain.Port() + "/", "localhost:" + plain.Port()},
		{"socks5h", "https://localhost:" + secure.Port() + "/", "localhost:" + secure.Port()},
	} {
		t.Run(c.scheme+" "+c.url[:5], func(t *testing.T) {
			proxy := runtimetest.ListenSocks(t, "user", "pass")
			tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
			x := to(t, c.url)
			var err error
			if x.Route, err = tr.Route(transport.RouteConfig{Proxy: c.scheme + "://user:pass@" + proxy.Addr()}); err != nil {
				t.Fatal(err)
			}
			must(t, tr, x)
			if r, _ := must(t, tr, x); !r.Reused {
				t.Error("the second request did not use the connection")
			}
			if got := proxy.Targets(); len(got) != 1 || got[0] != c.target {
				t.Errorf("the proxy was asked for %v, want %s", got, c.target)
			}
			y := to(t, c.url)
			if y.Route, err = tr.Route(transport.RouteConfig{Proxy: c.scheme + "://user:wrong@" + proxy.Addr()}); err != nil {
				t.Fatal(err)
			}
			_, err = tr.Do(t.Context(), y)
			_ = want{runtime.KindProxy, runtime.PhaseConnect, runtime.SentNo}.check(t, err)
			_ = tr.Close()
		})
	}
}
