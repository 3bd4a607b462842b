package run

import (
	"slices"
	"time"

	"volley/runtime"
	"volley/specs/expect"
	"volley/specs/template"
)

// instance is one row of a group, or its only one without a row.
type instance struct {
	group    *group
	row      *runtime.Row // nil: none
	view     template.Namespace
	pending  int  // spawners and units that are not done
	begun    bool // something of it was sent
	late     bool // it came after a fault: nothing of it is sent
	captures map[string]any
	done     map[*step][]*unit // of steps that keep them
	deferred []*step           // still to do, in order
}

// rowless reports the one instance of rows that are not known.
func (at *instance) rowless() bool {
	return at.row == nil && (at.group.source != "" || at.group.list != nil)
}

// unit is one request to be sent, or to be skipped. Pages and polls are sent
// by the same unit.
type unit struct {
	step    *step
	at      *instance
	parents []*unit // one for each of the step's perUnit
	axes    []string
	values  []any // of the axes

	skip     string
	invalid  *runtime.Error
	next     *runtime.Request // prepared: the next page
	captures []capture
	answer   *expect.Answer // the last, of a step whose answers are kept
	ok       bool
	spared   bool // skipped by its when, or since what it needs was

	scope    scope
	decision runtime.Decision
	retries  int // asked for by hooks
	page     int // from 1
	began    time.Time
	polls    int
}

type capture struct {
	name  string
	value any
}

// conclude notes what became of u for those that need it.
func (u *unit) conclude(res *runtime.Result) {
	bad := !res.OK() && res.Skipped != skippedWhen
	u.spared = res.Spared || res.Skipped == skippedWhen
	u.step.bad = u.step.bad || bad
	u.step.lost = u.step.lost || bad && !res.Spared
}

// spawner makes the units of one step for one lineage, one at a time.
type spawner struct {
	step    *step
	at      *instance
	parents []*unit
	skip    string
	spared  bool // skip is need, and nothing failed

	begun   bool
	invalid *runtime.Error
	matrix  *matrix
	values  []any
	combo   int // next one to pick
	combos  int
	nth     int
	times   int
}

// begin renders matrix and repeat. What is wrong with them is the failure of
// one unit.
func (s *spawner) begin(r *Run) {
	s.begun = true
	s.combos, s.times = 1, 1
	if s.step.Matrix == nil && s.step.Repeat == nil {
		return
	}
	scope := &scope{run: r, unit: &unit{step: s.step, at: s.at, parents: s.parents}}
	if m := s.step.Matrix; m != nil {
		if s.matrix = s.step.fixed; s.matrix == nil && s.skip == "" {
			var err error
			if s.matrix, err = renderMatrix(m, scope); err != nil {
				s.invalid = invalid(err)
				return
			}
		}
		if s.matrix != nil {
			s.combos = s.matrix.size()
		}
	}
	if v := s.step.Repeat; v != nil && (s.skip == "" || v.Static()) {
		var err error
		if s.times, err = s.step.times(scope); err != nil {
			s.invalid = invalid(err)
			return
		}
	}
	if n := float64(s.combos) * float64(s.times); n > maxUnits {
		s.invalid = tooMany(s.step.Pos, "matrix and repeat", n)
	}
}

// times renders repeat.
func (s *step) times(in template.Scope) (int, error) {
	n, err := s.Repeat.Any(in)
	if err != nil {
		return 0, err
	}
	times, ok := number(n)
	switch {
	case ok && times > maxUnits:
		return 0, tooMany(s.Repeat.Node().Pos, "repeat", times)
	case !ok || times < 0 || times != float64(int(times)):
		return 0, runtime.Errorf(runtime.KindInvalidArgument, "%s: repeat must be a whole number, got %v", s.Repeat.Node().Pos, n)
	}
	return int(times), nil
}

// excuse finds why the units of s will not be sent, if they will not. Needs come
// before a stop, and failures before what a when left out.
func (s *spawner) excuse() {
	if s.step.blocked() {
		s.skip, s.spared = skippedNeed, !s.step.mourns()
	} else if s.at.rowless() {
		s.skip = skippedStop
	}
	for _, u := range s.parents {
		switch {
		case u.ok:
		case u.skip != skippedStop:
			s.spared = u.spared && (s.spared || s.skip != skippedNeed)
			s.skip = skippedNeed
		case s.skip == "":
			s.skip = skippedStop
		}
	}
}

// unit returns the next one, or nil after the last.
func (s *spawner) unit(r *Run) *unit {
	if !s.begun {
		s.begin(r)
		if s.invalid != nil {
			s.combos, s.times, s.matrix = 1, 1, nil
		}
		s.nth = s.times
	}
	for s.nth >= s.times {
		if s.combo >= s.combos || s.times == 0 {
			return nil
		}
		s.combo++
		if s.matrix != nil {
			if s.values = s.matrix.pick(s.combo - 1); s.values == nil {
				continue
			}
		}
		s.nth = 0
	}
	s.nth++
	u := &unit{step: s.step, at: s.at, parents: s.parents, values: s.values, skip: s.skip, spared: s.spared, invalid: s.invalid, page: 1}
	if s.matrix != nil {
		u.axes = s.matrix.names
	}
	u.scope = scope{run: r, unit: u}
	return u
}

// compatible reports that a and b come from the same unit of each step that
// both descend from.
func compatible(a, b *unit) bool {
	if a.step == b.step {
		return a == b
	}
	if !slices.ContainsFunc(a.parents, func(p *unit) bool { return !compatible(p, b) }) {
		return !slices.ContainsFunc(b.parents, func(p *unit) bool { return !compatible(a, p) })
	}
	return false
}

// lineages calls each with every choice of one done unit per need of s that
// fit together. u, when not nil, has to be one of them.
func (s *step) lineages(at *instance, u *unit, each func([]*unit)) {
	chosen := make([]*unit, 0, len(s.perUnit))
	var choose func()
	choose = func() {
		if len(chosen) == len(s.perUnit) {
			each(slices.Clone(chosen))
			return
		}
		need := s.perUnit[len(chosen)]
		candidates := at.done[need]
		if u != nil && u.step == need {
			candidates = []*unit{u}
		}
		for _, c := range candidates {
			if slices.ContainsFunc(chosen, func(o *unit) bool { return !compatible(o, c) }) {
				continue
			}
			chosen = append(chosen, c)
			choose()
			chosen = chosen[:len(chosen)-1]
		}
	}
	choose()
}
