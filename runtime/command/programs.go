package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

	"volley/luaapi/vm"
	"volley/runtime/report"
)

// program is one file of a run, checked and ready.
type program interface {
	// file is how it was named on the command line.
	file() string
	// run runs it to its end.
	run(ctx context.Context, r *run)
}

// source is the text of a file of a run.
type source struct {
	path string // as it was given
	name string // how messages call it
	text []byte
}

func (s *source) file() string { return s.path }

// digest is the SHA-256 of the text, in lower-case hex.
func (s *source) digest() string {
	sum := sha256.Sum256(s.text)
	return hex.EncodeToString(sum[:])
}

// compile checks every file before anything is sent, and tells all problems.
func (r *run) compile() ([]program, bool) {
	r.claimInputs()
	var programs []program
	good := true
	for _, file := range r.settings.files {
		p, err := r.compileOne(file)
		if err != nil {
			fmt.Fprint(r.env.Err, problemText(err)) //nolint:errcheck // there is nowhere to report that stderr is gone
		}
		if p == nil {
			good = false
			continue
		}
		programs = append(programs, p)
	}
	if file := r.settings.handlers; file != "" {
		chunk, err := compileFile(file)
		if err != nil {
			good = false
			fmt.Fprint(r.env.Err, problemText(err)) //nolint:errcheck // as above
		}
		r.handlers = chunk
	}
	return programs, good
}

func (r *run) compileOne(file string) (program, error) {
	src, err := r.readSource(file)
	if err != nil {
		return nil, err
	}
	r.sources = append(r.sources, src)
	kind, err := kindOf(file, r.settings.kind)
	if err != nil {
		return nil, err
	}
	if kind == "yaml" {
		if s := r.loadSpec(src); s != nil {
			return s, nil
		}
		return nil, nil
	}
	chunk, err := vm.Compile(src.name, src.text)
	if err != nil {
		return nil, err
	}
	return &luaScript{source: src, chunk: chunk}, nil
}

// readSource reads the text of a file, or of standard input.
func (r *run) readSource(file string) (*source, error) {
	if file == "-" {
		text, err := readAllLimited(r.env.In)
		return &source{path: file, name: "stdin", text: text}, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s", report.Escape(osError(file, err)))
	}
	return &source{path: file, name: file, text: text}, nil
}

// compileFile compiles a Lua file beside the one that runs.
func compileFile(file string) (*vm.Chunk, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s", report.Escape(osError(file, err)))
	}
	return vm.Compile(file, text)
}
