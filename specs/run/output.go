package run

import (
	"volley/specs/template"
)

// Path returns the path of a file that the spec names for the whole run, as it
// renders: over vars, env, secrets and run.
func (r *Run) Path(v *template.Value) (string, error) {
	path, err := v.Text(&scope{run: r})
	if err != nil {
		return "", err
	}
	return path, nil
}
