package runtime_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

// inTurn sends n requests to one host, one a second, and lists their kinds,
// "" for an answer.
func inTurn(t *testing.T, e *runtime.Engine, n int) []runtime.Kind {
	t.Helper()
	var inbox runtime.Inbox
	b := e.Batch(&inbox, runtime.List(gets(n)), runtime.BatchOptions{Size: 1})
	var out []runtime.Kind
	for {
		r, err := b.Next(&inbox)
		if err != nil {
			return out
		}
		kind := runtime.Kind("")
		if r.Err != nil {
			kind = r.Err.Kind
		}
		if kind == runtime.KindBreaker {
			if r.Err.Sent != runtime.SentNo || r.Err.Attempts != 0 || !strings.Contains(r.Err.Message, "a.test failed ") {
				t.Errorf("%+v", r.Err)
			}
		}
		out = append(out, kind)
		time.Sleep(time.Second)
	}
}

func TestBreaker(t *testing.T) {
	const given, none = runtime.KindBreaker, runtime.Kind("")
	closed, read := fault(runtime.KindClosed, runtime.SentMaybe), fault(runtime.KindReadTimeout, runtime.SentMaybe)
	for _, c := range []struct {
		name     string
		outcomes []outcome
		want     []runtime.Kind
	}{
		{
			"opens and comes back",
			[]outcome{closed, read, status(503), status(200), status(200)},
			[]runtime.Kind{"closed", "read_timeout", none, given, given, none, none},
		},
		{
			"the trial fails",
			[]outcome{status(500), status(500), status(500), status(500), status(200)},
			[]runtime.Kind{none, none, none, given, given, none, given, given, none, none},
		},
		{
			"a success between",
			[]outcome{closed, closed, status(429), closed, closed, status(404)},
			[]runtime.Kind{"closed", "closed", none, "closed", "closed", none},
		},
		{
			"not the host's fault",
			[]outcome{closed, closed, fault(runtime.KindDecode, ""), status(200)},
			[]runtime.Kind{"closed", "closed", "decode", none},
		},
		{
			"a trial that says nothing",
			[]outcome{closed, closed, closed, fault(runtime.KindCallback, ""), status(200)},
			[]runtime.Kind{"closed", "closed", "closed", given, given, "callback", none},
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			exec := &tries{outcomes: c.outcomes}
			e, done := newEngine(t, runtime.EngineOptions{
				Executor: exec, Breaker: runtime.Breaker{Errors: 3, CoolDown: 2500 * time.Millisecond},
			})
			defer done()
			if diff := cmp.Diff(c.want, inTurn(t, e, len(c.want))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		})
	}
}

// One request tries the host; those beside it fail at once, and other hosts
// are not concerned. A refusal is not retried.
func TestBreakerTriesWithOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		exec := newClocked(time.Second)
		e, done := newEngine(t, runtime.EngineOptions{
			Executor: runtime.ExecutorFunc(func(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
				resp, err := exec.Do(ctx, req)
				if down && runtime.HostOf(req.URL) == "a.test" {
					return nil, runtime.Errorf(runtime.KindConnect, "refused")
				}
				return resp, err
			}),
			Breaker: runtime.Breaker{Errors: 2, CoolDown: 10 * time.Second},
		})
		defer done()
		var inbox runtime.Inbox
		send := func(n int, retry *runtime.Retry) map[runtime.Kind]int {
			reqs := append(gets(n), get("http://b.test/"))
			for _, req := range reqs {
				req.Options = &runtime.Options{Retry: retry}
			}
			rs, err := all(e.Batch(&inbox, runtime.List(reqs), runtime.BatchOptions{}), &inbox)
			if err != nil {
				t.Error(err)
			}
			return kinds(rs)
		}
		if diff := cmp.Diff(map[runtime.Kind]int{"connect": 2, "": 1}, send(2, nil)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		always := &runtime.Retry{Total: 3, On: []runtime.RetryOn{{Kind: runtime.KindRequest}}}
		if diff := cmp.Diff(map[runtime.Kind]int{"breaker": 5, "": 1}, send(5, always)); diff != "" {
			t.Errorf("open (-want +got):\n%s", diff)
		}
		down = false
		time.Sleep(10 * time.Second)
		if diff := cmp.Diff(map[runtime.Kind]int{"breaker": 4, "": 2}, send(5, nil)); diff != "" {
			t.Errorf("tried (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[runtime.Kind]int{"": 6}, send(5, nil)); diff != "" {
			t.Errorf("back (-want +got):\n%s", diff)
		}
	})
}
