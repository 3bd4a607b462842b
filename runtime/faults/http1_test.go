package faults_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
)

const okLine = "HTTP/1.1 200 OK\r\n"

// closing answers a request with text and closes.
func closing(text string) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		p.Request()
		p.Write(text)
	})
}

// answering answers every request of a connection with text.
func answering(text string) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		for {
			p.Request()
			p.Write(text)
		}
	})
}

// closes checks that the connection is not used again, though the server
// leaves it open.
func closes(t *testing.T, res *runtime.Result) {
	t.Helper()
	resp, err := again(t, res, &runtime.Request{Method: "GET", URL: res.Request.URL})
	if err != nil || resp.Reused {
		t.Errorf("the next request: %v, %+v; want a connection of its own", err, resp)
	}
}

// resetting answers with text and resets the connection.
func resetting(text string) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		p.Request()
		p.Write(text)
		time.Sleep(20 * time.Millisecond) // a reset overtakes data that was not read yet
		p.Reset()
	})
}

// endless writes one piece again and again until the other side has enough.
func endless(head, piece string) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		p.Request()
		p.Write(head)
		for range 1 << 20 {
			p.Write(piece)
		}
	})
}

// dripping writes one piece at a time with pauses.
func dripping(head, piece string, pause time.Duration) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		p.Request()
		p.Write(head)
		for range 200 {
			p.Write(piece)
			time.Sleep(pause)
		}
	})
}

// bytewise writes text one byte at a time.
func bytewise(text string) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		p.Request()
		for i := range len(text) {
			p.Write(text[i : i+1])
			time.Sleep(time.Millisecond) // else the system joins them
		}
		p.Hangup()
	})
}

func malformed(says string) want {
	return want{kinds: kinds(runtime.KindInvalidResponse), phase: runtime.PhaseHeaders, sent: runtime.SentYes, hits: 1, within: time.Second, says: says}
}

func chunked(body string) string { return okLine + "Transfer-Encoding: chunked\r\n\r\n" + body }

// total gives the request a total timeout.
func total(d time.Duration) func(*runtime.Request) {
	return func(r *runtime.Request) { r.Options = &runtime.Options{Timeout: &runtime.Timeout{Total: d}} }
}

func TestHTTP1StatusLines(t *testing.T) {
	provoke(t, []fault{
		{rows: "36", name: "no status line", serve: reply("hello there\r\n\r\n"), want: malformed("hello there")},
		{rows: "36", name: "HTTP 0.9", serve: closing("<html>hello</html>"), want: malformed("<html>")},
		{rows: "36", name: "icecast", serve: closing("ICY 200 OK\r\n\r\n"), want: malformed("ICY")},
		{rows: "36", name: "long garbage is quoted short", serve: closing(strings.Repeat("\x1b[31mx", 1000) + "\r\n\r\n"), want: malformed(`\x1b[31mx\x1b["…`)},
		{rows: "37", name: "no reply on a fresh connection", serve: closing(""), want: want{kinds: kinds(runtime.KindClosed), phase: runtime.PhaseWait, sent: runtime.SentMaybe, hits: 1}},
		{rows: "38", name: "two digits", serve: closing("HTTP/1.1 20 OK\r\n\r\n"), want: malformed("20 OK")},
		{rows: "38", name: "four digits", serve: closing("HTTP/1.1 2000 OK\r\n\r\n"), want: malformed("2000")},
		{rows: "38", name: "negative", serve: closing("HTTP/1.1 -20 OK\r\n\r\n"), want: malformed("-20")},
		{rows: "38", name: "below 100", serve: closing("HTTP/1.1 099 OK\r\n\r\n"), want: malformed("below 100")},
		{rows: "39", name: "code 999 without a reason", serve: reply("HTTP/1.1 999\r\nContent-Length: 2\r\n\r\nhi"), want: want{status: 999, body: "hi"}},
		{rows: "39", name: "one byte at a time", serve: bytewise(okLine + "A: b\r\nContent-Length: 2\r\n\r\nhi"), want: want{body: "hi", check: header("A", "b")}},
		{rows: "40", name: "version 2.0", serve: closing("HTTP/2.0 200 OK\r\n\r\n"), want: malformed("HTTP/2.0")},
		{rows: "40", name: "version 1.9", serve: closing("HTTP/1.9 200 OK\r\n\r\n"), want: malformed("HTTP/1.9")},
		{rows: "40", name: "version too long", serve: closing("HTTP/1.1111111 200 OK\r\n\r\n"), want: malformed("")},
		{rows: "41", name: "endless status line", serve: endless(okLine[:13], strings.Repeat("x", 1<<10)), want: want{kinds: kinds(runtime.KindHeadersTooLarge), memory: 8 << 20}},
		{rows: "42", name: "escape sequences", serve: reply("HTTP/1.1 200 \x1b[31mred\r\nX-A: \x1b]0;t\x07\r\nContent-Length: 0\r\n\r\n"), want: malformed("")},
	})
}

func TestHTTP1Headers(t *testing.T) {
	provoke(t, []fault{
		{rows: "43", name: "fold", serve: reply(okLine + "A: b\r\n  c\r\nContent-Length: 0\r\n\r\n"), want: want{check: header("A", "b c")}},
		{rows: "44", name: "first line folded", serve: closing(okLine + " X: y\r\n\r\n"), want: malformed("folded")},
		{rows: "44", name: "no colon", serve: closing(okLine + "nonsense\r\n\r\n"), want: malformed("nonsense")},
		{rows: "44", name: "NUL", serve: closing(okLine + "A: b\x00c\r\n\r\n"), want: malformed(`\x00`)},
		{rows: "44", name: "bare CR", serve: closing(okLine + "A: b\rSet-Cookie: c\r\n\r\n"), want: malformed(`\r`)},
		{rows: "45", name: "space before the colon", serve: closing(okLine + "Name : v\r\n\r\n"), want: malformed("Name : v")},
		{rows: "45", name: "empty name", serve: closing(okLine + ": v\r\n\r\n"), want: malformed("")},
		{rows: "46", name: "bytes over 0x7f", serve: reply(okLine + "A: \xff\xc3\xa9\r\nContent-Length: 0\r\n\r\n"), want: want{check: header("A", "\xff\xc3\xa9")}},
		{rows: "47", name: "2 MiB header", serve: closing(okLine + "A: " + strings.Repeat("x", 2<<20) + "\r\n\r\n"), want: want{kinds: kinds(runtime.KindHeadersTooLarge)}},
		{rows: "47", name: "endless headers", serve: endless(okLine, "A: "+strings.Repeat("b", 1000)+"\r\n"), want: want{kinds: kinds(runtime.KindHeadersTooLarge), memory: 8 << 20}},
		{rows: "47", name: "endless fold", serve: endless(okLine+"A: b\r\n", " "+strings.Repeat("b", 1000)+"\r\n"), want: want{kinds: kinds(runtime.KindHeadersTooLarge), memory: 8 << 20}},
		{rows: "47", name: "endless empty lines of few bytes", serve: endless(okLine, "A:\r\n"), want: want{kinds: kinds(runtime.KindHeadersTooLarge), memory: 8 << 20}},
		{rows: "48", name: "a line now and then", serve: dripping(okLine, "A: b\r\n", 50*time.Millisecond), ask: total(time.Second), want: want{kinds: kinds(runtime.KindTotalTimeout), within: 2 * time.Second}},
		{rows: "49", name: "stall in the headers", serve: reply(okLine + "A: b\r\n"), want: want{kinds: kinds(runtime.KindReadTimeout), phase: runtime.PhaseHeaders, within: time.Second}},
		{rows: "50", name: "close in the headers", serve: closing(okLine + "A: b\r\n"), want: malformed("")},
		{rows: "50", name: "close in the status line", serve: closing("HTTP/1.1 2"), want: malformed("HTTP/1.1 2")},
		{rows: "50", name: "reset in the headers", serve: resetting(okLine + "A: b\r\n"), want: want{kinds: kinds(runtime.KindClosed), phase: runtime.PhaseHeaders, sent: runtime.SentYes}},
		{rows: "47", name: "6000 lines", serve: closing(okLine + strings.Repeat("A: b\r\n", 6000) + "Content-Length: 0\r\n\r\n"), want: want{kinds: kinds(runtime.KindHeadersTooLarge), says: "lines"}},
		{rows: "51", name: "1500 times the same", serve: reply(okLine + strings.Repeat("A: b\r\n", 1500) + "Content-Length: 0\r\n\r\n"), want: want{check: func(t *testing.T, res *runtime.Result) {
			if n := len(res.Response.Header.Values("A")); n != 1500 {
				t.Errorf("%d of 1500 are there", n)
			}
		}}},
	})
}

// header checks one field of the answer.
func header(name, value string) func(*testing.T, *runtime.Result) {
	return func(t *testing.T, res *runtime.Result) {
		t.Helper()
		if got := res.Response.Header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

func TestHTTP1Lengths(t *testing.T) {
	cut := want{kinds: kinds(runtime.KindIncompleteBody), phase: runtime.PhaseBody, sent: runtime.SentYes, status: 200, partial: true}
	provoke(t, []fault{
		{rows: "52", name: "short body", serve: closing(okLine + "Content-Length: 10\r\n\r\nabc"), want: cut},
		{rows: "53", name: "reset in the body", serve: resetting(okLine + "Content-Length: 10\r\n\r\nabc"), want: want{kinds: kinds(runtime.KindClosed), phase: runtime.PhaseBody, status: 200, partial: true}},
		{rows: "54", name: "lengths that differ", serve: closing(okLine + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), want: malformed("3 and 4")},
		{rows: "54", name: "a list that differs", serve: closing(okLine + "Content-Length: 5, 6\r\n\r\nabcde"), want: malformed("")},
		{rows: "55", name: "equal lengths", serve: reply(okLine + "Content-Length: 2\r\nContent-Length: 2, 2\r\n\r\nhi"), want: want{body: "hi"}},
		{rows: "56", name: "negative", serve: closing(okLine + "Content-Length: -1\r\n\r\n"), want: malformed("")},
		{rows: "56", name: "plus", serve: closing(okLine + "Content-Length: +5\r\n\r\nabcde"), want: malformed("")},
		{rows: "56", name: "word", serve: closing(okLine + "Content-Length: five\r\n\r\nabcde"), want: malformed("")},
		{rows: "56", name: "over 2^64", serve: closing(okLine + "Content-Length: 99999999999999999999\r\n\r\n"), want: malformed("")},
		{rows: "57", name: "2^63-1 announced", serve: reply(okLine + "Content-Length: 9223372036854775807\r\n\r\nabc"), want: want{kinds: kinds(runtime.KindBodyTooLarge), within: 200 * time.Millisecond, memory: 2 << 20}},
		{rows: "57", name: "60 MiB announced, 3 bytes sent", serve: closing(okLine + "Content-Length: 62914560\r\n\r\nabc"), want: want{kinds: cut.kinds, phase: cut.phase, status: 200, partial: true, memory: 8 << 20}},
		{rows: "58", name: "bytes beyond the length", serve: answering(okLine + "Content-Length: 2\r\n\r\nhi there"), want: want{body: "hi", check: closes}},
		{rows: "60", name: "length and chunked", serve: answering(okLine + "Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"), want: want{body: "hi", check: closes}},
		{rows: "61", name: "no length, then close", serve: closing(okLine + "\r\nhi"), want: want{body: "hi", open: true}},
		{rows: "62", name: "no length, then reset", serve: resetting(okLine + "\r\nhi"), want: want{kinds: kinds(runtime.KindClosed), phase: runtime.PhaseBody, status: 200, partial: true}},
	})
}

// Row 59: what a server sends unasked is nobody's answer.
func TestHTTP1UnaskedAnswers(t *testing.T) {
	late := make(chan struct{}, 1)
	provoke(t, []fault{
		{rows: "59", name: "second response behind the first", serve: twice(okLine+"Content-Length: 2\r\n\r\nhi"+okLine+"Content-Length: 6\r\n\r\nPOISON", nil), want: want{body: "hi", check: next}},
		{rows: "59", name: "response on the idle connection", serve: twice(okLine+"Content-Length: 2\r\n\r\nhi", late), want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			late <- struct{}{}
			time.Sleep(50 * time.Millisecond) // until the poison has arrived
			next(t, res)
		}}},
		{rows: "145", name: "408 while idle", serve: twice(okLine+"Content-Length: 2\r\n\r\nhi", late), want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			late <- struct{}{}
			time.Sleep(50 * time.Millisecond)
			next(t, res)
		}}},
		{rows: "145", name: "408 while idle, before a long body", serve: twice(okLine+"Content-Length: 2\r\n\r\nhi", late), want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			late <- struct{}{}
			time.Sleep(50 * time.Millisecond)
			req := &runtime.Request{URL: res.Request.URL}
			posting(1 << 20)(req)
			if resp, err := again(t, res, req); err != nil || string(resp.Content) != "hi" {
				t.Errorf("the next request got %+v, %v", resp, err)
			}
		}}},
	})
}

// twice answers the first request of a connection with text; when late is
// sent to, it says something unasked; a further request gets "second".
func twice(text string, late chan struct{}) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		p.Request()
		p.Write(text)
		if late != nil && p.Index == 0 {
			p.Await(late)
			p.Write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 6\r\n\r\nPOISON")
			p.Hangup()
			return
		}
		p.Request()
		p.Write(okLine + "Content-Length: 6\r\n\r\nsecond")
		p.Hangup()
	})
}

// next asks the same server again through the executor of the first request.
func next(t *testing.T, res *runtime.Result) {
	t.Helper()
	again, err := res.Request.Session.Do(t.Context(), &runtime.Request{Method: "GET", URL: res.Request.URL})
	if err != nil || string(again.Content) != "hi" && string(again.Content) != "second" {
		t.Errorf("the next request got %+v, %v", again, err)
	}
}

func TestHTTP1Chunks(t *testing.T) {
	bad := func(says string) want {
		return want{kinds: kinds(runtime.KindInvalidResponse), phase: runtime.PhaseBody, sent: runtime.SentYes, status: 200, partial: true, says: says}
	}
	cut := want{kinds: kinds(runtime.KindIncompleteBody), phase: runtime.PhaseBody, status: 200, partial: true}
	provoke(t, []fault{
		{rows: "63", name: "bad size", serve: closing(chunked("3\r\nabc\r\nzz\r\n")), want: bad("zz")},
		{rows: "63", name: "negative size", serve: closing(chunked("3\r\nabc\r\n-1\r\n")), want: bad("-1")},
		{rows: "63", name: "0x size", serve: closing(chunked("3\r\nabc\r\n0x3\r\nabc\r\n")), want: bad("0x3")},
		{rows: "63", name: "overflowing size", serve: closing(chunked("3\r\nabc\r\n10000000000000003\r\nabc\r\n")), want: bad("")},
		{rows: "64", name: "chunk without CRLF", serve: closing(chunked("3\r\nabcdef\r\n0\r\n\r\n")), want: bad("def")},
		{rows: "64", name: "bare LF", serve: closing(chunked("3\nabc\r\n0\r\n\r\n")), want: bad("")},
		{rows: "65", name: "no last chunk", serve: closing(chunked("3\r\nabc\r\n")), want: cut},
		{rows: "65", name: "cut chunk", serve: closing(chunked("9\r\nabc")), want: cut},
		{rows: "66", name: "extension flood", serve: endless(chunked(""), "1;"+strings.Repeat("x", 1000)+"\r\na\r\n"), want: bad("overhead")},
		{rows: "66", name: "endless extension", serve: endless(chunked("1;"), strings.Repeat("x", 1<<10)), want: bad("")},
		{rows: "67", name: "20000 chunks of one byte", serve: reply(chunked(strings.Repeat("1\r\nx\r\n", 20000) + "0\r\n\r\n")), want: want{body: strings.Repeat("x", 20000)}},
		{rows: "68", name: "trailers", serve: reply(chunked("2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n")), want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			if res.Response.Trailer.Get("X-T") != "1" || res.Response.Header.Has("X-T") {
				t.Errorf("trailer %v, header %v", res.Response.Trailer, res.Response.Header)
			}
		}}},
		{rows: "69", name: "trailers without effect", serve: settingCookieBehind, want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			header("Location", "")(t, res)
			sends(only("hi"))(t, res)
		}}},
		{rows: "70", name: "endless trailers", serve: endless(chunked("2\r\nhi\r\n0\r\n"), "A: "+strings.Repeat("b", 1000)+"\r\n"), want: want{kinds: kinds(runtime.KindHeadersTooLarge), phase: runtime.PhaseBody, status: 200, partial: true, memory: 4 << 20}},
		{rows: "71", name: "unknown coding", serve: closing(okLine + "Transfer-Encoding: gzip, chunked\r\n\r\n"), want: malformed("gzip")},
		{rows: "71", name: "chunked twice", serve: closing(okLine + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), want: malformed("")},
		{rows: "71", name: "chunked not last", serve: closing(okLine + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), want: malformed("")},
		{rows: "72", name: "chunked in HTTP 1.0", serve: answering("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"), want: want{body: "hi", check: closes}},
		{rows: "73", name: "stall between chunks", serve: reply(chunked("3\r\nabc\r\n")), want: want{kinds: kinds(runtime.KindReadTimeout), phase: runtime.PhaseBody, status: 200, partial: true, within: time.Second}},
	})
}

// settingCookieBehind sets a cookie in a trailer, and answers with the Cookie
// field of a request that has one.
func settingCookieBehind(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		for {
			said := "hi"
			if _, cookie, ok := strings.Cut(p.Request(), "\r\nCookie: "); ok {
				said, _, _ = strings.Cut(cookie, "\r\n")
			}
			p.Write(chunked(fmt.Sprintf("%x\r\n%s\r\n0\r\nSet-Cookie: a=b\r\nLocation: /x\r\nContent-Length: 1\r\n\r\n", len(said), said)))
		}
	})(t)
}

func TestHTTP1InterimAndBodyless(t *testing.T) {
	head := func(r *runtime.Request) { r.Method = "HEAD" }
	provoke(t, []fault{
		{rows: "74", name: "a few interim answers", serve: reply("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + okLine + "Content-Length: 2\r\n\r\nhi"), want: want{body: "hi", check: header("Link", "")}},
		{rows: "75", name: "storm", serve: endless("", "HTTP/1.1 102 Processing\r\n\r\n"), want: want{kinds: kinds(runtime.KindProtocol), within: time.Second, says: "more than 100 interim"}},
		{rows: "76", name: "slow storm", serve: dripping("", "HTTP/1.1 102 Processing\r\n\r\n", 50*time.Millisecond), ask: total(time.Second), want: want{kinds: kinds(runtime.KindTimeout), within: 2 * time.Second}},
		{rows: "77", name: "100 and then close", serve: closing("HTTP/1.1 100 Continue\r\n\r\n"), want: malformed("")},
		{rows: "78", name: "101 unasked", serve: reply("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), want: want{kinds: kinds(runtime.KindInvalidResponse), within: 200 * time.Millisecond, says: "101"}},
		{rows: "81", name: "204 with a body", serve: reply("HTTP/1.1 204 No Content\r\n\r\npoison"), want: want{status: 204, check: closes}},
		{rows: "81", name: "304 with an endless body", serve: endless("HTTP/1.1 304 Not Modified\r\n\r\n", "poison"), want: want{status: 304, within: time.Second}},
		{rows: "81", name: "304 with a body", serve: reply("HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison"), want: want{status: 304, check: closes}},
		{rows: "81", name: "HEAD with a body", serve: reply(okLine + "Content-Length: 6\r\n\r\npoison"), ask: head, want: want{check: closes}},
		{rows: "81", name: "HEAD with an endless body", serve: endless(okLine+"Content-Length: 10\r\n\r\n", "poison"), ask: head, want: want{within: time.Second}},
	})
}

// Row 79 and 80: a server may refuse an expectation, or never answer it.
func TestHTTP1Expect(t *testing.T) {
	expecting := func(r *runtime.Request) {
		r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte("hello")}
		r.Header.Add("Expect", "100-continue")
	}
	provoke(t, []fault{
		{rows: "79", name: "417", serve: raw(func(p *runtimetest.Peer) {
			for {
				p.Head()
				p.Write("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
			}
		}), ask: expecting, want: want{status: 417, check: closes}},
		{rows: "80", name: "no 100 ever", serve: raw(func(p *runtimetest.Peer) {
			p.Head()
			body := p.Bytes(5)
			p.Write(fmt.Sprintf("%sContent-Length: 5\r\n\r\n%s", okLine, body))
			p.Hangup()
		}), ask: func(r *runtime.Request) {
			expecting(r)
			r.Options = &runtime.Options{Timeout: &runtime.Timeout{Read: 2 * most}}
		}, want: want{body: "hello", least: 500 * time.Millisecond, within: 3 * time.Second}},
	})
}
