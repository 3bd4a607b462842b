package faults_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/runtimetest"
)

// Rows 21 to 35. What is proved closer to the code:
//
//	row 24: TestTLSCertificateForClients, below
//	row 32: transport TestBodiesOverTLS
//	row 32: transport TestCloseNotify, for our own end
//	row 34: transport TestVerify
//	row 35: transport TestClientCertificates

// behindTLS serves connections over TLS.
func behindTLS(config *tls.Config, serve func(*runtimetest.Peer)) func(*testing.T, *fault) {
	return func(t *testing.T, c *fault) {
		trusting(t, c)
		c.serve = func(t *testing.T) (string, func() int) {
			script := runtimetest.ListenTLS(t, config, serve)
			return "https://" + script.Addr() + "/", func() int { return len(script.Requests()) }
		}
	}
}

// insteadOfTLS serves connections on which TLS is expected.
func insteadOfTLS(serve func(*runtimetest.Peer)) func(*testing.T, *fault) {
	return func(t *testing.T, c *fault) {
		trusting(t, c)
		c.serve = func(t *testing.T) (string, func() int) {
			url, hits := raw(serve)(t)
			return strings.Replace(url, "http:", "https:", 1), hits
		}
	}
}

// blurting sends text as soon as the client has begun.
func blurting(text string) func(*runtimetest.Peer) {
	return func(p *runtimetest.Peer) {
		p.Bytes(5)
		p.Write(text)
		p.Hangup()
	}
}

func TestTLS(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	old := runtimetest.Server(certs.Good)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	wantsOverH2 := certs.ServerWantsClient()
	wantsOverH2.NextProtos = []string{"h2"}
	refused := func(says string) want {
		return want{kinds: kinds(runtime.KindTLS), phase: runtime.PhaseTLS, sent: runtime.SentNo, within: time.Second, says: says, check: func(t *testing.T, res *runtime.Result) {
			if strings.Contains(res.Err.Message, "insecure") {
				t.Errorf("it advises against checks: %s", res.Err.Message)
			}
		}}
	}
	broken := want{kinds: kinds(runtime.KindClosed), phase: runtime.PhaseTLS, sent: runtime.SentNo, within: time.Second, check: func(t *testing.T, res *runtime.Result) {
		if !res.Err.Retryable {
			t.Error("it is not retryable")
		}
	}}
	stalled := want{kinds: kinds(runtime.KindConnectTimeout), phase: runtime.PhaseTLS, sent: runtime.SentNo, least: patience, within: time.Second}
	provoke(t, []fault{
		{rows: "21", name: "expired", arrange: behindTLS(runtimetest.Server(certs.Expired), greeting), want: refused("expired on 20")},
		{rows: "21", name: "not yet valid", arrange: behindTLS(runtimetest.Server(certs.NotYet), greeting), want: refused("not valid before 20")},
		{rows: "22", name: "wrong host", arrange: behindTLS(runtimetest.Server(certs.WrongHost), greeting), want: refused("but for other.test")},
		{rows: "23", name: "self-signed", arrange: behindTLS(runtimetest.Server(certs.SelfSigned), greeting), want: refused("--ca")},
		{rows: "23", name: "unknown authority", arrange: behindTLS(runtimetest.Server(certs.Stranger), greeting), want: refused("somebody else")},
		{rows: "25", name: "TLS 1.1", arrange: behindTLS(old, greeting), want: refused("version")},
		{rows: "26", name: "no common ALPN", arrange: behindTLS(runtimetest.Server(certs.Good, "spdy/3"), greeting), want: refused("protocol")},
		{rows: "27", name: "client certificate wanted", arrange: behindTLS(certs.ServerWantsClient(), greeting), want: want{kinds: kinds(runtime.KindTLS), within: time.Second, says: "client certificate"}},
		{rows: "27", name: "client certificate wanted over HTTP/2", arrange: behindTLS(wantsOverH2, greeting), ask: retrying(nil), want: want{kinds: kinds(runtime.KindTLS), within: time.Second, says: "client certificate"}},
		{rows: "28", name: "closes", arrange: insteadOfTLS(func(p *runtimetest.Peer) {
			p.Bytes(5)
			p.HalfClose()
			p.Hangup()
		}), want: broken},
		{rows: "28", name: "resets", arrange: insteadOfTLS(func(p *runtimetest.Peer) {
			p.Bytes(5)
			p.Reset()
		}), want: broken},
		{rows: "29", name: "silent", arrange: insteadOfTLS(func(p *runtimetest.Peer) { p.Hangup() }), want: stalled},
		{rows: "29", name: "drip", arrange: insteadOfTLS(func(p *runtimetest.Peer) {
			for _, b := range []byte("\x16\x03\x03\x10\x00" + strings.Repeat("\x00", 100)) {
				p.Write(string(b))
				time.Sleep(20 * time.Millisecond)
			}
		}), want: stalled},
		{rows: "30", name: "plain HTTP", arrange: insteadOfTLS(blurting("HTTP/1.1 400 Bad Request\r\n\r\n")), want: refused("does not speak TLS")},
		{rows: "30", name: "garbage", arrange: insteadOfTLS(blurting("hello hello hello")), want: refused("does not speak TLS")},
		{rows: "30", name: "alert", arrange: insteadOfTLS(blurting("\x15\x03\x03\x00\x02\x02\x28")), want: refused("handshake failure")},
		{rows: "30", name: "huge record", arrange: insteadOfTLS(blurting("\x16\x03\x03\xff\xff" + strings.Repeat("x", 0xffff))), want: refused("")},
		{rows: "31", name: "http to a TLS port", arrange: func(t *testing.T, c *fault) {
			behindTLS(runtimetest.Server(certs.Good), greeting)(t, c)
			serve := c.serve
			c.serve = func(t *testing.T) (string, func() int) {
				url, hits := serve(t)
				return strings.Replace(url, "https:", "http:", 1), hits
			}
		}, want: want{kinds: kinds(runtime.KindProtocol, runtime.KindClosed), within: time.Second}},
		{rows: "31", name: "the alert that answers http", serve: reply("\x15\x03\x01\x00\x02\x02\x16"), want: malformed(`\x15`)},
		{rows: "33", name: "bad record after the handshake", arrange: behindTLS(runtimetest.Server(certs.Good), func(p *runtimetest.Peer) {
			p.Request()
			_, _ = p.Conn.(*tls.Conn).NetConn().Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("x", 32)))
			p.Hangup()
		}), want: want{kinds: kinds(runtime.KindTLS), phase: runtime.PhaseWait, sent: runtime.SentMaybe, within: time.Second}},
	})
}

// Row 24: what a certificate is for counts too.
func TestTLSCertificateForClients(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	provoke(t, []fault{{rows: "24", name: "certificate for clients only", arrange: behindTLS(runtimetest.Server(certs.ClientOnly), greeting), want: want{
		kinds: kinds(runtime.KindTLS), phase: runtime.PhaseTLS, sent: runtime.SentNo, within: time.Second, says: "usage",
	}}})
}

// Rows 34 and 35: a connection serves only who would have opened it alike.
func TestTLSIdentities(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	cert, key := certs.ClientFiles(t)
	own := &runtime.Cert{Cert: cert, Key: key}
	wanted := func(t *testing.T, c *fault) {
		trusting(t, c)
		c.serve = func(t *testing.T) (string, func() int) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprint(w, len(r.TLS.PeerCertificates))
			}))
			server.TLS = runtimetest.Server(certs.Good)
			server.TLS.ClientAuth = tls.RequestClientCert
			server.StartTLS()
			t.Cleanup(server.Close)
			return server.URL, nil
		}
	}
	provoke(t, []fault{
		{rows: "34", name: "insecure for one request", arrange: func(t *testing.T, c *fault) {
			wanted(t, c)
			c.config.Transport.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
		}, ask: func(r *runtime.Request) {
			r.Options = &runtime.Options{Verify: &runtime.Verify{Off: true}}
		}, want: want{body: "0", check: func(t *testing.T, res *runtime.Result) {
			if _, err := again(t, res, &runtime.Request{Method: "GET", URL: res.Request.URL}); err == nil || err.Kind != runtime.KindTLS {
				t.Errorf("one that checks took the unchecked connection: %v", err)
			}
		}}},
		{rows: "35", name: "client certificates", arrange: wanted, ask: func(r *runtime.Request) {
			r.Options = &runtime.Options{Cert: own}
		}, settings: client.Settings{HTTPVersion: "1.1"}, want: want{body: "1", check: func(t *testing.T, res *runtime.Result) {
			without, err := again(t, res, &runtime.Request{Method: "GET", URL: res.Request.URL})
			if err != nil || string(without.Content) != "0" {
				t.Errorf("one without a certificate: %+v, %v", without, err)
			}
			with, err := again(t, res, &runtime.Request{Method: "GET", URL: res.Request.URL, Options: &runtime.Options{Cert: own}})
			if err != nil || string(with.Content) != "1" || !with.Reused {
				t.Errorf("another with it: %+v, %v", with, err)
			}
		}}},
	})
}
