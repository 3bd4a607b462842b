package command

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bmatcuk/doublestar/v4"

	"volley/specs"
	specrun "volley/specs/run"
	expr "volley/specs/template"
	"volley/specs/tree"
)

// claimInputs notes the files that the command line says are read.
func (r *run) claimInputs() {
	s := r.settings
	for _, file := range s.files {
		r.claims.reads("FILE", file, false)
		if file == "-" {
			r.claims.readsOpen("FILE", r.env.In)
		}
	}
	for _, in := range []struct{ by, path string }{
		{"--vars", s.varsFile}, {"--env-file", s.envFile}, {"--handlers", s.handlers}, {"--ca", s.ca},
	} {
		if in.path != "" {
			r.claims.reads(in.by, in.path, false)
		}
	}
}

// claimOutputs refuses outputs of the command line that are another file of
// the run.
func (r *run) claimOutputs() error {
	if err := r.claims.claimOutputs("--output", r.settings.outputs, r.env.Out); err != nil {
		return err
	}
	return r.claims.claimOutputs("--report", r.settings.reports, r.env.Out)
}

// claimOutputs refuses an output that a flag names and that is another file of
// the run.
func (c *claims) claimOutputs(flag string, paths []string, stdout *os.File) error {
	for _, path := range paths {
		if clash := c.writes(flag, path, stdout); clash != "" {
			return usage("%s: %s", flag, clash)
		}
	}
	return nil
}

// claimSpec notes the files of a spec whose paths are plain text, and adds a
// problem for each output that is another file of the run.
func (c *claims) claimSpec(spec *specs.Spec, stdout *os.File, problems *tree.Problems) {
	if script := spec.Handlers; script.Script != "" {
		if clash := c.reads(nameOf("handlers.script", script.Pos), specs.Beside(script.Pos, script.Script), false); clash != "" {
			problems.Add(script.Pos, "handlers.script", clash, "write to another file")
		}
	}
	for i := range spec.Inputs {
		in := &spec.Inputs[i]
		if in.Path.Static() {
			if clash := c.reads(nameOf(in.Name, in.Pos), in.Place(in.Path.Node().Text), in.Glob); clash != "" {
				problems.Add(in.Pos, in.Name, clash, "write to another file")
			}
		}
	}
	for i := range spec.Outputs {
		out := &spec.Outputs[i]
		if out.Path.Static() {
			if clash := c.writes(outputName(out), out.Path.Node().Text, stdout); clash != "" {
				problems.Add(out.Path.Node().Pos, "outputs."+string(out.Kind), clash, "write to another file")
			}
		}
	}
}

// claimRendered does the same for paths with templates, when a spec is about
// to begin, and sees whether its rows are there.
func (r *run) claimRendered(spec *specs.Spec, job *specrun.Run) error {
	c := &r.claims
	for i := range spec.Inputs {
		in := &spec.Inputs[i]
		path, ok := renderedPath(in.Path, job)
		if !ok {
			continue
		}
		path = in.Place(path)
		if clash := c.reads(nameOf(in.Name, in.Pos), path, in.Glob); clash != "" {
			return usage("%s: %s; write to another file", in.Pos, clash)
		}
		if fault := r.noRows(spec, in, path); fault != nil {
			return usage("%s: %s: %s", in.Pos, path, osReason(fault))
		}
	}
	for i := range spec.Outputs {
		out := &spec.Outputs[i]
		path, ok := renderedPath(out.Path, job)
		if !ok {
			continue
		}
		if clash := c.writes(outputName(out), path, r.env.Out); clash != "" {
			return usage("%s: outputs.%s: %s; write to another file", out.Path.Node().Pos, out.Kind, clash)
		}
	}
	return nil
}

// renderedPath renders a path that nothing but the start of the run decides;
// ok is false for one that is plain text, or that may come out otherwise the
// next time.
func renderedPath(v *expr.Value, job *specrun.Run) (path string, ok bool) {
	if v.Static() || v.NeedsLua() {
		return "", false
	}
	for _, ref := range v.References() {
		switch ref.Root {
		case "vars", "env", "secrets", "run":
		default:
			return "", false
		}
	}
	path, err := job.Path(v)
	return path, err == nil // else it is told where it is used
}

func nameOf(name string, pos tree.Pos) string { return name + ", " + pos.String() }

func outputName(out *specs.Output) string {
	return nameOf("outputs."+string(out.Kind), out.Path.Node().Pos)
}

// missingRows adds a problem for each file of rows that cannot be read.
func (r *run) missingRows(spec *specs.Spec, problems *tree.Problems) {
	for i := range spec.Inputs {
		in := &spec.Inputs[i]
		if !in.Path.Static() {
			continue
		}
		if err := r.noRows(spec, in, in.Place(in.Path.Node().Text)); err != nil {
			problems.Add(in.Pos, in.Name, in.Path.Node().Text+": "+osReason(err), "the path is relative to the file it is written in")
		}
	}
}

// noRows returns why a data source cannot read path, unless the run may make
// it before it gets there.
func (r *run) noRows(spec *specs.Spec, in *specs.Input, path string) error {
	if !in.Rows {
		return nil
	}
	err := unreadable(in, path)
	scripts := len(r.settings.allowWrite) > 0 || r.settings.unsafe
	if errors.Is(err, fs.ErrNotExist) && (scripts || saved(spec, path)) {
		return nil
	}
	return err
}

// unreadable returns why rows cannot come from path.
func unreadable(in *specs.Input, path string) error {
	if in.Glob {
		folder, _ := doublestar.SplitPattern(filepath.ToSlash(path))
		_, err := os.Stat(filepath.FromSlash(folder))
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a folder; give a file, or use glob")
	case !info.Mode().IsRegular():
		return nil // to open a pipe is to wait for who writes to it
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return file.Close()
}

// saved reports a file that a request of the spec may write.
func saved(spec *specs.Spec, path string) bool {
	for _, list := range [][]*specs.Request{spec.Setup, spec.Requests, spec.Teardown} {
		for _, r := range list {
			if r.Save != nil && (!r.Save.Static() || fullPath(r.Save.Node().Text) == fullPath(path)) {
				return true
			}
		}
	}
	return false
}

// reading notes what is read with it.
func (c *claims) reading(by string) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if clash := c.reads(by, path, false); clash != "" {
			return nil, errors.New(clash)
		}
		return text, nil
	}
}
