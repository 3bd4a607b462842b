package runtime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"volley/runtime"
)

func many(host string, n int) []*runtime.Request {
	reqs := make([]*runtime.Request, n)
	for i := range reqs {
		reqs[i] = get("http://" + host + "/")
	}
	return reqs
}

// Requests that wait for their host hold up no others, though there are more
// of them than slots.
func TestAWaitingHostHoldsUpNoOther(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		opts  runtime.EngineOptions
		do    func(*runtime.Request) *runtime.Response
		takes time.Duration
		slow  []time.Duration // starts at the host that is waited for
		fast  []time.Duration // at the other, one request each
	}{
		"rate": {
			runtime.EngineOptions{PerHost: runtime.PerHost{Rate: 0.1}},
			nil, 0,
			evenly(6, 10*s), evenly(2, 10*s),
		},
		"concurrency": {
			runtime.EngineOptions{PerHost: runtime.PerHost{Concurrency: 1}},
			nil, s,
			evenly(6, s),
			[]time.Duration{250 * time.Millisecond},
		},
		"parked": {runtime.EngineOptions{}, func(req *runtime.Request) *runtime.Response {
			resp := &runtime.Response{Status: 200}
			if runtime.HostOf(req.URL) == "slow.test" {
				resp.Header = runtime.Header{{Name: "RateLimit-Remaining", Value: "0"}, {Name: "RateLimit-Reset", Value: "30"}}
			}
			return resp
		}, s, []time.Duration{0, 0, 31 * s, 31 * s, 62 * s, 62 * s}, []time.Duration{s, s}},
		"retry": {
			runtime.EngineOptions{Retry: &runtime.Retry{Total: 1, Backoff: 30 * s, NoJitter: true}},
			func(req *runtime.Request) *runtime.Response {
				if runtime.HostOf(req.URL) == "slow.test" {
					return &runtime.Response{Status: 503}
				}
				return &runtime.Response{Status: 200}
			}, s,
			[]time.Duration{0, 0, s, s, 2 * s, 2 * s, 31 * s, 31 * s, 32 * s, 32 * s, 33 * s, 33 * s},
			[]time.Duration{3 * s, 3 * s},
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			exec := newClocked(c.takes)
			exec.do = c.do
			c.opts.Executor = exec
			e, done := newEngine(t, c.opts)
			defer done()
			var inbox runtime.Inbox
			reqs := append(many("slow.test", 6), many("fast.test", len(c.fast))...)
			if _, err := all(e.Batch(&inbox, runtime.List(reqs), runtime.BatchOptions{Size: 2}), &inbox); err != nil {
				t.Fatal(err)
			}
			near(t, name+": waited for", c.slow, exec.begun["slow.test"])
			near(t, name+": other", c.fast, exec.begun["fast.test"])
		})
	}
}

// A turn of the run that passed while the host was parked is asked for again:
// what comes back together does not go out together.
func TestRateOfTheRunHoldsAfterParking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(0)
		first := true
		exec.do = func(*runtime.Request) *runtime.Response {
			resp := &runtime.Response{Status: 200}
			if first {
				resp.Header = runtime.Header{{Name: "X-RateLimit-Remaining", Value: "0"}, {Name: "X-RateLimit-Reset", Value: "20"}}
			}
			first = false
			return resp
		}
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec, Rate: 1})
		defer done()
		var inbox runtime.Inbox
		if _, err := all(e.Batch(&inbox, runtime.List(gets(5)), runtime.BatchOptions{}), &inbox); err != nil {
			t.Fatal(err)
		}
		begun := exec.begun["a.test"]
		for i := 2; i < len(begun); i++ {
			if gap := begun[i] - begun[i-1]; gap < time.Second-time.Millisecond {
				t.Errorf("only %v between starts %d and %d", gap, i, i+1)
			}
		}
		if len(begun) != 5 || begun[1] < 20*time.Second {
			t.Errorf("starts %v", begun)
		}
	})
}

// The rate of a host holds however late its requests get their slots, and the
// queue does not lose its turns.
func TestPaceWithABusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(0)
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec, PerHost: runtime.PerHost{Rate: 10}})
		defer done()
		var inbox runtime.Inbox
		b := e.Batch(&inbox, runtime.List(gets(40)), runtime.BatchOptions{Size: 4})
		for i := 0; ; i++ {
			if _, err := b.Next(&inbox); err != nil {
				break
			}
			if i%10 == 5 {
				time.Sleep(3 * time.Second)
			}
		}
		begun := exec.begun["a.test"]
		for i := 1; i < len(begun); i++ {
			if gap := begun[i] - begun[i-1]; gap < 99*time.Millisecond {
				t.Errorf("only %v between starts %d and %d", gap, i, i+1)
			}
		}
		if len(begun) != 40 {
			t.Errorf("%d starts", len(begun))
		}
	})
}

// Only so many requests are put aside: then the Source waits.
func TestWaitersAreBounded(t *testing.T) {
	for _, c := range []struct {
		size int
		want int
	}{{5, 1000}, {150, 1500}} {
		synctest.Test(t, func(t *testing.T) {
			e, done := newEngine(t, runtime.EngineOptions{Executor: answers(0), PerHost: runtime.PerHost{Rate: 0.001}})
			defer done()
			var inbox runtime.Inbox
			b := e.Batch(&inbox, runtime.List(gets(3000)), runtime.BatchOptions{Size: c.size})
			for range 2 {
				if _, err := b.Next(&inbox); err != nil {
					t.Fatal(err)
				}
			}
			if pulled, _ := b.Counts(); pulled-2 > c.want || pulled < c.want-2 {
				t.Errorf("size %d: %d pulled", c.size, pulled)
			}
			b.Close()
		})
	}
}
