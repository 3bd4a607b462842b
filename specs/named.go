package specs

import (
	"slices"

	"volley/specs/expect"
)

// FunctionNames lists the functions of the handler script that the spec names,
// sorted, each once.
func (s *Spec) FunctionNames() []string {
	var names []string
	add := func(f *Function) {
		if f != nil && !f.Inline {
			names = append(names, f.Source)
		}
	}
	used := func(u expect.Uses) {
		for _, n := range u.Functions {
			names = append(names, n.Text)
		}
	}
	for _, r := range slices.Concat(s.Setup, s.Requests, s.Teardown) {
		add(r.OnRequest)
		add(r.OnResponse)
		add(r.OnError)
		used(r.Expect.Uses())
		for _, c := range r.Capture {
			used(c.Uses())
		}
	}
	for _, source := range s.Data {
		if g := source.Generator(); g != nil && !g.Inline {
			names = append(names, g.Source)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
