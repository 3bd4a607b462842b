package runtime_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"volley/runtime"
)

// perSecond counts starts in each second.
func perSecond(begun []time.Duration) []int {
	var out []int
	for _, at := range begun {
		for len(out) <= int(at/time.Second) {
			out = append(out, 0)
		}
		out[int(at/time.Second)]++
	}
	return out
}

// untilSecond sends to one host until that time has come.
func untilSecond(t *testing.T, exec runtime.Executor, host runtime.PerHost, size int, end time.Duration) {
	t.Helper()
	e, done := newEngine(t, runtime.EngineOptions{Executor: exec, PerHost: host})
	defer done()
	var inbox runtime.Inbox
	b := e.Batch(&inbox, func() (*runtime.Request, error) { return get("http://a.test/"), nil },
		runtime.BatchOptions{Size: size, Timeout: end})
	if _, err := all(b, &inbox); err != nil {
		t.Fatal(err)
	}
}

// Refusals of half and more halve what was measured, once for all that were sent
// at the old rate; then each second of answers adds a twentieth.
func TestAdaptiveRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(100 * time.Millisecond)
		exec.do = func(*runtime.Request) *runtime.Response {
			if time.Since(exec.start) < time.Second+200*time.Millisecond && time.Since(exec.start) > time.Second {
				return &runtime.Response{Status: 429}
			}
			return &runtime.Response{Status: 200}
		}
		untilSecond(t, exec, runtime.PerHost{Auto: true}, 10, 12*time.Second)
		got := perSecond(exec.begun["a.test"])
		if got[0] != 100 {
			t.Errorf("%d in the first second, without a limit 100", got[0])
		}
		if got[2] < 50 || got[2] > 66 || got[3] <= got[2] || got[10] < 80 || got[10] > 101 {
			t.Errorf("a second: %v", got)
		}
	})
}

// A host that refuses one request in a hundred, whatever the rate, keeps most
// of it.
func TestAdaptiveRateBearsAFewRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(100 * time.Millisecond)
		var n atomic.Int64
		exec.do = func(*runtime.Request) *runtime.Response {
			if n.Add(1)%100 == 0 {
				return &runtime.Response{Status: 503}
			}
			return &runtime.Response{Status: 200}
		}
		untilSecond(t, exec, runtime.PerHost{Auto: true}, 100, 30*time.Second)
		for second, count := range perSecond(exec.begun["a.test"])[:29] {
			if count < 700 {
				t.Errorf("%d requests in second %d, of 1000", count, second)
			}
		}
	})
}

// What a host allows is found and not exceeded by much, whether it lets in so
// many in each second or spaces them.
func TestAdaptiveRateFindsTheLimit(t *testing.T) {
	const allowed = 200
	for name, admits := range map[string]func() func(at time.Duration) bool{
		"in each second": func() func(time.Duration) bool {
			second, used := -1, 0
			return func(at time.Duration) bool {
				if now := int(at / time.Second); now != second {
					second, used = now, 0
				}
				used++
				return used <= allowed
			}
		},
		"spaced": func() func(time.Duration) bool {
			tokens, last := 20.0, time.Duration(0)
			return func(at time.Duration) bool {
				tokens, last = min(tokens+(at-last).Seconds()*allowed, 20), at
				if tokens < 1 {
					return false
				}
				tokens--
				return true
			}
		},
	} {
		for _, latency := range []time.Duration{5 * time.Millisecond, 100 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				exec := newClocked(latency)
				admit := admits()
				var mu sync.Mutex
				exec.do = func(*runtime.Request) *runtime.Response {
					mu.Lock()
					defer mu.Unlock()
					if admit(time.Since(exec.start)) {
						return &runtime.Response{Status: 200}
					}
					return &runtime.Response{Status: 429}
				}
				untilSecond(t, exec, runtime.PerHost{Auto: true}, 100, 40*time.Second)
				counts := perSecond(exec.begun["a.test"])
				for second, count := range counts[20:39] {
					if count > allowed*12/10 || count < allowed*7/10 {
						t.Errorf("%s, %v: %d requests in second %d\n%v", name, latency, count, second+20, counts)
						break
					}
				}
			})
		}
	}
}

func TestAdaptiveRateHasAFloorAndACeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(0)
		exec.do = func(*runtime.Request) *runtime.Response { return &runtime.Response{Status: 503} }
		untilSecond(t, exec, runtime.PerHost{Auto: true, Rate: 8}, 1, 60*time.Second)
		begun := exec.begun["a.test"]
		last := len(begun) - 1
		if gap := (begun[last] - begun[last-1]).Round(time.Microsecond); gap != 2*time.Second {
			t.Errorf("the slowest rate is one in %v", gap)
		}

		exec = newClocked(0)
		refuse := true
		exec.do = func(*runtime.Request) *runtime.Response {
			defer func() { refuse = false }()
			if refuse {
				return &runtime.Response{Status: 429}
			}
			return &runtime.Response{Status: 200}
		}
		untilSecond(t, exec, runtime.PerHost{Auto: true, Rate: 8}, 1, 110*time.Second)
		if got := perSecond(exec.begun["a.test"]); got[100] < 7 || got[100] > 8 {
			t.Errorf("a second: %v", got)
		}
	})
}

// Five timeouts in a row, or HTTP/2's word for it, are too much as well;
// other faults are not.
func TestAdaptiveRateSlowsDownOn(t *testing.T) {
	calm := fault(runtime.KindClosed, runtime.SentMaybe)
	calm.err.Calm = true
	for _, c := range []struct {
		name string
		bad  outcome
		n    int
		slow bool
	}{
		{"calm", calm, 1, true},
		{"timeouts", fault(runtime.KindReadTimeout, runtime.SentMaybe), 5, true},
		{"a few timeouts", fault(runtime.KindReadTimeout, runtime.SentMaybe), 4, false},
		{"closed", fault(runtime.KindClosed, runtime.SentMaybe), 20, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			exec := newClocked(10 * time.Millisecond)
			n := 0
			flaky := runtime.ExecutorFunc(func(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
				resp, err := exec.Do(ctx, req)
				if n++; n <= c.n {
					e := *c.bad.err
					return nil, &e
				}
				return resp, err
			})
			untilSecond(t, flaky, runtime.PerHost{Auto: true}, 1, 3*time.Second)
			if slow := len(exec.begun["a.test"]) < 250; slow != c.slow {
				t.Errorf("%s: %v", c.name, perSecond(exec.begun["a.test"]))
			}
		})
	}
}

// Retry-After parks a host whose rate adapts, though nothing is retried.
func TestAdaptiveRateObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(0)
		exec.do = func(*runtime.Request) *runtime.Response {
			return &runtime.Response{Status: 429, Header: fields("Retry-After: 20")}
		}
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec, PerHost: runtime.PerHost{Auto: true}})
		defer done()
		var inbox runtime.Inbox
		if _, err := all(e.Batch(&inbox, runtime.List(gets(3)), runtime.BatchOptions{Size: 1}), &inbox); err != nil {
			t.Fatal(err)
		}
		near(t, "starts", evenly(3, 20*time.Second), exec.begun["a.test"])
	})
}
