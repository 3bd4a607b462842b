package run

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/specs"
	"volley/specs/template"
)

// Plan is what a run would send.
type Plan struct {
	File, Name string
	Steps      []PlanStep
	Hosts      []HostCount // most requests first
	Requests   []Planned   // the first ones
	Total      int
	Exact      bool // Total is no estimate
	More       bool // counting was given up: there are more than Total
}

// PlanStep is one entry of the spec.
type PlanStep struct {
	List  string // setup, requests, teardown
	Label string // its name, or its place
	Rows  string // the data source; "" is none
	// Count is how many requests it makes; not Exact when answers decide, as
	// with pages, polls and conditions on captures.
	Count   int
	Skipped int // of Count, those whose when does not hold, and what needs them
	Exact   bool
	More    bool // counting was given up: there are more than Count
}

// HostCount is how many requests go to a host.
type HostCount struct {
	Host  string
	Count int
}

// Planned is one request as it would be sent. Captures stand in it by their
// names, as <captures.x>.
type Planned struct {
	Step    int // in Steps
	Request *runtime.Request
	Row     *runtime.Row
}

// planner makes a Plan.
type planner struct {
	run   *Run
	plan  *Plan
	hosts map[string]int
	show  int
	first int // in Steps: of the phase that is planned
}

// MakePlan reads the spec's data and renders its requests without sending any;
// the first show of them are kept. What has very many, or waits for its rows,
// is not counted to its end. Of c, Engine, Client and Hooks are not used
// but for Lua functions that make rows. The error is a fault of the spec or of
// its data.
func MakePlan(spec *specs.Spec, c Config, show int) (*Plan, error) {
	r := newRun(spec, c)
	r.placeholders, r.bases = true, map[string]string{}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if c.Consumer == nil || c.Waiter == nil {
		inbox := &runtime.Inbox{}
		r.config.Consumer, r.config.Waiter = inbox, inbox
	}
	pl := &planner{run: r, plan: &Plan{File: spec.File, Name: spec.Name, Exact: true}, hosts: map[string]int{}, show: show}
	for _, part := range []struct {
		name  string
		phase *phase
	}{{"setup", r.setup}, {"requests", r.main}, {"teardown", r.teardown}} {
		if err := pl.phase(part.name, part.phase); err != nil {
			return nil, err
		}
	}
	pl.finish()
	return pl.plan, nil
}

// phase goes through the units of a list as if each had ended well.
func (pl *planner) phase(list string, p *phase) error {
	pl.first = len(pl.plan.Steps)
	for _, s := range p.steps {
		pl.plan.Steps = append(pl.plan.Steps, PlanStep{List: list, Label: s.Label(), Rows: s.group.source, Exact: s.foreseeable()})
	}
	pl.run.planned = &planLimit{units: plannedUnits, until: time.Now().Add(plannedTime)}
	defer p.closeRows()
	defer pl.mark(p)
	p.openGroups()
	for {
		u := p.nextUnit()
		if p.fault != nil || u != nil && pl.run.planned.spend() || u == nil && p.awaits() && pl.run.planned.over() {
			return p.fault
		}
		if u == nil && p.awaits() {
			if err := pl.await(p); err != nil {
				return err
			}
			continue
		}
		if u == nil {
			if len(p.deferred) == 0 {
				break
			}
			byDeclaration(p.deferred)
			p.resume(p.deferred[0])
			p.deferred = p.deferred[1:]
			continue
		}
		pl.unit(u)
		p.ended(u, u.skip == "")
	}
	return p.fault
}

// await waits for a row that comes later, or for the end of what a plan takes.
func (pl *planner) await(p *phase) error {
	r := pl.run
	end := time.AfterFunc(time.Until(r.planned.until), func() { r.config.Consumer.Deliver(p.rowCame) })
	defer end.Stop()
	if p.come {
		p.come = false
		return nil
	}
	p.parked = true
	defer func() { p.parked, p.come = false, false }()
	return r.config.Waiter.Park()
}

// mark notes which steps may have more than was counted.
func (pl *planner) mark(p *phase) {
	for _, s := range p.steps {
		if g := s.group; g.state != groupRead || s.live > 0 || g.rows.cut() {
			pl.plan.Steps[pl.first+s.index].More = true
		}
	}
}

// What a plan counts of one list of the spec.
const (
	plannedUnits = 1_000_000
	plannedTime  = 2 * time.Second
)

// planLimit is what is left of that.
type planLimit struct {
	units int
	until time.Time
}

// spend takes one unit, and reports that there are none left.
func (l *planLimit) spend() bool {
	l.units--
	return l.units < 0 || l.units%1024 == 0 && l.over()
}

func (l *planLimit) over() bool { return l.units < 0 || time.Now().After(l.until) }

func (pl *planner) unit(u *unit) {
	s := &pl.plan.Steps[pl.first+u.step.index]
	s.Count++
	if usesAnswers(u.step.when) || u.step.unknownRow() {
		u.step.when = nil // it may hold; foreseeable says so
	}
	var req *runtime.Request
	if u.skip == "" {
		req = pl.run.render(u)
	}
	if u.skip != "" {
		s.Skipped++
		return
	}
	target := pl.target(u.step, req)
	pl.hosts[runtime.HostOf(runtime.MaskURL(target))]++
	if len(pl.plan.Requests) < pl.show {
		shown := discreet(req, target)
		pl.plan.Requests = append(pl.plan.Requests, Planned{Step: pl.first + u.step.index, Request: shown, Row: u.at.row})
	}
}

// target is the URL of a request with the base of its session.
func (pl *planner) target(s *step, req *runtime.Request) string {
	name := s.Session
	if name == "" {
		name = defaultSession
	}
	base := pl.run.bases[name]
	if base == "" || runtime.HostOf(req.URL) != "" {
		return req.URL
	}
	from, err := url.Parse(base)
	if err != nil {
		return req.URL
	}
	to, err := from.Parse(req.URL)
	if err != nil {
		return req.URL
	}
	return to.String()
}

func (pl *planner) finish() {
	for _, s := range pl.plan.Steps {
		pl.plan.Total += s.Count - s.Skipped
		pl.plan.Exact = pl.plan.Exact && s.Exact
		pl.plan.More = pl.plan.More || s.More
	}
	for host, n := range pl.hosts {
		pl.plan.Hosts = append(pl.plan.Hosts, HostCount{host, n})
	}
	slices.SortFunc(pl.plan.Hosts, func(a, b HostCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Host, b.Host)
	})
}

// foreseeable reports a step whose number of requests no answer decides.
func (s *step) foreseeable() bool {
	if s.Paginate != nil || s.Poll != nil || s.OnResponse != nil || s.OnError != nil {
		return false
	}
	uncertain := []*template.Value{s.When, s.Repeat}
	if s.Foreach != nil {
		uncertain = append(uncertain, s.Foreach.List)
	}
	if s.Matrix != nil {
		for i := range s.Matrix.Axes {
			uncertain = append(uncertain, s.Matrix.Axes[i].Values, s.Matrix.Axes[i].Range)
		}
		uncertain = append(uncertain, s.Matrix.Exclude...)
	}
	if slices.ContainsFunc(uncertain, usesAnswers) {
		return false
	}
	return !slices.ContainsFunc(s.perUnit, func(o *step) bool { return !o.foreseeable() })
}

// unknownRow reports a step whose rows only an answer will tell.
func (s *step) unknownRow() bool { return s.Foreach != nil && usesAnswers(s.Foreach.List) }

// usesAnswers reports a template over captures.
func usesAnswers(v *template.Value) bool {
	return v != nil && slices.ContainsFunc(v.References(), func(r template.Reference) bool { return r.Root == "captures" })
}

// curl is a planned request as a command.
func (p *Planned) curl() string { return client.Curl(p.Request) }
