package client

import (
	"strings"
	"testing"

	"volley/runtime"
)

const plainOK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

// sent returns the bytes of a request as a server gets them, with its address
// as HOST.
func sent(t *testing.T, settings Settings, change func(*runtime.Request)) string {
	t.Helper()
	url, seen := serveRaw(t, plainOK)
	req := get(url + "/p?q#f")
	change(req)
	must(t, newSession(t, settings), req)
	requests := seen()
	if len(requests) != 1 {
		t.Fatalf("%d requests were sent", len(requests))
	}
	return strings.ReplaceAll(requests[0], strings.TrimPrefix(url, "http://"), "HOST")
}

func TestRequestOnTheWire(t *testing.T) {
	defaults := "User-Agent: volley/dev\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept: */*\r\n"
	for name, c := range map[string]struct {
		settings Settings
		change   func(*runtime.Request)
		want     string
	}{
		"defaults": {Settings{}, func(*runtime.Request) {}, "GET /p?q HTTP/1.1\r\nHost: HOST\r\n" + defaults + "\r\n"},
		"order and case": {
			Settings{Header: fields("X-Session", "1", "user-agent", "mine"), Unset: []string{"accept"}},
			func(r *runtime.Request) { r.Header = fields("x-B", "2", "X-Session", "3", "X-A", "ä", "x-B", "again") },
			"GET /p?q HTTP/1.1\r\nHost: HOST\r\nuser-agent: mine\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n" +
				"x-B: 2\r\nX-Session: 3\r\nX-A: ä\r\nx-B: again\r\n\r\n",
		},
		"own host, removals": {
			Settings{Header: fields("X-S", "1")},
			func(r *runtime.Request) {
				r.Header = fields("X-A", "", "Host", "other.test", "Connection", "keep-alive")
				r.Options = &runtime.Options{Unset: []string{"X-s", "User-Agent", "Accept-Encoding", "Accept"}}
			},
			"GET /p?q HTTP/1.1\r\nHost: other.test\r\nX-A: \r\n\r\n",
		},
		"cookies, type, length": {
			Settings{},
			func(r *runtime.Request) {
				r.Method, r.Body = "post", FormBody(fields("a", "1", "b", "x y"))
				r.Header = fields("X-A", "1")
				r.Options = &runtime.Options{Cookies: fields("c", "1", "d", `"q v"`), Auth: &Basic{User: "ü", Password: "é"}}
			},
			"POST /p?q HTTP/1.1\r\nHost: HOST\r\n" + defaults + "X-A: 1\r\nCookie: c=1; d=\"q v\"\r\n" +
				"Content-Type: application/x-www-form-urlencoded\r\nAuthorization: Basic w7w6w6k=\r\nContent-Length: 9\r\n\r\na=1&b=x+y",
		},
		"own content type, length": {
			Settings{},
			func(r *runtime.Request) {
				r.Method, r.Body = "PUT", &runtime.Bytes{Data: []byte("{}"), Type: "application/json"}
				r.Header = fields("content-type", "text/x", "Content-Length", "2")
			},
			"PUT /p?q HTTP/1.1\r\nHost: HOST\r\n" + defaults + "content-type: text/x\r\nContent-Length: 2\r\n\r\n{}",
		},
		"get with body": {
			Settings{},
			func(r *runtime.Request) { r.Body = &runtime.Bytes{Data: []byte("x")} },
			"GET /p?q HTTP/1.1\r\nHost: HOST\r\n" + defaults + "Content-Length: 1\r\n\r\nx",
		},
		"post without body": {
			Settings{},
			func(r *runtime.Request) { r.Method = "POST" },
			"POST /p?q HTTP/1.1\r\nHost: HOST\r\n" + defaults + "Content-Length: 0\r\n\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sent(t, c.settings, c.change); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestPreparedRequestIsWhatWasSent(t *testing.T) {
	url, seen := serveRaw(t, plainOK)
	req := &runtime.Request{Method: "POST", URL: url + "/x", Body: &runtime.Bytes{Data: []byte("abc")}, Meta: 7, ID: "one"}
	resp := must(t, newSession(t, Settings{}), req)
	var b strings.Builder
	b.WriteString("POST /x HTTP/1.1\r\n")
	for _, f := range resp.Request.Header {
		b.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	if got := seen()[0]; got != b.String()+"\r\nabc" {
		t.Errorf("sent\n%s\nshown\n%s", got, b.String())
	}
	if resp.Request == req || resp.Request.Meta != 7 || resp.Request.ID != "one" || req.Header != nil {
		t.Errorf("the prepared request is %+v", resp.Request)
	}
}

func TestInvalidRequestsAreNotSent(t *testing.T) {
	c := newClient(t, Config{})
	for _, r := range []struct {
		text   string
		change func(*runtime.Request)
	}{
		{"header 2", func(r *runtime.Request) { r.Header = fields("A", "1", "B C", "x") }},
		{"byte 0x0d at 2", func(r *runtime.Request) { r.Header = fields("A", "1\r\nB: 2") }},
		{"byte 0x00", func(r *runtime.Request) { r.Header = fields("A", "\x00") }},
		{"white space", func(r *runtime.Request) { r.Header = fields("A", " x") }},
		{"field name", func(r *runtime.Request) { r.Header = fields("", "x") }},
		{"field name", func(r *runtime.Request) { r.Header = fields("A:", "x") }},
		{"Host header is given 2 times", func(r *runtime.Request) { r.Header = fields("Host", "a", "host", "b") }},
		{"method", func(r *runtime.Request) { r.Method = "GET /x HTTP/1.1\r\n" }},
		{"there is none", func(r *runtime.Request) { r.Header = fields("Content-Length", "5") }},
		{"Content-Length header says 5", func(r *runtime.Request) {
			r.Header, r.Body = fields("Content-Length", "5"), &runtime.Bytes{Data: []byte("abc")}
		}},
		{"one number", func(r *runtime.Request) { r.Header = fields("Content-Length", "-1") }},
		{"chunked", func(r *runtime.Request) { r.Header = fields("Transfer-Encoding", "gzip") }},
		{"exclude", func(r *runtime.Request) {
			r.Header, r.Body = fields("Transfer-Encoding", "chunked", "Content-Length", "3"), &runtime.Bytes{Data: []byte("abc")}
		}},
		{"cookie", func(r *runtime.Request) { r.Options = &runtime.Options{Cookies: fields("a", "1;2")} }},
		{"unknown key", func(r *runtime.Request) { r.Options = &runtime.Options{Proxies: fields("htp", "http://p")} }},
		{"invalid proxy", func(r *runtime.Request) { r.Options = &runtime.Options{Proxies: fields("http", "http://:8080")} }},
		{"http_version", func(r *runtime.Request) { r.Options = &runtime.Options{HTTPVersion: "3"} }},
	} {
		req := get("http://127.0.0.1:9/") // nothing listens there
		r.change(req)
		err := failure(t, c, req, runtime.KindInvalidArgument)
		wantText(t, "the message", err.Message, r.text)
	}
	if n := c.Stats().Dialled; n != 0 {
		t.Errorf("%d connections were opened", n)
	}
	invalid := get("http://127.0.0.1:9/")
	invalid.Invalid = runtime.Errorf(runtime.KindInvalidArgument, "was wrong from the start")
	if err := failure(t, c, invalid, runtime.KindInvalidArgument); err == invalid.Invalid {
		t.Error("the error is shared between slots")
	}
}
