package faults_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/runtimetest"
)

// byPath serves fixed answers by path, as many requests as come.
func byPath(answers map[string]string) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		for {
			request := p.Request()
			path := strings.Fields(request)[1]
			answer, ok := answers[path]
			if !ok {
				answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
			}
			p.Write(answer)
		}
	})
}

func location(to string) string {
	return "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n"
}

func TestRedirects(t *testing.T) {
	bad := func(says string) want {
		return want{kinds: kinds(runtime.KindInvalidRedirect), status: 302, says: says, hits: 1}
	}
	chain := func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		http.Redirect(w, r, fmt.Sprintf("/%d", n+1), http.StatusFound)
	}
	provoke(t, []fault{
		{rows: "117", name: "loop", serve: byPath(map[string]string{"/": location("/")}), want: want{kinds: kinds(runtime.KindTooManyRedirects), status: 302, hits: 31}},
		{rows: "117", name: "ping-pong", serve: byPath(map[string]string{"/": location("/a"), "/a": location("/")}), want: want{kinds: kinds(runtime.KindTooManyRedirects), status: 302, hits: 31}},
		{rows: "117", name: "100 hops", serve: handler(chain), want: want{kinds: kinds(runtime.KindTooManyRedirects), status: 302, hits: 31, check: func(t *testing.T, res *runtime.Result) {
			if n := len(res.Err.Response.History); n != 30 {
				t.Errorf("the chain has %d hops", n)
			}
		}}},
		{rows: "118", name: "slow chain", serve: handler(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(150 * time.Millisecond)
			chain(w, r)
		}), ask: total(time.Second), want: want{kinds: kinds(runtime.KindTotalTimeout), within: 2 * time.Second}},
		{rows: "119", name: "URL that doubles", serve: handler(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/x"+r.URL.Path+r.URL.Path, http.StatusFound)
		}), want: want{kinds: kinds(runtime.KindRedirect, runtime.KindInvalidURL), status: 302}},
		{rows: "120", name: "no Location", serve: reply("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), want: want{status: 302}},
		{rows: "120", name: "empty Location", serve: reply(location("")), want: want{status: 302}},
		{rows: "121", name: "two Locations that differ", serve: reply("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"), want: bad("")},
		{rows: "122", name: "bad URL", serve: reply(location("http://[::1/")), want: bad("")},
		{rows: "122", name: "bad port", serve: reply(location("http://127.0.0.1:99999/")), want: bad("")},
		{rows: "122", name: "no host", serve: reply(location("http:///x")), want: bad("")},
		{rows: "123", name: "file", serve: reply(location("file:///etc/passwd")), want: bad("file")},
		{rows: "123", name: "ftp", serve: reply(location("ftp://127.0.0.1/x")), want: bad("is not http or https")},
		{rows: "123", name: "unix", serve: reply(location("unix://localhost/x")), want: bad("is not http or https")},
		{rows: "123", name: "javascript", serve: reply(location("javascript:alert(1)")), want: bad("javascript")},
		{rows: "123", name: "data", serve: reply(location("data:text/plain,x")), want: bad("data")},
		{rows: "124", name: "tab", serve: reply(location("/a\tb")), want: bad("control character")},
		{rows: "124", name: "encoded line end", serve: handler(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/0" {
				w.Header().Set("Location", "/a%0d%0aX-Injected:%201")
				w.WriteHeader(http.StatusFound)
				return
			}
			_, _ = fmt.Fprintf(w, "%q %q", r.URL.Path, r.Header.Get("X-Injected"))
		}), want: want{body: `"/a\r\nX-Injected: 1" ""`}},
		{rows: "129", name: "credentials in Location", serve: credentialsInLocation, want: want{body: `ada then ""`, check: func(t *testing.T, res *runtime.Result) {
			for _, resp := range append(res.Response.History, res.Response) {
				if strings.Contains(resp.URL+resp.Request.URL, "s3cret") {
					t.Errorf("a URL in the record shows them: %s, %s", resp.URL, resp.Request.URL)
				}
			}
		}}},
		{rows: "129", name: "credentials in a bad Location", serve: reply(location("http://ada:s3cret@127.0.0.1:99999/")), want: want{kinds: kinds(runtime.KindInvalidRedirect), status: 302, check: func(t *testing.T, res *runtime.Result) {
			if strings.Contains(res.Err.Error(), "s3cret") {
				t.Errorf("the error shows them: %v", res.Err)
			}
		}}},
		{rows: "131", name: "endless body of a redirect", serve: func(t *testing.T) (string, func() int) {
			url, hits := endless("HTTP/1.1 302 Found\r\nLocation: "+tagged(t)+"\r\n\r\n", strings.Repeat("x", 1<<10))(t)
			return url, hits
		}, want: want{within: time.Second, memory: 8 << 20}},
		{rows: "132", name: "Refresh", serve: reply(okLine + "Refresh: 0; url=http://127.0.0.1:9/\r\nContent-Length: 2\r\n\r\nhi"), want: want{body: "hi", hits: 1}},
	})
}

func handler(serve http.HandlerFunc) func(t *testing.T) (string, func() int) {
	return func(t *testing.T) (string, func() int) {
		var hits atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			hits.Add(1)
			serve(w, r)
		}))
		t.Cleanup(server.Close)
		return server.URL + "/0", func() int { return int(hits.Load()) }
	}
}

func credentialsInLocation(t *testing.T) (string, func() int) {
	start := func(serve http.HandlerFunc) string {
		server := httptest.NewServer(serve)
		t.Cleanup(server.Close)
		return strings.TrimPrefix(server.URL, "http://")
	}
	last := start(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s then %q", r.URL.Query().Get("user"), r.Header.Get("Authorization"))
	})
	hop := start(func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		http.Redirect(w, r, "http://"+last+"/?user="+user, http.StatusFound)
	})
	return reply(location("http://ada:s3cret@" + hop + "/"))(t)
}

// origins are two servers, which note the fields of what they are asked.
type origins struct {
	first, second *httptest.Server
	mu            sync.Mutex
	seen          map[string][]http.Header // by server
}

func newOrigins(t *testing.T) *origins {
	o := &origins{seen: map[string][]http.Header{}}
	serve := func(name string, next func(r *http.Request) string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			o.mu.Lock()
			o.seen[name] = append(o.seen[name], r.Header.Clone())
			o.mu.Unlock()
			if to := next(r); to != "" {
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			}
		}))
		t.Cleanup(server.Close)
		return server
	}
	o.second = serve("second", func(r *http.Request) string {
		switch r.URL.Path {
		case "/back":
			return o.first.URL + "/end"
		case "/on":
			return "/end"
		}
		return ""
	})
	o.first = serve("first", func(r *http.Request) string {
		if r.URL.Path == "/end" {
			return ""
		}
		return o.second.URL + r.URL.Path
	})
	return o
}

// Rows 125 to 127: what is for one origin never reaches another, on any hop.
func TestSecretsStayAtTheirOrigin(t *testing.T) {
	secrets := []string{"Authorization", "Cookie", "Proxy-Authorization", "X-Secret"}
	for _, c := range []struct{ row, path string }{{"125", "/once"}, {"126", "/on"}, {"127", "/back"}} {
		o := newOrigins(t)
		provoke(t, []fault{{
			rows: c.row, name: strings.TrimPrefix(c.path, "/"),
			serve:    func(*testing.T) (string, func() int) { return o.first.URL + c.path, nil },
			settings: client.Settings{SecretHeaders: []string{"X-Secret"}},
			ask: func(r *runtime.Request) {
				for _, name := range secrets {
					r.Header.Add(name, "s3cret")
				}
				r.Header.Add("X-Plain", "1")
			},
		}})
		for i, h := range o.seen["second"] {
			for _, name := range secrets {
				if h.Get(name) != "" {
					t.Errorf("%s: request %d at the second origin has %s", c.path, i+1, name)
				}
			}
			if h.Get("X-Plain") == "" {
				t.Errorf("%s: request %d has lost a field that is no secret", c.path, i+1)
			}
		}
		if len(o.seen["second"]) == 0 || o.seen["first"][0].Get("Authorization") == "" {
			t.Errorf("%s: %d requests at the second origin; the first got %v", c.path, len(o.seen["second"]), o.seen["first"])
		}
	}
}

// Row 133: what a netrc file knows of a place goes there when a script asks
// for the place, not when another one sends us.
func TestNetrcOnRedirects(t *testing.T) {
	second := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s then %q", r.URL.Query().Get("user"), r.Header.Get("Authorization"))
	}))
	t.Cleanup(second.Close)
	provoke(t, []fault{{
		rows: "133", name: "netrc",
		serve: handler(func(w http.ResponseWriter, r *http.Request) {
			user, _, _ := r.BasicAuth()
			http.Redirect(w, r, second.URL+"/?user="+user, http.StatusFound)
		}),
		settings: client.Settings{Credentials: client.ParseNetrc("machine 127.0.0.1 login ada password s3cret")},
		want:     want{body: `ada then ""`},
	}})
}
