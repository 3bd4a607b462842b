package runtime

import (
	"fmt"
	"sync"
	"time"
)

// Breaker gives up on a host for CoolDown after Errors failures in a row:
// faults of the connection, timeouts, protocol errors and statuses from 500
// on. Requests to it then fail at once with kind breaker. After CoolDown one
// goes through; its success lets the others follow.
type Breaker struct {
	Errors   int           // 0: never
	CoolDown time.Duration // 0: DefaultCoolDown
}

// DefaultCoolDown is how long a Breaker leaves a host alone.
const DefaultCoolDown = 30 * time.Second

// breakers are the hosts that have failed. The zero value refuses none.
type breakers struct {
	Breaker
	mu    sync.Mutex
	hosts map[string]*circuit
}

// circuit is what is known of one host. Those that never fail have none.
type circuit struct {
	failures int       // in a row
	until    time.Time // when it may be tried again, once failures are too many
	probing  bool      // it is being tried
}

// health is what the outcome of an attempt says of a host.
type health int8

const (
	unclear health = iota
	healthy
	failing
)

func healthOf(resp *Response, err *Error) health {
	if r := answer(resp, err); r != nil {
		if r.Status >= 500 {
			return failing
		}
		return healthy
	}
	switch {
	case err.Kind == KindBatchTimeout:
		return unclear
	case err.Kind.Is(KindConnection), err.Kind.Is(KindTimeout), err.Kind.Is(KindProtocol):
		return failing
	default:
		return unclear
	}
}

// set begins anew.
func (b *breakers) set(to Breaker) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Breaker, b.hosts = to, nil
}

// refusal returns the failure of what is for a host that is given up on.
func (b *breakers) refusal(host string) *Error {
	if b.Errors <= 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuses(host, b.hosts[host], time.Now())
}

func (b *breakers) refuses(host string, c *circuit, now time.Time) *Error {
	switch {
	case c == nil || c.failures < b.Errors:
		return nil
	case now.Before(c.until):
		return b.givenUp(host, c, "it is tried again in "+c.until.Sub(now).Round(time.Millisecond).String())
	case c.probing:
		return b.givenUp(host, c, "it is being tried again")
	default:
		return nil
	}
}

func (b *breakers) givenUp(host string, c *circuit, next string) *Error {
	return &Error{
		Kind: KindBreaker, Sent: SentNo,
		Message: fmt.Sprintf("%s failed %d times in a row, so nothing is sent to it; %s", host, c.failures, next),
	}
}

// enter is asked right before an attempt. probe is true for the one that
// tries whether the host is back; it must be followed by leave.
func (b *breakers) enter(host string) (probe bool, err *Error) {
	if b.Errors <= 0 {
		return false, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.hosts[host]
	if err := b.refuses(host, c, time.Now()); err != nil {
		return false, err
	}
	if c == nil || c.failures < b.Errors {
		return false, nil
	}
	c.probing = true
	return true, nil
}

// leave is told of what became of an attempt. What began before the host was
// given up on does not put off its trial.
func (b *breakers) leave(host string, probe bool, what health) {
	if b.Errors <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.hosts[host]
	if c != nil && probe {
		c.probing = false
	}
	switch what {
	case healthy:
		delete(b.hosts, host)
	case failing:
		b.count(host, c, probe)
	case unclear:
	}
}

func (b *breakers) count(host string, c *circuit, probe bool) {
	if c == nil {
		if b.hosts == nil {
			b.hosts = map[string]*circuit{}
		}
		c = &circuit{}
		b.hosts[host] = c
	}
	c.failures++
	if c.failures != b.Errors && !probe {
		return
	}
	pause := b.CoolDown
	if pause <= 0 {
		pause = DefaultCoolDown
	}
	c.until = time.Now().Add(pause)
}
