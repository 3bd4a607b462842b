package client

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volley/runtime"
)

// unfollowed sends req without following and returns what it leads to.
func unfollowed(t *testing.T, x runtime.Executor, req *runtime.Request) *runtime.Request {
	t.Helper()
	options := runtime.Options{}
	if req.Options != nil {
		options = *req.Options
	}
	options.AllowRedirects = runtime.No
	off := *req
	off.Options = &options
	next := must(t, x, &off).Next
	if next == nil {
		t.Fatalf("%s leads nowhere", req.URL)
	}
	again := *next.Options
	again.AllowRedirects = runtime.Unset
	next.Options = &again
	return next
}

// TestNextCarriesWhatFollowingCarries sends the same request once with its
// redirects followed and once hop by hop.
func TestNextCarriesWhatFollowingCarries(t *testing.T) {
	url, other := serve(t, redirecting), serve(t, redirecting)
	with := func(url, userinfo string) string { return strings.Replace(url, "//", "//"+userinfo+"@", 1) }
	away := url + "/307?to=" + neturl.QueryEscape(other+"/end")
	for name, x := range map[string]struct {
		url  string
		auth runtime.Auth
	}{
		"same origin":                {url: url + "/307?to=/end"},
		"same origin, userinfo":      {url: with(url, "u%40:p%2F") + "/307?to=/end"},
		"same origin, auth":          {url: url + "/307?to=/end", auth: &Bearer{"t"}},
		"other origin":               {url: away},
		"other origin, userinfo":     {url: with(away, "u:p")},
		"other origin, auth":         {url: away, auth: &Bearer{"t"}},
		"other origin, its userinfo": {url: url + "/307?to=" + neturl.QueryEscape(with(other, "u:p")+"/end")},
		"there and back":             {url: url + "/307?to=" + neturl.QueryEscape(other+"/307?to="+url+"/end")},
	} {
		s := newSession(t, Settings{
			Header:        fields("X-Secret", "session", "Host", "custom.test"),
			SecretHeaders: []string{"X-Secret"},
			Params:        runtime.Params{Fields: fields("key", "k")},
		})
		if err := s.Jar().Set(Cookie{Name: "sid", Value: "1"}); err != nil {
			t.Fatal(err)
		}
		req := &runtime.Request{Method: "POST", URL: x.url, Body: &runtime.Bytes{Data: []byte("b")}, Options: &runtime.Options{Auth: x.auth, Cookies: fields("own", "2")}}
		if !strings.Contains(x.url, "@") && x.auth == nil {
			req.Header = fields("Authorization", "hand", "Proxy-Authorization", "proxy")
		}
		followed := must(t, s, req)
		resp := must(t, s, unfollowed(t, s, req))
		if got, want := resp.Header.Get("X-Seen"), followed.Header.Get("X-Seen"); got != want {
			t.Errorf("%s: through next the server saw %q, followed %q", name, got, want)
		}
		if got, want := string(resp.Content), string(followed.Content); got != want {
			t.Errorf("%s: through next %q, followed %q", name, got, want)
		}
		if seen := resp.Header.Get("X-Seen"); strings.HasPrefix(name, "same") == strings.HasPrefix(seen, ",") {
			t.Errorf("%s: the server saw %q", name, seen)
		}
	}
}

func TestNextTakesNewCredentials(t *testing.T) {
	url, other := serve(t, redirecting), serve(t, redirecting)
	s := newSession(t, Settings{Header: fields("Authorization", "session")})
	next := unfollowed(t, s, get(url+"/307?to="+neturl.QueryEscape(other+"/307?to=/end")))
	next.Options.Auth = &Bearer{"theirs"}
	if got := must(t, s, next).Header.Get("X-Seen"); !strings.HasPrefix(got, ",Bearer theirs,") {
		t.Errorf("credentials given for the new origin: it saw %q", got)
	}
	next = unfollowed(t, s, get(url+"/307?to="+neturl.QueryEscape(other+"/307?to="+url+"/end")))
	next.Header = fields("Authorization", "theirs")
	if got := must(t, s, next).Header.Get("X-Seen"); !strings.HasPrefix(got, ",,") {
		t.Errorf("credentials given for the new origin went on to the next: %q", got)
	}
}

// identified starts a TLS server that tells how many client certificates it
// was shown, and redirects for ?to=.
func identified(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			return
		}
		_, _ = fmt.Fprint(w, len(r.TLS.PeerCertificates))
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// certOf writes the server's own certificate to a file, to be shown by clients.
func certOf(t *testing.T, server *httptest.Server) *runtime.Cert {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	path := filepath.Join(t.TempDir(), "client.pem")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return &runtime.Cert{Cert: path}
}

func TestNextLeavesTheClientCertificate(t *testing.T) {
	server, other := identified(t), identified(t)
	cert, off := certOf(t, server), &runtime.Verify{Off: true}
	for name, x := range map[string]struct {
		session, request *runtime.Cert
	}{"session": {session: cert}, "request": {request: cert}} {
		s := newSession(t, Settings{Verify: off, Cert: x.session})
		for to, want := range map[string]string{"/": "1", other.URL + "/": "0"} {
			req := get(server.URL + "/?to=" + to)
			req.Options = &runtime.Options{Cert: x.request}
			if got := string(must(t, s, req).Content); got != want {
				t.Errorf("%s, followed to %s: %s certificates", name, to, got)
			}
			if got := string(must(t, s, unfollowed(t, s, req)).Content); got != want {
				t.Errorf("%s, next %s: %s certificates, want %s", name, to, got, want)
			}
		}
	}
}

// A certificate that is given for the new origin is shown there, and no
// further.
func TestNextTakesAClientCertificate(t *testing.T) {
	server, other := identified(t), identified(t)
	cert, off := certOf(t, server), &runtime.Verify{Off: true}
	s := newSession(t, Settings{Verify: off, Cert: cert})
	for path, want := range map[string]string{"/": "1", "/?to=" + neturl.QueryEscape(server.URL+"/"): "0"} {
		next := unfollowed(t, s, get(server.URL+"/?to="+neturl.QueryEscape(other.URL+path)))
		next.Options.Cert = cert
		if got := string(must(t, s, next).Content); got != want {
			t.Errorf("next %s: %s certificates, want %s", path, got, want)
		}
	}
}
