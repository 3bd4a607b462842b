package runtime

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// admit waits for the limits of the run, the batch and the session, and for a
// host that asked for a pause. The returned func, which may be nil, gives back
// what one attempt holds of them.
func (e *Engine) admit(ctx context.Context, exec Executor, req *Request, batch *limits, reserved turn) (func(), *Error) {
	if err := e.refusal(ctx); err != nil {
		return nil, err
	}
	session := sessionLimits(exec)
	if e.limits.open() && batch.open() && session.open() && !e.parked.any.Load() {
		return nil, nil
	}
	p := passage{engine: e, ctx: ctx, host: hostOf(exec, req), reserved: reserved.taken}
	err := e.sleep(ctx, time.Until(reserved.at))
	if err == nil {
		err = e.parked.wait(&p)
	}
	if err == nil {
		err = p.through(&e.limits, batch, session)
	}
	if err == nil {
		// A slot and the end of the run may have come at the same instant.
		err = e.refusal(ctx)
	}
	if err != nil {
		p.release()
		return nil, err
	}
	if len(p.held) == 0 {
		return nil, nil
	}
	return p.release, nil
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

// refusal says why nothing may start under ctx, or returns nil.
func (e *Engine) refusal(ctx context.Context) *Error {
	if ctx.Err() != nil {
		return Cancelled(ctx)
	}
	return e.stopping()
}

// A passage is the way of one attempt through limits.
type passage struct {
	engine *Engine
	ctx    context.Context
	host   string
	held   []chan struct{} // slots taken
	// reserved says that the rates of the run and the batch were asked before.
	reserved bool
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

// through takes slots before it asks for a turn: a turn that then waited for
// a slot would let requests bunch that a rate keeps apart.
func (p *passage) through(all ...*limits) *Error {
	for _, l := range all {
		if err := p.slot(l.gateOf(p.host)); err != nil {
			return err
		}
	}
	for _, l := range all {
		if err := p.turn(l.gateOf(p.host).rate); err != nil {
			return err
		}
		if p.reserved && (l == all[0] || l == all[1]) {
			continue
		}
		if err := p.turn(l.all); err != nil {
			return err
		}
	}
	return nil
}

func (p *passage) slot(g hostGate) *Error {
	if g.slots == nil {
		return nil
	}
	select {
	case g.slots <- struct{}{}:
		p.held = append(p.held, g.slots)
		return nil
	case <-p.ctx.Done():
		return Cancelled(p.ctx)
	case <-p.engine.gate:
		return p.engine.stopping()
	}
}

func (p *passage) turn(l *rate.Limiter) *Error {
	if l == nil {
		return nil
	}
	r := l.Reserve()
	err := p.engine.sleep(p.ctx, r.Delay())
	if err != nil {
		r.Cancel()
	}
	return err
}

// release gives the slots back; a second call does nothing.
func (p *passage) release() {
	for _, slots := range p.held {
		<-slots
	}
	p.held = nil
}

// sleep waits for d, or until ctx ends or the run stops.
func (e *Engine) sleep(ctx context.Context, d time.Duration) *Error {
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
	case <-e.gate:
		return e.stopping()
	}
}
