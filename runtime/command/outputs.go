package command

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"volley/runtime"
	"volley/runtime/report"
	"volley/runtime/sink"
)

// flushEvery is how long a line of results may wait for others.
const flushEvery = time.Second

// emitter is an output that takes records of the script's own.
type emitter interface{ Emit(row any) error }

// flusher is an output that gathers lines.
type flusher interface{ Flush() error }

// discarder is an output that can be given up.
type discarder interface{ Discard() }

func (s *runSettings) checkReports() error {
	for _, path := range s.reports {
		if strings.ToLower(filepath.Ext(path)) != ".xml" {
			return usage("--report %s: a report is FILE.xml (JUnit)", path)
		}
	}
	return nil
}

// openResults makes what -o names, in that order. The header is their first
// line.
func (s *session) openResults(header sink.Run) error {
	bodies, _ := sink.ParseBodies(s.common.record) // checked with the flags
	for _, path := range s.common.outputs {
		out, err := sink.Open(path, sink.OpenOptions{Options: s.recordOptions(path, bodies), Run: header, Stdout: s.stdout})
		if err != nil {
			return outputRefused("--output", err)
		}
		s.sinks = append(s.sinks, out)
	}
	return nil
}

// openOutputs makes what -o and --report name.
func (r *run) openOutputs() error {
	if err := r.openResults(r.header(r.sources)); err != nil {
		return err
	}
	for _, path := range r.settings.reports {
		out, err := report.NewJUnit(path, r.junitOptions(""))
		if err != nil {
			return outputRefused("--report", err)
		}
		r.sinks = append(r.sinks, out)
	}
	r.flushNowAndThen()
	return nil
}

// outputRefused is wrong usage for what cannot be meant, and a failed output
// for what cannot be made.
func outputRefused(what string, err error) error {
	failure := &failure{code: exitUsage, message: what + " " + runtime.AsError(err).Message}
	if errors.Is(err, &runtime.Error{Kind: runtime.KindIO}) {
		failure.code = exitOutput
	}
	return failure
}

func (s *session) recordOptions(path string, bodies sink.Bodies) sink.Options {
	if path == standardOutput {
		path = "standard output"
	}
	return sink.Options{Name: path, Bodies: bodies, Secrets: &s.secrets, Plain: plainMeta}
}

// header is the first line of results. Of several files none is named: none
// of them alone made the results.
func (r *run) header(sources []*source) sink.Run {
	head := sink.Run{ID: r.id, Args: r.env.shownArgs(), Started: r.began}
	if len(sources) == 1 {
		head.File, head.SHA256 = sources[0].name, sources[0].digest()
	}
	return head
}

func (r *run) junitOptions(name string) report.JUnitOptions {
	if name == "" {
		name = strings.Join(r.settings.files, " ")
	}
	return report.JUnitOptions{Name: name, Started: r.began, Secrets: &r.secrets, Properties: []report.Property{{Name: "run", Value: r.id}}}
}

// emits reports that there is an output for volley.emit.
func (r *run) emits() bool {
	for _, out := range r.allSinks() {
		if _, ok := out.(emitter); ok {
			return true
		}
	}
	return false
}

// emit writes a record of the script's own to every output that takes such.
func (r *run) emit(row any) error {
	r.sinkMu.Lock()
	defer r.sinkMu.Unlock()
	for _, out := range r.allSinks() {
		if e, ok := out.(emitter); ok {
			if err := useOutput(func() error { return e.Emit(row) }); err != nil {
				r.outputFailed(err, "an output failed")
				return err
			}
		}
	}
	return nil
}
