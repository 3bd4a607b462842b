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

func TestRetryPauses(t *testing.T) {
	const s = time.Second
	after := func(v string) runtime.Header { return runtime.Header{{Name: "retry-after", Value: v}} }
	date := time.Date(2000, 1, 1, 0, 0, 7, 0, time.UTC).Format("Mon, 02 Jan 2006 15:04:05 GMT")
	for _, c := range []struct {
		name   string
		policy runtime.Retry
		header runtime.Header
		want   []time.Duration
	}{
		{"defaults", runtime.Retry{Total: 9}, nil, []time.Duration{s / 2, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s}},
		{"base", runtime.Retry{Total: 3, Backoff: 3 * s}, nil, []time.Duration{3 * s, 6 * s, 12 * s}},
		{"cap", runtime.Retry{Total: 4, Backoff: 3 * s, Max: 7 * s}, nil, []time.Duration{3 * s, 6 * s, 7 * s, 7 * s}},
		{"base over cap", runtime.Retry{Total: 2, Backoff: 9 * s, Max: 7 * s}, nil, []time.Duration{7 * s, 7 * s}},
		{"floor", runtime.Retry{Total: 4, Backoff: s}, after("3"), []time.Duration{3 * s, 3 * s, 4 * s, 8 * s}},
		{"floor capped", runtime.Retry{Total: 2, Backoff: s, Max: 10 * s}, after("3600"), []time.Duration{10 * s, 10 * s}},
		{"absurd floor", runtime.Retry{Total: 1}, after(strings.Repeat("9", 40)), []time.Duration{60 * s}},
		{"date", runtime.Retry{Total: 3, Backoff: s}, after(date), []time.Duration{7 * s, 2 * s, 4 * s}},
		{"ignored", runtime.Retry{Total: 2, Backoff: s, IgnoreRetryAfter: true}, after("30"), []time.Duration{s, 2 * s}},
		{"no value", runtime.Retry{Total: 1, Backoff: s}, after("soon"), []time.Duration{s}},
	} {
		c.policy.NoJitter = true
		synctest.Test(t, func(t *testing.T) {
			exec := &tries{outcomes: []outcome{{status: 503, header: c.header}}}
			r := sendOne(t, get("http://a.test/"), runtime.EngineOptions{Executor: exec, Retry: &c.policy})
			if diff := cmp.Diff(c.want, exec.gaps()); diff != "" {
				t.Errorf("%s: pauses (-want +got):\n%s", c.name, diff)
			}
			if r.Response == nil || r.Response.Status != 503 {
				t.Errorf("%s: the last response is not the result: %v", c.name, r.Err)
			}
		})
	}
}

// Retry-After of a status that raise_for_status made a failure counts as well.
func TestRetryAfterOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := raised(503)
		o.err.Response.Header.Add("Retry-After", "5")
		exec := &tries{outcomes: []outcome{o}}
		r := sendOne(t, get("http://a.test/"), runtime.EngineOptions{Executor: exec, Retry: &runtime.Retry{Total: 1, NoJitter: true}})
		if g := exec.gaps(); len(g) != 1 || g[0] != 5*time.Second || r.Err.Kind != runtime.KindHTTP {
			t.Errorf("pauses %v, result %v", g, r.Err)
		}
	})
}

func TestRetryJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := &tries{outcomes: []outcome{{status: 503}}}
		sendOne(t, get("http://a.test/"), runtime.EngineOptions{Executor: exec, Retry: &runtime.Retry{Total: 400, Backoff: time.Second, Max: 4 * time.Second}})
		var low, high, sum time.Duration
		low = time.Hour
		for i, g := range exec.gaps() {
			if upper := min(4*time.Second, time.Second<<min(i, 10)); g < 0 || g > upper {
				t.Errorf("pause %d is %v, more than %v", i+1, g, upper)
			}
			if i >= 2 {
				low, high, sum = min(low, g), max(high, g), sum+g
			}
		}
		// Uniform in 0 … 4 s: 398 of them miss an eighth at either end with a
		// chance of 1e-23, and their mean is 2 s ± 0.06 s (one sigma).
		if mean := sum / 398; low > time.Second/2 || high < 7*time.Second/2 || mean < 1600*time.Millisecond || mean > 2400*time.Millisecond {
			t.Errorf("pauses of %v to %v, %v on average", low, high, mean)
		}
	})
}

// Pauses at the end of what a Duration holds must not wrap round.
func TestRetryPausesDoNotOverflow(t *testing.T) {
	for _, jitter := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			exec := &tries{outcomes: []outcome{{status: 503}}}
			ctx, cancel := context.WithCancel(context.Background())
			e := runtime.NewEngine(ctx, runtime.EngineOptions{Executor: exec, Retry: &runtime.Retry{
				Total: 5, Backoff: 1<<63 - 1, Max: 1<<63 - 1, NoJitter: !jitter,
			}})
			time.AfterFunc(time.Minute, cancel)
			var inbox runtime.Inbox
			r, err := e.Batch(&inbox, runtime.List(gets(1)), runtime.BatchOptions{}).Next(&inbox)
			if err != nil || r.Response == nil || len(exec.began) != 1 {
				t.Errorf("jitter %v: %d attempts, %v, %v", jitter, len(exec.began), r.Err, err)
			}
			if err := e.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
