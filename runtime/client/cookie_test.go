package client

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestParseSetCookie(t *testing.T) {
	in := func(d time.Duration) time.Time { return now.Add(d) }
	for line, want := range map[string]Cookie{
		"SID=31d4d96e407aad42":              {Name: "SID", Value: "31d4d96e407aad42"},
		"SID=1; Path=/; Domain=example.com": {Name: "SID", Value: "1", Path: "/", Domain: "example.com"},
		"SID=1; Path=/; Secure; HttpOnly":   {Name: "SID", Value: "1", Path: "/", Secure: true, HTTPOnly: true},
		"a=1; domain=.Example.COM":          {Name: "a", Value: "1", Domain: "example.com"},
		" a = b c ;path=x":                  {Name: "a", Value: "b c"},
		`a="q v"; Path="/"`:                 {Name: "a", Value: `"q v"`},
		"x":                                 {Name: "x"},
		"x=":                                {Name: "x"},
		"a=b=c":                             {Name: "a", Value: "b=c"},
		"a=1; Max-Age=10; Expires=Thu, 01 Jan 1970":             {Name: "a", Value: "1", Expires: in(10 * time.Second)},
		"a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT":            {Name: "a", Value: "1", Expires: time.Date(2027, 6, 9, 10, 18, 14, 0, time.UTC)},
		"a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Max-Age=1": {Name: "a", Value: "1", Expires: in(time.Second)},
		"a=1; Max-Age=0":  {Name: "a", Value: "1", Expires: past},
		"a=1; Max-Age=-5": {Name: "a", Value: "1", Expires: past},
		"a=1; Max-Age=x":  {Name: "a", Value: "1"},
		"a=1; Max-Age=" + strings.Repeat("9", 40): {Name: "a", Value: "1", Expires: in(400 * 24 * time.Hour)},
		"a=1; SameSite=Lax; Foo=bar;;":            {Name: "a", Value: "1"},
		"a=1; Path=" + strings.Repeat("/x", 600):  {Name: "a", Value: "1"},
		"ü=ä":                                     {Name: "ü", Value: "ä"},
	} {
		got, ok := parseSetCookie(line, now)
		if !ok || !cmp.Equal(got, want) {
			t.Errorf("%q: got %+v %v, want %+v", line, got, ok, want)
		}
	}
	for _, line := range []string{"", "=x", "; Path=/", "a=\x01", "a=1; Path=/\x00", "a\x7f=1", "a=" + strings.Repeat("x", 4097)} {
		if c, ok := parseSetCookie(line, now); ok {
			t.Errorf("%.20q: got %+v, want nothing", line, c)
		}
	}
}

func TestParseCookieDate(t *testing.T) {
	want := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, s := range []string{
		"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
		"6 november 1994 8:49:37", "08:49:37/6/Nov/94", "Nov 6 1994 08:49:37 PST", "1994 6 Nov 08:49:37x",
	} {
		if got, ok := parseCookieDate(s); !ok && s[0] != '1' || ok && !got.Equal(want) {
			t.Errorf("%q: got %v %v", s, got, ok)
		}
	}
	if got, ok := parseCookieDate("06 Nov 69 00:00:00"); !ok || got.Year() != 2069 {
		t.Errorf("two digits below 70: got %v %v", got, ok)
	}
	for _, s := range []string{
		"", "yesterday", "06 Nov 1994", "32 Nov 1994 08:49:37", "31 Feb 1994 08:49:37", "06 Nov 1994 24:00:00",
		"06 Nov 1994 08:60:00", "06 Nov 1600 08:49:37", "06 Nux 1994 08:49:37", "06 Nov 19944 08:49:37", "06 Nov 1994 08:49",
	} {
		if got, ok := parseCookieDate(s); ok {
			t.Errorf("%q: got %v, want nothing", s, got)
		}
	}
}

func at(t *testing.T, url string) *location {
	t.Helper()
	l, err := parseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return &l
}

// TestJarMatching plays the pairs of a response that sets a cookie and a
// request that should have it or not.
func TestJarMatching(t *testing.T) {
	for _, c := range []struct{ from, set, to, want string }{
		// RFC 6265 section 3.1
		{"http://example.com/", "SID=1", "http://example.com/x", "SID=1"},
		{"http://example.com/", "SID=1; Path=/; Domain=example.com", "http://www.example.com/", "SID=1"},
		{"http://www.example.com/", "SID=1; Domain=example.com", "http://example.com/", "SID=1"},
		{"http://example.com/", "SID=1", "http://www.example.com/", ""},
		{"http://example.com/", "SID=1; Domain=foo.example.com", "http://foo.example.com/", ""},
		{"http://example.com/", "SID=1; Domain=other.com", "http://other.com/", ""},
		{"http://notexample.com/", "SID=1; Domain=example.com", "http://example.com/", ""},
		{"http://example.com/", "SID=1; Domain=example.com", "http://badexample.com/", ""},
		// ports do not matter, schemes only for Secure
		{"http://example.com:81/", "a=1", "https://example.com:82/", "a=1"},
		{"https://example.com/", "a=1; Secure", "http://example.com/", ""},
		{"https://example.com/", "a=1; Secure", "https://example.com/", "a=1"},
		{"http://localhost/", "a=1; Secure", "http://localhost/", ""},
		// paths
		{"http://h.test/a/b", "a=1", "http://h.test/a/c?x=/", "a=1"},
		{"http://h.test/a/b", "a=1", "http://h.test/", ""},
		{"http://h.test/a/b?q=/x/y", "a=1", "http://h.test/a", "a=1"},
		{"http://h.test/", "a=1; Path=/foo", "http://h.test/foobar", ""},
		{"http://h.test/", "a=1; Path=/foo", "http://h.test/foo/bar", "a=1"},
		{"http://h.test/", "a=1; Path=/foo/", "http://h.test/foo", ""},
		// public suffixes
		{"http://x.co.uk/", "a=1; Domain=co.uk", "http://y.co.uk/", ""},
		{"http://x.co.uk/", "a=1; Domain=CO.UK", "http://y.co.uk/", ""},
		{"http://x.co.uk/", "a=1; Domain=.co.uk.", "http://y.co.uk/", ""},
		{"http://x.github.io/", "a=1; Domain=github.io", "http://y.github.io/", ""},
		{"http://x.com/", "a=1; Domain=com", "http://y.com/", ""},
		{"http://localhost/", "a=1; Domain=localhost", "http://localhost/", "a=1"},
		{"http://co.uk/", "a=1; Domain=co.uk", "http://co.uk/", "a=1"},
		{"http://co.uk/", "a=1; Domain=co.uk", "http://x.co.uk/", ""},
		// addresses
		{"http://127.0.0.1/", "a=1", "http://127.0.0.1:8080/", "a=1"},
		{"http://127.0.0.1/", "a=1; Domain=127.0.0.1", "http://127.0.0.1/", "a=1"},
		{"http://127.0.0.1/", "a=1; Domain=0.0.1", "http://127.0.0.1/", ""},
		{"http://[::1]/", "a=1", "http://[::1]:8080/", "a=1"},
		// prefixes
		{"https://h.test/", "__Host-a=1; Secure; Path=/", "https://h.test/", "__Host-a=1"},
		{"https://h.test/", "__Host-a=1; Secure; Path=/; Domain=h.test", "https://h.test/", ""},
		{"https://h.test/", "__Host-a=1; Path=/", "https://h.test/", ""},
		{"https://h.test/x/", "__Host-a=1; Secure", "https://h.test/x/", ""},
		{"http://h.test/", "__Secure-a=1; Secure", "https://h.test/", ""},
		{"https://h.test/", "__secure-a=1; Secure", "https://h.test/", "__secure-a=1"},
		// expiry and values
		{"http://h.test/", "a=1; Max-Age=0", "http://h.test/", ""},
		{"http://h.test/", "a=1; Max-Age=100", "http://h.test/", "a=1"},
		{"http://h.test/", "x", "http://h.test/", "x="},
		{"http://h.test./", "a=1", "http://h.test/", "a=1"},
	} {
		j := NewJar()
		j.learn(at(t, c.from), c.set, time.Now())
		if got := j.line(at(t, c.to), nil, true); got != c.want {
			t.Errorf("%s sets %q: %s gets %q, want %q", c.from, c.set, c.to, got, c.want)
		}
	}
}

func TestJarOrderAndReplacement(t *testing.T) {
	j := NewJar()
	here := at(t, "http://h.test/a/b/c")
	for _, line := range []string{"one=1; Path=/", "two=2; Path=/a/b", "three=3; Path=/a", "one=4; Path=/", "four=5; Path=/a"} {
		j.learn(here, line, time.Now())
	}
	if got, want := j.line(here, nil, true), "two=2; three=3; four=5; one=4"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	j.learn(here, "two=; Path=/a/b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", time.Now())
	own := fields("one", "mine", "six", "6")
	if got, want := j.line(here, own, true), "three=3; four=5; one=mine; six=6"; got != want {
		t.Errorf("with the request's own: got %q, want %q", got, want)
	}
}

func TestJarBounds(t *testing.T) {
	j := NewJar()
	here := at(t, "http://h.test/")
	for i := range 400 {
		j.learn(here, "c"+strings.Repeat("x", i)+"="+strings.Repeat("v", 40), time.Now())
	}
	line := j.line(here, nil, true)
	if n := strings.Count(line, "; ") + 1; n > maxCookiesSent || len(line) > maxCookieLine {
		t.Errorf("sends %d cookies in %d bytes", n, len(line))
	}
	for i := range maxCookiesInJar + 10 {
		if err := j.Set(Cookie{Name: "n", Value: "v", Domain: "h" + strings.Repeat("i", i%50) + ".test", Path: "/" + strings.Repeat("p", i/50)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(j.List()); n != maxCookiesInJar {
		t.Errorf("the jar holds %d cookies, want %d", n, maxCookiesInJar)
	}
}

func TestPlainHTTPDoesNotReplaceSecure(t *testing.T) {
	j := NewJar()
	j.learn(at(t, "https://h.test/"), "sid=good; Secure", time.Now())
	j.learn(at(t, "http://h.test/"), "sid=evil", time.Now())
	j.learn(at(t, "http://x.h.test/"), "sid=evil; Domain=h.test", time.Now())
	if got := j.line(at(t, "https://h.test/"), nil, true); got != "sid=good" {
		t.Errorf("got %q", got)
	}
}

func TestJarAccess(t *testing.T) {
	j := NewJar()
	for _, c := range []Cookie{
		{Name: "a", Value: "1", Domain: "h.test"},
		{Name: "a", Value: "2", Domain: ".h.test", Path: "/deep"},
		{Name: "b", Value: "3", Domain: "other.test", Secure: true},
		{Name: "c", Value: "4"},
		{Name: "d", Value: "5", Domain: "localhost"},
	} {
		if err := j.Set(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, domain, path, want string }{
		{"a", "", "", "2"},
		{"a", "h.test", "/", "1"},
		{"a", ".h.test", "/deep", "2"},
		{"b", "", "", "3"},
		{"c", "", "", "4"},
		{"a", "other.test", "", ""},
		{"nope", "", "", ""},
	} {
		if got, ok := j.Get(c.name, c.domain, c.path); got != c.want || ok != (c.want != "") {
			t.Errorf("get %s %s %s: got %q %v, want %q", c.name, c.domain, c.path, got, ok, c.want)
		}
	}
	if got := j.line(at(t, "http://any.test/"), nil, true); got != "c=4" {
		t.Errorf("a cookie without a domain: got %q", got)
	}
	if got := j.line(at(t, "http://any.test/"), nil, false); got != "" {
		t.Errorf("a cookie without a domain, behind a redirect: got %q", got)
	}
	j.learn(at(t, "http://any.test/"), "c=server", time.Now())
	if got := j.line(at(t, "http://any.test/"), nil, true); got != "c=server" {
		t.Errorf("a cookie without a domain that the server set anew: got %q", got)
	}
	if n := j.Delete("a", "h.test", ""); n != 2 {
		t.Errorf("deleted %d", n)
	}
	if j.Clear("", ""); len(j.List()) != 0 || !j.empty() {
		t.Error("not empty after Clear")
	}
	for _, bad := range []Cookie{{Name: ""}, {Name: "a=b"}, {Name: "a;b"}, {Name: "a", Value: "x;y"}, {Name: "a", Value: "\r\n"}, {Name: "a", Path: "x"}, {Name: "a", Domain: "h test"}} {
		if err := j.Set(bad); runtime.AsError(err).Kind != runtime.KindInvalidArgument {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
}

func FuzzSetCookie(f *testing.F) {
	for _, seed := range []string{
		"SID=1; Path=/; Domain=example.com; Secure; HttpOnly", "a=b; Expires=Wed, 09 Jun 2021 10:18:14 GMT", "x", "=;", "a=1; Max-Age=-0",
		"__Host-a=1; Secure; Path=/", "a=1; Domain=.co.uk.", "a=1;Expires=::1 1 jan 1",
	} {
		f.Add(seed)
	}
	here, _ := parseURL("https://www.example.co.uk/a/b")
	f.Fuzz(func(t *testing.T, line string) {
		j := NewJar()
		j.learn(&here, line, now)
		sent := j.line(&here, nil, true)
		if strings.ContainsAny(sent, "\r\n\x00") || len(sent) > maxCookieLine {
			t.Fatalf("%q is sent as %q", line, sent)
		}
		for _, c := range j.List() {
			if !below("www.example.co.uk", c.Domain) || c.Domain == "co.uk" {
				t.Fatalf("%q gives domain %q", line, c.Domain)
			}
			if err := checkCookie(c.Name, c.Value); err != nil && !strings.Contains(c.Name+c.Value, "=") {
				t.Fatalf("%q gives a cookie that cannot be sent: %v", line, err)
			}
		}
	})
}
