package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"volley/runtime/spell"
	"volley/specs/expect"
)

// scope is what the expressions of a unit see. A unit without a step sees the
// run only.
type scope struct {
	run  *Run
	unit *unit          // nil: none
	res  *expect.Answer // nil: there is none yet
}

// Lookup implements template.Scope.
func (s *scope) Lookup(root string) (any, bool) {
	switch root {
	case "vars":
		if s.unit != nil && s.unit.step.vars != nil {
			return s.unit.step.vars, true
		}
		return s.run.vars, true
	case "env":
		return s.run.env, true
	case "secrets":
		return s.run.secrets, true
	case "captures":
		return (*captureNames)(s), true
	case "run":
		return (*runNames)(s.run), true
	case "row":
		if s.unit != nil && s.unit.at.row != nil {
			return s.unit.at.view, true
		}
	case "matrix":
		if s.unit != nil {
			return (*matrixNames)(s.unit), true
		}
	case "res":
		if s.res != nil {
			return s.res, true
		}
	}
	return nil, false
}

// matrixNames are the axes of a unit and of those it descends from.
type matrixNames unit

// Member implements template.Namespace.
func (n *matrixNames) Member(name string) (any, error) {
	if v, ok := (*unit)(n).axis(name); ok {
		return v, nil
	}
	return nil, fmt.Errorf("there is no matrix.%s here%s", name, spell.Hint(name, n.Names()))
}

// Names implements template.Namespace.
func (n *matrixNames) Names() []string {
	names := slices.Clone(n.axes)
	for _, p := range n.parents {
		names = append(names, (*matrixNames)(p).Names()...)
	}
	return names
}

func (u *unit) axis(name string) (any, bool) {
	if i := slices.Index(u.axes, name); i >= 0 {
		return u.values[i], true
	}
	for _, p := range u.parents {
		if v, ok := p.axis(name); ok {
			return v, true
		}
	}
	return nil, false
}

// captureNames are the captures that a unit sees: its own and those of the
// units it descends from, then its row's, then the run's.
type captureNames scope

// Member implements template.Namespace.
func (n *captureNames) Member(name string) (any, error) {
	if n.run.placeholders {
		return "<captures." + name + ">", nil
	}
	v := n.find(name)
	if list, ok := v.(*gathered); ok {
		return list.items, nil
	}
	return v, nil
}

// Gathered implements luaapi.Gathering.
func (n *captureNames) Gathered(name string) any {
	if n.run.placeholders {
		return nil
	}
	return n.find(name)
}

func (n *captureNames) find(name string) any {
	if n.unit != nil {
		if v, ok := n.unit.captured(name); ok {
			return v
		}
		if v, ok := n.unit.at.captures[name]; ok {
			return v
		}
	}
	return n.run.captures[name]
}

// gathered is what captures with append came to so far. It implements
// luaapi.Gathered.
type gathered struct {
	items []any
	view  any
}

// Items implements luaapi.Gathered.
func (g *gathered) Items() []any { return g.items }

// View implements luaapi.Gathered.
func (g *gathered) View() any { return g.view }

// SetView implements luaapi.Gathered.
func (g *gathered) SetView(view any) { g.view = view }

// appended adds v to a list, or to none yet.
func appended(list, v any) *gathered {
	g, ok := list.(*gathered)
	if !ok {
		g = &gathered{}
	}
	g.items = append(g.items, v)
	return g
}

// Names implements template.Namespace.
func (n *captureNames) Names() []string {
	var names []string
	if n.unit != nil {
		names = n.unit.capturedNames(nil)
		for name := range n.unit.at.captures {
			names = append(names, name)
		}
	}
	for name := range n.run.captures {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (u *unit) captured(name string) (any, bool) {
	for i := range u.captures {
		if u.captures[i].name == name {
			return u.captures[i].value, true
		}
	}
	for _, p := range u.parents {
		if v, ok := p.captured(name); ok {
			return v, true
		}
	}
	return nil, false
}

func (u *unit) capturedNames(names []string) []string {
	for i := range u.captures {
		names = append(names, u.captures[i].name)
	}
	for _, p := range u.parents {
		names = p.capturedNames(names)
	}
	return names
}

// keep stores a captured value under its name, in place of an earlier one of
// this unit.
func (u *unit) keep(c capture) {
	for i := range u.captures {
		if u.captures[i].name == c.name {
			u.captures[i] = c
			return
		}
	}
	u.captures = append(u.captures, c)
}

// runNames is the run as expressions see it.
type runNames Run

// runMembers are in the order that pairs shows them.
var runMembers = []string{"id", "name", "started", "ok", "failed", "skipped", "elapsed", "seed"}

// Member implements template.Namespace.
func (n *runNames) Member(name string) (any, error) {
	switch name {
	case "id":
		return n.config.ID, nil
	case "name":
		return n.spec.Name, nil
	case "started":
		return n.started.UTC().Format(time.RFC3339), nil
	case "ok":
		return float64(n.counts.ok), nil
	case "failed":
		return float64(n.counts.failed), nil
	case "skipped":
		return float64(n.counts.skipped), nil
	case "elapsed":
		return time.Since(n.started).Seconds(), nil
	case "seed":
		return float64(n.seed), nil
	}
	return nil, fmt.Errorf("run has no %q; it has %s", name, strings.Join(runMembers, " "))
}

// Names implements template.Namespace.
func (n *runNames) Names() []string { return runMembers }
