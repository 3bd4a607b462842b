package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// What a look-up leaves behind. Answers that came without a time to live, as
// from a hosts file or the system's own resolver, are kept for shortLife.
const (
	longestLife = 60 * time.Second
	shortLife   = 5 * time.Second
	maxNames    = 10_000
)

// nameKey is a question: the name, and whom it is put to.
type nameKey struct {
	server, host string // server "": the system's
}

// nameCache remembers answers of name servers for as long as they said, and no
// longer than longestLife; that there is no such name, for shortLife; other
// failures, not at all. Whoever asks what is being asked already waits for
// that answer. The zero value is empty.
//
// It holds addresses before the policy has seen them: that is asked about each
// address that is dialled, remembered or not.
type nameCache struct {
	mu    sync.Mutex
	names map[nameKey]*answered
}

// answered is one look-up, under way until done is closed.
type answered struct {
	done  chan struct{}
	addrs []netip.Addr
	err   error
	until time.Time // when it must be asked anew
}

// fresh returns the answer to key that still holds. nil: there is none.
func (c *nameCache) fresh(key nameKey, now time.Time) *answered {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.names[key]; a != nil && now.Before(a.until) {
		return a
	}
	return nil
}

// look returns the answer to key, which ask finds out unless it is known. Only
// who asks keeps the permit meanwhile, not who waits for another's answer.
func (c *nameCache) look(ctx context.Context, key nameKey, permit *permit, ask asking) ([]netip.Addr, error) {
	for {
		a, mine := c.enter(key, time.Now())
		if mine {
			c.settle(ctx, key, a, permit, ask)
			return a.addrs, a.err
		}
		permit.drop()
		select {
		case <-a.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if !abandoned(a.err) {
			return a.addrs, a.err
		}
	}
}

// asking puts a question to a name server.
type asking func(ctx context.Context) ([]netip.Addr, error)

// enter returns the answer to key, or a new one that the caller has to settle.
func (c *nameCache) enter(key nameKey, now time.Time) (a *answered, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a = c.names[key]; a != nil && (a.until.IsZero() || now.Before(a.until)) {
		return a, false
	}
	if c.names == nil {
		c.names = map[nameKey]*answered{}
	}
	if len(c.names) >= maxNames {
		c.makeRoom(now)
	}
	a = &answered{done: make(chan struct{})}
	c.names[key] = a
	return a, true
}

// makeRoom forgets what has expired, or else any name that is not being asked
// for. c.mu is held.
func (c *nameCache) makeRoom(now time.Time) {
	for key, a := range c.names {
		if !a.until.IsZero() && !now.Before(a.until) {
			delete(c.names, key)
		}
	}
	for key, a := range c.names {
		if len(c.names) < maxNames {
			return
		}
		if !a.until.IsZero() {
			delete(c.names, key)
		}
	}
}

// settle asks, and keeps the answer for as long as it may be kept.
func (c *nameCache) settle(ctx context.Context, key nameKey, a *answered, permit *permit, ask asking) {
	var life lifetime
	if a.err = permit.take(ctx); a.err == nil {
		a.addrs, a.err = ask(context.WithValue(ctx, lifetimeKey{}, &life))
	}
	if a.err != nil && ctx.Err() != nil {
		a.err = errAbandoned{a.err}
	}
	keep := lifeOf(a.err, &life)
	c.mu.Lock()
	if a.until = time.Now().Add(keep); keep <= 0 {
		delete(c.names, key)
	}
	c.mu.Unlock()
	close(a.done)
}

// lifeOf is how long an outcome may be kept.
func lifeOf(err error, life *lifetime) time.Duration {
	var dns *net.DNSError
	switch {
	case err == nil:
		return life.longest()
	case errors.As(err, &dns) && dns.IsNotFound:
		return shortLife
	}
	return 0
}

// forget drops the answer to key: none of its addresses could be reached, and
// there may be others by now.
func (c *nameCache) forget(key nameKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.names[key]; a != nil && !a.until.IsZero() {
		delete(c.names, key)
	}
}

// errAbandoned is a look-up that ended with whoever had asked: it says nothing
// to those who waited with it.
type errAbandoned struct{ error }

// Unwrap returns what the look-up failed with.
func (e errAbandoned) Unwrap() error { return e.error }

func abandoned(err error) bool {
	var a errAbandoned
	return errors.As(err, &a)
}
