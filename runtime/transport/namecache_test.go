package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// asked counts questions and answers them all with the same.
type asked struct {
	n     atomic.Int32
	life  time.Duration // of the answer; negative: not said
	takes time.Duration
	err   error
}

func (a *asked) ask(ctx context.Context) ([]netip.Addr, error) {
	a.n.Add(1)
	if l, ok := ctx.Value(lifetimeKey{}).(*lifetime); ok && a.life >= 0 {
		l.known, l.shortest = true, a.life
	}
	select {
	case <-time.After(a.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, a.err
}

func TestNamesAreRemembered(t *testing.T) {
	noHost := &net.DNSError{Err: "no such host", IsNotFound: true}
	for _, c := range []struct {
		name string
		*asked
		keeps time.Duration
	}{
		{"for as long as the answer says", &asked{life: 20 * time.Second}, 20 * time.Second},
		{"a minute at most", &asked{life: time.Hour}, time.Minute},
		{"not at all", &asked{life: 0}, 0},
		{"without a word", &asked{life: -1}, 5 * time.Second},
		{"no such host", &asked{life: -1, err: noHost}, 5 * time.Second},
		{"a server that failed", &asked{life: -1, err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var names nameCache
				look := func() error {
					_, err := names.look(t.Context(), nameKey{host: "a.test"}, &permit{from: make(chan struct{}, 1)}, c.ask)
					return err
				}
				for _, step := range []struct {
					after time.Duration
					asked int32
				}{{0, 1}, {c.keeps - time.Nanosecond, 1}, {time.Nanosecond, 2}} {
					time.Sleep(max(0, step.after))
					if err := look(); !errors.Is(err, c.err) {
						t.Errorf("got %v", err)
					}
					if c.keeps > 0 && c.n.Load() != step.asked {
						t.Errorf("%v later it was asked %d times, want %d", step.after, c.n.Load(), step.asked)
					}
				}
				if c.keeps == 0 && c.n.Load() != 3 {
					t.Errorf("asked %d times, want each time", c.n.Load())
				}
			})
		})
	}
}

// Many who want one name ask once, and only who asks holds a permit.
func TestANameIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names nameCache
		a := asked{life: time.Second, takes: time.Second}
		permits := make(chan struct{}, 1)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				p := permit{from: permits}
				defer p.drop()
				if addrs, err := names.look(t.Context(), nameKey{host: "a.test"}, &p, a.ask); err != nil || len(addrs) != 1 {
					t.Errorf("got %v, %v", addrs, err)
				}
			})
		}
		all.Wait()
		if a.n.Load() != 1 || len(permits) != 0 {
			t.Errorf("asked %d times, %d permits are kept", a.n.Load(), len(permits))
		}
	})
}

// Whoever asked has gone: those who waited with it ask themselves.
func TestAnAbandonedLookUpIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names nameCache
		a := asked{life: time.Second, takes: time.Second}
		permits := make(chan struct{}, 2)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			p := permit{from: permits}
			defer p.drop()
			if _, err := names.look(ctx, nameKey{host: "a.test"}, &p, a.ask); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			p := permit{from: permits}
			defer p.drop()
			if _, err := names.look(t.Context(), nameKey{host: "a.test"}, &p, a.ask); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		cancel()
		all.Wait()
		if a.n.Load() != 2 || len(permits) != 0 {
			t.Errorf("asked %d times, %d permits are kept", a.n.Load(), len(permits))
		}
	})
}

func TestRememberedNamesAreBounded(t *testing.T) {
	var names nameCache
	a := asked{life: time.Minute}
	for i := range maxNames + 100 {
		key := nameKey{host: fmt.Sprintf("%d.test", i)}
		if _, err := names.look(t.Context(), key, &permit{from: make(chan struct{}, 1)}, a.ask); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(names.names); n > maxNames {
		t.Errorf("%d names are kept, want at most %d", n, maxNames)
	}
}
