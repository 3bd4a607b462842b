package run

import (
	"errors"
	"slices"
	"strings"

	"volley/runtime"
	"volley/specs"
	"volley/specs/data"
	"volley/specs/tree"
)

// Check adds to p what the loader does not look for: requests whose order
// cannot be kept, more of them than one row may make, and a standard input that
// would be read twice.
func Check(spec *specs.Spec, p *tree.Problems) {
	_, groups, err := arrange(spec.Requests, false)
	var order *orderError
	if errors.As(err, &order) {
		p.Add(order.pos, "", order.message, "")
		return
	}
	for _, r := range slices.Concat(spec.Setup, spec.Requests, spec.Teardown) {
		checkUnits(r, p)
	}
	checkInput(spec, groups, p)
}

// checkUnits counts what matrix and repeat make, if no row changes it.
func checkUnits(r *specs.Request, p *tree.Problems) {
	s := &step{Request: r}
	units := 1.0
	if r.Matrix != nil && isStatic(r.Matrix) {
		m, err := renderMatrix(r.Matrix, nil)
		if err != nil {
			places := []tree.Pos{r.Matrix.Pos}
			for i := range r.Matrix.Axes {
				places = append(places, r.Matrix.Axes[i].Pos)
			}
			addPlaced(p, err, places...)
			return
		}
		units = float64(m.size())
	}
	if r.Repeat != nil && r.Repeat.Static() {
		times, err := s.times(nil)
		if err != nil {
			addPlaced(p, err, r.Repeat.Node().Pos)
			return
		}
		units *= float64(times)
	}
	if units > maxUnits {
		addPlaced(p, tooMany(r.Pos, "matrix and repeat", units), r.Pos)
	}
}

// addPlaced adds an error whose message begins with one of the places; the
// first one stands in for another.
func addPlaced(p *tree.Problems, err error, places ...tree.Pos) {
	message := runtime.AsError(err).Message
	for _, pos := range places {
		if rest, found := strings.CutPrefix(message, pos.String()+": "); found {
			p.Add(pos, "", rest, "")
			return
		}
	}
	p.Add(places[0], "", message, "")
}

// checkInput finds requests that would begin to read the standard input anew
// after others have read it.
func checkInput(spec *specs.Spec, groups []*group, p *tree.Problems) {
	read := map[string]bool{}
	use := func(r *specs.Request) {
		if r.Foreach == nil || r.Foreach.Source == "" {
			return
		}
		source := spec.Source(r.Foreach.Source)
		if source == nil || source.Kind != data.KindStdin {
			return
		}
		if read[source.Name] {
			p.Add(r.Foreach.Pos, "", "the standard input can be read once, and data."+source.Name+" is read before this",
				"let requests share its rows with needs, or give a file")
		}
		read[source.Name] = true
	}
	for _, r := range spec.Setup {
		use(r)
	}
	for _, g := range groups {
		if i := slices.IndexFunc(g.steps, func(s *step) bool { return s.Foreach != nil }); i >= 0 {
			use(g.steps[i].Request)
		}
	}
	for _, r := range spec.Teardown {
		use(r)
	}
}
