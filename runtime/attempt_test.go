package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

// governed is an Executor with a policy and a total timeout of its own.
type governed struct {
	tries
	policy *runtime.Retry
	total  time.Duration
	hooks  []*runtime.Hooks
}

func (g *governed) RetryPolicy(*runtime.Request) *runtime.Retry { return g.policy }

func (g *governed) TotalTimeout(*runtime.Request) time.Duration { return g.total }

func (g *governed) HooksOf(*runtime.Request) []*runtime.Hooks { return g.hooks }

func TestTotalTimeoutIsSharedByAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		session := &governed{
			tries:  tries{outcomes: []outcome{{status: 503, takes: 300 * time.Millisecond}}},
			policy: &runtime.Retry{Total: 9, Backoff: time.Minute, Max: time.Minute, NoJitter: true},
			total:  time.Second,
		}
		req := get("http://a.test/")
		req.Session = session
		req.Options = &runtime.Options{Timeout: &runtime.Timeout{Read: 5 * time.Second}, MaxBody: 7}
		r := sendOne(t, req, runtime.EngineOptions{})
		var left []time.Duration
		for _, sent := range session.sent {
			left = append(left, sent.Options.Timeout.Total)
			if sent.Options.Timeout.Read != 5*time.Second || sent.Options.MaxBody != 7 {
				t.Errorf("other options were lost: %+v", sent.Options)
			}
		}
		// The first is the session's own affair; the pauses do not count.
		want := []time.Duration{0, 700 * time.Millisecond, 400 * time.Millisecond, 100 * time.Millisecond}
		if diff := cmp.Diff(want, left); diff != "" {
			t.Errorf("left for each attempt (-want +got):\n%s", diff)
		}
		if r.Response == nil || r.Response.Attempts != 4 || req.Options.Timeout.Total != 0 {
			t.Errorf("%v, %v; the caller's request says %v", r.Response, r.Err, req.Options.Timeout.Total)
		}
	})
}

func TestWhosePolicyHolds(t *testing.T) {
	of := func(n int) *runtime.Retry { return &runtime.Retry{Total: n} }
	for _, c := range []struct {
		name                    string
		engine, request, govern *runtime.Retry
		governed                bool
		want                    int
	}{
		{name: "nobody's", want: 1},
		{name: "the engine's", engine: of(2), want: 3},
		{name: "the request's", engine: of(2), request: of(1), want: 2},
		{name: "none, said aloud", engine: of(2), request: of(0), want: 1},
		{name: "the session's", engine: of(2), request: of(1), govern: of(4), governed: true, want: 5},
		{name: "a session without", engine: of(2), governed: true, want: 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			session := &governed{tries: tries{outcomes: []outcome{status(503)}}, policy: c.govern}
			req := get("http://a.test/")
			req.Options = &runtime.Options{Retry: c.request}
			req.Session = &session.tries
			if c.governed {
				req.Session = session
			}
			sendOne(t, req, runtime.EngineOptions{Retry: c.engine})
			if len(session.began) != c.want {
				t.Errorf("%s: %d attempts, want %d", c.name, len(session.began), c.want)
			}
		})
	}
}

func TestWhoIsToldOfRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		teller := func(name string, err error) *runtime.Hooks {
			return &runtime.Hooks{Retry: func(_ context.Context, _ *runtime.Request, resp *runtime.Response, _ *runtime.Error, attempt int) error {
				told = append(told, fmt.Sprint(name, " ", resp.Status, " ", attempt))
				return err
			}}
		}
		session := &governed{
			tries:  tries{outcomes: []outcome{status(503)}},
			policy: &runtime.Retry{Total: 2},
			hooks:  []*runtime.Hooks{teller("session", nil), {}, teller("mount", nil)},
		}
		req := get("http://a.test/")
		req.Session, req.Hooks = session, teller("request", nil)
		sendOne(t, req, runtime.EngineOptions{})
		want := []string{"session 503 2", "mount 503 2", "request 503 2", "session 503 3", "mount 503 3", "request 503 3"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}

		told, session.began = nil, nil
		sendOne(t, req, runtime.EngineOptions{Hooks: teller("given", nil)}, func(e *runtime.Engine) { e.SetHooks(teller("run", nil)) })
		if diff := cmp.Diff(append([]string{"run 503 2"}, want[:3]...), told[:4]); diff != "" || len(told) != 8 {
			t.Errorf("with hooks of the run (-want +got):\n%s", diff)
		}

		told, session.began = nil, nil
		session.hooks[2] = teller("mount", runtime.Errorf(runtime.KindCallback, "no more"))
		r := sendOne(t, req, runtime.EngineOptions{})
		if r.Err == nil || r.Err.Kind != runtime.KindCallback || len(session.began) != 1 || len(told) != 2 {
			t.Errorf("a hook's error: %v after %d attempts, told %q", r.Err, len(session.began), told)
		}
	})
}

func TestPanicFailsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(0), Retry: &runtime.Retry{Total: 3}})
		defer done()
		reqs := gets(3)
		reqs[1].Session = runtime.ExecutorFunc(func(context.Context, *runtime.Request) (*runtime.Response, error) {
			panic("nil map")
		})
		var inbox runtime.Inbox
		rs, err := all(e.Batch(&inbox, runtime.List(reqs), runtime.BatchOptions{Size: 1}), &inbox)
		if err != nil || len(rs) != 3 || rs[0].Err != nil || rs[2].Err != nil {
			t.Fatalf("%v, %v", kinds(rs), err)
		}
		bad := rs[1].Err
		if bad.Kind != runtime.KindInternal || !strings.Contains(bad.Message, "nil map") ||
			!strings.Contains(bad.Traceback, "TestPanicFailsOneRequest") || bad.Index != 2 || bad.Attempts != 1 {
			t.Errorf("%+v", bad)
		}
	})
}

func TestExecutorsThatBreakTheirWord(t *testing.T) {
	for name, f := range map[string]runtime.ExecutorFunc{
		"nothing":       func(context.Context, *runtime.Request) (*runtime.Response, error) { return nil, nil },
		"foreign error": func(context.Context, *runtime.Request) (*runtime.Response, error) { return nil, errors.New("?") },
		"both": func(context.Context, *runtime.Request) (*runtime.Response, error) {
			return &runtime.Response{Status: 503}, errors.New("?")
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := sendOne(t, get("http://a.test/"), runtime.EngineOptions{Executor: f})
			if r.Response != nil || r.Err == nil || r.Err.Kind != runtime.KindInternal {
				t.Errorf("%s: %v, %v", name, r.Response, r.Err)
			}
		})
	}
}

func TestInvalidRequestFailsInEachSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := &tries{outcomes: []outcome{status(200)}}
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec, Rate: 0.001})
		defer done()
		req := get("http://a.test/")
		req.Invalid = runtime.Errorf(runtime.KindInvalidArgument, "bad header")
		var inbox runtime.Inbox
		start := time.Now()
		rs, err := all(e.Batch(&inbox, runtime.List([]*runtime.Request{req, req}), runtime.BatchOptions{Ordered: true}), &inbox)
		if err != nil || len(rs) != 2 || len(exec.began) != 0 || time.Since(start) != 0 {
			t.Fatalf("%v, %v, %d sent", kinds(rs), err, len(exec.began))
		}
		for i, r := range rs {
			if r.Err == req.Invalid || r.Err.Kind != runtime.KindInvalidArgument || r.Err.Index != i+1 || r.Err.Attempts != 0 {
				t.Errorf("slot %d: %+v", i+1, r.Err)
			}
		}
	})
}
