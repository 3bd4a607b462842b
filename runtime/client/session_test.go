package client

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"volley/runtime"
)

// echo answers with the request's URL, cookies and some headers.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s cookie=%s auth=%s x=%s body=%s", r.Method, r.URL, r.Header.Get("Cookie"),
		r.Header.Get("Authorization"), strings.Join(r.Header.Values("X-Key"), "|"), body)
}

func TestBaseURL(t *testing.T) {
	url := serve(t, echo)
	for _, c := range []struct{ base, ref, want string }{
		{"/api/v1/", "users?x=1", "GET /api/v1/users?x=1 "},
		{"/api/v1", "users", "GET /api/users "},
		{"/api/v1/", "/users", "GET /users "},
		{"/api/v1/", "../v2", "GET /api/v2 "},
		{"/api/v1/", "", "GET /api/v1/ "},
	} {
		s := newSession(t, Settings{BaseURL: url + c.base})
		wantText(t, c.base+" + "+c.ref, string(must(t, s, get(c.ref)).Content), c.want)
		wantText(t, "absolute", string(must(t, s, get(url+"/abs")).Content), "GET /abs ")
	}
	_, err := newClient(t, Config{}).NewSession(Settings{BaseURL: "example.com/"})
	if e := runtime.AsError(err); e == nil || e.Kind != runtime.KindInvalidArgument || !strings.Contains(e.Message, "base_url") {
		t.Errorf("got %v", err)
	}
}

func TestCookiesStayInTheSession(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/set" {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "1"})
			w.WriteHeader(404)
		}
		echo(w, r)
	})
	c := newClient(t, Config{})
	s, err := c.NewSession(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	resp := must(t, s, get(url+"/set"))
	if got := Cookies(resp); len(got) != 1 || got[0].Name != "sid" || got[0].Domain != "127.0.0.1" || got[0].Path != "/" {
		t.Errorf("the response's cookies are %+v", got)
	}
	wantText(t, "the second answer", string(must(t, s, get(url)).Content), "cookie=sid=1 ")
	req := get(url)
	req.Options = &runtime.Options{Cookies: fields("sid", "2", "b", "3")}
	wantText(t, "with its own", string(must(t, s, req).Content), "cookie=sid=2; b=3 ")
	wantText(t, "after that", string(must(t, s, get(url)).Content), "cookie=sid=1 ")
	req = get(url)
	req.Header = fields("Cookie", "hand=made")
	wantText(t, "a Cookie header", string(must(t, s, req).Content), "cookie=hand=made ")

	must(t, c, get(url+"/set"))
	wantText(t, "without a session", string(must(t, c, get(url)).Content), "cookie= ")
}

func TestAuthPrecedence(t *testing.T) {
	url := serve(t, echo)
	withUser := strings.Replace(url, "http://", "http://u:p%20w@", 1)
	const header, session, request, userinfo = "Custom x", "Bearer s", "Bearer r", "Basic dTpwIHc="
	for name, c := range map[string]struct {
		url, header   string
		session, auth runtime.Auth
		netrc         CredentialSource
		want          string
	}{
		"none":                      {url: url, want: ""},
		"userinfo":                  {url: withUser, want: userinfo},
		"user alone is none":        {url: strings.Replace(url, "http://", "http://u@", 1), want: ""},
		"header":                    {url: withUser, header: header, want: header},
		"session":                   {url: withUser, header: header, session: &Bearer{"s"}, want: session},
		"request":                   {url: withUser, header: header, session: &Bearer{"s"}, auth: &Bearer{"r"}, want: request},
		"off":                       {url: withUser, session: &Bearer{"s"}, auth: NoAuth{}, want: ""},
		"off keeps the header":      {url: withUser, header: header, session: &Bearer{"s"}, auth: NoAuth{}, want: header},
		"source":                    {url: url, netrc: fixed{}, want: "Basic bjpw"},
		"header beats source":       {url: url, header: header, netrc: fixed{}, want: header},
		"session auth beats source": {url: url, session: &Bearer{"s"}, netrc: fixed{}, want: session},
	} {
		s := newSession(t, Settings{Auth: c.session, Credentials: c.netrc})
		req := get(c.url)
		if c.header != "" {
			req.Header = fields("authorization", c.header)
		}
		req.Options = &runtime.Options{Auth: c.auth}
		resp := must(t, s, req)
		wantText(t, name, string(resp.Content), "auth="+c.want+" ")
		if strings.Contains(resp.URL, "@") {
			t.Errorf("%s: the URL shows credentials: %s", name, resp.URL)
		}
	}
}

type fixed struct{}

func (fixed) Credentials(host, _ string) (Basic, bool) {
	return Basic{User: "n", Password: "p"}, host == "127.0.0.1"
}

func TestMounts(t *testing.T) {
	url := serve(t, echo)
	other := serve(t, echo)
	s := newSession(t, Settings{
		Header: fields("X-Key", "session"),
		Retry:  &runtime.Retry{Total: 1},
		Mounts: []Mount{
			{Prefix: "HTTP://127.0.0.1:1", Settings: Settings{Header: fields("X-Key", "never")}},
			{Prefix: url, Settings: Settings{Header: fields("X-Key", "host"), Auth: &Bearer{"h"}, Retry: &runtime.Retry{Total: 2}}},
			{Prefix: url + "/deep", Settings: Settings{Header: fields("X-Key", "deep"), Params: runtime.Params{Fields: fields("k", "v")}}},
		},
	})
	wantText(t, "no mount", string(must(t, s, get(other)).Content), "auth= x=session ")
	wantText(t, "a host", string(must(t, s, get(url+"/x")).Content), "auth=Bearer h x=host ")
	wantText(t, "a path", string(must(t, s, get(url+"/deep/x")).Content), "/deep/x?k=v ", "auth= x=deep ")
	own := get(url)
	own.Options = &runtime.Options{Retry: &runtime.Retry{Total: 3}, Timeout: &runtime.Timeout{Total: time.Second}}
	for want, req := range map[int]*runtime.Request{1: get(other), 2: get(url), 3: own} {
		if got := s.RetryPolicy(req); got == nil || got.Total != want {
			t.Errorf("the policy is %+v, want %d", got, want)
		}
	}
	if s.TotalTimeout(own) != time.Second || s.TotalTimeout(get(url)) != 0 {
		t.Error("wrong total timeout")
	}
}

func TestMountPrefixes(t *testing.T) {
	s := newSession(t, Settings{})
	for _, c := range []struct {
		prefix, url string
		want        bool
	}{
		{"https://api.test", "https://api.test/x", true},
		{"https://API.test", "https://api.test:8443/x", true},
		{"https://api.test:8443", "https://api.test/x", false},
		{"https://api.test", "https://api.test.evil.com/x", false},
		{"https://api.test/v1", "https://api.test/v1/x", true},
		{"https://api.test/v1", "https://api.test/v2", false},
		{"https://", "https://any/x", true},
		{"https://", "http://any/x", false},
	} {
		m, err := s.newMounted(Settings{}, &Mount{Prefix: c.prefix})
		if err != nil {
			t.Fatal(err)
		}
		if m.covers(at(t, c.url)) != c.want {
			t.Errorf("%s covers %s: %v", c.prefix, c.url, !c.want)
		}
	}
	for _, bad := range []string{"api.test", "ftp://x", "https://a b"} {
		if _, err := s.newMounted(Settings{}, &Mount{Prefix: bad}); err == nil || err.Kind != runtime.KindInvalidArgument {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestUpdateAndClose(t *testing.T) {
	url := serve(t, echo)
	s := newSession(t, Settings{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				got := string(must(t, s, get(url)).Content)
				if !strings.Contains(got, "x= ") && !strings.Contains(got, "x=new|new ") {
					t.Errorf("a mix of settings: %s", got)
				}
			}
		})
	}
	err := s.Update(func(settings *Settings) { settings.Header = fields("X-Key", "new", "X-Key", "new") })
	if err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	wantText(t, "after Update", string(must(t, s, get(url)).Content), "x=new|new ")

	if err := s.Update(func(settings *Settings) { settings.Header.Add("bad name", "") }); err == nil {
		t.Error("a bad header was taken")
	}
	if err := s.Update(func(settings *Settings) { settings.Pool.PerHost = 3 }); err == nil {
		t.Error("a change of the pool was taken")
	}
	if got := s.Settings(); len(got.Header) != 2 {
		t.Errorf("a refused update changed the settings: %+v", got.Header)
	}
	s.Settings().Header[0].Value = "changed"
	wantText(t, "after changing a copy", string(must(t, s, get(url)).Content), "x=new|new ")

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	wantText(t, "the message", failure(t, s, get(url), runtime.KindInvalidArgument).Message, "closed")
	if runtime.AsError(s.Update(func(*Settings) {})).Kind != runtime.KindInvalidArgument {
		t.Error("a closed session was updated")
	}
}

func TestPoolOfItsOwn(t *testing.T) {
	url := serve(t, echo)
	c := newClient(t, Config{})
	s, err := c.NewSession(Settings{Pool: Pool{PerHost: 2, IdleTimeout: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	must(t, c, get(url))
	if resp := must(t, s, get(url)); resp.Reused {
		t.Error("the session took a connection of the client's pool")
	}
	if got := c.Stats(); got.Dialled != 2 || got.Open != 2 || got.Requests != 2 {
		t.Errorf("stats are %+v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := c.Stats(); got.Dialled != 2 || got.Open != 1 {
		t.Errorf("after Close stats are %+v", got)
	}
}

func TestAllowHost(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://evil.test/")
		w.WriteHeader(302)
	})
	var asked []string
	c := newClient(t, Config{AllowHost: func(host, port string) error {
		asked = append(asked, host)
		if host == "127.0.0.1" {
			return nil
		}
		return runtime.Errorf(runtime.KindDenied, "%s:%s is denied", host, port)
	}})
	err := failure(t, c, get(url), runtime.KindDenied)
	wantText(t, "the message", err.Message, "evil.test:80")
	if len(asked) != 2 {
		t.Errorf("asked about %v", asked)
	}
	for name, settings := range map[string]Settings{
		"proxy":    {Proxies: fields("all", "http://evil.test:3128")},
		"resolve":  {Resolve: map[string]string{"127.0.0.1": "6.6.6.6"}},
		"resolver": {Resolver: "6.6.6.6:53"},
		"IPv6":     {Resolver: "::1"},
		"mapped":   {Resolver: "::ffff:127.0.0.2"},
		"brackets": {Resolver: "[::1]:53"},
		"unix":     {Unix: "/var/run/docker.sock"},
	} {
		s, err := c.NewSession(settings)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { fails(t, s, get(url), runtime.KindDenied) })
	}
}

// The policy is asked about the address that is dialled, however it is
// written, and not at all about one that cannot be read.
func TestAllowResolver(t *testing.T) {
	for resolver, want := range map[string]string{
		"::1": "::1 53", "[::1]": "::1 53", "[::1]:54": "::1 54", "::ffff:127.0.0.1": "::ffff:127.0.0.1 53", "6.6.6.6": "6.6.6.6 53", "6.6.6.6:54": "6.6.6.6 54",
		"[::1": "", "::1]:53": "", "6.6.6.6:": "", "6.6.6.6:0": "", "dns.test": "", "[]": "",
	} {
		var asked string
		c := newClient(t, Config{AllowHost: func(host, port string) error {
			if host == "h.test" {
				return nil
			}
			asked = host + " " + port
			return runtime.Errorf(runtime.KindDenied, "denied")
		}})
		s, err := c.NewSession(Settings{Resolver: resolver})
		if err != nil {
			t.Fatal(err)
		}
		kind := runtime.KindDenied
		if want == "" {
			kind = runtime.KindInvalidArgument
		}
		if fails(t, s, get("http://h.test/"), kind); asked != want {
			t.Errorf("%q: asked about %q, want %q", resolver, asked, want)
		}
	}
}

func TestUserProxies(t *testing.T) {
	c := newClient(t, Config{Proxy: "127.0.0.1:3128", Environ: func(name string) string {
		return map[string]string{"http_proxy": "ftp://x", "https_proxy": "https://u:p@[::1]", "all_proxy": "socks5://10.0.0.1"}[name]
	}})
	want := []UserProxy{{"127.0.0.1", "3128", true}, {"::1", "443", true}, {"10.0.0.1", "1080", false}}
	if got := c.UserProxies(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestReasonIsEscaped(t *testing.T) {
	err := RaiseForStatus(&runtime.Response{Status: 404, Reason: "No\x1b[2J", URL: "http://h/\x07?token=t"})
	if want := `404 Client Error: No\x1b[2J for url: http://h/\a?token=***`; err.Message != want {
		t.Errorf("%q, want %q", err.Message, want)
	}
}

func TestResolveAndErrors(t *testing.T) {
	url := serve(t, echo)
	port := url[strings.LastIndexByte(url, ':'):]
	s := newSession(t, Settings{Resolve: map[string]string{"nowhere.test" + port: "127.0.0.1", "other.test": "127.0.0.1" + port}})
	wantText(t, "a name with a port", string(must(t, s, get("http://nowhere.test"+port+"/a")).Content), "GET /a ")
	wantText(t, "a name without one", string(must(t, s, get("http://other.test/b")).Content), "GET /b ")
}

func TestDefaultsOfTheCommandLine(t *testing.T) {
	if _, err := New(Config{Proxy: "ftp://x"}); runtime.AsError(err).Kind != runtime.KindInvalidArgument {
		t.Errorf("got %v", err)
	}
	url := serve(t, echo)
	c := newClient(t, Config{Version: "9.9"})
	if got, err := c.session.Prepare(t.Context(), get(url)); err != nil || got.Header.Get("User-Agent") != "volley/9.9" {
		t.Errorf("got %v %v", got, err)
	}
}

func TestClientAsGovernor(t *testing.T) {
	c := newClient(t, Config{})
	req := get("http://h.test/")
	if c.RetryPolicy(req) != nil || c.TotalTimeout(req) != 0 {
		t.Error("a client has a policy of its own")
	}
	req.Options = &runtime.Options{Retry: &runtime.Retry{Total: 2}, Timeout: &runtime.Timeout{Total: -1}}
	if c.RetryPolicy(req).Total != 2 || c.TotalTimeout(req) != 0 {
		t.Error("the request's policy does not count")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	fails(t, c, req, runtime.KindInvalidArgument)
	if _, err := c.NewSession(Settings{Pool: Pool{PerHost: 1}}); err == nil {
		t.Error("a closed client opened a pool")
	}
}

func TestDefaultTimeouts(t *testing.T) {
	c := newClient(t, Config{})
	for _, want := range []struct{ set, got runtime.Timeout }{
		{runtime.Timeout{}, runtime.Timeout{Connect: 10 * time.Second, Read: 30 * time.Second}},
		{runtime.Timeout{Read: time.Second}, runtime.Timeout{Connect: 10 * time.Second, Read: time.Second}},
		{runtime.Timeout{Connect: -1, Total: time.Minute}, runtime.Timeout{Connect: -1, Read: 30 * time.Second, Total: time.Minute}},
	} {
		s, err := c.NewSession(Settings{Timeout: want.set})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.profileOf(get("http://h.test/")).Timeout; got != want.got {
			t.Errorf("%v: got %v, want %v", want.set, got, want.got)
		}
	}
}
