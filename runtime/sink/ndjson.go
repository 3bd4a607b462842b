package sink

import (
	"io"
	"time"

	"volley/runtime"
)

const (
	version   = "1"
	flushAt   = 64 << 10 // bytes of whole lines that leave the buffer together
	keepAtMax = 1 << 20  // a buffer that a large body has grown beyond is not kept
)

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

// Options set up an NDJSON. The zero value works.
type Options struct {
	Name   string // how errors call the writer; "": the results
	Bodies Bodies
	// Plain turns a request's Meta into a value that JSON has: nil, bool,
	// string, an int or float64, jsontext.Value, and []any, map[string]any,
	// []string or map[string]string of these. Of anything else the text is
	// written. nil: Meta is such a value already.
	Plain func(meta any) any
}

// NDJSON writes one line of JSON for each Result after a first one for the
// run. It implements runtime.Sink.
type NDJSON struct {
	w    io.Writer
	opts Options
	head []byte // of every record: the version and the run
	buf  []byte // whole lines only
	err  error  // the first that w returned
}

// NewNDJSON returns a sink into w, which stays the caller's to close. Nothing
// is written before the first Flush or 64 KiB of lines.
func NewNDJSON(w io.Writer, run Run, opts Options) *NDJSON {
	if opts.Name == "" {
		opts.Name = "the results"
	}
	n := &NDJSON{w: w, opts: opts, buf: make([]byte, 0, flushAt+flushAt/4)}
	n.head = appendText([]byte(`{"v":`+version+`,"run":`), run.ID)
	n.buf = appendRun(append(n.buf, n.head...), run)
	n.head = append(n.head, `,"batch":`...)
	return n
}

// appendRun completes the first line.
func appendRun(b []byte, run Run) []byte {
	b = appendTextOrNull(append(b, `,"file":`...), run.File)
	b = appendTextOrNull(append(b, `,"sha256":`...), run.SHA256)
	b = append(b, `,"args":[`...)
	for i, arg := range run.Args {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, arg)
	}
	b = appendTime(append(b, `],"started":`...), run.Started)
	return append(b, "}\n"...)
}

// Write implements runtime.Sink. The error is of kind io, and stays: what
// failed once is not tried again.
func (n *NDJSON) Write(r *runtime.Result) error {
	if n.err != nil {
		return n.err
	}
	n.buf = n.appendRecord(n.buf, r)
	if len(n.buf) >= flushAt {
		return n.Flush()
	}
	return nil
}

// Flush hands the lines so far to the writer, in one Write. A consumer calls
// it before it waits, so that whoever reads the other end is not kept waiting.
func (n *NDJSON) Flush() error {
	if n.err != nil || len(n.buf) == 0 {
		return n.err
	}
	if _, err := n.w.Write(n.buf); err != nil {
		n.err = runtime.Errorf(runtime.KindIO, "writing %s: %w", n.opts.Name, err)
	}
	n.buf = n.buf[:0]
	if cap(n.buf) > keepAtMax {
		n.buf = make([]byte, 0, flushAt+flushAt/4)
	}
	return n.err
}

// Close implements runtime.Sink: it flushes.
func (n *NDJSON) Close() error { return n.Flush() }
