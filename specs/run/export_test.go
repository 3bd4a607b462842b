package run

import (
	"volley/runtime"
	"volley/specs"
)

// Renderer returns a func that renders the next request of a spec's list.
func Renderer(spec *specs.Spec) (func() *runtime.Request, error) {
	r := newRun(spec, Config{})
	r.placeholders, r.bases = true, map[string]string{}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	r.main.openGroups()
	return func() *runtime.Request {
		u := r.main.nextUnit()
		req := r.render(u)
		r.main.ended(u, true)
		return req
	}, nil
}
