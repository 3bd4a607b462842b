package run_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/specs/data"
	"volley/specs/run"
	"volley/specs/template"
	"volley/specs/tree"
)

// fakeHooks is a handler script of Go functions.
type fakeHooks struct {
	inbox     runtime.Inbox
	calls     []string
	response  func(*runtime.Result) (runtime.Decision, bool)
	functions map[string]func(*runtime.Result) runtime.Decision
	setup     error
	started   run.Info
	ended     run.Info
}

func (h *fakeHooks) Request() *runtime.Hooks { return nil }

func (h *fakeHooks) Finish(res *runtime.Result, done func(runtime.Decision)) bool {
	if h.response == nil {
		return false
	}
	d, ok := h.response(res)
	if ok {
		h.inbox.Deliver(func() { done(d) })
	}
	return ok
}

func (h *fakeHooks) Setup(i run.Info) error {
	h.started = i
	return h.setup
}

func (h *fakeHooks) Teardown(i run.Info) error {
	h.ended = i
	return nil
}

func (h *fakeHooks) Function(source string, inline bool, pos tree.Pos) (run.Function, error) {
	f := h.functions[source]
	if f == nil || inline || pos.Line == 0 {
		return nil, errors.New("no function " + source)
	}
	return &fakeFunction{h, source, f}, nil
}

type fakeFunction struct {
	h    *fakeHooks
	name string
	f    func(*runtime.Result) runtime.Decision
}

func (f *fakeFunction) Request() *runtime.Hooks { return nil }

func (f *fakeFunction) Finish(res *runtime.Result, _ template.Scope, done func(runtime.Decision)) {
	f.h.calls = append(f.h.calls, f.name)
	d := f.f(res)
	f.h.inbox.Deliver(func() { done(d) })
}

func (f *fakeFunction) Call(template.Scope, ...any) (any, error) { return f.name, nil }

func (f *fakeFunction) Iterate(template.Scope, func()) (data.Generator, error) {
	return &counter{last: 3}, nil
}

// counter is a generator of rows with an id; without a last one it goes on.
type counter struct{ n, last int }

func (c *counter) Next() (any, bool, error) {
	c.n++
	return map[string]any{"id": float64(c.n)}, c.last == 0 || c.n <= c.last, nil
}

func (c *counter) Stop() {}

const handled = `
volley: 1
handlers: {script: h.lua}
data: {d: {range: [1, 4]}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/status/${{ vars.status }}", on_response: seen, on_error: triage}
  - {name: b, needs: a, url: "${{ vars.base }}/b"}
`

func TestDecisions(t *testing.T) {
	retried := 0
	replaced := &runtime.Response{Status: 204}
	tests := []struct {
		name, status string
		decision     func(*runtime.Result) runtime.Decision
		want         string
	}{
		{"nothing", "200", func(*runtime.Result) runtime.Decision { return runtime.Decision{} }, "ok 8"},
		{"raises", "200", func(*runtime.Result) runtime.Decision {
			return runtime.Decision{Err: runtime.Errorf(runtime.KindCallback, "h.lua:1: no")}
		}, "failed 4 need 4"},
		{"skip", "200", func(*runtime.Result) runtime.Decision { return runtime.Decision{Action: runtime.ActionSkip} }, "when 4 need 4"},
		{"replaces", "500", func(*runtime.Result) runtime.Decision { return runtime.Decision{Response: replaced} }, "ok 8"},
		{"retry", "200", func(*runtime.Result) runtime.Decision {
			if retried++; retried <= 3 {
				return runtime.Decision{Action: runtime.ActionRetry}
			}
			return runtime.Decision{}
		}, "ok 8"},
		{"stop", "200", func(*runtime.Result) runtime.Decision { return runtime.Decision{Action: runtime.ActionStop} }, "ok 1 stop 7"},
	}
	for _, test := range tests {
		s := newSite(t)
		h := &fakeHooks{functions: map[string]func(*runtime.Result) runtime.Decision{"seen": test.decision, "triage": test.decision}}
		out := execute(t, handled, options{size: 1, hooks: h, vars: map[string]string{"base": s.URL, "status": test.status}})
		if out.err != nil || out.tally() != test.want {
			t.Errorf("%s: %s, %v; want %s", test.name, out.tally(), out.err, test.want)
		}
		if h.started.ID != "run-1" || h.ended.OK+h.ended.Failed+h.ended.Skipped != 8 {
			t.Errorf("%s: setup saw %+v, teardown %+v", test.name, h.started, h.ended)
		}
		out.once(t)
	}
}

// TestHandlerBeforeHook shows an answer to the handler script first; what it
// puts in its place is what the request's own hook sees.
func TestHandlerBeforeHook(t *testing.T) {
	s := newSite(t)
	var saw []int
	h := &fakeHooks{
		response: func(r *runtime.Result) (runtime.Decision, bool) {
			return runtime.Decision{Response: &runtime.Response{Status: 201}}, r.Request.Name == "a"
		},
		functions: map[string]func(*runtime.Result) runtime.Decision{
			"seen": func(r *runtime.Result) runtime.Decision {
				saw = append(saw, r.Response.Status)
				return runtime.Decision{Value: "v"}
			},
			"triage": func(*runtime.Result) runtime.Decision { return runtime.Decision{} },
		},
	}
	out := execute(t, handled, options{hooks: h, vars: map[string]string{"base": s.URL, "status": "200"}})
	if out.err != nil || out.tally() != "ok 8" {
		t.Fatalf("%s, %v", out.tally(), out.err)
	}
	if !slices.Equal(saw, []int{201, 201, 201, 201}) || out.find("a").Value != "v" || out.find("a").Response.Status != 201 {
		t.Errorf("the hook saw %v, the result holds %v", saw, out.find("a").Value)
	}
}

func TestErrorHook(t *testing.T) {
	h := &fakeHooks{
		response: func(*runtime.Result) (runtime.Decision, bool) { return runtime.Decision{Value: 1}, true },
		functions: map[string]func(*runtime.Result) runtime.Decision{
			"seen":   func(*runtime.Result) runtime.Decision { return runtime.Decision{} },
			"triage": func(*runtime.Result) runtime.Decision { return runtime.Decision{Handled: true} },
		},
	}
	out := execute(t, handled, options{hooks: h, vars: map[string]string{"base": "http://127.0.0.1:1", "status": "200"}})
	if out.err != nil || out.tally() != "failed 4 need 4" {
		t.Fatalf("%s, %v", out.tally(), out.err)
	}
	if a := out.find("a"); !a.Handled || a.Value != nil || !slices.Equal(h.calls, []string{"triage", "triage", "triage", "triage"}) {
		t.Errorf("handled %t, value %v, calls %v; want the request's own handler only", a.Handled, a.Value, h.calls)
	}
}

func TestScriptSetupFails(t *testing.T) {
	s := newSite(t)
	h := &fakeHooks{setup: errors.New("h.lua:3: no"), functions: map[string]func(*runtime.Result) runtime.Decision{"seen": nil, "triage": nil}}
	h.functions["seen"] = func(*runtime.Result) runtime.Decision { return runtime.Decision{} }
	h.functions["triage"] = h.functions["seen"]
	out := execute(t, handled+"setup: [{url: http://a.test/}]", options{hooks: h, vars: map[string]string{"base": s.URL, "status": "200"}})
	if out.err == nil || !strings.Contains(out.err.Error(), "h.lua:3") || out.tally() != "stop 9" || len(s.requests()) > 0 {
		t.Errorf("%s, %v, sent %v; want everything skipped", out.tally(), out.err, s.requests())
	}
}

func TestGenerator(t *testing.T) {
	s := newSite(t)
	h := &fakeHooks{functions: map[string]func(*runtime.Result) runtime.Decision{"gen": func(*runtime.Result) runtime.Decision { return runtime.Decision{} }}}
	out := execute(t, `
volley: 1
handlers: {script: h.lua}
data: {d: {lua: gen}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/${{ row.id }}", capture: {x: {lua: gen}}}
`, options{hooks: h, vars: map[string]string{"base": s.URL}})
	if out.err != nil || out.tally() != "ok 3" {
		t.Fatalf("%s, %v; want ok 3", out.tally(), out.err)
	}
	if diff := cmp.Diff([]runtime.Capture{{Name: "x", Value: "gen"}}, out.results[0].Captures); diff != "" {
		t.Error(diff)
	}
}
