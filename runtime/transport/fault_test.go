package transport_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// reply is a serve func that answers one request with text and closes.
func reply(text string) func(*runtimetest.Peer) {
	return func(p *runtimetest.Peer) {
		p.Request()
		p.Write(text)
	}
}

// stalling answers with text and then says nothing more.
func stalling(text string) func(*runtimetest.Peer) {
	return func(p *runtimetest.Peer) {
		p.Request()
		p.Write(text)
		p.Hangup()
	}
}

func resetting(text string) func(*runtimetest.Peer) {
	return func(p *runtimetest.Peer) {
		p.Request()
		p.Write(text)
		time.Sleep(20 * time.Millisecond) // a reset overtakes data that was not read yet
		p.Reset()
	}
}

const ok = "HTTP/1.1 200 OK\r\n"

// faults are answers that are no responses.
var faults = []struct {
	name  string
	serve func(*runtimetest.Peer)
	want  want
	says  string
}{
	{"no answer at all", reply(""), want{runtime.KindClosed, runtime.PhaseWait, runtime.SentMaybe}, "closed the connection"},
	{"reset before the answer", resetting(""), want{runtime.KindClosed, runtime.PhaseWait, runtime.SentMaybe}, "reset"},
	{"silence", stalling(""), want{runtime.KindReadTimeout, runtime.PhaseWait, runtime.SentMaybe}, "300ms"},
	{"ssh banner", stalling("SSH-2.0-OpenSSH_9.2\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "SSH-2.0"},
	{"zero bytes", stalling("\x00\x00\x00\x00"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, `\x00`},
	{"HTTP/0.9", reply("<html>hello</html>"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "<html>"},
	{"icecast", reply("ICY 200 OK\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "ICY"},
	{"two digits", reply("HTTP/1.1 20 OK\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "20 OK"},
	{"four digits", reply("HTTP/1.1 2000 OK\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "2000"},
	{"negative", reply("HTTP/1.1 -20 OK\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "-20"},
	{"below 100", reply("HTTP/1.1 099 OK\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "099"},
	{"HTTP/2.0", reply("HTTP/2.0 200 OK\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "HTTP/2.0"},
	{"endless status line", reply(ok[:13] + strings.Repeat("x", 300<<10)), want{runtime.KindHeadersTooLarge, runtime.PhaseHeaders, runtime.SentYes}, "262144"},
	{"first line folded", reply(ok + " X: y\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "folded"},
	{"no colon", reply(ok + "nonsense\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "nonsense"},
	{"empty name", reply(ok + ": v\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "no header line"},
	{"space before colon", reply(ok + "Name : v\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "Name : v"},
	{"NUL", reply(ok + "A: b\x00c\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, `\x00`},
	{"bare CR", reply(ok + "A: b\rSet-Cookie: c\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, `\r`},
	{"bare CR in a fold", reply(ok + "A: b\r\n c\r\n d\re\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, `\r`},
	{"2 MiB header", reply(ok + "A: " + strings.Repeat("x", 2<<20) + "\r\n\r\n"), want{runtime.KindHeadersTooLarge, runtime.PhaseHeaders, runtime.SentYes}, "bytes"},
	{"too many lines", reply(ok + strings.Repeat("A: b\r\n", 5001) + "\r\n"), want{runtime.KindHeadersTooLarge, runtime.PhaseHeaders, runtime.SentYes}, "5000 lines"},
	{"stall in the headers", stalling(ok + "A: b\r\n"), want{runtime.KindReadTimeout, runtime.PhaseHeaders, runtime.SentYes}, ""},
	{"end in the status line", reply("HTTP/1.1 2"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "HTTP/1.1 2"},
	{"end in the headers", reply(ok + "A: b\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, ""},
	{"reset in the headers", resetting(ok + "A: b\r\n"), want{runtime.KindClosed, runtime.PhaseHeaders, runtime.SentYes}, ""},

	{"lengths that differ", reply(ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "3 and 4"},
	{"list of lengths that differ", reply(ok + "Content-Length: 5, 6\r\n\r\nabcde"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, ""},
	{"negative length", reply(ok + "Content-Length: -1\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, ""},
	{"plus length", reply(ok + "Content-Length: +5\r\n\r\nabcde"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, ""},
	{"length over 2^63", reply(ok + "Content-Length: 9223372036854775808\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, ""},
	{"unknown coding", reply(ok + "Transfer-Encoding: gzip, chunked\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "gzip"},
	{"chunked twice", reply(ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, ""},
	{"chunked not last", reply(ok + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, ""},

	{"101 unasked", stalling("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "101"},
	{"interim storm", reply(strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 101) + ok + "\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, "100"},
	{"large interim storm", reply(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("x", 10<<10)+"\r\n\r\n", 30)), want{runtime.KindHeadersTooLarge, runtime.PhaseHeaders, runtime.SentYes}, ""},
	{"100 and then close", reply("HTTP/1.1 100 Continue\r\n\r\n"), want{runtime.KindInvalidResponse, runtime.PhaseHeaders, runtime.SentYes}, ""},

	{"short body", reply(ok + "Content-Length: 10\r\n\r\nabc"), want{runtime.KindIncompleteBody, runtime.PhaseBody, runtime.SentYes}, "3 of 10"},
	{"reset in the body", resetting(ok + "Content-Length: 10\r\n\r\nabc"), want{runtime.KindClosed, runtime.PhaseBody, runtime.SentYes}, ""},
	{"stall in the body", stalling(ok + "Content-Length: 10\r\n\r\nabc"), want{runtime.KindReadTimeout, runtime.PhaseBody, runtime.SentYes}, ""},
	{"reset of an unmarked body", resetting(ok + "\r\nabc"), want{runtime.KindClosed, runtime.PhaseBody, runtime.SentYes}, ""},
	{"no last chunk", reply(chunks("3\r\nabc\r\n")), want{runtime.KindIncompleteBody, runtime.PhaseBody, runtime.SentYes}, "3 bytes"},
	{"cut chunk", reply(chunks("9\r\nabc")), want{runtime.KindIncompleteBody, runtime.PhaseBody, runtime.SentYes}, ""},
	{"end in the trailer", reply(chunks("3\r\nabc\r\n0\r\nA: b\r\n")), want{runtime.KindIncompleteBody, runtime.PhaseBody, runtime.SentYes}, ""},
	{"bad chunk size", reply(chunks("3\r\nabc\r\nzz\r\n")), want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, "zz"},
	{"negative chunk size", reply(chunks("3\r\nabc\r\n-1\r\n")), want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, "-1"},
	{"0x chunk size", reply(chunks("3\r\nabc\r\n0x3\r\nabc\r\n")), want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, "0x3"},
	{"overflowing chunk size", reply(chunks("3\r\nabc\r\n10000000000000003\r\nabc\r\n")), want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, ""},
	{"chunk without CRLF", reply(chunks("3\r\nabcdef\r\n0\r\n\r\n")), want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, "def"},
	{"bare LF in a chunk line", reply(chunks("3\nabc\r\n0\r\n\r\n")), want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, ""},
	{"extension flood", reply(chunks(strings.Repeat("1;"+strings.Repeat("x", 1000)+"\r\na\r\n", 100))), want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, "overhead"},
	{"endless extension", reply(chunks("1;" + strings.Repeat("x", 10<<10))), want{runtime.KindInvalidResponse, runtime.PhaseBody, runtime.SentYes}, "4096"},
	{"endless trailer", reply(chunks("0\r\n" + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 100))), want{runtime.KindHeadersTooLarge, runtime.PhaseBody, runtime.SentYes}, ""},
	{"stall between chunks", stalling(chunks("3\r\nabc\r\n")), want{runtime.KindReadTimeout, runtime.PhaseBody, runtime.SentYes}, ""},
}

func chunks(body string) string { return ok + "Transfer-Encoding: chunked\r\n\r\n" + body }

func TestFaults(t *testing.T) {
	runtimetest.Leaks(t)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			script := runtimetest.Listen(t, f.serve)
			tr := open(t, transport.Config{})
			x := to(t, "http://"+script.Addr()+"/")
			x.ReadTimeout = 300 * time.Millisecond
			_, body, err := fetch(t, tr, x)
			e := f.want.check(t, err)
			if !strings.Contains(e.Message, f.says) {
				t.Errorf("message %q lacks %q", e.Message, f.says)
			}
			if len(e.Message) > 1024 {
				t.Errorf("message of %d bytes", len(e.Message))
			}
			if e.Phase == runtime.PhaseBody && f.name != "endless trailer" && !strings.HasPrefix(body, "a") && !strings.HasPrefix(f.name, "bare LF") && !strings.HasPrefix(f.name, "endless") {
				t.Errorf("the part that came is lost: %q", body)
			}
			if n := tr.Stats().Open; n != 0 {
				t.Errorf("%d connections open after a fault", n)
			}
			if script.Conns() != 1 {
				t.Errorf("%d connections for one exchange", script.Conns())
			}
		})
	}
}

// oddities are responses that are to be understood.
var oddities = []struct {
	name, answer string
	method       string
	status       int
	body         string
	header       runtime.Header
	reused       bool // the connection serves on
	unmarked     bool
}{
	{name: "status 999, no reason", answer: "HTTP/1.1 999\r\nContent-Length: 2\r\n\r\nhi", status: 999, body: "hi", reused: true},
	{name: "fold", answer: ok + "A: b\r\n  c\r\n\td\r\nContent-Length: 0\r\n\r\n", status: 200, header: runtime.Header{{Name: "A", Value: "b c d"}}, reused: true},
	{name: "bytes over 0x7f", answer: ok + "A: \xff\xc3\xa9\r\nContent-Length: 0\r\n\r\n", status: 200, header: runtime.Header{{Name: "A", Value: "\xff\xc3\xa9"}}, reused: true},
	{name: "equal lengths", answer: ok + "Content-Length: 2\r\nContent-Length: 2, 2\r\n\r\nhi", status: 200, body: "hi", reused: true},
	{name: "length and chunked", answer: ok + "Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", status: 200, body: "hi"},
	{name: "no length, then close", answer: ok + "\r\nhi", status: 200, body: "hi", unmarked: true},
	{name: "chunked HTTP/1.0", answer: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", status: 200, body: "hi"},
	{name: "HTTP/1.0 keep-alive", answer: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi", reused: true},
	{name: "HTTP/1.0", answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"},
	{name: "Connection: close", answer: ok + "Connection: x, Close\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"},
	{name: "Keep-Alive: timeout=1", answer: ok + "Keep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"},
	{name: "bytes beyond the length", answer: ok + "Content-Length: 2\r\n\r\nhi there", status: 200, body: "hi"},
	{name: "bytes behind the last chunk", answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nmore", status: 200, body: "hi"},
	{name: "interim responses", answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi", status: 200, body: "hi", reused: true},
	{name: "204 with a length", answer: "HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n", status: 204, reused: true},
	{name: "304 with bad length", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n", status: 304},
	{name: "204 with a body", answer: "HTTP/1.1 204 No Content\r\n\r\npoison", status: 204},
	{name: "HEAD with a length", method: "HEAD", answer: ok + "Content-Length: 10\r\n\r\n", status: 200, reused: true},
	{name: "HEAD with a body", method: "HEAD", answer: ok + "Content-Length: 10\r\n\r\n0123456789", status: 200},
	{name: "bare LF line ends", answer: "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", status: 200, body: "hi", reused: true},
	{name: "chunk extension and upper case", answer: ok + "Transfer-Encoding: Chunked\r\n\r\nA;x=y\r\n0123456789\r\n00\r\n\r\n", status: 200, body: "0123456789", reused: true},
	{name: "trailers without effect", answer: ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\n", status: 200, reused: true},
	{name: "1500 times the same header", answer: ok + strings.Repeat("A: b\r\n", 1500) + "Content-Length: 0\r\n\r\n", status: 200, reused: true},
}

func TestOddities(t *testing.T) {
	runtimetest.Leaks(t)
	for _, o := range oddities {
		t.Run(o.name, func(t *testing.T) {
			script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
				p.Request()
				p.Write(o.answer)
				if !o.unmarked {
					p.Request()
					p.Write(ok + "Content-Length: 6\r\n\r\nsecond")
					p.Hangup()
				}
			})
			tr := open(t, transport.Config{})
			x := to(t, "http://"+script.Addr()+"/")
			if o.method != "" {
				x.Method = o.method
			}
			r, body := must(t, tr, x)
			if r.Status != o.status || body != o.body || r.Body.EndUnmarked() != o.unmarked {
				t.Errorf("got %d %q, end unmarked %v", r.Status, body, r.Body.EndUnmarked())
			}
			for _, f := range o.header {
				if got := r.Header.Get(f.Name); got != f.Value {
					t.Errorf("%s is %q, want %q", f.Name, got, f.Value)
				}
			}
			if o.unmarked {
				return
			}
			wantBody, conns := "second", 1
			if !o.reused {
				conns = 2
				x = to(t, "http://"+script.Addr()+"/")
				if r2, _ := must(t, tr, x); r2.Reused {
					t.Error("the connection was used again")
				}
			} else if r2, body := must(t, tr, to(t, "http://"+script.Addr()+"/")); body != wantBody || !r2.Reused {
				t.Errorf("the second request got %q, reused %v", body, r2.Reused)
			}
			if script.Conns() != conns {
				t.Errorf("%d connections, want %d", script.Conns(), conns)
			}
		})
	}
}

func TestManySmallChunks(t *testing.T) {
	runtimetest.Leaks(t)
	const n = 20000
	script := runtimetest.Listen(t, reply(chunks(strings.Repeat("1\r\nx\r\n", n)+"0\r\nA: b\r\n\r\n")))
	tr := open(t, transport.Config{})
	r, body := must(t, tr, to(t, "http://"+script.Addr()+"/"))
	if body != strings.Repeat("x", n) || r.Body.Wire() != n || r.Body.Trailer().Get("a") != "b" {
		t.Errorf("%d bytes, %d on the wire, trailer %v", len(body), r.Body.Wire(), r.Body.Trailer())
	}
}

func TestHeadersKeepOrderCaseAndRepeats(t *testing.T) {
	script := runtimetest.Listen(t, reply(ok+"X-b: 1\r\nx-A:2 \r\nX-b:\t3\r\nContent-Length: 0\r\n\r\n"))
	tr := open(t, transport.Config{})
	x := to(t, "http://"+script.Addr()+"/path?q")
	x.Header = runtime.Header{{Name: "Host", Value: "given.test"}, {Name: "zZ", Value: "1"}, {Name: "aA", Value: ""}, {Name: "zZ", Value: "\xff"}}
	r, _ := must(t, tr, x)
	got := fmt.Sprint(r.Header)
	if want := "[{X-b 1} {x-A 2} {X-b 3} {Content-Length 0}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := script.Requests()[0], "GET /path?q HTTP/1.1\r\nHost: given.test\r\nzZ: 1\r\naA: \r\nzZ: \xff\r\n\r\n"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestBodyLimit(t *testing.T) {
	runtimetest.Leaks(t)
	for _, c := range []struct{ name, answer, got string }{
		{"announced", ok + "Content-Length: 9223372036854775807\r\n\r\nabcdefghijkl", ""},
		{"chunked", chunks("c\r\nabcdefghijkl\r\n0\r\n\r\n"), "abcdefghij"},
		{"unmarked", ok + "\r\nabcdefghijkl", "abcdefghij"},
	} {
		t.Run(c.name, func(t *testing.T) {
			script := runtimetest.Listen(t, stalling(c.answer))
			tr := open(t, transport.Config{})
			r, err := tr.Do(t.Context(), to(t, "http://"+script.Addr()+"/"))
			if err != nil {
				t.Fatal(err)
			}
			data, err := transport.ReadBody(r.Body, r.Length, 10)
			_ = want{runtime.KindBodyTooLarge, runtime.PhaseBody, runtime.SentYes}.check(t, err)
			if string(data) != c.got {
				t.Errorf("kept %q, want %q", data, c.got)
			}
		})
	}
	t.Run("just so", func(t *testing.T) {
		script := runtimetest.Listen(t, reply(chunks("a\r\nabcdefghij\r\n0\r\n\r\n")))
		tr := open(t, transport.Config{})
		r, err := tr.Do(t.Context(), to(t, "http://"+script.Addr()+"/"))
		if err != nil {
			t.Fatal(err)
		}
		if data, err := transport.ReadBody(r.Body, r.Length, 10); err != nil || len(data) != 10 {
			t.Errorf("%q, %v", data, err)
		}
	})
}
