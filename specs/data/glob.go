package data

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"volley/runtime"
)

// maxMatches bounds the names that a glob keeps in memory.
const maxMatches = 1_000_000

// glob is the files that a pattern matches.
type glob struct {
	file file
	as   string // path, text or json
}

func (g *glob) open(o *opening) (reader, error) {
	if g.file.path == nil {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "the data source %s has no pattern", o.source.Name)
	}
	pattern, err := g.file.path.Text(o.scope())
	if err != nil {
		return nil, err
	}
	r := &globReader{glob: g, o: o, name: pattern}
	if r.base = o.base(g.file.path.Node()); filepath.IsAbs(pattern) {
		r.base = ""
	}
	if r.paths, err = r.match(pattern); err != nil {
		return nil, err
	}
	return r, nil
}

type globReader struct {
	*glob
	o     *opening
	base  string // of the paths; "": they are absolute
	name  string
	paths []string
	names []string // of the last row
	at    int
}

// match returns the files that a pattern matches, relative to base, in the
// order of their names. The folder that the pattern begins with must exist.
func (r *globReader) match(pattern string) ([]string, error) {
	if !doublestar.ValidatePattern(pattern) {
		return nil, optionError(r.file.path, "glob", errors.New("the pattern "+clip(pattern)+" is malformed; * ? ** [a-z] and {a,b} are special"))
	}
	folder, rest := doublestar.SplitPattern(filepath.ToSlash(pattern))
	root := filepath.Join(r.base, filepath.FromSlash(folder))
	if err := r.readable(root); err != nil {
		return nil, openFault(folder, err)
	}
	if _, err := os.Stat(root); err != nil {
		return nil, openFault(folder, err)
	}
	var paths []string
	err := doublestar.GlobWalk(os.DirFS(root), rest, func(path string, _ os.DirEntry) error {
		if len(paths) == maxMatches {
			return errors.New("more files match than the 1000000 whose names are kept in memory")
		}
		paths = append(paths, filepath.Join(filepath.FromSlash(folder), filepath.FromSlash(path)))
		return nil
	}, doublestar.WithFilesOnly(), doublestar.WithFailOnIOErrors())
	if err != nil {
		return nil, runtime.Errorf(runtime.KindIO, "looking for %s: %w", pattern, err)
	}
	slices.Sort(paths)
	return paths, nil
}

func (r *globReader) readable(path string) error {
	if r.o.Readable == nil {
		return nil
	}
	return r.o.Readable(path)
}

// next implements reader.
func (r *globReader) next() (*runtime.Row, error) {
	if r.at == len(r.paths) {
		return nil, io.EOF
	}
	path := r.paths[r.at]
	r.at++
	if r.as == "path" {
		if err := r.readable(filepath.Join(r.base, path)); err != nil {
			return nil, openFault(path, err)
		}
		return &runtime.Row{Values: []any{path}}, nil
	}
	text, err := r.read(path)
	if err != nil {
		return nil, err
	}
	if r.as == "text" {
		return r.share(&runtime.Row{Names: []string{"value", "path"}, Values: []any{string(text), path}}), nil
	}
	row, err := newJSONReader().row(text)
	if err != nil {
		lines := newLineCounter(nil)
		lines.note(text)
		return nil, lines.invalid(&input{name: path}, err)
	}
	if row.Names == nil {
		row.Names = []string{"value"}
	}
	if !slices.Contains(row.Names, "path") {
		row.Names, row.Values = append(row.Names, "path"), append(row.Values, path)
	}
	return r.share(row), nil
}

// share lets a row have the names of the one before if they are the same.
func (r *globReader) share(row *runtime.Row) *runtime.Row {
	if slices.Equal(row.Names, r.names) {
		row.Names = r.names
	}
	r.names = row.Names
	return row
}

// read returns the whole of a file as UTF-8.
func (r *globReader) read(path string) ([]byte, error) {
	in, err := openFile(r.o, path, filepath.Join(r.base, path), r.file.encoding)
	if err != nil {
		return nil, err
	}
	defer in.close()
	text, err := io.ReadAll(io.LimitReader(in.reader, maxRecord+1))
	switch {
	case err != nil:
		return nil, in.fault(err)
	case len(text) > maxRecord:
		return nil, runtime.Errorf(runtime.KindIO, "%s: it is larger than the %d MiB that a row may have", path, maxRecord>>20)
	}
	return text, nil
}

// place implements reader.
func (r *globReader) place() string {
	if r.at == 0 {
		return r.name
	}
	return r.paths[r.at-1]
}

func (r *globReader) close() {}
