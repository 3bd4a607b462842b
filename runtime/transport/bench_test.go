package transport

import (
	"context"
	"io"
	"net"
	"testing"

	"volley/runtime"
)

// BenchmarkExchange is one GET on a kept connection, against a server in this
// process that does as little as it can.
func BenchmarkExchange(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go serveConstant(l)
	t := New(Config{})
	defer func() { _ = t.Close() }()
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	header := runtime.Header{{Name: "Host", Value: host}, {Name: "User-Agent", Value: "volley/0"}, {Name: "Accept", Value: "*/*"}}
	b.ReportAllocs()
	for b.Loop() {
		x := Exchange{
			Method: "GET", Scheme: "http", Host: host, Port: port, Target: "/", Header: header,
			ReadTimeout: runtime.DefaultReadTimeout, ConnectTimeout: runtime.DefaultConnectTimeout,
		}
		reply, err := t.Do(ctx, &x)
		if err != nil {
			b.Fatal(err)
		}
		if data, err := ReadBody(reply.Body, reply.Length, 0); err != nil || len(data) != 27 {
			b.Fatal(err, len(data))
		}
	}
	if s := t.Stats(); s.Dialled != 1 {
		b.Fatalf("%+v", s)
	}
}

func serveConstant(l net.Listener) {
	const answer = "HTTP/1.1 200 OK\r\nServer: test\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n" +
		"Content-Type: application/json\r\nContent-Length: 27\r\nConnection: keep-alive\r\n\r\n{\"id\": 1, \"name\": \"volley\"}"
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = nc.Close() }()
			buf := make([]byte, 4096)
			for {
				if _, err := nc.Read(buf); err != nil {
					return
				}
				if _, err := io.WriteString(nc, answer); err != nil {
					return
				}
			}
		}()
	}
}
