package run

import (
	"volley/specs"
)

// OutputPath returns where the spec wants an output written, as its path
// renders: over vars, env, secrets and run.
func (r *Run) OutputPath(out *specs.Output) (string, error) {
	path, err := out.Path.Text(&scope{run: r})
	if err != nil {
		return "", err
	}
	return path, nil
}
