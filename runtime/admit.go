package runtime

import (
	"time"

	"golang.org/x/time/rate"
)

// admit waits for the limits of the run, the batch and the session, and for a
// host that asked for a pause. What the attempt then holds of them is t.way,
// nil for nothing.
func (t *trip) admit(first turn) *Error {
	b := t.batch
	if err := b.stopped(); err != nil {
		return err
	}
	t.way = nil
	e, session := b.engine, sessionLimits(t.exec)
	open := e.limits.open() && b.limits.open() && session.open() && e.breakers.Errors == 0
	if open && !e.parked.any.Load() {
		return nil
	}
	host := hostOf(t.exec, t.req)
	if open && e.parked.left(host) <= 0 {
		return nil
	}
	p := &passage{stay: t.hold(), host: host, reserved: first}
	p.place.within = b.opts.Within
	if err := p.enter(&e.limits, &b.limits, session); err != nil {
		p.place.release()
		return err
	}
	t.way = p
	return nil
}

var noLimits limits

func sessionLimits(exec Executor) *limits {
	if g, ok := exec.(Gated); ok {
		if l := g.Limits(); l != nil {
			return &l.limits
		}
	}
	return &noLimits
}

func hostOf(exec Executor, req *Request) string {
	if g, ok := exec.(Gated); ok {
		return g.Host(req)
	}
	return HostOf(req.URL)
}

// A passage is the way of one attempt through limits, and what it holds of
// them.
type passage struct {
	stay     *stay
	host     string
	place    Place
	paces    []*pace // that learn from the outcome
	reserved turn
	began    time.Time
	probe    bool // it tries whether a host is back
}

// A turn is a place in the rates of the run and the batch, taken by the
// consumer when it starts a request, so that requests go out in their order.
type turn struct {
	taken bool
	at    time.Time
}

// turn takes the next one, if rates are all that bounds the run and the batch:
// beside slots, a turn is asked for by the worker, when it has its slot.
func (e *Engine) turn(batch *limits) turn {
	if e.limits.hosts != nil || batch.hosts != nil || e.limits.all == nil && batch.all == nil {
		return turn{}
	}
	t := turn{taken: true}
	now := time.Now()
	for _, l := range []*rate.Limiter{e.limits.all, batch.all} {
		if l == nil {
			continue
		}
		if at := now.Add(l.ReserveN(now, 1).DelayFrom(now)); at.After(t.at) {
			t.at = at
		}
	}
	return t
}

// enter takes all that the attempt needs. The waits for its host come first:
// it may give its slot of the Batch up for them. A host's slots come before a
// turn, since a turn that then waited would let requests bunch that a rate
// keeps apart.
func (p *passage) enter(engine, batch, session *limits) *Error {
	b := p.stay.batch
	breakers := &b.engine.breakers
	if err := breakers.refusal(p.host); err != nil {
		return err
	}
	all := [...]*limits{engine, batch, session}
	for _, l := range all {
		if err := p.slot(l.gateOf(p.host).slots); err != nil {
			return err
		}
	}
	if err := p.inTurn(all[:]); err != nil {
		return err
	}
	// A slot and the end of the run may have come at the same instant.
	if err := b.stopped(); err != nil {
		return err
	}
	p.began = time.Now()
	probe, err := breakers.enter(p.host)
	p.probe = probe
	return err
}

// inTurn waits until the host is open and it is the attempt's turn: again, if
// the host was parked in the meantime.
func (p *passage) inTurn(all []*limits) *Error {
	parked := &p.stay.batch.engine.parked
	for {
		if err := p.unpark(parked); err != nil {
			return err
		}
		p.paces = p.paces[:0]
		for _, l := range all {
			if err := p.keepPace(l.gateOf(p.host).pace); err != nil {
				return err
			}
		}
		if err := p.turns(all); err != nil {
			return err
		}
		if !parked.any.Load() || parked.left(p.host) <= 0 {
			return nil
		}
	}
}

// slot takes one of the host's, or borrows the one of the attempt whose hook
// sends this.
func (p *passage) slot(slots chan struct{}) *Error {
	if slots == nil {
		return nil
	}
	lent := p.place.within.lends(slots)
	select {
	case slots <- struct{}{}:
		p.place.hold(slots, slots)
	case lent <- struct{}{}:
		p.place.hold(slots, lent)
	default:
		if err := p.awaitSlot(slots, lent); err != nil {
			return err
		}
	}
	return p.stay.regain()
}

func (p *passage) awaitSlot(slots, lent chan struct{}) *Error {
	b := p.stay.batch
	soon := time.NewTimer(patience)
	defer soon.Stop()
	for {
		select {
		case slots <- struct{}{}:
			p.place.hold(slots, slots)
			return nil
		case lent <- struct{}{}:
			p.place.hold(slots, lent)
			return nil
		case <-soon.C:
			p.stay.leave()
			continue
		case <-b.ctx.Done():
		case <-b.gate:
		}
		return b.stopped()
	}
}

// unpark waits until the host is open. A turn taken before that is void.
func (p *passage) unpark(parked *parking) *Error {
	for {
		left := parked.left(p.host)
		if left <= 0 {
			return nil
		}
		p.reserved = turn{}
		if err := p.stay.pause(left); err != nil {
			return err
		}
	}
}

func (p *passage) keepPace(c *pace) *Error {
	if c == nil {
		return nil
	}
	if c.auto != nil {
		p.paces = append(p.paces, c)
	}
	return c.pass(p.stay)
}

// turns waits for the rates of all hosts together. They hold up every request
// alike, so that the slot is kept.
func (p *passage) turns(all []*limits) *Error {
	if p.reserved.taken {
		if err := p.stay.batch.sleep(time.Until(p.reserved.at)); err != nil {
			return err
		}
		all = all[2:] // the run's and the batch's were reserved
	}
	for _, l := range all {
		if l.all == nil {
			continue
		}
		r := l.all.Reserve()
		if err := p.stay.batch.sleep(r.Delay()); err != nil {
			r.Cancel()
			return err
		}
	}
	return nil
}
