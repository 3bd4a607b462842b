package client

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"volley/runtime"
	"volley/runtime/transport"
)

func environ(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestProxyChoice(t *testing.T) {
	const origin = "http://api.test:8080/x"
	for name, c := range map[string]struct {
		env              []string
		flag             string
		session, request []runtime.Field
		url, want        string
		trust            runtime.Switch
	}{
		"none":                     {url: origin},
		"environment":              {env: []string{"http_proxy", "p1:3128"}, url: origin, want: "http://p1:3128"},
		"lower case first":         {env: []string{"HTTP_PROXY", "p2", "http_proxy", "p1"}, url: origin, want: "http://p1"},
		"upper case":               {env: []string{"HTTP_PROXY", "http://p2:1/"}, url: origin, want: "http://p2:1"},
		"upper case under CGI":     {env: []string{"HTTP_PROXY", "p2", "REQUEST_METHOD", "GET"}, url: origin},
		"other scheme":             {env: []string{"https_proxy", "p1"}, url: origin},
		"https":                    {env: []string{"https_proxy", "p1"}, url: "https://api.test/", want: "http://p1"},
		"all":                      {env: []string{"ALL_PROXY", "socks5h://p1:9"}, url: origin, want: "socks5h://p1:9"},
		"not trusted":              {env: []string{"http_proxy", "p1"}, url: origin, trust: runtime.No},
		"loopback is no exception": {env: []string{"http_proxy", "p1"}, url: "http://127.0.0.1/", want: "http://p1"},
		"no_proxy":                 {env: []string{"http_proxy", "p1", "no_proxy", "x, .api.test:8080"}, url: origin},
		"flag beats environment":   {env: []string{"http_proxy", "p1"}, flag: "f", url: origin, want: "http://f"},
		"session beats flag":       {flag: "f", session: fields("http", "s"), url: origin, want: "http://s"},
		"session, other scheme":    {flag: "f", session: fields("https", "s"), url: origin, want: "http://f"},
		"request beats session":    {session: fields("http", "s"), request: fields("HTTP", "r"), url: origin, want: "http://r"},
		"host beats scheme":        {session: fields("http", "s", "http://api.test", "h"), url: origin, want: "http://h"},
		"scheme beats all host":    {session: fields("all", "a", "all://api.test", "ah", "http", "s"), url: origin, want: "http://s"},
		"all host beats all":       {session: fields("all", "a", "all://api.test", "ah"), url: origin, want: "http://ah"},
		"key by key":               {session: fields("http", "s"), request: fields("all", "r"), url: origin, want: "http://s"},
		"direct":                   {env: []string{"http_proxy", "p1"}, flag: "f", session: fields("http", "s"), request: fields("http", ""), url: origin},
		"no_proxy in the table":    {env: []string{"http_proxy", "p1"}, flag: "f", session: fields("http", "s"), request: fields("no_proxy", "api.test"), url: origin},
		"no_proxy for no_proxy":    {env: []string{"http_proxy", "p1", "no_proxy", "api.test"}, request: fields("no_proxy", "x.test"), url: origin, want: "http://p1"},
		"credentials":              {session: fields("all", "http://u:p w@s:1"), url: origin, want: "http://u:p%20w@s:1"},
	} {
		client := newClient(t, Config{Proxy: c.flag, Environ: environ(c.env...)})
		s, err := client.NewSession(Settings{Proxies: c.session, TrustEnv: c.trust})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, failed := s.state.Load().profile.proxyFor(at(t, c.url), c.request)
		if failed != nil || got != c.want {
			t.Errorf("%s: got %q %v, want %q", name, got, failed, c.want)
		}
	}
}

func TestInvalidProxies(t *testing.T) {
	for _, bad := range []string{"http://", "http://:8080", "http:///x", "ftp://p", "socks4://p", "http://p:x", "http://a b"} {
		_, err := newClient(t, Config{}).NewSession(Settings{Proxies: fields("http", bad)})
		if e := runtime.AsError(err); e == nil || e.Kind != runtime.KindInvalidArgument {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	c := newClient(t, Config{Environ: environ("http_proxy", "ftp://u:secret@p")})
	err := failure(t, c, get("http://h.test/"), runtime.KindProxy)
	wantText(t, "the message", err.Message, "environment", "***@p")
}

func TestBypassed(t *testing.T) {
	for _, c := range []struct {
		list, url string
		want      bool
	}{
		{"*", "http://any/", true},
		{"example.com", "http://example.com/", true},
		{"example.com", "http://www.EXAMPLE.com/", true},
		{".example.com", "http://example.com/", true},
		{"*.example.com", "http://www.example.com/", true},
		{"example.com", "http://notexample.com/", false},
		{"example.com", "http://example.com.evil.test/", false},
		{"a , example.com:81 ", "http://example.com:81/", true},
		{"example.com:81", "http://example.com/", false},
		{"example.com:443", "https://example.com/", true},
		{"127.0.0.1", "http://127.0.0.1:8080/", true},
		{"127.0.0.1:80", "http://127.0.0.1:8080/", false},
		{"127.0.0.0/8", "http://127.9.9.9/", true},
		{"10.0.0.0/8", "http://127.0.0.1/", false},
		{"10.0.0.0/8", "http://name/", false},
		{"0.0.1", "http://127.0.0.1/", false},
		{"::1", "http://[::1]/", true},
		{"[::1]:80", "http://[::1]/", true},
		{"fd00::/8", "http://[fd12::1]/", true},
		{"", "http://any/", false},
		{",,", "http://any/", false},
		{"example.com", "http://example.com./", true},
	} {
		if got := bypassed(c.list, at(t, c.url)); got != c.want {
			t.Errorf("no_proxy %q, %s: got %v", c.list, c.url, got)
		}
	}
}

func TestMountTrustsWhatTheSessionTrusts(t *testing.T) {
	s, err := newClient(t, Config{Environ: environ("http_proxy", "p1")}).NewSession(Settings{
		TrustEnv: runtime.No, Mounts: []Mount{{Prefix: "http://h.test"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := at(t, "http://h.test/")
	if got, err := s.state.Load().profileFor(h).proxyFor(h, nil); err != nil || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestThroughAProxy(t *testing.T) {
	var lines []string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		lines = append(lines, r.RequestURI+" "+r.Header.Get("Proxy-Authorization"))
		if strings.HasSuffix(r.URL.Path, "/first") {
			w.Header().Set("Location", "http://direct.test/second")
			w.WriteHeader(302)
		}
	})
	direct := serve(t, echo)
	s := newSession(t, Settings{
		Proxies: fields("http", strings.Replace(proxy, "//", "//u:p@", 1), "no_proxy", "direct.test"),
		Resolve: map[string]string{"direct.test": strings.TrimPrefix(direct, "http://")},
	})
	resp := must(t, s, get("http://h.test/first?a#f"))
	if len(lines) != 1 || lines[0] != "http://h.test/first?a Basic dTpw" {
		t.Errorf("the proxy saw %q", lines)
	}
	wantText(t, "the second hop", string(resp.Content), "GET /second ")
}

func TestTLSSettings(t *testing.T) {
	c := newClient(t, Config{CA: "/flag.pem", Environ: environ("REQUESTS_CA_BUNDLE", "", "CURL_CA_BUNDLE", "/env.pem", "SSL_CERT_FILE", "/ssl.pem")})
	noFlag := newClient(t, Config{Environ: environ("SSL_CERT_DIR", "/certs")})
	insecure := newClient(t, Config{Insecure: true})
	cert := &runtime.Cert{Cert: "/c.pem", Key: "/k.pem"}
	for name, x := range map[string]struct {
		client   *Client
		settings Settings
		options  runtime.Options
		left     bool
		want     transport.RouteConfig
	}{
		"flag":            {c, Settings{}, runtime.Options{}, false, transport.RouteConfig{CA: "/flag.pem"}},
		"environment":     {noFlag, Settings{}, runtime.Options{}, false, transport.RouteConfig{CA: "/certs"}},
		"not trusted":     {noFlag, Settings{TrustEnv: runtime.No}, runtime.Options{}, false, transport.RouteConfig{}},
		"on is not where": {c, Settings{Verify: &runtime.Verify{}}, runtime.Options{}, false, transport.RouteConfig{CA: "/flag.pem"}},
		"session":         {c, Settings{Verify: &runtime.Verify{CA: "/s.pem"}, Cert: cert}, runtime.Options{}, false, transport.RouteConfig{CA: "/s.pem", Cert: "/c.pem", Key: "/k.pem"}},
		"off":             {c, Settings{Verify: &runtime.Verify{Off: true}}, runtime.Options{}, false, transport.RouteConfig{VerifyOff: true}},
		"request":         {c, Settings{Verify: &runtime.Verify{Off: true}}, runtime.Options{Verify: &runtime.Verify{CA: "/r.pem"}}, false, transport.RouteConfig{CA: "/r.pem"}},
		"insecure":        {insecure, Settings{}, runtime.Options{Verify: &runtime.Verify{CA: "/r.pem"}}, false, transport.RouteConfig{VerifyOff: true}},
		"cert stays home": {c, Settings{}, runtime.Options{Cert: cert}, true, transport.RouteConfig{CA: "/flag.pem"}},
	} {
		s, err := x.client.NewSession(x.settings)
		if err != nil {
			t.Fatal(err)
		}
		var got transport.RouteConfig
		p := s.state.Load().profile
		p.setTLS(&got, x.options.Verify, p.certificate(&x.options, x.left, x.left))
		if got != x.want {
			t.Errorf("%s: got %+v, want %+v", name, got, x.want)
		}
	}
}

func TestMissingCertificateFiles(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.pem")
	plain := serve(t, echo)
	s := newSession(t, Settings{Verify: &runtime.Verify{CA: missing}})
	must(t, s, get(plain)) // nothing to verify
	err := failure(t, s, get("https://127.0.0.1:9/"), runtime.KindTLS)
	wantText(t, "the message", err.Message, missing)
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"10.0.0.1": "10.0.0.1:443", "10.0.0.1:8443": "10.0.0.1:8443", "::1": "[::1]:443", "[::1]": "[::1]:443", "[::1]:8443": "[::1]:8443", "name": "name:443",
	} {
		if got := joinPort(address, "443"); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	for proxy, want := range map[string]string{
		"http://p": "p 80", "https://u:p@p": "p 443", "socks5://p": "p 1080", "socks5h://[::1]:9": "::1 9",
	} {
		if host, port := proxyAddress(proxy); host+" "+port != want {
			t.Errorf("%s: got %s %s, want %s", proxy, host, port, want)
		}
	}
}

func TestPolicyLeavesTheUsersProxiesAlone(t *testing.T) {
	proxy := serve(t, echo)
	onlyTest := func(host, _ string) error {
		if host == "h.test" {
			return nil
		}
		return runtime.Errorf(runtime.KindDenied, "%s is denied", host)
	}
	must(t, newClient(t, Config{AllowHost: onlyTest, Environ: environ("http_proxy", proxy)}), get("http://h.test/"))
	must(t, newClient(t, Config{AllowHost: onlyTest, Proxy: proxy}), get("http://h.test/"))
	own := get("http://h.test/")
	own.Options = &runtime.Options{Proxies: fields("http", proxy)}
	fails(t, newClient(t, Config{AllowHost: onlyTest}), own, runtime.KindDenied)
}
