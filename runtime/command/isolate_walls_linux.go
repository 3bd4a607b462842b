package command

import (
	"os"
	"path/filepath"

	"volley/runtime/isolate"
)

// walls are the files that an isolated run is left, by the flags: nothing of
// what it is to run has been read yet.
func (s *runSettings) walls() isolate.Walls {
	w := isolate.Walls{Read: []string{".", s.ca, s.handlers}, Write: s.writable()}
	for _, file := range s.files {
		if file != "-" {
			w.Read = append(w.Read, file, filepath.Dir(file))
		}
	}
	if s.handlers != "" {
		w.Read = append(w.Read, filepath.Dir(s.handlers))
	}
	w.Read = append(w.Read, s.allowRead...)
	for _, name := range []string{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} {
		w.Read = append(w.Read, os.Getenv(name))
	}
	for _, path := range append(s.outputs[:len(s.outputs):len(s.outputs)], s.reports...) {
		w.Write = append(w.Write, outputPlace(path)...)
	}
	for _, path := range s.reports {
		if device(path) {
			w.Write = append(w.Write, os.TempDir()) // where its parts are put
		}
	}
	return w
}

// writable are the folders where the run may write what it names itself.
func (s *runSettings) writable() []string {
	out := s.specFolders()
	for _, path := range s.allowWrite {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			path = filepath.Dir(path) // a file is written beside its place
		}
		out = append(out, path)
	}
	return out
}

// specFolders are where a spec may write without being allowed to: its folder
// and the working directory, where its outputs go.
func (s *runSettings) specFolders() []string {
	var out []string
	for _, file := range s.files {
		if kind, err := kindOf(file, s.kind); err == nil && kind != "lua" {
			out = append(out, ".", filepath.Dir(file))
		}
	}
	return out
}

// outputPlace is what has to be writable for an output: its folder, which is
// made now, since a wall has no gap for what is not there. A folder that
// cannot be made is told of when the output is opened.
func outputPlace(path string) []string {
	if path == standardOutput {
		return nil
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if device(path) {
		return []string{path}
	}
	dir := filepath.Dir(path)
	_ = os.MkdirAll(dir, 0o755)
	return []string{dir, path} // the folder may be closed, and the file not
}

// device reports what is there and no file or folder, such as a pipe.
func device(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}
