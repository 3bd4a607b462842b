package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mccutchen/go-httpbin/v2/httpbin"

	"volley/runtime"
	"volley/runtime/transport"
)

func TestHTTPBin(t *testing.T) {
	url := serve(t, httpbin.New().ServeHTTP)
	s := newSession(t, Settings{})
	for path, want := range map[string]string{
		"/gzip": `"gzipped": true`, "/deflate": `"deflated": true`, "/encoding/utf8": "∮", "/get?a=1": `"a"`,
		"/redirect/5": `"url"`, "/absolute-redirect/3": `"url"`, "/relative-redirect/3": `"url"`, "/stream/3": `"id":2`,
		"/cookies/set?k=v": `"k": "v"`, "/range/26": "abcdefghijklmnopqrstuvwxyz", "/trailers": "ok",
		"/drip?numbytes=5&duration=0.05&delay=0": "*****", "/anything": `"volley/dev"`,
	} {
		resp := must(t, s, get(url+path))
		text, _ := Text(resp.Content, resp.Header.Get("Content-Type"), "")
		if resp.Status != 200 || !strings.Contains(text, want) && path != "/trailers" {
			t.Errorf("%s: %d %.300s", path, resp.Status, text)
		}
	}
	if v, ok := s.Jar().Get("k", "", ""); !ok || v != "v" {
		t.Errorf("the jar has %q", v)
	}
	basic := get(url + "/basic-auth/u/p")
	basic.Options = &runtime.Options{Auth: &Basic{User: "u", Password: "p"}}
	if resp := must(t, s, basic); resp.Status != 200 {
		t.Errorf("basic auth: %d", resp.Status)
	}
	if resp := must(t, s, get(url+"/status/418")); resp.Status != 418 || resp.OK() {
		t.Errorf("got %d", resp.Status)
	}
}

// secure starts a TLS server and returns a Client that trusts it.
func secure(t *testing.T, handler http.HandlerFunc) (string, *Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server.URL, newClient(t, Config{Transport: transport.Config{TLS: &tls.Config{RootCAs: roots}}})
}

func TestHTTPS(t *testing.T) {
	plain := serve(t, redirecting)
	url, c := secure(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, plain+"/end", http.StatusTemporaryRedirect)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(append([]byte(r.Proto+" "+r.Host+" "), body...))
	})
	for version, proto := range map[string]string{"": "HTTP/2.0", "1.1": "HTTP/1.1", "2": "HTTP/2.0"} {
		req := post(url, oneShot("a", "b"))
		req.Options = &runtime.Options{HTTPVersion: version}
		resp := must(t, c, req)
		want := proto + " " + strings.TrimPrefix(url, "https://") + " ab"
		if resp.Protocol != proto || string(resp.Content) != want {
			t.Errorf("version %q: %s %q", version, resp.Protocol, resp.Content)
		}
	}
	down := get(url + "/down")
	down.Header = fields("Authorization", "secret", "Cookie", "a=1")
	resp := must(t, c, down)
	if got := resp.Header.Get("X-Seen"); !strings.HasPrefix(got, ",,") {
		t.Errorf("https → http: the server saw %q", got)
	}
	fails(t, newClient(t, Config{}), get(url), runtime.KindTLS)
	must(t, newClient(t, Config{Insecure: true}), get(url))
}

func TestTimeouts(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hop":
			http.Redirect(w, r, "/wait", http.StatusFound)
		case "/body":
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			<-release
		default:
			<-release
		}
	})
	defer close(release)
	c := newClient(t, Config{})
	with := func(path string, timeout runtime.Timeout) *runtime.Request {
		req := get(url + path)
		req.Options = &runtime.Options{Timeout: &timeout}
		return req
	}
	const short = 50 * time.Millisecond
	fails(t, c, with("/wait", runtime.Timeout{Read: short}), runtime.KindReadTimeout)
	err := failure(t, c, with("/hop", runtime.Timeout{Total: short}), runtime.KindTotalTimeout)
	if err.Timings.Total < short {
		t.Errorf("the error's total is %v", err.Timings.Total)
	}
	err = failure(t, c, with("/body", runtime.Timeout{Read: short}), runtime.KindReadTimeout)
	if err.Response == nil || !err.Response.Partial || string(err.Response.Content) != "half" {
		t.Errorf("the part that came: %+v", err.Response)
	}
	resp, failed := c.Do(t.Context(), streamed(with("/body", runtime.Timeout{Read: short})))
	if failed != nil {
		t.Fatal(failed)
	}
	_, failed = io.ReadAll(resp.Stream)
	if e := runtime.AsError(failed); e == nil || e.Kind != runtime.KindReadTimeout || e.Request == nil {
		t.Errorf("streamed: %v", failed)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(runtime.Errorf(runtime.KindBatchTimeout, "the batch ran out of time"))
	_, failed = c.Do(ctx, get(url+"/wait"))
	if e := runtime.AsError(failed); e.Kind != runtime.KindBatchTimeout {
		t.Errorf("cancelled: %v", failed)
	}
}

// TestHookTimeIsFree checks that a hook's own time is not charged to the
// request: it takes longer than the total timeout.
func TestHookTimeIsFree(t *testing.T) {
	url := serve(t, redirecting)
	const total = 100 * time.Millisecond
	req := get(url + "/302?to=/end")
	req.Options = &runtime.Options{Timeout: &runtime.Timeout{Total: total}}
	req.Hooks = &runtime.Hooks{Response: func(context.Context, *runtime.Response) (*runtime.Response, error) {
		<-time.After(total + 20*time.Millisecond)
		return nil, nil
	}}
	if resp := must(t, newClient(t, Config{}), req); len(resp.History) != 1 || resp.Timings.Total > total {
		t.Errorf("total is %v", resp.Timings.Total)
	}
}

func TestNetrc(t *testing.T) {
	n := ParseNetrc("# a comment\nmachine h.test login me password #s3cret\n" +
		"machine x.test\n\tlogin \"with space\"\n\taccount a\n\tpassword p\nmachine empty.test\nmachine h.test login second password x\n" +
		"macdef init\nmachine evil.test login e password e\n\n" +
		"default login anonymous password guest\n")
	for host, want := range map[string]Basic{
		"h.test": {User: "me", Password: "#s3cret"}, "x.test": {User: "with space", Password: "p"},
		"empty.test": {User: "anonymous", Password: "guest"}, "evil.test": {User: "anonymous", Password: "guest"}, "sub.h.test": {User: "anonymous", Password: "guest"},
	} {
		if got, ok := n.Credentials(host, "80"); !ok || got != want {
			t.Errorf("%s: got %+v %v, want %+v", host, got, ok, want)
		}
	}
	if _, ok := ParseNetrc("machine h login").Credentials("x", "80"); ok {
		t.Error("a file without a default has one")
	}
	for _, host := range []string{"x", "sub.h", "hh"} {
		if got, ok := ParseNetrc("machine h login a password b").Credentials(host, "80"); ok {
			t.Errorf("%s gets %+v, which is another host's", host, got)
		}
	}
}
