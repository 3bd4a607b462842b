package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"volley/runtime"
)

// shaky is an executor that panics for some URLs.
type shaky struct{}

func (shaky) Do(_ context.Context, req *runtime.Request) (*runtime.Response, error) {
	if strings.HasSuffix(req.URL, "boom") {
		panic("boom")
	}
	return &runtime.Response{Status: 200, Request: req}, nil
}

// collected is an output that keeps what it gets, and panics at one index.
type collected struct {
	got     []*runtime.Result
	panicAt int
}

func (c *collected) Write(r *runtime.Result) error {
	if r.Index == c.panicAt {
		panic("torn sheet")
	}
	c.got = append(c.got, r)
	return nil
}

func (c *collected) Close() error { return nil }

type noJob struct{}

func (noJob) halt()           {}
func (noJob) idle() bool      { return false }
func (noJob) interrupt(error) {}

// recorded sends three requests, the second of which panics, through a
// session with those outputs.
func recorded(t *testing.T, strict bool, sinks ...runtime.Sink) (s *session, said string) {
	t.Helper()
	var stderr bytes.Buffer
	s = newSession(commonSettings{}, &environment{}, noJob{})
	s.strict, s.sinks, s.stderr = strict, sinks, &stderr
	s.engine = runtime.NewEngine(t.Context(), runtime.EngineOptions{Executor: shaky{}, Record: s.record})
	var inbox runtime.Inbox
	requests := []*runtime.Request{{Method: "GET", URL: "http://h/1"}, {Method: "GET", URL: "http://u:s3cret@h/boom"}, {Method: "GET", URL: "http://h/3"}}
	batch := s.engine.Batch(&inbox, runtime.List(requests), runtime.BatchOptions{Ordered: true, List: true})
	for {
		res, err := batch.Next(&inbox)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		s.engine.Record(res)
	}
	if err := s.engine.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, stderr.String()
}

// TestPanicInRequest (row 166): one request fails, the others go on, and where
// it happened is told.
func TestPanicInRequest(t *testing.T) {
	for _, c := range []struct {
		strict bool
		code   int
	}{{false, exitOK}, {true, exitFailed}} {
		out := &collected{}
		s, said := recorded(t, c.strict, out)
		if len(out.got) != 3 || out.got[0].Err != nil || out.got[2].Err != nil || out.got[1].Err.Kind != runtime.KindInternal {
			t.Errorf("the results are %+v", out.got)
		}
		if s.outcome.code() != c.code {
			t.Errorf("strict %v: exit code %d, want %d", c.strict, s.outcome.code(), c.code)
		}
		for _, part := range []string{"volley: GET http://***@h/boom: internal: panic: boom", "command.shaky.Do"} {
			if !strings.Contains(said, part) {
				t.Errorf("it is not said %q:\n%s", part, said)
			}
		}
		if strings.Contains(said, "s3cret") {
			t.Errorf("it shows a secret:\n%s", said)
		}
	}
}

// TestPanicInOutput: an output that panics has failed; the others are written.
func TestPanicInOutput(t *testing.T) {
	bad, good := &collected{panicAt: 1}, &collected{}
	s, said := recorded(t, false, bad, good)
	if len(good.got) != 3 || s.outcome.code() != exitOutput {
		t.Errorf("%d results in the good output, exit code %d", len(good.got), s.outcome.code())
	}
	if !strings.Contains(said, "panic in an output: torn sheet") || !strings.Contains(said, "collected).Write") {
		t.Errorf("it is not said where:\n%s", said)
	}
}
