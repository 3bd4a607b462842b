package client

import (
	"net/url"
	"strings"
	"testing"

	"volley/runtime"
)

func TestParseURL(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h":                         "http://h/",
		"http://h?x":                       "http://h/?x",
		"http://h/x?":                      "http://h/x",
		"http://h/x#":                      "http://h/x",
		"  \thttp://h/":                    "http://h/",
		"http://h/a ":                      "http://h/a%20",
		"HTTP://EXAMPLE.com/Path":          "http://example.com/Path",
		"http://h/a/../b/./c":              "http://h/b/c",
		"http://h/../../x":                 "http://h/x",
		"http://h/a/..":                    "http://h/",
		"http://h/a/.":                     "http://h/a/",
		"http://h/.well-known/x":           "http://h/.well-known/x",
		"http://h/...":                     "http://h/...",
		"http://h/%7Euser/%2f":             "http://h/~user/%2F",
		"http://h/%7Euser/%2f/%zz":         "http://h/~user/%2F/%25zz",
		"http://h/100%":                    "http://h/100%25",
		"http://h/a b?c d=e f#g h":         "http://h/a%20b?c%20d=e%20f#g%20h",
		"http://h/!$&'()*+,;=:@":           "http://h/!$&'()*+,;=:@",
		"http://h/[]{}|\\^`\"<>":           "http://h/%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E",
		"http://h/?q=[1]":                  "http://h/?q=%5B1%5D",
		"http://h//v:h":                    "http://h//v:h",
		"http://h:80/":                     "http://h:80/",
		"https://h:443/":                   "https://h:443/",
		"http://h:/":                       "http://h/",
		"http://h:0080/":                   "http://h:80/",
		"http://u:p w@h/":                  "http://h/",
		"http://u@h/x":                     "http://h/x",
		"http://[::1]:80/":                 "http://[::1]:80/",
		"http://[FE80::1]/":                "http://[fe80::1]/",
		"http://bücher.de/ü":               "http://xn--bcher-kva.de/%C3%BC",
		"http://straße.de/":                "http://xn--strae-oqa.de/",
		"http://xn--n3h.net/":              "http://xn--n3h.net/",
		"http://h/a%0Ab":                   "http://h/a%0Ab",
		"http://a_b.test/":                 "http://a_b.test/",
		"http://h/\xff":                    "http://h/%FF",
		"http://h/?a=1?b=2":                "http://h/?a=1?b=2",
		"http://h/p;v=1?x=/y":              "http://h/p;v=1?x=/y",
		"http://127.0.0.1:8080/x":          "http://127.0.0.1:8080/x",
		"http://h.example./x":              "http://h.example./x",
		"http://h/a/%2e%2e/b":              "http://h/b",
		"https://h:65535/":                 "https://h:65535/",
		"http://h/x#frag?a":                "http://h/x#frag?a",
		"http://example.com:@evil.com/x":   "http://evil.com/x",
		"http://h/%E4%BD%A0?q=%e4%bd%a0#%": "http://h/%E4%BD%A0?q=%E4%BD%A0#%25",
	} {
		l, err := parseURL(raw)
		if err != nil {
			t.Errorf("%q: %v", raw, err)
			continue
		}
		if l.url != want {
			t.Errorf("%q: got %q, want %q", raw, l.url, want)
		}
		again, err := parseURL(l.url)
		if err != nil || again.url != l.url || again.target != l.target || again.authority != l.authority || again.host != l.host {
			t.Errorf("%q: parsing the result again gives %+v, %v", raw, again, err)
		}
	}
}

func TestParseURLErrors(t *testing.T) {
	for _, c := range []struct {
		raw  string
		kind runtime.Kind
		text string
	}{
		{"example.com/x", runtime.KindMissingSchema, "did you mean https://example.com/x ?"},
		{"//h/x", runtime.KindMissingSchema, "did you mean https://h/x ?"},
		{"", runtime.KindMissingSchema, "empty"},
		{"   ", runtime.KindMissingSchema, "empty"},
		{"/rel", runtime.KindMissingSchema, "base_url"},
		{"../rel", runtime.KindMissingSchema, "base_url"},
		{"?q=1", runtime.KindMissingSchema, "no scheme"},
		{"127.0.0.1:80/x", runtime.KindMissingSchema, "no scheme"},
		{"localhost:3128", runtime.KindInvalidSchema, "did you mean http://localhost:3128 ?"},
		{"example.com:80/x", runtime.KindInvalidSchema, "did you mean http://example.com:80/x ?"},
		{"ftp://h/x", runtime.KindInvalidSchema, `"ftp"`},
		{"mailto:me@h", runtime.KindInvalidSchema, `"mailto"`},
		{"file:///etc/passwd", runtime.KindInvalidSchema, `"file"`},
		{"javascript:alert(1)", runtime.KindInvalidSchema, "javascript"},
		{"http+unix://%2Fvar/path", runtime.KindInvalidSchema, "unix="},
		{"http://", runtime.KindInvalidURL, "no host"},
		{"http:///x", runtime.KindInvalidURL, "no host"},
		{"http:x", runtime.KindInvalidURL, "no host"},
		{"http://:1", runtime.KindInvalidURL, "no host"},
		{"http://u:p@/x", runtime.KindInvalidURL, "no host"},
		{"http://*.h/", runtime.KindInvalidURL, "cannot hold"},
		{"http://.h/", runtime.KindInvalidURL, "label is empty"},
		{"http://a..b/", runtime.KindInvalidURL, "label is empty"},
		{"http://h:abc/", runtime.KindInvalidURL, "port"},
		{"http://h:99999/", runtime.KindInvalidURL, "port"},
		{"http://h:-1/", runtime.KindInvalidURL, "port"},
		{"http://fe80::5054:ff:fe5a:fc0", runtime.KindInvalidURL, "brackets"},
		{"http://[::1/", runtime.KindInvalidURL, "brackets"},
		{"http://[::1]x/", runtime.KindInvalidURL, "brackets"},
		{"http://[127.0.0.1]/", runtime.KindInvalidURL, "IPv6"},
		{"http://☃.net/", runtime.KindInvalidURL, "symbol"},
		{"http://exa mple.com", runtime.KindInvalidURL, "cannot hold ' '"},
		{"http://h%00/", runtime.KindInvalidURL, "cannot hold '%'"},
		{"http://h/a\nb", runtime.KindInvalidURL, "byte 0x0a at 11"},
		{"http://h/a\x00b", runtime.KindInvalidURL, "control"},
		{"http://h\r\nX: y/", runtime.KindInvalidURL, "control"},
		{"http://" + strings.Repeat("a", 64) + ".test/", runtime.KindInvalidURL, "63"},
	} {
		_, err := parseURL(c.raw)
		if err == nil || err.Kind != c.kind || !strings.Contains(err.Message, c.text) {
			t.Errorf("%q: got %v, want %s with %q", c.raw, err, c.kind, c.text)
		}
	}
}

func TestLocationParts(t *testing.T) {
	l, err := parseURL("https://user:p%40ss@Example.com:8443/a/b?c=d#e")
	if err != nil {
		t.Fatal(err)
	}
	want := location{
		url: "https://example.com:8443/a/b?c=d#e", scheme: "https", host: "example.com", port: "8443",
		authority: "example.com:8443", target: "/a/b?c=d", fragment: "e", user: "user", password: "p@ss", credentials: true,
	}
	if l != want {
		t.Errorf("got %+v\nwant %+v", l, want)
	}
	zone, err := parseURL("http://[fe80::1%25eth0]:81/")
	if err != nil || zone.host != "fe80::1%eth0" || zone.authority != "[fe80::1]:81" {
		t.Errorf("got host %q authority %q, %v", zone.host, zone.authority, err)
	}
}

func TestSameOrigin(t *testing.T) {
	a, _ := parseURL("http://h/")
	for raw, want := range map[string]bool{
		"http://h:80/x": true, "http://H/y": true, "https://h/": false, "http://h:81/": false, "http://g/": false, "https://h:80/": false,
	} {
		b, _ := parseURL(raw)
		if a.sameOrigin(&b) != want {
			t.Errorf("%s: sameOrigin is %v", raw, !want)
		}
	}
}

func TestResolveReference(t *testing.T) {
	// RFC 3986 section 5.4, but for its other schemes.
	for ref, want := range map[string]string{
		"g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g/",
		"?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s",
		"g?y#s": "http://a/b/c/g?y#s", ";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "": "http://a/b/c/d;p?q",
		".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../": "http://a/b/", "../g": "http://a/b/g",
		"../..": "http://a/", "../../": "http://a/", "../../g": "http://a/g", "../../../g": "http://a/g",
		"/./g": "http://a/g", "/../g": "http://a/g", "g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g",
		"./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
		"g;x=1/./y": "http://a/b/c/g;x=1/y", "g?y/./x": "http://a/b/c/g?y/./x", "g#s/../x": "http://a/b/c/g#s/../x",
		"HTTP://X/y": "http://x/y",
	} {
		l, err := split("http://a/b/c/d;p?q").resolve(split(ref)).locate(ref)
		if err != nil || l.url != want {
			t.Errorf("%q: got %q %v, want %q", ref, l.url, err, want)
		}
	}
}

func TestPlainURLDoesNotAllocate(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		if _, err := parseURL("https://api.example.com:8443/v1/users/1?x=%20y#z"); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// FuzzParseURL checks that what is accepted is stable, sendable, and what
// net/url makes of it has the same host.
func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"http://h/a/../b?x=%zz#f", "https://u:p@[::1]:80/", "http://bücher.de/ü", "http://h/%7E%2f%", "HTTP://A.B:1/?a b", "x", "http://a/\x7f",
		"http://h/%2e%2E/%2e", "http://h?a#b", "http://h:00443/;,", "http://[fe80::1%25a]/", "http://a%2fb/", "http://a/.%2e/..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		l, err := parseURL(raw)
		if err != nil {
			if !err.Kind.Is(runtime.KindInvalidURL) {
				t.Fatalf("%q: kind %s", raw, err.Kind)
			}
			return
		}
		for i := 0; i < len(l.url); i++ {
			if l.url[i] <= ' ' || l.url[i] >= 0x7f {
				t.Fatalf("%q: %q holds byte %#x", raw, l.url, l.url[i])
			}
		}
		again, err := parseURL(l.url)
		if err != nil || again.url != l.url {
			t.Fatalf("%q: %q is not stable: %q %v", raw, l.url, again.url, err)
		}
		std, failed := url.Parse(l.url)
		if failed != nil {
			t.Fatalf("%q: net/url: %v", raw, failed)
		}
		if !strings.Contains(l.host, "%") && std.Hostname() != l.host || std.User != nil || std.Scheme != l.scheme {
			t.Fatalf("%q: net/url sees %q in %q, we %q", raw, std.Hostname(), l.url, l.host)
		}
	})
}
