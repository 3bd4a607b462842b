package run

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"volley/runtime"
)

// phase sends one list of requests through one Batch.
type phase struct {
	run    *Run
	batch  *runtime.Batch
	steps  []*step
	groups []*group

	ready  []item // last in, first out: rows that are begun go before new ones
	turn   int    // the group that the last row came from
	flying map[*runtime.Request]*unit
	asked  bool // the Batch waits for an Offer
	come   bool // a row that was waited for may be there, or a stop
	parked bool // inside Next, and not in an expression that waits

	last     bool            // sends in spite of a stop
	jobs     []job           // to be done one after the other when nothing else is left
	deferred []job           // put off to the end of the run
	sent     bool            // a request went out
	halt     bool            // everything else is skipped
	strict   bool            // the first failure halts
	failed   *runtime.Result // the first failure
	fault    error           // of a data source or a foreach: no further row is begun
}

// item is what the next request comes from: a spawner, or a unit that sends
// once more.
type item struct {
	spawner *spawner
	unit    *unit
}

// job is a step with defer of one instance, or a unit of it that a stop kept
// from being sent.
type job struct {
	at   *instance
	step *step
	unit *unit // nil: its units are still to be made
}

// pump sends everything and records every result. The error is that of the
// waiter, or of a data source.
func (p *phase) pump(o runtime.BatchOptions) error {
	if len(p.steps) == 0 {
		return nil // no Batch: that of the requests is the first
	}
	o.Finish = p.finish
	p.flying = map[*runtime.Request]*unit{}
	p.batch = p.run.engine.Batch(p.run.config.Consumer, p.source, o)
	defer p.batch.Close()
	defer p.closeRows()
	p.openGroups()
	defer context.AfterFunc(p.run.engine.Halted(), func() { p.run.config.Consumer.Deliver(p.rowCame) })()
	waiter := offering{Waiter: p.run.config.Waiter, phase: p}
	for {
		res, err := p.batch.Next(&waiter)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		p.took(res)
		p.offer()
	}
	p.halt = true // a Batch that was stopped did not ask for the rest
	for {
		if _, err := p.source(); err != nil {
			break
		}
	}
	return p.fault
}

// offer answers a Batch that was told to wait, if there is an answer now.
func (p *phase) offer() {
	if !p.asked {
		return
	}
	if req, err := p.source(); !errors.Is(err, runtime.ErrLater) {
		p.asked = false
		p.batch.Offer(req, err)
	}
}

// offering answers the Batch after a wait too, as a row may have come.
type offering struct {
	runtime.Waiter
	phase *phase
}

// Park implements runtime.Waiter.
func (o *offering) Park() error {
	p := o.phase
	if !p.come {
		p.parked = true
		err := o.Waiter.Park()
		p.parked = false
		if err != nil {
			return err
		}
	}
	if p.come {
		p.come = false
		p.offer()
	}
	return nil
}

// source is the Batch's: it yields what is to be sent next, and records what
// is skipped on the way.
func (p *phase) source() (*runtime.Request, error) {
	for {
		u := p.nextUnit()
		switch {
		case u != nil:
		case len(p.flying) > 0 || p.awaits():
			p.asked = true
			return nil, runtime.ErrLater
		case len(p.jobs) > 0:
			p.resume(p.jobs[0])
			p.jobs = p.jobs[1:]
			continue
		default:
			return nil, io.EOF
		}
		if u.skip == "" && (p.stopped() || u.at.late && !p.last) {
			if p.putOff(u) {
				continue
			}
			u.skip = skippedStop
		}
		var req *runtime.Request
		if u.skip == "" {
			req = p.run.render(u) // its when may say skip
		}
		if u.skip != "" {
			p.skip(u)
			continue
		}
		p.flying[req] = u
		return req, nil
	}
}

// nextUnit takes what is ready, or opens the next row. nil: there is nothing
// now.
func (p *phase) nextUnit() *unit {
	for {
		if n := len(p.ready); n > 0 {
			it := p.ready[n-1]
			if it.unit != nil {
				p.ready = p.ready[:n-1]
				return it.unit
			}
			if u := it.spawner.unit(p.run); u != nil {
				u.step.live++
				u.at.pending++
				return u
			}
			p.ready = p.ready[:n-1]
			p.release(it.spawner.step, it.spawner.at)
			continue
		}
		if !p.openRow() {
			return nil
		}
	}
}

// openRow makes the next row of the groups, in turn, an instance.
func (p *phase) openRow() bool {
	for range p.groups {
		g := p.groups[p.turn]
		p.turn = (p.turn + 1) % len(p.groups)
		if g.state != groupOpen {
			continue
		}
		at, err := g.rows.next()
		switch {
		case err == nil:
			p.begin(g, at)
		case errors.Is(err, runtime.ErrLater):
			continue
		default:
			if !errors.Is(err, io.EOF) {
				p.lose(g, err)
			}
			g.state = groupRead
			g.rows.close()
			p.tellCut(g)
			p.openGroups()
		}
		return true
	}
	return false
}

// awaits reports a group whose next row comes later.
func (p *phase) awaits() bool {
	return slices.ContainsFunc(p.groups, func(g *group) bool { return g.state == groupOpen })
}

// begin makes spawners of the steps that need no unit, the first one on top.
func (p *phase) begin(g *group, at *instance) {
	g.begun = true
	at.group, at.late = g, p.fault != nil && !p.last
	at.pending++ // held until all are there
	for _, s := range slices.Backward(g.steps) {
		switch {
		case s.Defer:
			at.deferred = append(at.deferred, s)
		case len(s.perUnit) == 0:
			p.spawn(s, at, nil)
		}
	}
	slices.Reverse(at.deferred)
	p.settle(at)
}

func (p *phase) spawn(s *step, at *instance, parents []*unit) {
	sp := &spawner{step: s, at: at, parents: parents}
	sp.excuse()
	s.live++
	at.pending++
	p.ready = append(p.ready, item{spawner: sp})
}

// ended is the last that happens to a unit: what needs it comes next.
func (p *phase) ended(u *unit, ok bool) {
	s := u.step
	u.ok = ok
	for _, user := range slices.Backward(s.users) {
		p.lead(user, u)
	}
	if s.keeps {
		if u.at.done == nil {
			u.at.done = map[*step][]*unit{}
		}
		u.at.done[s] = append(u.at.done[s], u)
	}
	p.release(s, u.at)
}

// lead spawns user for every lineage that u completes.
func (p *phase) lead(user *step, u *unit) {
	switch {
	case user.Defer:
	case len(user.perUnit) == 1:
		p.spawn(user, u.at, []*unit{u})
	default:
		user.lineages(u.at, u, func(parents []*unit) { p.spawn(user, u.at, parents) })
	}
}

// release counts one spawner or unit less.
func (p *phase) release(s *step, at *instance) {
	s.live--
	p.settle(at)
	if s.live == 0 {
		p.openGroups()
	}
}

// settle counts one thing less that an instance waits for. After the last one
// come the steps with defer, the last declared first; those without a row, and
// those that a stop keeps from being sent, are put off to the end of the run.
func (p *phase) settle(at *instance) {
	at.pending--
	for at.pending == 0 {
		n := len(at.deferred)
		if n == 0 {
			return
		}
		s := at.deferred[n-1]
		at.deferred = at.deferred[:n-1]
		if at.row == nil || at.begun && p.stopped() {
			p.deferred = append(p.deferred, job{at: at, step: s})
			continue
		}
		p.spawnDeferred(at, s)
	}
}

// putOff leaves a unit with defer, which a stop came before, to the end of the
// run, if its row was begun.
func (p *phase) putOff(u *unit) bool {
	if !u.step.Defer || !u.at.begun || p.last {
		return false
	}
	u.step.live--
	p.deferred = append(p.deferred, job{at: u.at, step: u.step, unit: u})
	return true
}

// resume goes on with what was put off.
func (p *phase) resume(j job) {
	if j.unit == nil {
		p.spawnDeferred(j.at, j.step)
		return
	}
	j.step.live++
	p.ready = append(p.ready, item{unit: j.unit})
}

func (p *phase) spawnDeferred(at *instance, s *step) {
	at.pending++ // held until all are there
	if len(s.perUnit) == 0 {
		p.spawn(s, at, nil)
	} else {
		s.lineages(at, nil, func(parents []*unit) { p.spawn(s, at, parents) })
	}
	at.pending--
}

// openGroups opens the groups that nothing holds back any more.
func (p *phase) openGroups() {
	for _, g := range p.groups {
		if g.state == groupWaiting && g.opens() {
			g.state = groupOpen
			g.rows = p.rowsOf(g)
		}
	}
}

func (p *phase) closeRows() {
	for _, g := range p.groups {
		if g.state == groupOpen {
			g.rows.close()
			g.state = groupRead
		}
	}
}

// stopped reports that nothing new is sent in this phase.
func (p *phase) stopped() bool { return p.halt || !p.last && p.run.stopping() }

// byDeclaration orders jobs: rows' own before the run's, then the last
// declared first.
func byDeclaration(jobs []job) {
	slices.SortStableFunc(jobs, func(a, b job) int {
		if (a.at.row == nil) != (b.at.row == nil) {
			if a.at.row == nil {
				return 1
			}
			return -1
		}
		if a.at.row != nil && a.at != b.at {
			return 0
		}
		return cmp.Compare(b.step.index, a.step.index)
	})
}
