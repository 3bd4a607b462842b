package client

import (
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"strings"
	"testing"

	"volley/runtime"
)

// redirecting answers /STATUS?to=URL with a redirect, /set the same with a
// cookie, and shows everything else.
func redirecting(w http.ResponseWriter, r *http.Request) {
	var status int
	if _, err := fmt.Sscanf(r.URL.Path, "/%d", &status); err != nil {
		w.Header().Set("X-Seen", strings.Join(r.Header.Values("Cookie"), "|")+","+r.Header.Get("Authorization")+","+
			r.Header.Get("X-Secret")+","+r.Header.Get("Proxy-Authorization")+","+r.Host)
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s %q", r.Method, r.URL, r.Header.Get("Content-Type"), body)
		return
	}
	if v := r.URL.Query().Get("set"); v != "" {
		w.Header().Set("Set-Cookie", v)
	}
	for _, to := range r.URL.Query()["to"] {
		w.Header().Add("Location", to)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "moved")
}

func TestRedirectMethodsAndBodies(t *testing.T) {
	url := serve(t, redirecting)
	c := newClient(t, Config{})
	kept := ` /end text/x "body"`
	dropped := ` /end  ""`
	for _, x := range []struct {
		status       int
		method, want string
	}{
		{301, "GET", "GET" + kept},
		{301, "POST", "GET" + dropped},
		{301, "PUT", "PUT" + kept},
		{301, "DELETE", "DELETE" + kept},
		{301, "PATCH", "PATCH" + kept},
		{302, "GET", "GET" + dropped},
		{302, "POST", "GET" + dropped},
		{302, "PUT", "GET" + dropped},
		{302, "DELETE", "GET" + dropped},
		{303, "GET", "GET" + dropped},
		{303, "POST", "GET" + dropped},
		{303, "PUT", "GET" + dropped},
		{307, "POST", "POST" + kept},
		{307, "GET", "GET" + kept},
		{308, "PUT", "PUT" + kept},
		{308, "POST", "POST" + kept},
	} {
		req := &runtime.Request{
			Method: x.method, URL: fmt.Sprintf("%s/%d?to=/end", url, x.status),
			Body: &runtime.Bytes{Data: []byte("body")}, Header: fields("Content-Type", "text/x"),
		}
		resp := must(t, c, req)
		if got := string(resp.Content); got != x.want {
			t.Errorf("%d %s: got %s, want %s", x.status, x.method, got, x.want)
		}
		if len(resp.History) != 1 || resp.History[0].Status != x.status || string(resp.History[0].Content) != "moved" {
			t.Errorf("%d %s: history %+v", x.status, x.method, resp.History)
		}
		if !resp.Reused {
			t.Errorf("%d %s: the hop's connection was not used again", x.status, x.method)
		}
	}
}

func TestNotRedirected(t *testing.T) {
	url := serve(t, redirecting)
	c := newClient(t, Config{})
	for _, path := range []string{"/300?to=/end", "/304?to=/end", "/305?to=/end", "/201?to=/end", "/302", "/302?to="} {
		resp := must(t, c, get(url+path))
		if len(resp.History) != 0 || resp.Next != nil || IsRedirect(resp) {
			t.Errorf("%s: got %d with history %v, next %v", path, resp.Status, resp.History, resp.Next)
		}
	}
	off := get(url + "/308?to=/end%23frag")
	off.Options = &runtime.Options{AllowRedirects: runtime.No, Params: runtime.Params{Fields: fields("a", "1")}}
	resp := must(t, c, off)
	if resp.Status != 308 || !IsRedirect(resp) || !IsPermanentRedirect(resp) || string(resp.Content) != "moved" || resp.Next == nil {
		t.Fatalf("got %+v", resp)
	}
	if next := must(t, c, resp.Next); next.URL != url+"/end#frag" || next.Request.Method != "GET" {
		t.Errorf("next went to %s", next.URL)
	}
	head := must(t, c, &runtime.Request{Method: "HEAD", URL: url + "/302?to=/end"})
	if head.Status != 302 || head.Next == nil || head.Next.Method != "HEAD" {
		t.Errorf("HEAD: got %d next %+v", head.Status, head.Next)
	}
	follow := &runtime.Request{Method: "HEAD", URL: url + "/302?to=/end", Options: &runtime.Options{AllowRedirects: runtime.Yes}}
	if head = must(t, c, follow); head.Status != 200 || head.Request.Method != "HEAD" {
		t.Errorf("HEAD that follows: got %d %s", head.Status, head.Request.Method)
	}
}

func TestRedirectTargets(t *testing.T) {
	url := serve(t, redirecting)
	c := newClient(t, Config{})
	host := strings.TrimPrefix(url, "http://")
	for location, want := range map[string]string{
		"end": "/end", "/a/../end": "/end", "?x=1": "/302?x=1", "//" + host + "/end": "/end", "HTTP://" + host + "/end": "/end",
		"/sp ace": "/sp%20ace", "/ü": "/%C3%BC", "/%zz": "/%25zz", "/end#own": "/end", "/end?a=%2f": "/end?a=%2F",
	} {
		first := url + "/302?to=" + neturl.QueryEscape(location)
		if location == "?x=1" { // leads to a redirect without a Location
			resp := must(t, c, get(first))
			wantText(t, "the URL", resp.URL, url+want)
			continue
		}
		resp := must(t, c, get(first+"#frag"))
		fragment := "#frag"
		if strings.Contains(location, "#") {
			fragment = "#own"
		}
		if resp.URL != url+want+fragment {
			t.Errorf("%q: got %s, want %s", location, resp.URL, want+fragment)
		}
	}
	for _, location := range []string{
		"ftp://h/", "file:///etc/passwd", "javascript:alert(1)", "data:,x", "http://", "http://:1/", "http://h:99999/", "http://a b/", "/a\tb", "/" + strings.Repeat("x", 9000),
	} {
		err := failure(t, c, get(url+"/302?to="+neturl.QueryEscape(location)), runtime.KindInvalidRedirect)
		if err.Response == nil || err.Response.Status != 302 {
			t.Errorf("%.30q: the error has no response", location)
		}
	}
	fails(t, c, get(url+"/302?to=/a&to=/b"), runtime.KindInvalidRedirect)
	must(t, c, get(url+"/302?to=/end&to=/end"))
}

func TestRedirectLimit(t *testing.T) {
	hits := 0
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits++
		http.Redirect(w, r, "/", http.StatusFound)
	})
	c := newClient(t, Config{})
	err := failure(t, c, get(url), runtime.KindTooManyRedirects)
	if hits != 31 || err.Response == nil || err.Response.Status != 302 || len(err.Response.History) != 30 {
		t.Fatalf("%d requests, response %+v", hits, err.Response)
	}
	for i, r := range err.Response.History {
		if len(r.History) != i {
			t.Fatalf("history %d has a history of %d", i, len(r.History))
		}
	}
	none := 0
	req := get(url)
	req.Options = &runtime.Options{MaxRedirects: &none}
	hits = 0
	fails(t, c, req, runtime.KindTooManyRedirects)
	if hits != 1 {
		t.Errorf("with a limit of 0: %d requests", hits)
	}
}

func TestOneShotBodyIsNotSentAgain(t *testing.T) {
	url := serve(t, redirecting)
	c := newClient(t, Config{})
	body := func() runtime.Body {
		pieces := []string{"a", "", "b"}
		return Reader(func() ([]byte, error) {
			if len(pieces) == 0 {
				return nil, io.EOF
			}
			p := pieces[0]
			pieces = pieces[1:]
			return []byte(p), nil
		})
	}
	err := failure(t, c, &runtime.Request{Method: "POST", URL: url + "/307?to=/end", Body: body()}, runtime.KindUnrewindableBody)
	if err.Response == nil || err.Response.Status != 307 {
		t.Errorf("the error's response is %+v", err.Response)
	}
	resp := must(t, c, &runtime.Request{Method: "POST", URL: url + "/303?to=/end", Body: body()})
	wantText(t, "303", string(resp.Content), `GET /end  ""`)
	resp = must(t, c, &runtime.Request{Method: "POST", URL: url + "/end", Body: body()})
	wantText(t, "no redirect", string(resp.Content), `"ab"`)
}

// TestCredentialsAcrossOrigins sends everything secret on a chain from one
// origin to another and back.
func TestCredentialsAcrossOrigins(t *testing.T) {
	url, other := serve(t, redirecting), serve(t, redirecting)
	otherHost := strings.TrimPrefix(other, "http://")
	host := strings.TrimPrefix(url, "http://")
	secrets := func() *runtime.Request {
		return &runtime.Request{
			Method: "GET",
			Header: fields("Authorization", "hand", "X-Secret", "key", "Proxy-Authorization", "proxy", "Host", "custom.test"),
		}
	}
	s := newSession(t, Settings{SecretHeaders: []string{"x-secret"}})
	for name, c := range map[string]struct {
		path, want string
		change     func(*runtime.Request)
	}{
		"same origin":           {url + "/307?to=/end", ",hand,key,proxy,custom.test", nil},
		"other origin":          {url + "/307?to=" + other + "/end", ",,,," + otherHost, nil},
		"and back":              {url + "/307?to=" + neturl.QueryEscape(other+"/307?to="+url+"/end"), ",,,," + host, nil},
		"cookies, same origin":  {url + "/307?to=/end", "a=1,hand,key,proxy,custom.test", func(r *runtime.Request) { r.Options = &runtime.Options{Cookies: fields("a", "1")} }},
		"cookies, other origin": {url + "/307?to=" + other + "/end", ",,,," + otherHost, func(r *runtime.Request) { r.Options = &runtime.Options{Cookies: fields("a", "1")} }},
		"cookie by hand":        {url + "/307?to=/end", "h=1,hand,key,proxy,custom.test", func(r *runtime.Request) { r.Header.Add("Cookie", "h=1") }},
		"cookie by hand leaves": {url + "/307?to=" + other + "/end", ",,,," + otherHost, func(r *runtime.Request) { r.Header.Add("Cookie", "h=1") }},
		"auth stays":            {url + "/307?to=/end", ",Bearer t,key,proxy,custom.test", func(r *runtime.Request) { r.Options = &runtime.Options{Auth: &Bearer{"t"}} }},
		"auth leaves":           {url + "/307?to=" + other + "/end", ",,,," + otherHost, func(r *runtime.Request) { r.Options = &runtime.Options{Auth: &Bearer{"t"}} }},
		"userinfo of the target": {
			url + "/307?to=" + neturl.QueryEscape(strings.Replace(other, "//", "//u:p@", 1)+"/end"), ",Basic dTpw,,," + otherHost, nil,
		},
		"userinfo of the target, for that hop only": {
			url + "/307?to=" + neturl.QueryEscape(strings.Replace(other, "//", "//u:p@", 1)+"/307?to="+url+"/end"), ",,,," + host, nil,
		},
	} {
		req := secrets()
		req.URL = c.path
		if c.change != nil {
			c.change(req)
		}
		resp := must(t, s, req)
		if got := resp.Header.Get("X-Seen"); got != c.want {
			t.Errorf("%s: the last server saw %q, want %q", name, got, c.want)
		}
	}
}

func TestSessionSecretsAcrossOrigins(t *testing.T) {
	url, other := serve(t, redirecting), serve(t, redirecting)
	s := newSession(t, Settings{
		Header: fields("Authorization", "session", "X-Secret", "1"), SecretHeaders: []string{"X-Secret"},
		Mounts: []Mount{{Prefix: other, Settings: Settings{Auth: &Bearer{"mount"}, Header: fields("X-Secret", "2")}}},
	})
	resp := must(t, s, get(url+"/302?to="+other+"/end"))
	if got, want := resp.Header.Get("X-Seen"), ",,,,"+strings.TrimPrefix(other, "http://"); got != want {
		t.Errorf("a redirect: the server saw %q, want %q", got, want)
	}
	resp = must(t, s, get(other+"/end"))
	wantText(t, "asked directly", resp.Header.Get("X-Seen"), ",Bearer mount,2,")

	off := get(url + "/302?to=" + other + "/end")
	off.Options = &runtime.Options{AllowRedirects: runtime.No}
	resp = must(t, s, must(t, s, off).Next)
	if got := resp.Header.Get("X-Seen"); strings.Contains(got, "session") || strings.Contains(got, "mount") || strings.Contains(got, ",2,") {
		t.Errorf("next: the server saw %q", got)
	}
}

func TestCookiesAlongRedirects(t *testing.T) {
	url := serve(t, redirecting)
	c := newClient(t, Config{})
	resp := must(t, c, get(url+"/302?to=/end&set=sid%3D1"))
	if got := resp.Header.Get("X-Seen"); !strings.HasPrefix(got, "sid=1,") {
		t.Errorf("without a session: %q", got)
	}
	if resp = must(t, c, get(url+"/end")); !strings.HasPrefix(resp.Header.Get("X-Seen"), ",") {
		t.Errorf("the next request has it too: %q", resp.Header.Get("X-Seen"))
	}
	req := get(url + "/302?to=/end&set=sid%3Dnew")
	req.Options = &runtime.Options{Cookies: fields("sid", "old", "b", "2")}
	resp = must(t, newSession(t, Settings{}), req)
	if got := resp.Header.Get("X-Seen"); !strings.HasPrefix(got, "sid=new; b=2,") {
		t.Errorf("a cookie the server set anew: %q", got)
	}
}

func TestLongHopBodyIsNotDrained(t *testing.T) {
	written := make(chan int64, 1)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			_, _ = io.WriteString(w, "done")
			return
		}
		w.Header().Set("Location", "/end")
		w.Header().Set("Content-Encoding", "gzip") // a lie: it must not be decoded
		w.WriteHeader(302)
		n, _ := io.Copy(w, io.LimitReader(zeros{}, 64<<20))
		written <- n
	})
	resp := must(t, newClient(t, Config{}), get(url))
	if string(resp.Content) != "done" || resp.Reused || len(resp.History[0].Content) != 0 {
		t.Errorf("got %q, reused %v", resp.Content, resp.Reused)
	}
	if n := <-written; n == 64<<20 {
		t.Error("the whole body was read")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestSecretsOfAMountStayBehind(t *testing.T) {
	url, other := serve(t, redirecting), serve(t, redirecting)
	s := newSession(t, Settings{Mounts: []Mount{{Prefix: url, Settings: Settings{SecretHeaders: []string{"X-Secret"}}}}})
	req := get(url + "/302?to=" + other + "/end")
	req.Header = fields("X-Secret", "mine")
	if got := must(t, s, req).Header.Get("X-Seen"); strings.Contains(got, "mine") {
		t.Errorf("the other server saw %q", got)
	}
	off := get(url + "/302?to=" + other + "/end")
	off.Header = req.Header
	off.Options = &runtime.Options{AllowRedirects: runtime.No}
	if got := must(t, s, must(t, s, off).Next).Header.Get("X-Seen"); strings.Contains(got, "mine") {
		t.Errorf("through next the other server saw %q", got)
	}
}
