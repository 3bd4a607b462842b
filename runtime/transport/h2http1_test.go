package transport_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// A server may ask for HTTP/1.1 (RFC 9113 section 7): the request goes there
// once more, unless the caller insists on HTTP/2.
func TestH2WantsHTTP1(t *testing.T) {
	runtimetest.Leaks(t)
	certs := runtimetest.NewCertificates(t)
	var offered []string
	config := runtimetest.Server(certs.Good)
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		offered = append(offered, strings.Join(hello.SupportedProtos, " "))
		return runtimetest.Server(certs.Good, hello.SupportedProtos[0]), nil
	}
	script := runtimetest.ListenTLS(t, config, func(p *runtimetest.Peer) {
		if p.Index == 1 {
			p.Request()
			p.Write(two)
			p.Hangup()
			return
		}
		f := runtimetest.BeginH2(p)
		_ = f.WriteRSTStream(f.Request(), http2.ErrCodeHTTP11Required)
		f.Idle()
	})
	tr := h2Transport(t)
	url := "https://" + script.Addr() + "/"
	r, body := must(t, tr, post(t, url, "x"))
	if r.Protocol != "HTTP/1.1" || body != "hi" || len(script.Requests()) != 2 {
		t.Errorf("got %q over %s after %d requests", body, r.Protocol, len(script.Requests()))
	}
	x := post(t, url, "x")
	var err error
	if x.Route, err = tr.Route(transport.RouteConfig{Version: "2"}); err != nil {
		t.Fatal(err)
	}
	_, _, err = fetch(t, tr, x)
	e := want{runtime.KindInvalidResponse, runtime.PhaseWait, runtime.SentMaybe}.check(t, err)
	if !strings.Contains(e.Message, "http_version") {
		t.Errorf("message %q", e.Message)
	}
	if got := strings.Join(offered, ", "); got != "h2 http/1.1, http/1.1, h2" {
		t.Errorf("the connections offered %s", got)
	}
	_ = tr.Close()
}
