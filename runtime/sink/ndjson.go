package sink

import (
	"io"
	"time"

	"volley/runtime"
	"volley/runtime/secret"
)

const version = "1"

// Run is what the first line of a results file tells.
type Run struct {
	ID      string
	File    string   // "": the requests come from no file
	SHA256  string   // of File, in lower-case hex; "": none
	Args    []string // as they are to be used again; the caller masks what is secret
	Started time.Time
}

// Bodies says of which requests a record holds the response's body.
type Bodies int

// A body that was streamed is in no record.
const (
	NoBodies    Bodies = iota
	ErrorBodies        // of those that failed
	AllBodies
)

// ParseBodies reads the words of --record: none, errors and all; "" is none.
func ParseBodies(word string) (Bodies, bool) {
	switch word {
	case "", "none":
		return NoBodies, true
	case "errors":
		return ErrorBodies, true
	case "all":
		return AllBodies, true
	}
	return NoBodies, false
}

// Options set up an NDJSON or CSV. The zero value works.
type Options struct {
	Name   string // how errors call the writer; "": the results
	Bodies Bodies
	// Plain turns a request's Meta into a value that JSON has: nil, bool,
	// string, an int or float64, jsontext.Value, and []any, map[string]any,
	// []string or map[string]string of these. Of anything else the text is
	// written. nil: Meta is such a value already.
	Plain func(meta any) any
	// Secrets are masked in every text of a record. nil: none.
	Secrets *secret.Set
}

// NDJSON writes one line of JSON for each Result after a first one for the
// run. It implements runtime.Sink.
type NDJSON struct {
	buffer
	encoder
	opts   Options
	start  []byte // of every line: the version and the run
	record []byte // of every record: start and its first key
}

// NewNDJSON returns a sink into w, which stays the caller's to close. Nothing
// is written before the first Flush or 64 KiB of lines.
func NewNDJSON(w io.Writer, run Run, opts Options) *NDJSON {
	if opts.Name == "" {
		opts.Name = "the results"
	}
	return newNDJSON(newBuffer(w, opts.Name), run, opts)
}

func newNDJSON(b buffer, run Run, opts Options) *NDJSON {
	n := &NDJSON{buffer: b, encoder: encoder{opts.Secrets}, opts: opts}
	n.start = appendText([]byte(`{"v":`+version+`,"run":`), run.ID)
	n.record = append(n.start[:len(n.start):len(n.start)], `,"batch":`...)
	n.buffer.text = n.run(append(n.buffer.text, n.start...), run)
	return n
}

// run completes the first line.
func (e encoder) run(b []byte, run Run) []byte {
	b = e.textOrNull(append(b, `,"file":`...), run.File)
	b = appendTextOrNull(append(b, `,"sha256":`...), run.SHA256)
	b = append(b, `,"args":`...)
	b = appendList(b, run.Args, e.text)
	b = appendTime(append(b, `,"started":`...), run.Started)
	return append(b, "}\n"...)
}

// Write implements runtime.Sink. The error is of kind io, and stays: what
// failed once is not tried again.
func (n *NDJSON) Write(r *runtime.Result) error {
	if n.err != nil {
		return n.err
	}
	return n.took(n.appendRecord(n.buffer.text, r))
}

// Emit writes a line for a record that a script makes itself, a value as Plain
// returns it: {"v":1,"run":…,"emit":…}. Of the formats only NDJSON has such
// lines.
func (n *NDJSON) Emit(row any) error {
	if n.err != nil {
		return n.err
	}
	if row != nil && n.opts.Plain != nil {
		row = n.opts.Plain(row)
	}
	b := append(append(n.buffer.text, n.start...), `,"emit":`...)
	return n.took(append(n.value(b, row), "}\n"...))
}
