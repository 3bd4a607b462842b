package specs

import (
	"path/filepath"
	"slices"

	"volley/specs/data"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// Input is a file that a spec names to be read while it runs.
type Input struct {
	Name string // what reads it: "data.users", "requests[1].files"
	Pos  tree.Pos
	// Path renders to where it is, below Base unless it is absolute.
	Path *template.Value
	Base string
	Rows bool // a data source reads it
	Glob bool // Path is a pattern of files
}

// Place is where a path that Path rendered to leads.
func (in *Input) Place(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(in.Base, filepath.FromSlash(path))
}

// rowsInput notes the file that a data source reads.
func (d *decoder) rowsInput(source *data.Source, n *tree.Node, path string) {
	file := present(n, string(source.Kind))
	switch source.Kind {
	case data.KindCSV, data.KindTSV, data.KindJSONL, data.KindJSON, data.KindLines, data.KindGlob:
	default:
		return
	}
	values := source.Values()
	if i := slices.IndexFunc(values, func(v *template.Value) bool { return v.Node() == file }); i >= 0 {
		d.spec.Inputs = append(d.spec.Inputs, Input{
			Name: path, Pos: file.Pos, Path: values[i], Base: filepath.Dir(file.Pos.File),
			Rows: true, Glob: source.Kind == data.KindGlob,
		})
	}
}

// settingFiles are the fields of sessions whose value may be a path.
var settingFiles = []string{"cookies", "cert", "verify", "netrc"}

// settingInputs notes the files that a session reads.
func (d *decoder) settingInputs(n *tree.Node, path string) {
	for _, name := range settingFiles {
		d.input(present(n, name), shape.Member(path, name), atStart, nil)
	}
	cert := present(n, "cert")
	for _, name := range []string{"cert", "key"} {
		d.input(present(cert, name), shape.Member(path, "cert"), atStart, nil)
	}
}

// bodyInputs notes the files that a request sends: {path: …} under their
// names, or in pairs.
func (d *decoder) bodyInputs(r *Request, files *tree.Node, path string) {
	if files == nil {
		return
	}
	for _, m := range files.Members {
		d.input(present(m.Value, "path"), path, inRequest, r)
	}
	for _, pair := range files.Items {
		for _, item := range pair.Items {
			d.input(present(item, "path"), path, inRequest, r)
		}
	}
}

// input notes a path; nil and what is no text are none.
func (d *decoder) input(n *tree.Node, path string, at *place, owner *Request) {
	if n == nil || n.Kind != tree.String {
		return
	}
	d.spec.Inputs = append(d.spec.Inputs, Input{
		Name: path, Pos: n.Pos, Path: d.compile(n, path, at, owner), Base: filepath.Dir(d.spec.File),
	})
}
