package faults_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/runtimetest"
)

// Rows 133 to 139. What is proved closer to the code:
//
//	row 133: client TestNetrc, TestCredentialsAcrossOrigins
//	row 134: client TestJarMatching
//	row 135: client TestJarMatching, TestPlainHTTPDoesNotReplaceSecure
//	row 136: client TestParseSetCookie
//	row 137: client TestJarBounds
//	row 138: client TestCookiesStayInTheSession
//	row 139: client TestNetscapeRoundTrip; luaapi TestSavedCookiesAreTheUsersAlone; policy TestModes

// settingCookies answers the first request with those fields, and others with
// the Cookie field they came with.
func settingCookies(fields string) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		first := p.Index == 0
		for ; ; first = false {
			request := p.Request()
			if first {
				p.Write(okLine + fields + "Content-Length: 0\r\n\r\n")
				continue
			}
			_, cookie, _ := strings.Cut(request, "\r\nCookie: ")
			cookie, _, _ = strings.Cut(cookie, "\r\n")
			if !strings.Contains(request, "\r\nCookie: ") {
				cookie = ""
			}
			p.Write(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", okLine, len(cookie), cookie))
		}
	})
}

// atShop finds www.shop.co.uk on this machine.
var atShop = client.Settings{Resolve: map[string]string{"www.shop.co.uk": "127.0.0.1"}}

// shop is settingCookies as www.shop.co.uk.
func shop(fields string) func(t *testing.T) (string, func() int) {
	return func(t *testing.T) (string, func() int) {
		url, hits := settingCookies(fields)(t)
		return strings.Replace(url, "127.0.0.1", "www.shop.co.uk", 1), hits
	}
}

// sends checks the Cookie field of the next request.
func sends(ok func(cookie string) bool) func(*testing.T, *runtime.Result) {
	return func(t *testing.T, res *runtime.Result) {
		t.Helper()
		resp, err := again(t, res, &runtime.Request{Method: "GET", URL: res.Request.URL})
		if err != nil {
			t.Fatal(err)
		}
		if cookie := string(resp.Content); !ok(cookie) {
			t.Errorf("the next request sends %d bytes of cookies: %.200q", len(cookie), cookie)
		}
	}
}

func only(want string) func(string) bool { return func(cookie string) bool { return cookie == want } }

func TestCookies(t *testing.T) {
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, "Set-Cookie: c%d=%s\r\n", i, strings.Repeat("v", 80))
	}
	provoke(t, []fault{
		{rows: "134", name: "for other domains", settings: atShop, serve: shop("Set-Cookie: a=1; Domain=example.com\r\nSet-Cookie: b=1; Domain=co.uk\r\nSet-Cookie: c=1; Domain=.CO.UK\r\nSet-Cookie: d=1; Domain=co.uk.\r\nSet-Cookie: own=1; Domain=shop.co.uk\r\n"), want: want{check: sends(only("own=1"))}},
		{rows: "135", name: "Secure over http", serve: settingCookies("Set-Cookie: a=1; Secure\r\nSet-Cookie: __Host-b=1; Path=/\r\nSet-Cookie: __Secure-c=1\r\nSet-Cookie: own=1\r\n"), want: want{check: sends(only("own=1"))}},
		{rows: "136", name: "control bytes", serve: settingCookies("Set-Cookie: a=b\tc\r\nSet-Cookie: own=1\r\n"), want: want{check: sends(func(cookie string) bool { return !strings.ContainsAny(cookie, "\x00\x01\r\n") })}},
		{rows: "136", name: "a byte that no field may hold", serve: settingCookies("Set-Cookie: a=b\x01c\r\n"), want: malformed(`\x01`)},
		{rows: "137", name: "2,000 cookies", serve: settingCookies(many.String()), want: want{check: sends(func(cookie string) bool {
			return len(cookie) > 1000 && len(cookie) <= 8190 && strings.Count(cookie, "=") <= 50
		})}},
		{rows: "137", name: "one of 100 KiB", serve: settingCookies("Set-Cookie: a=" + strings.Repeat("v", 100<<10) + "\r\nSet-Cookie: own=1\r\n"), want: want{check: sends(only("own=1"))}},
	})
}

// Row 138: what one session was given, no other sends.
func TestCookiesOfSessions(t *testing.T) {
	runtimetest.Leaks(t)
	url, _ := settingCookies("Set-Cookie: own=1\r\n")(t)
	cl, err := client.New(client.Config{Environ: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cl.Close() }()
	for i, want := range []string{"own=1", ""} {
		session, err := cl.NewSession(client.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = session.Close() }()
		for n := range 2 {
			resp, err := session.Do(t.Context(), &runtime.Request{Method: "GET", URL: url})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(resp.Content); n == 1 && got != want {
				t.Errorf("session %d sends %q, want %q", i, got, want)
			}
		}
	}
}

// Row 130: what a redirect makes of a POST.
func TestRedirectedPosts(t *testing.T) {
	cases := []fault{}
	for status, seen := range map[int]string{301: "GET 0 ", 302: "GET 0 ", 303: "GET 0 ", 307: "POST 5 text/plain", 308: "POST 5 text/plain"} {
		cases = append(cases, fault{rows: "130", name: fmt.Sprint(status), serve: handler(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/0" {
				http.Redirect(w, r, "/end", status)
				return
			}
			_, _ = fmt.Fprintf(w, "%s %d %s", r.Method, r.ContentLength, r.Header.Get("Content-Type"))
		}), ask: func(r *runtime.Request) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte("hello"), Type: "text/plain"}
		}, want: want{body: seen, exactly: 2}})
	}
	provoke(t, cases)
}

// Row 128: behind https nothing secret goes out in the clear.
func TestDowngrade(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	provoke(t, []fault{{rows: "128", name: "https to http", arrange: func(t *testing.T, c *fault) {
		plain, _ := handler(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, "%q %q %q", r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("Referer"))
		})(t)
		behindTLS(runtimetest.Server(certs.Good), func(p *runtimetest.Peer) {
			p.Request()
			p.Write(location(plain))
			p.Hangup()
		})(t, c)
	}, ask: func(r *runtime.Request) {
		r.Header.Add("Authorization", "s3cret")
		r.Header.Add("Cookie", "s3cret=1")
	}, want: want{body: `"" "" ""`}}})
}

// Rows 112 and 115: bytes arrive as they were sent, whatever they claim to be.
// What is proved closer to the code:
//
//	row 112: client TestText, TestEncoding
//	row 113, 114, 116: scripts TestAnswers, for the helpers that read them
//	row 115: scripts TestAnswers, for lines
func TestContent(t *testing.T) {
	odd := "\xff\x00\xc3(a"
	long := strings.Repeat("x", 8<<20) + "\n"
	provoke(t, []fault{
		{rows: "112", name: "unknown charset", serve: reply(fmt.Sprintf("%sContent-Type: text/plain; charset=x-klingon\r\nContent-Length: %d\r\n\r\n%s", okLine, len(odd), odd)), want: want{body: odd}},
		{rows: "115", name: "a line of 8 MiB", serve: reply(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", okLine, len(long), long)), want: want{body: long}},
	})
}
