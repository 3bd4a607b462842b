package transport

import (
	"testing"

	"volley/runtime"
)

// BenchmarkWriteHead is the head of an ordinary GET, made in a buffer that is
// there.
func BenchmarkWriteHead(b *testing.B) {
	t := New(Config{})
	defer func() { _ = t.Close() }()
	route, err := t.Route(RouteConfig{})
	if err != nil {
		b.Fatal(err)
	}
	x := Exchange{
		Route:  route,
		Method: "GET", Scheme: "http", Host: "api.example.com", Port: "80", Target: "/v1/users/1?expand=orders",
		Header: runtime.Header{
			{Name: "Host", Value: "api.example.com"},
			{Name: "User-Agent", Value: "volley/1.0"},
			{Name: "Accept-Encoding", Value: "gzip, deflate, br, zstd"},
			{Name: "Accept", Value: "*/*"},
			{Name: "X-Id", Value: "12345"},
		},
	}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if err := x.check(); err != nil {
			b.Fatal(err)
		}
		head, err := x.appendHead(buf, false, false, 0)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(head)))
	}
}

// BenchmarkReadHead is the head of an ordinary answer: its end found and its
// fields parsed.
func BenchmarkReadHead(b *testing.B) {
	answer := []byte("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n" +
		"Content-Type: application/json\r\nContent-Length: 59\r\nConnection: keep-alive\r\nETag: \"5f3c-1a2b\"\r\n\r\n" +
		`{"id":12345,"name":"a small answer","ok":true,"tags":["x"]}`)
	b.ReportAllocs()
	for b.Loop() {
		var scan blockScan
		end := scan.more(answer)
		h, err := parseHead(answer[:end], scan.lines)
		if err != nil || h.status != 200 {
			b.Fatal(h.status, err)
		}
		b.SetBytes(int64(end))
	}
}
