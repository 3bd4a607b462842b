package runtime

import "time"

// How an adaptive rate moves. Once a second at most, it gives up the share of
// its requests that the host refused, within bounds; then it comes back by a
// twentieth each second, of what was too much.
const (
	slowest       = 0.5  // requests per second
	leastCut      = 0.02 // of a rate; less than what comes back meanwhile
	mostCut       = 0.5
	growth        = 0.05 // of a rate, each second
	leastGrowth   = 0.1  // requests per second, each second
	window        = time.Second
	apart         = 10 * window
	plain         = 10 // refusals that need no whole window the first time
	timeoutsInRow = 5  // that count as too much
)

// lesson is what the outcome of an attempt says of a host's load.
type lesson int8

const (
	nothing  lesson = iota
	answered        // it bore this one
	late            // a timeout
	refused         // it was too much
	calm            // all of it was
)

// lessonOf reads an outcome: 429 and 503 refuse a request, HTTP/2's
// ENHANCE_YOUR_CALM the way of its sender.
func lessonOf(resp *Response, err *Error) lesson {
	if r := answer(resp, err); r != nil {
		if r.Status == 429 || r.Status == 503 {
			return refused
		}
		return answered
	}
	switch {
	case err.Calm:
		return calm
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

	opened    time.Time // the window, by a refusal; zero: there is none
	good, bad int       // outcomes in it
}

// learn adapts the rate to the outcome of an attempt that went out at began.
// What was sent at an earlier rate says nothing of this one.
func (p *pace) learn(what lesson, began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, now := p.auto, time.Now()
	if what == answered {
		a.timeouts = 0
	}
	if what == nothing || !a.cut.IsZero() && !began.After(a.cut) {
		return
	}
	switch what {
	case late:
		a.timeouts++
		if a.timeouts >= timeoutsInRow {
			p.slowDown(mostCut, now)
		}
	case calm:
		p.slowDown(mostCut, now)
	case refused:
		if share := a.refusal(now); share > 0 {
			p.slowDown(min(max(share, leastCut), mostCut), now)
		}
	case answered:
		a.good++
		p.speedUp(now)
	case nothing:
	}
}

// refusal counts one in its window, and returns the share of refusals when that
// is over, else 0. Refusals far apart are no share of anything.
func (a *adaptive) refusal(now time.Time) float64 {
	age := now.Sub(a.opened)
	if a.opened.IsZero() || age > apart {
		a.opened, a.good, a.bad = now, 0, 1
		return 0
	}
	a.bad++
	if age < window && (!a.cut.IsZero() || a.bad < plain) {
		return 0
	}
	return float64(a.bad) / float64(a.bad+a.good)
}

// slowDown lowers the rate by a part of what was sent.
func (p *pace) slowDown(part float64, now time.Time) {
	a := p.auto
	was := a.sent.rate(now)
	if p.every > 0 {
		was = min(was, p.rate())
	}
	a.cut, a.timeouts = now, 0
	a.opened, a.good, a.bad = time.Time{}, 0, 0
	a.step = max(was*growth, leastGrowth)
	p.setRate(max(was*(1-part), slowest), now)
}

// speedUp adds a little for each answer, as long as the rate is made use of.
func (p *pace) speedUp(now time.Time) {
	a := p.auto
	if p.every == 0 || a.cut.IsZero() {
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
