package isolate_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"volley/runtime"
	"volley/runtime/isolate"
	"volley/runtime/runtimetest"
)

func allowAll(string, string) error { return nil }

// connected is a Dialer and the Broker that it asks, in one process.
func connected(t *testing.T, rules isolate.Rules, most int) *isolate.Dialer {
	t.Helper()
	broker, theirs, err := isolate.NewBroker(rules, most)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(broker.Serve)
	dialer, err := isolate.NewDialer(theirs, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = dialer.Close()
		work.Wait()
	})
	return dialer
}

// echo serves what it reads, and returns its address.
func echo(t *testing.T, network, address string) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	return l.Addr().String()
}

func mustAddrPort(t *testing.T, s string) netip.AddrPort {
	t.Helper()
	at, err := netip.ParseAddrPort(s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// echoes sends a word over conn and reads it back.
func echoes(conn net.Conn) error {
	if _, err := io.WriteString(conn, "word"); err != nil {
		return err
	}
	text := make([]byte, 4)
	if _, err := io.ReadFull(conn, text); err != nil || string(text) != "word" {
		return errors.Join(err, errors.New("read "+string(text)))
	}
	return nil
}

func TestDial(t *testing.T) {
	dialer := connected(t, isolate.Rules{Dial: allowAll}, 4)
	socket := filepath.Join(t.TempDir(), "s")
	for _, c := range []struct {
		network, address, local string
	}{
		{"tcp", echo(t, "tcp", "127.0.0.1:0"), ""},
		{"tcp", echo(t, "tcp", "127.0.0.1:0"), "127.0.0.9:0"},
		{"unix", echo(t, "unix", socket), ""},
	} {
		var local *net.TCPAddr
		if c.local != "" {
			local = net.TCPAddrFromAddrPort(mustAddrPort(t, c.local))
		}
		conn, err := dialer.DialContext(t.Context(), c.network, c.address, local)
		if err != nil {
			t.Errorf("%v: %v", c, err)
			continue
		}
		if err := echoes(conn); err != nil {
			t.Errorf("%v: %v", c, err)
		}
		if c.local != "" && !strings.HasPrefix(conn.LocalAddr().String(), "127.0.0.9:") {
			t.Errorf("connected from %s", conn.LocalAddr())
		}
		_ = conn.Close()
	}
}

// Errors are those of net.Dialer, word for word.
func TestDialErrors(t *testing.T) {
	dialer := connected(t, isolate.Rules{Dial: allowAll}, 4)
	missing := filepath.Join(t.TempDir(), "missing")
	for _, c := range []struct {
		network, address, local string
		errno                   unix.Errno
	}{
		{"tcp", "127.0.0.1:1", "", unix.ECONNREFUSED},
		{"tcp", "255.255.255.255:80", "", 0},
		{"tcp", "127.0.0.1:1", "192.0.2.77:0", unix.EADDRNOTAVAIL},
		{"unix", missing, "", unix.ENOENT},
	} {
		var direct net.Dialer
		var local *net.TCPAddr
		if c.local != "" {
			local = net.TCPAddrFromAddrPort(mustAddrPort(t, c.local))
			direct.LocalAddr = local
		}
		_, want := direct.DialContext(t.Context(), c.network, c.address)
		_, err := dialer.DialContext(t.Context(), c.network, c.address, local)
		if err == nil || want == nil || err.Error() != want.Error() || c.errno != 0 && !errors.Is(err, c.errno) {
			t.Errorf("%v: %v, want %v", c, err, want)
		}
	}
}

// What the policy says reaches the dialler as it was said.
func TestDialDenied(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	dialer := connected(t, isolate.Rules{Dial: func(network, address string) error {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, network+" "+address)
		return runtime.Errorf(runtime.KindDenied, "not %s", address)
	}}, 4)
	for _, address := range []string{"127.0.0.1:80", "localhost:80"} {
		_, err := dialer.DialContext(t.Context(), "tcp", address, nil)
		if !errors.Is(err, &runtime.Error{Kind: runtime.KindDenied}) {
			t.Errorf("%s: %v", address, err)
		}
	}
	_, err := dialer.DialContext(t.Context(), "unixgram", "/run/s", nil)
	if !errors.Is(err, &runtime.Error{Kind: runtime.KindDenied}) {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(asked, ", "); got != "tcp 127.0.0.1:80" {
		t.Errorf("asked about %s; a name is none of the broker's business", got)
	}
}

// A dial that is given up makes room, here and there.
func TestDialCancelled(t *testing.T) {
	const most = 3
	dialer := connected(t, isolate.Rules{Dial: allowAll}, most)
	hole := runtimetest.Blackhole(t, "127.0.0.1:0")
	for range 5 * most {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err := dialer.DialContext(ctx, "tcp", hole, nil)
		cancel()
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Fatal(err)
		}
	}
	conn, err := dialer.DialContext(t.Context(), "tcp", echo(t, "tcp", "127.0.0.1:0"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// Many at once, over few places, leave no descriptor behind.
func TestManyDials(t *testing.T) {
	address := echo(t, "tcp", "127.0.0.1:0")
	before := openFiles(t)
	dialer := connected(t, isolate.Rules{Dial: allowAll}, 50)
	var work sync.WaitGroup
	for range 200 {
		work.Go(func() {
			conn, err := dialer.DialContext(t.Context(), "tcp", address, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if err := echoes(conn); err != nil {
				t.Error(err)
			}
			_ = conn.Close()
		})
	}
	work.Wait()
	_ = dialer.Close()
	// The server's ends, and the broker's, close in their own time.
	for openFiles(t) > before+3 {
		if t.Context().Err() != nil {
			t.Fatal("descriptors stay open")
		}
		time.Sleep(time.Millisecond)
	}
}

// openFiles counts the descriptors of this process.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// When the broker has gone, dials fail and none waits.
func TestBrokerGone(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	broker := os.NewFile(uintptr(pair[0]), "broker")
	dialer, err := isolate.NewDialer(os.NewFile(uintptr(pair[1]), "sockets"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer dialer.Close() //nolint:errcheck // it is of no use any more
	var work sync.WaitGroup
	for range 3 {
		work.Go(func() {
			if _, err := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:1", nil); err == nil {
				t.Error("somebody answered")
			}
		})
	}
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	work.Wait()
}

// A broker ends at what is no request, and gives up what is under way.
func TestNonsense(t *testing.T) {
	for _, said := range []string{"nonsense", `{"id":1,"op":"dial"}` + "\x00", `[]`} {
		broker, theirs, err := isolate.NewBroker(isolate.Rules{Dial: allowAll}, 1)
		if err != nil {
			t.Fatal(err)
		}
		begin := `{"id":1,"op":"dial","network":"tcp","address":"` + runtimetest.Blackhole(t, "127.0.0.1:0") + `"}`
		for _, text := range []string{begin, said} {
			if _, err := theirs.WriteString(text); err != nil {
				t.Fatal(err)
			}
		}
		broker.Serve()
		_ = theirs.Close()
	}
}
