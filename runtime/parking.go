package runtime

import (
	"sync"
	"sync/atomic"
	"time"
)

// parking holds the hosts that asked for a pause with Retry-After: nothing is
// sent to one before its time, whichever request was told.
type parking struct {
	any   atomic.Bool // some host was parked; until then nobody looks further
	mu    sync.Mutex
	until map[string]time.Time
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
	p.any.Store(true)
}

// wait lets a passage through when its host is open.
func (p *parking) wait(way *passage) *Error {
	for {
		left := p.left(way.host)
		if left <= 0 {
			return nil
		}
		if err := way.engine.sleep(way.ctx, left); err != nil {
			return err
		}
	}
}

func (p *parking) left(host string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, ok := p.until[host]
	if !ok {
		return 0
	}
	left := time.Until(until)
	if left <= 0 {
		delete(p.until, host)
		p.any.Store(len(p.until) > 0)
	}
	return left
}
