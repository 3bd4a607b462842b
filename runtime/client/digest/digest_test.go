package digest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/mccutchen/go-httpbin/v2/httpbin"

	"volley/runtime"
	"volley/runtime/client"
)

func TestHTTPBin(t *testing.T) {
	url := serve(t, httpbin.New())
	for _, algorithm := range []string{"", "/MD5", "/SHA-256"} {
		path := url + "/digest-auth/auth/u/p" + algorithm
		expect(t, newSession(t, New("u", "p")), path, 200, 1)
		expect(t, newSession(t, New("u", "wrong")), path, 401, 1)
	}
}

// TestEveryFormOverTheWire sends three requests each: the first is challenged,
// the others are not.
func TestEveryFormOverTheWire(t *testing.T) {
	for _, algorithm := range []string{"", "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"} {
		for _, qop := range []string{"", "auth", "auth-int", "auth, auth-int"} {
			g := &guard{algorithm: algorithm, qop: qop}
			url := serve(t, g)
			s := newSession(t, New(user, password))
			for i, refusals := range []int{1, 0, 0} {
				resp, err := send(t, s, "POST", fmt.Sprintf("%s/a/%d?q=%%20x", url, i), &runtime.Bytes{Data: []byte("body")})
				if err != nil || resp.Status != 200 || len(resp.History) != refusals || string(resp.Content) != "body" {
					t.Errorf("algorithm %q, qop %q, request %d: %+v, %v", algorithm, qop, i+1, resp, err)
				}
			}
		}
	}
}

func TestCountsOfANonce(t *testing.T) {
	g := &guard{qop: "auth"}
	url := serve(t, g)
	s := newSession(t, New(user, password))
	for range 3 {
		if _, err := send(t, s, "GET", url, nil); err != nil {
			t.Fatal(err)
		}
	}
	sent := g.requests()
	if len(sent) != 4 || sent[0] != "" {
		t.Fatalf("the server saw %q", sent)
	}
	for i, value := range sent[1:] {
		if got, want := parameter(t, value, "nc"), fmt.Sprintf("%08x", i+1); got != want || parameter(t, value, "nonce") != "nonce-0" {
			t.Errorf("answer %d: nc %s of %s, want %s", i+1, got, parameter(t, value, "nonce"), want)
		}
	}
}

func TestStaleNonce(t *testing.T) {
	for _, silent := range []bool{false, true} {
		url := serve(t, &guard{qop: "auth", uses: 2, silent: silent})
		s := newSession(t, New(user, password))
		for i, refusals := range []int{1, 0, 1, 0, 1} {
			resp := expect(t, s, url, 200, refusals)
			if refusals > 0 && resp.History[0].Status != 401 {
				t.Errorf("request %d: the history has %d", i+1, resp.History[0].Status)
			}
		}
	}
}

// TestWrongPassword checks that a refusal is the result after one retry, and
// at once when the server still wants the nonce that was answered.
func TestWrongPassword(t *testing.T) {
	g := &guard{qop: "auth"}
	url := serve(t, g)
	expect(t, newSession(t, New(user, "wrong")), url, 401, 1)
	if n := len(g.requests()); n != 2 {
		t.Errorf("%d requests were sent, want 2", n)
	}

	seen := 0
	url = serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		seen++
		w.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="always", qop="auth"`)
		w.WriteHeader(401)
	}))
	s := newSession(t, New(user, "wrong"))
	expect(t, s, url, 401, 1)
	expect(t, s, url, 401, 0)
	if seen != 3 {
		t.Errorf("%d requests were sent, want 3", seen)
	}
}

func TestNotAnswered(t *testing.T) {
	for _, value := range []string{
		`Digest realm="r", nonce="n", algorithm=SHA3-256, qop="auth"`, `Digest realm="r", nonce="n", qop="auth-conf"`, `Basic realm="r"`, "",
	} {
		seen := 0
		url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			seen++
			w.Header().Set("WWW-Authenticate", value)
			w.WriteHeader(401)
		}))
		expect(t, newSession(t, New(user, password)), url, 401, 0)
		if seen != 1 {
			t.Errorf("%s: sent %d times", value, seen)
		}
	}
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`)
		w.WriteHeader(404)
	}))
	expect(t, newSession(t, New(user, password)), url, 404, 0)
}

func TestBodyThatCannotBeReadTwice(t *testing.T) {
	oneShot := func() runtime.Body {
		pieces := []string{"a", "b"}
		return client.Reader(func() ([]byte, error) {
			if len(pieces) == 0 {
				return nil, io.EOF
			}
			piece := pieces[0]
			pieces = pieces[1:]
			return []byte(piece), nil
		})
	}
	for _, qop := range []string{"auth", "auth-int"} {
		url := serve(t, &guard{qop: qop})
		s := newSession(t, New(user, password))
		if _, err := send(t, s, "POST", url, oneShot()); err == nil || err.Kind != runtime.KindUnrewindableBody {
			t.Errorf("%s, challenged: got %v", qop, err)
		}
		expect(t, s, url, 200, 0)
		resp, err := send(t, s, "POST", url, oneShot())
		if qop == "auth" && (err != nil || string(resp.Content) != "ab") {
			t.Errorf("auth, answered ahead: got %+v, %v", resp, err)
		}
		if qop == "auth-int" && (err == nil || err.Kind != runtime.KindUnrewindableBody) {
			t.Errorf("auth-int, answered ahead: got %v", err)
		}
	}
}

// TestOrigins checks that what one origin asked for is not sent to another,
// nor across a redirect, nor on the way back.
func TestOrigins(t *testing.T) {
	first, second := &guard{qop: "auth"}, &guard{qop: "auth"}
	firstURL, secondURL := serve(t, first), serve(t, second)
	s := newSession(t, New(user, password))
	expect(t, s, firstURL, 200, 1)
	expect(t, s, secondURL, 200, 1)
	if sent := second.requests(); sent[0] != "" {
		t.Errorf("the second origin got %q before it asked", sent[0])
	}
	away := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, secondURL+"/x", http.StatusFound)
	}))
	resp := expect(t, s, away, 401, 1)
	if resp.History[0].Status != 302 {
		t.Errorf("the history has %d", resp.History[0].Status)
	}
	if sent := second.requests(); len(sent) != 3 || sent[2] != "" {
		t.Errorf("behind the redirect the second origin saw %q", sent)
	}
}

// TestRealms checks that two realms of one origin keep apart, by folder.
func TestRealms(t *testing.T) {
	var wrong []string
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.Split(r.URL.Path, "/")[1]
		sent := r.Header.Get("Authorization")
		if strings.Contains(sent, `realm="`+name+`"`) {
			return
		}
		if sent != "" {
			wrong = append(wrong, r.URL.Path)
		}
		domain := ""
		if name == "b" {
			domain = `, domain="/b/ https://other.test/x oddity"`
		}
		w.Header().Set("WWW-Authenticate", `Digest realm="`+name+`", nonce="n`+name+`", qop="auth"`+domain)
		w.WriteHeader(401)
	}))
	s := newSession(t, New(user, password))
	for _, step := range []struct {
		path     string
		refusals int
	}{{"/b/x", 1}, {"/a/x", 1}, {"/a/y", 0}, {"/b/y/z", 0}, {"/a/deeper/x", 0}, {"/b/", 0}} {
		expect(t, s, url+step.path, 200, step.refusals)
	}
	if len(wrong) != 0 {
		t.Errorf("sent with another realm's credentials: %v", wrong)
	}
}

func TestConcurrentRequests(t *testing.T) {
	const senders, each = 100, 10
	g := &guard{algorithm: "SHA-256", qop: "auth", uses: 150}
	url := serve(t, g)
	s := newSession(t, New(user, password))
	expect(t, s, url, 200, 1)
	var failed sync.Map
	var running sync.WaitGroup
	for range senders {
		running.Go(func() {
			for range each {
				resp, err := s.Do(t.Context(), &runtime.Request{Method: "GET", URL: url})
				if err != nil {
					failed.Store(err.Error(), true)
				} else if resp.Status != 200 {
					failed.Store(resp.Status, true)
				}
			}
		})
	}
	running.Wait()
	failed.Range(func(what, _ any) bool {
		t.Errorf("a request ended with %v", what)
		return true
	})
	if n := len(g.requests()); n < senders*each {
		t.Errorf("the server saw %d requests", n)
	}
}

func TestCutOrigin(t *testing.T) {
	for url, want := range map[string]string{
		"http://h.test/a?b#c":       "http://h.test /a?b",
		"http://h.test:80/":         "http://h.test /",
		"https://h.test:443/a":      "https://h.test /a",
		"https://h.test:80/a":       "https://h.test:80 /a",
		"http://h.test?q=http://x/": "http://h.test /?q=http://x/",
		"http://[::1]:8080":         "http://[::1]:8080 /",
		"x":                         " /",
	} {
		if origin, target := cutOrigin(url); origin+" "+target != want {
			t.Errorf("%s: got %q %q", url, origin, target)
		}
	}
}
