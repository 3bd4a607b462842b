package runtime_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

// clocked notes at what time, from its making, each attempt began, by host.
type clocked struct {
	mu    sync.Mutex
	start time.Time
	takes time.Duration
	begun map[string][]time.Duration
	busy  map[string]int
	peak  map[string]int
	do    func(*runtime.Request) *runtime.Response
}

func newClocked(takes time.Duration) *clocked {
	return &clocked{start: time.Now(), takes: takes, begun: map[string][]time.Duration{}, busy: map[string]int{}, peak: map[string]int{}}
}

func (c *clocked) Do(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
	host := runtime.HostOf(req.URL)
	c.mu.Lock()
	c.begun[host] = append(c.begun[host], time.Since(c.start))
	c.busy[host]++
	c.peak[host] = max(c.peak[host], c.busy[host])
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.busy[host]--
		c.mu.Unlock()
	}()
	if err := rest(ctx, c.takes); err != nil {
		return nil, err
	}
	if c.do != nil {
		return c.do(req), nil
	}
	return &runtime.Response{Status: 200}, nil
}

// evenly is n times, every apart, from 0.
func evenly(n int, every time.Duration) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = time.Duration(i) * every
	}
	return out
}

// near fails unless got is want to the microsecond: rates are kept in floats.
func near(t *testing.T, what string, want, got []time.Duration) {
	t.Helper()
	round := func(ds []time.Duration) []time.Duration {
		out := make([]time.Duration, len(ds))
		for i, d := range ds {
			out[i] = d.Round(time.Microsecond)
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(round(want), round(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestRateSpreadsEvenly(t *testing.T) {
	third := runtime.Rate(1) / 3
	for _, c := range []struct {
		rate  runtime.Rate
		every time.Duration
		takes time.Duration
		size  int
	}{
		{10, time.Second / 10, 0, 100},
		{10, time.Second / 10, 35 * time.Millisecond, 1},
		{10, time.Second / 10, 950 * time.Millisecond, 10},
		{2.5, 400 * time.Millisecond, 0, 100},
		{0.5, 2 * time.Second, 0, 3},
		{third, 3 * time.Second, 0, 3},
		{30.0 / 60, 2 * time.Second, 0, 30},
	} {
		for _, batch := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				exec := newClocked(c.takes)
				engine, own := runtime.EngineOptions{Executor: exec}, runtime.BatchOptions{Size: c.size}
				if batch {
					own.Rate = c.rate
				} else {
					engine.Rate = c.rate
				}
				e, done := newEngine(t, engine)
				defer done()
				var inbox runtime.Inbox
				if _, err := all(e.Batch(&inbox, runtime.List(gets(30)), own), &inbox); err != nil {
					t.Fatal(err)
				}
				near(t, "starts", evenly(30, c.every), exec.begun["a.test"])
			})
		}
	}
}

func TestRateOfTheRunIsCommonToItsBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(0)
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec, Rate: 10})
		defer done()
		l := newLoop()
		for range 2 {
			l.spawn(func(th *thread) {
				if _, err := all(e.Batch(l, runtime.List(gets(10)), runtime.BatchOptions{}), th); err != nil {
					t.Error(err)
				}
			})
		}
		l.run(t)
		near(t, "starts", evenly(20, time.Second/10), exec.begun["a.test"])
	})
}

func TestRateCountsEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(0)
		exec.do = func(*runtime.Request) *runtime.Response { return &runtime.Response{Status: 503} }
		sendOne(t, get("http://a.test/"), runtime.EngineOptions{
			Executor: exec, Rate: 0.1,
			Retry: &runtime.Retry{Total: 3, Backoff: time.Second, Max: time.Second, NoJitter: true},
		})
		near(t, "starts", evenly(4, 10*time.Second), exec.begun["a.test"])
	})
}

// twoHosts returns n requests to each of two hosts, in turn. Hosts compare
// without regard to case, and a port is part of them.
func twoHosts(n int) []*runtime.Request {
	var reqs []*runtime.Request
	for i := range n {
		reqs = append(reqs, get([]string{"http://a.test/x", "HTTP://u:p@A.test/y?z"}[i%2]), get("http://a.test:81/"))
	}
	return reqs
}

func TestPerHost(t *testing.T) {
	for _, batch := range []bool{false, true} {
		for _, c := range []struct {
			name    string
			perHost runtime.PerHost
			takes   time.Duration
			want    []time.Duration
			peak    int
		}{
			{"rate", runtime.PerHost{Rate: 4}, 0, evenly(6, time.Second/4), 1},
			{"concurrency", runtime.PerHost{Concurrency: 2}, time.Second, []time.Duration{0, 0, time.Second, time.Second, 2 * time.Second, 2 * time.Second}, 2},
			{"both", runtime.PerHost{Concurrency: 1, Rate: 4}, time.Second / 10, evenly(6, time.Second/4), 1},
			{"both, slower", runtime.PerHost{Concurrency: 1, Rate: 4}, time.Second, evenly(6, time.Second), 1},
		} {
			synctest.Test(t, func(t *testing.T) {
				exec := newClocked(c.takes)
				engine, own := runtime.EngineOptions{Executor: exec}, runtime.BatchOptions{}
				if batch {
					own.PerHost = c.perHost
				} else {
					engine.PerHost = c.perHost
				}
				e, done := newEngine(t, engine)
				defer done()
				var inbox runtime.Inbox
				if _, err := all(e.Batch(&inbox, runtime.List(twoHosts(6)), own), &inbox); err != nil {
					t.Fatal(err)
				}
				for _, host := range []string{"a.test", "a.test:81"} {
					near(t, c.name+" "+host, c.want, exec.begun[host])
					if exec.peak[host] > c.peak {
						t.Errorf("%s %s: %d at once", c.name, host, exec.peak[host])
					}
				}
			})
		}
	}
}

// The narrower of the run's and the batch's limits holds, and a turn is not
// taken before there is a slot: when four slots free at once, the four that
// waited for them still start a second apart.
func TestLimitsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(0)
		until20 := runtime.ExecutorFunc(func(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
			resp, err := exec.Do(ctx, req)
			time.Sleep(20*time.Second - time.Since(exec.start))
			return resp, err
		})
		e, done := newEngine(t, runtime.EngineOptions{Executor: until20, Rate: 1, PerHost: runtime.PerHost{Concurrency: 8}})
		defer done()
		var inbox runtime.Inbox
		b := e.Batch(&inbox, runtime.List(gets(8)), runtime.BatchOptions{PerHost: runtime.PerHost{Concurrency: 4}})
		rs, err := all(b, &inbox)
		if err != nil || len(rs) != 8 {
			t.Fatalf("%d results, %v", len(rs), err)
		}
		const s = time.Second
		near(t, "starts", []time.Duration{0, s, 2 * s, 3 * s, 20 * s, 21 * s, 22 * s, 23 * s}, exec.begun["a.test"])
	})
}

// A wait for a host's slot is no part of what a total timeout counts.
func TestWaitingForAHostDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		session := &governed{
			tries:  tries{outcomes: []outcome{{status: 503, takes: 300 * time.Millisecond}}},
			policy: &runtime.Retry{Total: 2, Backoff: 1, NoJitter: true},
			total:  time.Second,
		}
		e, done := newEngine(t, runtime.EngineOptions{PerHost: runtime.PerHost{Concurrency: 1, Rate: 0.1}})
		defer done()
		reqs := gets(3)
		for _, req := range reqs {
			req.Session = session
		}
		var inbox runtime.Inbox
		rs, err := all(e.Batch(&inbox, runtime.List(reqs), runtime.BatchOptions{}), &inbox)
		if err != nil || len(session.began) != 9 {
			t.Fatalf("%d attempts, %v, %v", len(session.began), kinds(rs), err)
		}
		left := map[time.Duration]int{}
		for _, req := range session.sent {
			if req.Options == nil {
				left[0]++
			} else {
				left[req.Options.Timeout.Total]++
			}
		}
		want := map[time.Duration]int{0: 3, 700 * time.Millisecond: 3, 400 * time.Millisecond: 3}
		if diff := cmp.Diff(want, left); diff != "" {
			t.Errorf("left for attempts (-want +got):\n%s", diff)
		}
	})
}

func TestSlotIsFreeAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{
			Executor: runtime.ExecutorFunc(func(context.Context, *runtime.Request) (*runtime.Response, error) { panic("oops") }),
			PerHost:  runtime.PerHost{Concurrency: 1},
		})
		defer done()
		var inbox runtime.Inbox
		rs, err := all(e.Batch(&inbox, runtime.List(gets(3)), runtime.BatchOptions{Timeout: time.Minute}), &inbox)
		if diff := cmp.Diff(map[runtime.Kind]int{runtime.KindInternal: 3}, kinds(rs)); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}
