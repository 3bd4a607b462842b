package runtime

import (
	"sync"
	"sync/atomic"
	"time"
)

// parking holds the hosts that asked for a pause, with Retry-After or the
// RateLimit fields: nothing is sent to one before its time, whichever request
// was told.
type parking struct {
	any   atomic.Bool // some host was parked; until then nobody looks further
	mu    sync.Mutex
	until map[string]time.Time
	last  time.Time // the end of all of until
}

// parks returns when the host of resp may be asked again, if it said so.
func (r *Retry) parks(resp *Response, now time.Time) (time.Time, bool) {
	if resp == nil || r.IgnoreRetryAfter || resp.Status != 429 && resp.Status != 503 {
		return time.Time{}, false
	}
	after, ok := RetryAfter(resp.Header, now)
	if !ok || after <= 0 {
		return time.Time{}, false
	}
	limit := r.Max
	if limit <= 0 {
		limit = defaultMaxDelay
	}
	return now.Add(min(after, limit)), true
}

// park keeps host closed until then; an earlier end does not shorten a later.
func (p *parking) park(host string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil {
		p.until = map[string]time.Time{}
	}
	if until.After(p.until[host]) {
		p.until[host] = until
	}
	if until.After(p.last) {
		p.last = until
	}
	p.any.Store(true)
}

// left is how long host stays closed. When nobody is parked any more, all that
// is known is forgotten: most hosts of a crawl are never asked again.
func (p *parking) left(host string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !now.Before(p.last) {
		clear(p.until)
		p.any.Store(false)
		return 0
	}
	return p.until[host].Sub(now)
}
