package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"volley/runtime"
)

// canned is a connection on which a response lies ready, in pieces.
type canned struct {
	rest  []byte
	piece int
}

func (c *canned) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.piece)], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *canned) Write(p []byte) (int, error)      { return len(p), nil }
func (c *canned) Close() error                     { return nil }
func (c *canned) LocalAddr() net.Addr              { return nil }
func (c *canned) RemoteAddr() net.Addr             { return nil }
func (c *canned) SetDeadline(time.Time) error      { return nil }
func (c *canned) SetReadDeadline(time.Time) error  { return nil }
func (c *canned) SetWriteDeadline(time.Time) error { return nil }

var fuzzMethods = []string{"GET", "HEAD", "POST"}

// FuzzReadResponse reads the same bytes as net/http does: the result is the
// same, or ours is the stricter. Where ours is on purpose not, see lenient.
func FuzzReadResponse(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nhi",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nA: b\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\nbody",
		"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 304\r\nContent-Length: x\r\n\r\n",
		"HTTP/1.1 200 OK\nA: b\n c\n\td\nB:\n\nbody",
		"HTTP/1.1 200 OK\r\nA: b\r\n\x00\r\n\r\n",
		"HTTP/1.1 200 OK\r\nName : v\r\n\r\n",
		"HTTP/1.1 101 Switching\r\n\r\n",
		"HTTP/1.1 999\r\nConnection: close\r\nPragma: no-cache\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000003\r\nabc\r\n0\r\n\r\n",
		"ICY 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi",
	} {
		for method := range fuzzMethods {
			f.Add([]byte(seed), uint8(method), uint16(7))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, method uint8, piece uint16) {
		name := fuzzMethods[int(method)%len(fuzzMethods)]
		ours := readOurs(t, data, name, int(piece)+1)
		if ours == nil {
			return
		}
		theirs, err := readTheirs(data, name)
		if err != nil {
			if !lenient(ours) {
				t.Fatalf("we read %+v; net/http refuses: %v", ours, err)
			}
			return
		}
		compare(t, ours, theirs)
	})
}

// outcome is what a reader made of the bytes.
type outcome struct {
	method  string
	status  int
	minor   string
	header  runtime.Header
	body    string
	trailer runtime.Header
}

func readOurs(t *testing.T, data []byte, method string, piece int) *outcome {
	tr := New(Config{Dial: func(context.Context, string, string) (net.Conn, error) {
		return &canned{bytes.Clone(data), piece}, nil
	}})
	defer func() { _ = tr.Close() }()
	r, err := tr.Do(t.Context(), &Exchange{Method: method, Scheme: "http", Host: "fuzz.test", Target: "/"})
	if err != nil {
		classified(t, err)
		return nil
	}
	body, err := ReadBody(r.Body, r.Length, 0)
	if err != nil {
		classified(t, err)
		return nil
	}
	return &outcome{method, r.Status, r.Protocol, r.Header, string(body), r.Body.Trailer()}
}

// classified checks that an error is one of those bytes can cause.
func classified(t *testing.T, err error) {
	t.Helper()
	var e *runtime.Error
	if !errors.As(err, &e) {
		t.Fatalf("error without a kind: %v", err)
	}
	switch e.Kind {
	case runtime.KindClosed, runtime.KindInvalidResponse, runtime.KindIncompleteBody, runtime.KindHeadersTooLarge:
	default:
		t.Fatalf("kind %s for bad bytes: %v", e.Kind, err)
	}
}

func readTheirs(data []byte, method string) (*outcome, error) {
	br := bufio.NewReader(bytes.NewReader(data))
	for {
		r, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			return nil, err
		}
		if r.StatusCode/100 == 1 {
			continue
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
		out := &outcome{method: method, status: r.StatusCode, minor: r.Proto, body: string(body)}
		for n, vs := range r.Header {
			for _, v := range vs {
				out.header.Add(n, v)
			}
		}
		return out, nil
	}
}

// lenient lists where we read what net/http refuses: lists of equal lengths
// (RFC 9110 section 8.6), framing on a response that has no body anyway, and
// a trailer that names what it must not, which has no effect here.
func lenient(o *outcome) bool {
	for _, v := range o.header.Values("Content-Length") {
		if strings.Contains(v, ",") {
			return true
		}
	}
	return bodyless(o.method, o.status)
}

// spaced is the values with every run of spaces as one: folded lines that are
// empty leave a space each in net/http.
func spaced(values []string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(strings.Join(values, "|")), " "), " |", "|")
}

func compare(t *testing.T, ours, theirs *outcome) {
	t.Helper()
	if ours.status != theirs.status || ours.minor != theirs.minor {
		t.Fatalf("status %s %d, net/http has %s %d", ours.minor, ours.status, theirs.minor, theirs.status)
	}
	// net/http does not read chunks in HTTP/1.0; there they are the body.
	if ours.minor != "HTTP/1.0" || !ours.header.Has("Transfer-Encoding") {
		if ours.body != theirs.body {
			t.Fatalf("body %q, net/http has %q", ours.body, theirs.body)
		}
	}
	for _, f := range ours.header {
		switch http.CanonicalHeaderKey(f.Name) {
		case "Transfer-Encoding", "Content-Length", "Trailer", "Cache-Control", "Connection":
			continue // net/http takes these out or adds to them
		}
		got, want := ours.header.Values(f.Name), theirs.header.Values(f.Name)
		if spaced(got) != spaced(want) || len(got) != len(want) {
			t.Fatalf("%s is %q, net/http has %q", f.Name, got, want)
		}
	}
}
