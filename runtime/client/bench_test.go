package client

import (
	"bufio"
	"context"
	"net"
	"testing"

	"volley/runtime"
)

// serveFixed answers every request on every connection with the same bytes,
// without allocating, so that the benchmark counts the client's allocations.
func serveFixed(b *testing.B, answer string) string {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerAll(conn, []byte(answer))
		}
	}()
	return "http://" + listener.Addr().String()
}

func answerAll(conn net.Conn, answer []byte) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(line) == 2 {
			if _, err := conn.Write(answer); err != nil {
				return
			}
		}
	}
}

const smallAnswer = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\n" +
	"Content-Type: application/json\r\nContent-Length: 27\r\nConnection: keep-alive\r\n\r\n" +
	`{"id": 1, "name": "adaman"}`

func BenchmarkGet(b *testing.B) {
	url := serveFixed(b, smallAnswer) + "/users/1"
	c := newClient(b, Config{})
	session, err := c.NewSession(Settings{})
	if err != nil {
		b.Fatal(err)
	}
	for name, x := range map[string]runtime.Executor{"client": c, "session": session} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			req := get(url)
			for b.Loop() {
				if _, err := x.Do(context.Background(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseURL(b *testing.B) {
	for _, url := range []string{"https://api.example.com/v1/users/1?x=1", "https://API.example.com/a b"} {
		b.Run(url, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parseURL(url); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPrepare is what comes before the wire: settings merged, the URL
// read, the header complete.
func BenchmarkPrepare(b *testing.B) {
	c := newClient(b, Config{})
	session, err := c.NewSession(Settings{})
	if err != nil {
		b.Fatal(err)
	}
	plain := get("http://api.example.com/v1/users/1")
	header := get("http://api.example.com/v1/users/1")
	header.Header = runtime.Header{{Name: "X-Id", Value: "12345"}}
	full := get("http://api.example.com/v1/users/1")
	full.Header = header.Header
	full.Options = &runtime.Options{
		Params: runtime.Params{Fields: []runtime.Field{{Name: "page", Value: "2"}}}, Timeout: &runtime.Timeout{Read: runtime.DefaultReadTimeout},
	}
	for name, req := range map[string]*runtime.Request{"plain": plain, "header": header, "options": full} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var f flight
				if err := f.begin(context.Background(), session, req); err != nil {
					b.Fatal(err)
				}
				if err := f.prepare(f.newHop(), true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
