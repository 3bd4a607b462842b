package transport

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"volley/runtime/runtimetest"
)

func exchangeWith(t *testing.T, raw string) *Exchange {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &Exchange{
		Method: "GET", Scheme: u.Scheme, Host: u.Hostname(), Port: u.Port(), Target: "/",
		ConnectTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
	}
}

func roundTrip(t *testing.T, tr *Transport, x *Exchange) error {
	t.Helper()
	r, err := tr.Do(t.Context(), x)
	if err == nil {
		_, err = ReadBody(r.Body, r.Length, 0)
	}
	return err
}

// More exchanges than connections may be open: the others wait, idle
// connections to other origins make room, and nothing fails.
func TestConnectionsStayWithinTheFileLimit(t *testing.T) {
	runtimetest.Leaks(t)
	const limit, origins, workers, each = 3, 4, 12, 10
	var open, most atomic.Int32
	var urls []string
	for range origins {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				n := open.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
			case http.StateClosed:
				open.Add(-1)
			default:
			}
		}
		server.Start()
		t.Cleanup(server.Close)
		urls = append(urls, server.URL)
	}
	tr := New(Config{})
	tr.slots.most, tr.slots.limit = limit, limit
	t.Cleanup(func() { _ = tr.Close() })
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				if err := roundTrip(t, tr, exchangeWith(t, urls[(w+i)%origins])); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if tr.slots.open > limit || len(tr.slots.waiting) != 0 {
		t.Errorf("%d slots taken, %d waiting", tr.slots.open, len(tr.slots.waiting))
	}
	if n := len(tr.conns); n != tr.slots.open {
		t.Errorf("%d connections open, %d counted", n, tr.slots.open)
	}
}

// A waiter that is cancelled leaves the queue and takes no slot along.
func TestCancelledWhileWaitingForASlot(t *testing.T) {
	runtimetest.Leaks(t)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(server.Close)
	tr := New(Config{})
	tr.slots.most, tr.slots.limit = 1, 1
	t.Cleanup(func() { _ = tr.Close() })
	done := make(chan error, 1)
	go func() { done <- roundTrip(t, tr, exchangeWith(t, server.URL)) }()
	for tr.Stats().Open == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := tr.Do(ctx, exchangeWith(t, server.URL)); err == nil {
		t.Error("an exchange without a slot was answered")
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := roundTrip(t, tr, exchangeWith(t, server.URL)); err != nil {
		t.Error(err)
	}
}

// The system has no descriptor left: idle connections are given up, and the
// dial is repeated until it works.
func TestOutOfDescriptors(t *testing.T) {
	runtimetest.Leaks(t)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(other.Close)
	var refuse atomic.Int32
	tr := New(Config{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if refuse.Add(-1) >= 0 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.EMFILE}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}})
	t.Cleanup(func() { _ = tr.Close() })
	if err := roundTrip(t, tr, exchangeWith(t, other.URL)); err != nil {
		t.Fatal(err)
	}
	refuse.Store(3)
	if err := roundTrip(t, tr, exchangeWith(t, server.URL)); err != nil {
		t.Fatal(err)
	}
	if n := tr.Stats().Open; n != 1 {
		t.Errorf("%d connections open: the idle one should have made room", n)
	}
	_ = tr.Close()
	refuse.Store(1 << 30)
	starving := New(tr.config)
	x := exchangeWith(t, server.URL)
	x.ConnectTimeout = 100 * time.Millisecond
	if err := roundTrip(t, starving, x); !short(err) {
		t.Errorf("got %v, want the descriptor limit", err)
	}
	_ = starving.Close()
}

// A dead first address costs the head start, not the connect timeout.
func TestRaceOfAddresses(t *testing.T) {
	runtimetest.Leaks(t)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	var given atomic.Int32
	tr := New(Config{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "dead" {
			<-ctx.Done()
			given.Add(1)
			return nil, ctx.Err()
		}
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}})
	t.Cleanup(func() { _ = tr.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	d := &dialing{transport: tr, trip: &trip{exchange: &Exchange{Route: tr.direct}}, ctx: ctx, parent: ctx}
	nc, err := d.race([]string{"dead", server.Listener.Addr().String(), "dead"})
	if err != nil {
		t.Fatal(err)
	}
	_ = nc.Close()
	for given.Load() != 1 {
		if ctx.Err() != nil {
			t.Fatal("the losing dial goes on")
		}
		time.Sleep(time.Millisecond)
	}
}
