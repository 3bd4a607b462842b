package faults_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
)

// Rows 140 to 152. What is proved elsewhere:
//
//	row 140: rows 16, 49, 73 and 91 in this package
//	row 141: client TestHookTimeIsFree; luaapi TestCallbackTimeIsItsOwn
//	row 142: transport TestTimeoutsInVirtualTime; TestMonotonicClock
//	row 143: transport TestStaleConnection, TestClosedWhileIdle
//	row 144: transport TestHalfAnAnswerOnAUsedConnection
//	row 145: transport TestLateResponseIsNeverDelivered; TestHTTP1UnaskedAnswers
//	row 146: transport TestConnectionCloseIsHonoured, TestIdleTimeout
//	row 148: runtime TestRetryMatrix, TestRetryPauses, TestRetryAfter
//	row 150: runtime TestRetryNeedsABodyToSendAgain
//	row 151: transport TestServerNeverReads, TestServerReadsSlowly, TestEarlyAnswer
//	row 152: runtime TestRetryBudget, TestBreaker

// retrying gives the request two further tries with short pauses.
func retrying(then func(*runtime.Request)) func(*runtime.Request) {
	return func(r *runtime.Request) {
		if then != nil {
			then(r)
		}
		r.Options = &runtime.Options{Retry: &runtime.Retry{Total: 2, Backoff: 20 * time.Millisecond, Max: 100 * time.Millisecond, NoJitter: true}}
	}
}

// inTurn answers the nth request with the nth text and closes; the last one
// again and again.
func inTurn(answers ...string) func(t *testing.T) (string, func() int) {
	return func(t *testing.T) (string, func() int) {
		var n atomic.Int32
		return raw(func(p *runtimetest.Peer) {
			p.Request()
			p.Write(answers[min(int(n.Add(1)), len(answers))-1])
		})(t)
	}
}

func TestRetries(t *testing.T) {
	const unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
	const good = okLine + "Content-Length: 2\r\n\r\nhi"
	cases := []fault{
		{rows: "147", name: "POST taken, answer lost", serve: closing(""), ask: retrying(posting(1)), want: want{kinds: kinds(runtime.KindClosed), phase: runtime.PhaseWait, sent: runtime.SentMaybe, exactly: 1}},
		{rows: "147", name: "GET taken, answer lost", serve: closing(""), ask: retrying(nil), want: want{kinds: kinds(runtime.KindClosed), sent: runtime.SentMaybe, tries: 3, exactly: 3}},
		{rows: "148", name: "503 twice", serve: inTurn(unavailable, unavailable, good), ask: retrying(nil), want: want{body: "hi", tries: 3, exactly: 3, least: 60 * time.Millisecond}},
		{rows: "148", name: "503 always", serve: inTurn(unavailable), ask: retrying(nil), want: want{status: 503, tries: 3, exactly: 3}},
		{rows: "148", name: "503 to a POST", serve: inTurn(unavailable, good), ask: retrying(posting(1)), want: want{status: 503, exactly: 1}},
		{rows: "149", name: "a first try that was cut", serve: inTurn(okLine+"Content-Length: 10\r\n\r\nAAAA", good), ask: retrying(nil), want: want{body: "hi", tries: 2, exactly: 2}},
		{rows: "149", name: "a first try that does not decode", serve: inTurn(okLine+"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nAAAA", good), ask: retrying(nil), want: want{kinds: kinds(runtime.KindDecode), status: 200, exactly: 1}},
	}
	for value, least := range map[string]time.Duration{
		"1": 200 * time.Millisecond, "0": 60 * time.Millisecond, "soon": 60 * time.Millisecond, "-5": 60 * time.Millisecond,
		strings.Repeat("9", 40): 200 * time.Millisecond, "Fri, 31 Dec 2100 23:59:59 GMT": 200 * time.Millisecond,
		"Fri, 31 Dec 1999 23:59:59 GMT": 60 * time.Millisecond,
	} {
		limited := fmt.Sprintf("HTTP/1.1 429 Too Many Requests\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", value)
		cases = append(cases, fault{rows: "148", name: "Retry-After " + value, serve: inTurn(limited), ask: retrying(nil), want: want{
			status: 429, tries: 3, exactly: 3, least: least, within: time.Second,
		}})
	}
	provoke(t, cases)
}

func TestReuse(t *testing.T) {
	// second answers the first request of a connection in full, and does
	// something else to the next.
	second := func(first string, then func(*runtimetest.Peer)) func(t *testing.T) (string, func() int) {
		return raw(func(p *runtimetest.Peer) {
			p.Request()
			p.Write(first)
			if p.Index > 0 {
				p.Hangup()
				return
			}
			p.Request()
			then(p)
		})
	}
	const good = okLine + "Content-Length: 2\r\n\r\nhi"
	follow := func(req func(*runtime.Request), kind runtime.Kind) func(*testing.T, *runtime.Result) {
		return func(t *testing.T, res *runtime.Result) {
			next := &runtime.Request{Method: "GET", URL: res.Request.URL}
			if req != nil {
				req(next)
			}
			resp, err := again(t, res, next)
			switch {
			case kind == "" && (err != nil || string(resp.Content) != "hi"):
				t.Errorf("the second: %+v, %v", resp, err)
			case kind != "" && (err == nil || !err.Kind.Is(kind)):
				t.Errorf("the second: %v, want kind %s", err, kind)
			}
		}
	}
	open := func(head string) func(t *testing.T) (string, func() int) {
		return second(okLine+head+"Content-Length: 2\r\n\r\nhi", func(p *runtimetest.Peer) { p.Write("POISON") })
	}
	provoke(t, []fault{
		{rows: "143", name: "GET on a connection that ends", serve: second(good, (*runtimetest.Peer).Sever), want: want{body: "hi", exactly: 3, check: follow(nil, "")}},
		{rows: "143", name: "POST on a connection that ends", serve: second(good, (*runtimetest.Peer).Sever), want: want{body: "hi", exactly: 2, check: follow(posting(1), runtime.KindClosed)}},
		{rows: "143", name: "POST on a connection that is reset", serve: second(good, (*runtimetest.Peer).Reset), want: want{body: "hi", exactly: 2, check: follow(posting(1), runtime.KindClosed)}},
		{rows: "144", name: "half an answer on a used connection", serve: second(good, func(p *runtimetest.Peer) { p.Write("HTTP/1.1 200 OK\r\nConte") }), want: want{body: "hi", exactly: 2, check: follow(nil, runtime.KindProtocol)}},
		{rows: "146", name: "Connection: close but open", serve: open("Connection: close\r\n"), want: want{body: "hi", check: follow(nil, "")}},
		{rows: "146", name: "half close", serve: raw(func(p *runtimetest.Peer) {
			p.Request()
			p.Write(good)
			p.HalfClose()
			p.Hangup()
		}), want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			time.Sleep(20 * time.Millisecond) // until the FIN has arrived
			follow(posting(1), "")(t, res)
		}}},
		{rows: "146", name: "timeout=1", serve: open("Keep-Alive: timeout=1\r\n"), want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			time.Sleep(1100 * time.Millisecond) // what is tested is that time passes
			follow(nil, "")(t, res)
		}}},
	})
}

func TestUploads(t *testing.T) {
	const size = 32 << 20 // more than any socket buffers
	provoke(t, []fault{
		{rows: "151", name: "never reads", serve: raw(func(p *runtimetest.Peer) {
			p.Head()
			time.Sleep(6 * patience)
		}), ask: posting(size), want: want{kinds: kinds(runtime.KindReadTimeout), sent: runtime.SentMaybe, phase: runtime.PhaseSend, least: patience, within: 2 * time.Second, memory: 3 * size}},
		{rows: "151", name: "resets", serve: raw(func(p *runtimetest.Peer) {
			p.Head()
			p.Bytes(1 << 10)
			p.Reset()
		}), ask: posting(size), want: want{kinds: kinds(runtime.KindClosed), sent: runtime.SentMaybe, within: time.Second, memory: 3 * size}},
		{rows: "151", name: "413 early", serve: raw(func(p *runtimetest.Peer) {
			p.Head()
			p.Bytes(1 << 10)
			p.Write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			p.HalfClose()
			p.Hangup()
		}), ask: posting(size), want: want{status: 413, within: time.Second, memory: 3 * size}},
		{rows: "140", name: "answer after the limit", serve: handler(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(2 * patience):
			}
		}), want: want{kinds: kinds(runtime.KindReadTimeout), phase: runtime.PhaseWait, least: patience, within: 2 * patience, says: patience.String()}},
	})
}
