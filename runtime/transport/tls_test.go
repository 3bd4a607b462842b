package transport_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// answering is a serve func that answers every request.
func answering(p *runtimetest.Peer) {
	for {
		p.Request()
		p.Write(two)
	}
}

func TestTLSFaults(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	old := runtimetest.Server(certs.Good)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	tlsWant := want{runtime.KindTLS, runtime.PhaseTLS, runtime.SentNo}
	for _, c := range []struct {
		name      string
		server    *tls.Config
		serve     func(*runtimetest.Peer) // nil server: plain TCP
		want      want
		says      string
		retryable bool
	}{
		{"expired", runtimetest.Server(certs.Expired), answering, tlsWant, "expired on " + time.Now().Format("2006-"), false},
		{"not yet valid", runtimetest.Server(certs.NotYet), answering, tlsWant, "not valid before", false},
		{"wrong host", runtimetest.Server(certs.WrongHost), answering, tlsWant, "not for 127.0.0.1 but for other.test", false},
		{"self-signed", runtimetest.Server(certs.SelfSigned), answering, tlsWant, "--ca", false},
		{"unknown authority", runtimetest.Server(certs.Stranger), answering, tlsWant, "somebody else", false},
		{"TLS 1.1", old, answering, tlsWant, "version", false},
		{"no common ALPN", runtimetest.Server(certs.Good, "spdy/3"), answering, tlsWant, "no application protocol", false},
		{"plain HTTP", nil, func(p *runtimetest.Peer) {
			p.Write("HTTP/1.1 400 Bad Request\r\n\r\n")
			p.Hangup()
		}, tlsWant, "does not speak TLS", false},
		{"closes", nil, func(p *runtimetest.Peer) { p.Bytes(5); p.HalfClose(); p.Hangup() }, want{runtime.KindClosed, runtime.PhaseTLS, runtime.SentNo}, "closed", true},
		{"resets", nil, func(p *runtimetest.Peer) { p.Bytes(5); p.Reset() }, want{runtime.KindClosed, runtime.PhaseTLS, runtime.SentNo}, "reset", true},
		{"silent", nil, func(p *runtimetest.Peer) { p.Hangup() }, want{runtime.KindConnectTimeout, runtime.PhaseTLS, runtime.SentNo}, "200ms", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			var script *runtimetest.Script
			if c.server != nil {
				script = runtimetest.ListenTLS(t, c.server, c.serve)
			} else {
				script = runtimetest.Listen(t, c.serve)
			}
			tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
			x := to(t, "https://"+script.Addr()+"/")
			if c.retryable {
				x.ConnectTimeout = 200 * time.Millisecond
			}
			_, _, err := fetch(t, tr, x)
			e := c.want.check(t, err)
			if !strings.Contains(e.Message, c.says) || e.Retryable != c.retryable {
				t.Errorf("message %q lacks %q, or retryable is %v", e.Message, c.says, e.Retryable)
			}
			if n := tr.Stats().Open; n != 0 {
				t.Errorf("%d connections open", n)
			}
		})
	}
}

// TLS 1.3 tells of a missing client certificate on the first read only.
func TestClientCertificates(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	script := runtimetest.ListenTLS(t, certs.ServerWantsClient(), answering)
	tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
	url := "https://" + script.Addr() + "/"
	_, _, err := fetch(t, tr, to(t, url))
	if e := runtime.AsError(err); e == nil || e.Kind != runtime.KindTLS || !strings.Contains(e.Message, "client certificate") {
		t.Errorf("got %v", err)
	}
	cert, key := certs.ClientFiles(t)
	x := to(t, url)
	if x.Route, err = tr.Route(transport.RouteConfig{Cert: cert, Key: key}); err != nil {
		t.Fatal(err)
	}
	must(t, tr, x)
	// What one route opened, another does not use.
	if _, _, err := fetch(t, tr, to(t, url)); err == nil {
		t.Error("a connection with a client certificate served a request without one")
	}
}

// TestConnectionState has replies of either version tell of their TLS, the
// same for all of a connection.
func TestConnectionState(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	for _, c := range []struct{ version, alpn string }{{"1.1", ""}, {"", "h2"}} {
		t.Run("version "+c.version, func(t *testing.T) {
			runtimetest.Leaks(t)
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.TLS = runtimetest.Server(certs.Good)
			server.EnableHTTP2 = true
			server.StartTLS()
			t.Cleanup(server.Close)
			tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
			route, err := tr.Route(transport.RouteConfig{Version: c.version})
			if err != nil {
				t.Fatal(err)
			}
			x := to(t, server.URL)
			x.Route = route
			first, _ := must(t, tr, x)
			if first.TLS == nil || first.TLS.NegotiatedProtocol != c.alpn || len(first.TLS.PeerCertificates) == 0 {
				t.Fatalf("got %+v", first.TLS)
			}
			x = to(t, server.URL)
			x.Route = route
			if again, _ := must(t, tr, x); !again.Reused || again.TLS != first.TLS {
				t.Errorf("reused %v, the same state %v", again.Reused, again.TLS == first.TLS)
			}
		})
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	if reply, _ := must(t, open(t, transport.Config{}), to(t, plain.URL)); reply.TLS != nil {
		t.Errorf("got %+v", reply.TLS)
	}
}

func TestVerify(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	script := runtimetest.ListenTLS(t, runtimetest.Server(certs.Good), answering)
	wrong := runtimetest.ListenTLS(t, runtimetest.Server(certs.WrongHost), answering)
	tr := open(t, transport.Config{})
	folder := t.TempDir()
	file := certs.CAFile(t)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a.pem"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		addr   string
		config transport.RouteConfig
		ok     bool
	}{
		{"system roots", script.Addr(), transport.RouteConfig{}, false},
		{"off", script.Addr(), transport.RouteConfig{VerifyOff: true}, true},
		{"file", script.Addr(), transport.RouteConfig{CA: file}, true},
		{"folder", script.Addr(), transport.RouteConfig{CA: folder}, true},
		{"back to system roots", script.Addr(), transport.RouteConfig{}, false},
		{"another server name", wrong.Addr(), transport.RouteConfig{CA: file, SNI: "other.test"}, true},
		{"no HTTP/2 there", script.Addr(), transport.RouteConfig{CA: file, Version: "2"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := to(t, "https://"+c.addr+"/")
			var err error
			if x.Route, err = tr.Route(c.config); err != nil {
				t.Fatal(err)
			}
			_, _, err = fetch(t, tr, x)
			if (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
			if err != nil && runtime.AsError(err).Kind != runtime.KindTLS {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := tr.Route(transport.RouteConfig{CA: folder + "/none.pem"}); err == nil {
		t.Error("a missing CA file was accepted")
	}
}

func TestBodiesOverTLS(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	for _, c := range []struct {
		name, answer string
		kind         runtime.Kind // "": a body, its end unmarked
	}{
		{"cut without close_notify", ok + "\r\nabc", ""},
		{"cut before its length", ok + "Content-Length: 10\r\n\r\nabc", runtime.KindIncompleteBody},
		{"cut inside chunks", chunks("3\r\nabc\r\n"), runtime.KindIncompleteBody},
	} {
		t.Run(c.name, func(t *testing.T) {
			script := runtimetest.ListenTLS(t, runtimetest.Server(certs.Good), func(p *runtimetest.Peer) {
				p.Request()
				p.Write(c.answer)
				p.Sever()
			})
			tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
			r, body, err := fetch(t, tr, to(t, "https://"+script.Addr()+"/"))
			if body != "abc" && r != nil {
				t.Errorf("body %q", body)
			}
			if c.kind == "" {
				if err != nil || !r.Body.EndUnmarked() {
					t.Errorf("got %v", err)
				}
				return
			}
			_ = want{c.kind, runtime.PhaseBody, runtime.SentYes}.check(t, err)
		})
	}
}

func TestBadRecordAfterTheHandshake(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	script := runtimetest.ListenTLS(t, runtimetest.Server(certs.Good), func(p *runtimetest.Peer) {
		p.Request()
		_, _ = p.Conn.(*tls.Conn).NetConn().Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("x", 32)))
		p.Hangup()
	})
	tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
	_, _, err := fetch(t, tr, to(t, "https://"+script.Addr()+"/"))
	_ = want{runtime.KindTLS, runtime.PhaseWait, runtime.SentMaybe}.check(t, err)
}

func TestPlainToTLSPort(t *testing.T) {
	runtimetest.Leaks(t)
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	tr := open(t, transport.Config{})
	r, body := must(t, tr, to(t, strings.Replace(server.URL, "https:", "http:", 1)))
	if r.Status != 400 || !strings.Contains(body, "HTTPS server") {
		t.Errorf("got %d %q", r.Status, body)
	}
}
