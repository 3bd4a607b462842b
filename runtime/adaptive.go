package runtime

import "time"

// How an adaptive rate moves: half after too much, then back by a twentieth of
// what was too much each second.
const (
	slowest       = 0.5  // requests per second
	growth        = 0.05 // of a rate, each second
	leastGrowth   = 0.1  // requests per second, each second
	timeoutsInRow = 5    // that count as too much
)

// lesson is what the outcome of an attempt says of a host's load.
type lesson int8

const (
	nothing  lesson = iota
	answered        // it bore this one
	late            // a timeout
	tooMuch         // it said so
)

// lessonOf reads an outcome: 429 and 503, or HTTP/2's ENHANCE_YOUR_CALM, are
// too much.
func lessonOf(resp *Response, err *Error) lesson {
	if r := answer(resp, err); r != nil {
		if r.Status == 429 || r.Status == 503 {
			return tooMuch
		}
		return answered
	}
	switch {
	case err.Calm:
		return tooMuch
	case err.Kind.Is(KindTimeout) && err.Kind != KindBatchTimeout:
		return late
	default:
		return nothing
	}
}

// adaptive is what a pace knows about the rate its host bears. The pace's lock
// guards it.
type adaptive struct {
	most     float64 // the configured rate; 0: none
	sent     meter
	cut      time.Time // when the rate was lowered last
	step     float64   // what a second of answers adds
	timeouts int       // in a row
}

// learn adapts the rate to the outcome of an attempt that went out at began.
func (p *pace) learn(what lesson, began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, now := p.auto, time.Now()
	switch what {
	case late:
		a.timeouts++
		if a.timeouts >= timeoutsInRow {
			p.slowDown(began, now)
		}
	case tooMuch:
		p.slowDown(began, now)
	case answered:
		a.timeouts = 0
		p.speedUp(began, now)
	case nothing:
	}
}

// slowDown halves the rate, once for all that had been sent at the old one.
func (p *pace) slowDown(began, now time.Time) {
	a := p.auto
	if !a.cut.IsZero() && !began.After(a.cut) {
		return
	}
	was := a.sent.rate(now)
	if p.every > 0 {
		was = min(was, p.rate())
	}
	a.cut, a.timeouts = now, 0
	a.step = max(was*growth, leastGrowth)
	p.setRate(max(was/2, slowest), now)
}

// speedUp adds a little for each answer, as long as the rate is made use of.
func (p *pace) speedUp(began, now time.Time) {
	a := p.auto
	if p.every == 0 || a.cut.IsZero() || !began.After(a.cut) {
		return
	}
	rate := p.rate()
	if a.sent.rate(now) < rate/2 {
		return
	}
	rate += a.step / rate
	if a.most > 0 {
		rate = min(rate, a.most)
	}
	p.setRate(rate, now)
}

func (p *pace) rate() float64 { return float64(time.Second) / float64(p.every) }

func (p *pace) setRate(rate float64, now time.Time) {
	slower := p.every == 0 || spacing(rate) > p.every
	p.every = spacing(rate)
	if first := now.Add(p.every); slower && first.After(p.next) {
		p.next = first
	}
	p.callUp(now)
}

// A meter counts events of the last second: all of this second's, and of the
// one before the part that is not over a second ago, as if they had been even.
type meter struct {
	start         time.Time // of this second
	before, since float64
}

func (m *meter) roll(now time.Time) {
	switch gone := now.Sub(m.start); {
	case gone < time.Second:
	case gone < 2*time.Second:
		m.start, m.before, m.since = m.start.Add(time.Second), m.since, 0
	default:
		*m = meter{start: now}
	}
}

func (m *meter) count(now time.Time) {
	m.roll(now)
	m.since++
}

// rate is events per second.
func (m *meter) rate(now time.Time) float64 {
	m.roll(now)
	left := 1 - now.Sub(m.start).Seconds()
	return m.since + m.before*left
}
