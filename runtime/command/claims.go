package command

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bmatcuk/doublestar/v4"
)

// claims are the files that a run reads and writes, as far as they are known
// before anything is sent. No output may replace what the run reads, and no
// two outputs may be one file.
type claims struct {
	read, written []claim
}

// claim is one file.
type claim struct {
	path string      // as it was written
	full string      // where that is: absolute, links followed as far as they lead
	info fs.FileInfo // nil: it is not there
	by   string      // who wants it: "--output", "outputs.csv, s.yaml:9:5"
	glob bool        // full is a pattern
}

// standardOutput is how it is named on the command line and in a spec.
const standardOutput = "-"

func newClaim(by, path string, glob bool) claim {
	c := claim{path: path, full: fullPath(path), by: by, glob: glob}
	c.info, _ = os.Stat(c.full) // what cannot be looked at is told when it is opened
	return c
}

// fullPath follows the links of the part of a path that is there.
func fullPath(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	rest := ""
	for at := full; ; at = filepath.Dir(at) {
		if target, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(target, rest)
		}
		if at == filepath.Dir(at) {
			return full
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// reads notes a file that the run reads, or a pattern of such files, and
// returns what is wrong with that, "" for nothing.
func (c *claims) reads(by, path string, glob bool) string {
	if path == standardOutput { // as an input it is none of the files
		return ""
	}
	in := newClaim(by, path, glob)
	c.read = append(c.read, in)
	for i := range c.written {
		if out := &c.written[i]; in.reads(out) {
			return in.path + " is an output of the run too: " + out.path + " (" + out.by + ")"
		}
	}
	return ""
}

// readsOpen notes standard input, which may come from a file.
func (c *claims) readsOpen(by string, stdin io.Reader) {
	if file, ok := stdin.(*os.File); ok {
		in := claim{path: "standard input", by: by}
		in.info, _ = file.Stat() // a closed one fails when it is read
		c.read = append(c.read, in)
	}
}

// writes notes an output, and returns what is wrong with it, "" for nothing.
// stdout is what "-" writes to.
func (c *claims) writes(by, path string, stdout *os.File) string {
	var out claim
	if path == standardOutput {
		out = claim{path: "standard output", full: standardOutput, by: by}
		out.info, _ = stdout.Stat() // a closed one fails when it is written to
	} else {
		out = newClaim(by, path, false)
	}
	c.written = append(c.written, out)
	for i := range c.read {
		if in := &c.read[i]; in.reads(&out) {
			return out.path + " would overwrite what the run reads: " + in.path + " (" + in.by + ")"
		}
	}
	for i := range c.written[:len(c.written)-1] {
		if other := &c.written[i]; out.same(other) {
			return out.path + " is written by another output too: " + other.path + " (" + other.by + ")"
		}
	}
	return ""
}

// reads reports that c is the file that out writes. Devices and pipes are
// overwritten by nobody.
func (c *claim) reads(out *claim) bool {
	switch {
	case c.glob:
		match, err := doublestar.PathMatch(c.full, out.full)
		return match && err == nil && out.full != standardOutput
	case c.info == nil:
		return c.full == out.full
	}
	return c.info.Mode().IsRegular() && out.info != nil && os.SameFile(c.info, out.info)
}

// same reports two outputs into one file or pipe. A device such as /dev/null
// takes any number.
func (c *claim) same(other *claim) bool {
	if c.info == nil || other.info == nil {
		return c.full == other.full
	}
	if device := c.info.Mode()&fs.ModeDevice != 0; device {
		return c.full == standardOutput && other.full == standardOutput
	}
	return os.SameFile(c.info, other.info)
}
