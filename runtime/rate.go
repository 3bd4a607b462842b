package runtime

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

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
	per := 1.0
	switch strings.TrimSpace(unit) {
	case "", "s", "sec", "second":
	case "m", "min", "minute":
		per = 60
	case "h", "hour":
		per = 3600
	default:
		return 0, fmt.Errorf("rate %q: the unit is s, m or h", s)
	}
	// Rounding to zero would turn the slowest of rates into no limit.
	return Rate(max(n/per, math.SmallestNonzeroFloat64)), nil
}

// PerHost bounds what goes to one host, whatever the others do. Zero: no limit.
type PerHost struct {
	Concurrency int
	Rate        Rate
	// Auto finds the rate that a host bears: it starts at Rate, or without a
	// limit, is halved when the host says that it is too much, and grows again
	// while the host answers.
	Auto bool
}

// Limits bound the attempts of whoever shares them, such as a session's
// requests. nil: no limits.
type Limits struct{ limits }

// NewLimits makes Limits: of all attempts, and of those to each host.
func NewLimits(all Rate, host PerHost) *Limits { return &Limits{newLimits(all, host)} }

// Gated is an Executor with Limits of its own, such as a Session.
type Gated interface {
	// Limits returns them, or nil.
	Limits() *Limits
	// Host is the host that req goes to, "host:port" or "host" in lower case.
	Host(req *Request) string
}

// limits are the gates before an attempt. The zero value lets all pass.
type limits struct {
	all   *rate.Limiter
	host  PerHost
	mu    *sync.Mutex
	hosts map[string]hostGate
}

type hostGate struct {
	pace  *pace
	slots chan struct{}
}

func newLimits(all Rate, host PerHost) limits {
	l := limits{host: host}
	if all > 0 {
		l.all = newLimiter(all)
	}
	if host != (PerHost{}) {
		l.mu = &sync.Mutex{}
		l.hosts = map[string]hostGate{}
	}
	return l
}

// newLimiter has burst 1, so that 30/m is one every two seconds and no burst.
func newLimiter(r Rate) *rate.Limiter { return rate.NewLimiter(rate.Limit(r), 1) }

func (l *limits) open() bool { return l.all == nil && l.hosts == nil }

// gateOf returns the gate of one host; without per-host limits it is the zero
// gate, which is open.
func (l *limits) gateOf(host string) hostGate {
	if l.hosts == nil {
		return hostGate{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.hosts[host]
	if !ok {
		if l.host.Rate > 0 || l.host.Auto {
			h.pace = newPace(l.host)
		}
		if l.host.Concurrency > 0 {
			h.slots = make(chan struct{}, l.host.Concurrency)
		}
		l.hosts[host] = h
	}
	return h
}

// HostOf returns the lower-case "host:port" or "host" of a URL's text, "" when
// it has none: the key of per-host limits, found without parsing the rest.
func HostOf(url string) string {
	i := strings.Index(url, "://")
	if i < 0 || strings.ContainsAny(url[:i], "/?#") {
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
