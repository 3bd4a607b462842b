//go:build unix

package runtimetest

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// Blackhole takes an address on which no more connections are completed, as
// if every packet to it were lost, and returns it as "ip:port". Port 0 is any
// that is free.
func Blackhole(t testing.TB, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	// Whoever is not accepted stays in a queue; the system drops what is
	// beyond its end.
	var failed error
	err = raw.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), 0) })
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	fill(t, l.Addr().String())
	return l.Addr().String()
}

// fill connects until a connection is not completed.
func fill(t testing.TB, address string) {
	t.Helper()
	const most = 16
	for range most {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		var d net.Dialer
		nc, err := d.DialContext(ctx, "tcp", address)
		cancel()
		if errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = nc.Close() })
	}
	t.Fatalf("%s goes on taking connections", address)
}
