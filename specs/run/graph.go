package run

import (
	"fmt"
	"slices"

	"volley/specs"
	"volley/specs/expect"
	"volley/specs/template"
	"volley/specs/tree"
)

// step is one request of a spec with its place among the others.
type step struct {
	*specs.Request
	index int // in its list
	group *group

	perUnit  []*step // done once for each of their units
	barriers []*step // done as a whole before, and well
	after    *step   // done as a whole before, well or not
	users    []*step // those that name it in perUnit
	keeps    bool    // its units are looked at again: by a join or a deferred step
	answers  bool    // its answers are kept for same_as
	shared   bool    // its captures belong to the run where nothing else is said

	when  *template.Value
	draft draft
	hooks hooks
	vars  map[string]any
	fixed *matrix // that no unit changes; nil: none or not fixed
	pages bool    // told that max_pages cut it short

	live int  // spawners and units that are not done
	bad  bool // a unit failed, or was skipped for another reason than when
	lost bool // that was not only since something was left out by its when
}

// group is what shares the rows of one source.
type group struct {
	source string         // name of the data source
	list   *specs.Foreach // or a list; nil and no source: one instance without a row
	level  int            // groups open when all of a lower level that they wait for are done
	steps  []*step        // in order
	rows   *rows
	state  groupState
	begun  bool // it has an instance
}

type groupState int

const (
	groupWaiting groupState = iota
	groupOpen
	groupRead // no further row
)

// arrange makes steps of a list of requests and puts them in groups. In a
// sequence each waits for the one before.
func arrange(list []*specs.Request, sequence bool) ([]*step, []*group, error) {
	steps := make([]*step, len(list))
	byName := map[string]*step{}
	for i, r := range list {
		steps[i] = &step{Request: r, index: i, when: r.When}
		if r.Name != "" {
			byName[r.Name] = steps[i]
		}
	}
	for i, s := range steps {
		if !sequence {
			s.link(byName)
			continue
		}
		if i > 0 {
			s.after = steps[i-1]
		}
		for _, n := range s.Needs {
			if other := byName[n.Name]; other != nil && other.index < i {
				s.barriers = append(s.barriers, other)
			}
		}
	}
	markAnswers(steps)
	groups, err := gather(steps)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range steps {
		s.shared = s.lone()
	}
	return steps, groups, nil
}

// link finds what s needs. A need of a request that has rows is one per row
// if s has none of its own or the same; only one source can give s its rows.
func (s *step) link(byName map[string]*step) {
	source := ""
	if s.Foreach != nil {
		source = s.Foreach.Source
	}
	for _, n := range s.Needs {
		other := byName[n.Name]
		if other == nil || other == s {
			continue // of a list that is done by now
		}
		if n.All || !s.follows(other, &source, byName) {
			s.barriers = append(s.barriers, other)
			continue
		}
		s.perUnit = append(s.perUnit, other)
		other.users = append(other.users, s)
	}
	if len(s.perUnit) > 1 || s.Defer {
		for _, other := range s.perUnit {
			other.keeps = true
		}
	}
}

// follows reports whether s is done once for each unit of other.
func (s *step) follows(other *step, source *string, byName map[string]*step) bool {
	theirs := other.rowsOf(byName, 0)
	if s.Foreach != nil {
		return *source != "" && theirs == *source
	}
	switch {
	case theirs == "":
		// One without rows is no lineage for one that has rows by another
		// need: what it captured belongs to the run.
		return !slices.ContainsFunc(s.Needs, func(n specs.Need) bool {
			o := byName[n.Name]
			return o != nil && !n.All && o.rowsOf(byName, 0) != ""
		})
	case *source == "":
		*source = theirs
	}
	return theirs == *source
}

// rowsOf names the rows that s has, its own or by what it needs; "" is none.
func (s *step) rowsOf(byName map[string]*step, depth int) string {
	if s.Foreach != nil {
		if s.Foreach.Source != "" {
			return s.Foreach.Source
		}
		return fmt.Sprintf("\x00%d", s.index) // a list is its own
	}
	if depth > len(byName) {
		return "" // a cycle, which the loader refused
	}
	for _, n := range s.Needs {
		if other := byName[n.Name]; other != nil && other != s && !n.All {
			if rows := other.rowsOf(byName, depth+1); rows != "" {
				return rows
			}
		}
	}
	return ""
}

// lone reports a step that is done once, so that its captures can belong to
// the run.
func (s *step) lone() bool {
	if s.group.source != "" || s.group.list != nil || s.Matrix != nil {
		return false
	}
	return !slices.ContainsFunc(s.perUnit, func(o *step) bool { return !o.lone() })
}

// markAnswers finds the steps whose answers others are compared with.
func markAnswers(steps []*step) {
	wanted := map[string]bool{}
	note := func(u expect.Uses) {
		for _, n := range u.Requests {
			wanted[n.Text] = true
		}
	}
	for _, s := range steps {
		note(s.Expect.Uses())
		for _, c := range s.Capture {
			note(c.Uses())
		}
	}
	for _, s := range steps {
		s.answers = s.Name != "" && wanted[s.Name]
	}
}

// gather puts steps that are linked per unit in one component, gives each
// component the level its barriers ask for, and makes groups of components
// that read the same source at the same level.
func gather(steps []*step) ([]*group, error) {
	of := make([]int, len(steps)) // component of a step: its first step's index
	for i := range steps {
		of[i] = i
	}
	for changed := true; changed; {
		changed = false
		for _, s := range steps {
			for _, other := range s.perUnit {
				if low := min(of[s.index], of[other.index]); of[s.index] != low || of[other.index] != low {
					of[s.index], of[other.index], changed = low, low, true
				}
			}
		}
	}
	levels, err := levelsOf(steps, of)
	if err != nil {
		return nil, err
	}
	var groups []*group
	byComponent := map[int]*group{}
	for i, s := range steps {
		g := byComponent[of[i]]
		if g == nil {
			g = groupFor(&groups, component(steps, of, of[i]), levels[of[i]])
			byComponent[of[i]] = g
		}
		g.steps = append(g.steps, s)
		s.group = g
	}
	return groups, nil
}

func component(steps []*step, of []int, root int) []*step {
	var out []*step
	for i, s := range steps {
		if of[i] == root {
			out = append(out, s)
		}
	}
	return out
}

// orderError is an order of requests that cannot be kept.
type orderError struct {
	pos     tree.Pos
	message string
}

func (e *orderError) Error() string { return e.pos.String() + ": " + e.message }

// levelsOf counts barriers: a component is one above all it waits for. Since
// single steps have no cycles, one that climbs for ever waits for itself
// through the others of its component.
func levelsOf(steps []*step, of []int) (map[int]int, error) {
	levels := map[int]int{}
	for changed := true; changed; {
		changed = false
		for _, s := range steps {
			for other := range s.waits {
				mine, theirs := of[s.index], of[other.index]
				if levels[mine] > levels[theirs] {
					continue
				}
				levels[mine], changed = levels[theirs]+1, true
				if mine == theirs || levels[mine] > len(steps) {
					return nil, &orderError{s.Pos, fmt.Sprintf(
						"%s waits for all of %s, which needs it row by row: leave one of the two out of needs", s.Label(), other.Label())}
				}
			}
		}
	}
	return levels, nil
}

// groupFor returns the group that reads the rows of a component's steps.
func groupFor(groups *[]*group, steps []*step, level int) *group {
	g := &group{level: level}
	for _, s := range steps {
		switch f := s.Foreach; {
		case f == nil:
		case f.Source != "":
			g.source = f.Source
		default:
			g.list = f
		}
	}
	if g.source != "" {
		for _, other := range *groups {
			if other.source == g.source && other.level == level {
				return other
			}
		}
	}
	*groups = append(*groups, g)
	return g
}

// lister is the step whose foreach is the group's list.
func (g *group) lister() *step {
	return g.steps[slices.IndexFunc(g.steps, func(s *step) bool { return s.Foreach == g.list })]
}

// complete reports that no unit of s will come any more.
func (s *step) complete() bool {
	return s.group.state == groupRead && s.live == 0 && !slices.ContainsFunc(s.perUnit, func(o *step) bool { return !o.complete() })
}

// blocked reports that s waits for something that did not end well.
func (s *step) blocked() bool {
	return slices.ContainsFunc(s.barriers, func(o *step) bool { return o.bad })
}

// mourns reports that s is blocked by more than what a when left out.
func (s *step) mourns() bool {
	return slices.ContainsFunc(s.barriers, func(o *step) bool { return o.lost })
}

// waits yields what has to be done before the group of s opens.
func (s *step) waits(yield func(*step) bool) {
	for _, other := range s.barriers {
		if !yield(other) {
			return
		}
	}
	if s.after != nil {
		yield(s.after)
	}
}

// opens reports that nothing holds the group back.
func (g *group) opens() bool {
	for _, s := range g.steps {
		for other := range s.waits {
			if !other.complete() {
				return false
			}
		}
	}
	return true
}
