package runtime

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is a number of requests per second, spread evenly; 0 is no limit.
type Rate float64

// ParseRate reads "200", "200/s", "30/m" or "1000/h"; fractions are allowed.
func ParseRate(s string) (Rate, error) {
	number, unit, _ := strings.Cut(strings.TrimSpace(s), "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || n <= 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, fmt.Errorf("rate %q is not a positive number of requests, such as 200/s or 30/m", s)
	}
	switch strings.TrimSpace(unit) {
	case "", "s", "sec", "second":
		return Rate(n), nil
	case "m", "min", "minute":
		return Rate(n / 60), nil
	case "h", "hour":
		return Rate(n / 3600), nil
	}
	return 0, fmt.Errorf("rate %q: the unit is s, m or h", s)
}

// PerHost bounds what goes to one host, whatever the others do. Zero: no limit.
type PerHost struct {
	Concurrency int
	Rate        Rate
}

// limits are the gates before an attempt. The zero value lets all pass.
type limits struct {
	all   *rate.Limiter
	host  PerHost
	mu    *sync.Mutex
	hosts map[string]*hostGate
}

type hostGate struct {
	rate  *rate.Limiter
	slots chan struct{}
}

func newLimits(all Rate, host PerHost) limits {
	l := limits{host: host}
	if all > 0 {
		l.all = newLimiter(all)
	}
	if host != (PerHost{}) {
		l.mu = &sync.Mutex{}
		l.hosts = map[string]*hostGate{}
	}
	return l
}

// newLimiter has burst 1, so that 30/m is one every two seconds and no burst.
func newLimiter(r Rate) *rate.Limiter { return rate.NewLimiter(rate.Limit(r), 1) }

func (l *limits) open() bool { return l.all == nil && l.hosts == nil }

// pass waits until one attempt at host may start. The returned func, which
// may be nil, gives the host's slot back.
func (l *limits) pass(ctx context.Context, gate <-chan struct{}, host string) (func(), *Error) {
	if l.all != nil {
		if err := reserve(ctx, gate, l.all); err != nil {
			return nil, err
		}
	}
	if l.hosts == nil {
		return nil, nil
	}
	h := l.gateOf(host)
	if h.slots != nil {
		select {
		case h.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, Cancelled(ctx)
		case <-gate:
			return nil, errStopped()
		}
	}
	if h.rate != nil {
		if err := reserve(ctx, gate, h.rate); err != nil {
			h.release()
			return nil, err
		}
	}
	return h.release, nil
}

func (h *hostGate) release() {
	if h.slots != nil {
		<-h.slots
	}
}

func (l *limits) gateOf(host string) *hostGate {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.hosts[host]
	if h == nil {
		h = &hostGate{}
		if l.host.Rate > 0 {
			h.rate = newLimiter(l.host.Rate)
		}
		if l.host.Concurrency > 0 {
			h.slots = make(chan struct{}, l.host.Concurrency)
		}
		l.hosts[host] = h
	}
	return h
}

func reserve(ctx context.Context, gate <-chan struct{}, l *rate.Limiter) *Error {
	r := l.Reserve()
	err := sleep(ctx, gate, r.Delay())
	if err != nil {
		r.Cancel()
	}
	return err
}

// sleep waits for d, or until ctx ends or the gate closes.
func sleep(ctx context.Context, gate <-chan struct{}, d time.Duration) *Error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return Cancelled(ctx)
	case <-gate:
		return errStopped()
	}
}

func errStopped() *Error {
	return &Error{Kind: KindCancelled, Message: "the run is stopping; not sent"}
}

// HostOf returns the lower-case "host:port" or "host" of a URL's text, "" when
// it has none: the key of per-host limits, found without parsing the rest.
func HostOf(url string) string {
	i := strings.Index(url, "://")
	if i < 0 {
		return ""
	}
	rest := url[i+len("://"):]
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	return strings.ToLower(rest)
}
