package runtime_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

// A host's slot belongs to a stream until that is read or closed.
func TestSlotIsFreeAfterTheStream(t *testing.T) {
	for name, end := range map[string]func(runtime.Stream) error{
		"read":         func(s runtime.Stream) error { _, err := io.Copy(io.Discard, s); return err },
		"closed":       func(s runtime.Stream) error { return s.Close() },
		"closed twice": func(s runtime.Stream) error { _ = s.Close(); return s.Close() },
		"both":         func(s runtime.Stream) error { _, _ = io.Copy(io.Discard, s); return s.Close() },
	} {
		synctest.Test(t, func(t *testing.T) {
			exec := newClocked(0)
			exec.do = func(*runtime.Request) *runtime.Response {
				return &runtime.Response{Stream: &stream{left: 10}}
			}
			e, done := newEngine(t, runtime.EngineOptions{Executor: exec, PerHost: runtime.PerHost{Concurrency: 1}})
			defer done()
			var inbox runtime.Inbox
			b := e.Batch(&inbox, runtime.List(gets(3)), runtime.BatchOptions{})
			for range 3 {
				r, err := b.Next(&inbox)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if err := end(r.Response.Stream); err != nil {
					t.Error(err)
				}
			}
			near(t, name, evenly(3, time.Second), exec.begun["a.test"])
			if exec.peak["a.test"] != 1 {
				t.Errorf("%s: %d at once", name, exec.peak["a.test"])
			}
		})
	}
}

// A streamed answer that is retried must not wait for its own slot.
func TestRetryOfAStreamHasItsOwnSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bodies := []*stream{{left: 1}, {left: 1}}
		exec := &tries{outcomes: []outcome{{status: 503, body: bodies[0]}, {status: 200, body: bodies[1]}}}
		e, done := newEngine(t, runtime.EngineOptions{
			Executor: exec, PerHost: runtime.PerHost{Concurrency: 1}, Retry: &runtime.Retry{Total: 1},
		})
		defer done()
		var inbox runtime.Inbox
		r, err := e.Batch(&inbox, runtime.List(gets(1)), runtime.BatchOptions{Timeout: time.Hour}).Next(&inbox)
		if err != nil || r.Err != nil || r.Response.Status != 200 || bodies[0].closes != 1 || bodies[1].closes != 0 {
			t.Errorf("%v, %v; closed %d and %d times", r.Err, err, bodies[0].closes, bodies[1].closes)
		}
	})
}

func TestWaitsForLimitsEnd(t *testing.T) {
	enough := &runtime.Error{Kind: runtime.KindScriptDeadline, Message: "enough"}
	for _, limit := range []runtime.PerHost{{Concurrency: 1}, {Rate: 1e-6}, {Concurrency: 2, Rate: 1e-6}} {
		for name, end := range map[string]func(*runtime.Engine){
			"stop":   func(e *runtime.Engine) { e.Stop(enough) },
			"cancel": func(e *runtime.Engine) { e.Cancel(enough) },
		} {
			synctest.Test(t, func(t *testing.T) {
				exec := newClocked(10 * time.Second)
				e, done := newEngine(t, runtime.EngineOptions{Executor: exec, PerHost: limit})
				defer done()
				time.AfterFunc(time.Second, func() { end(e) })
				var inbox runtime.Inbox
				b := e.Batch(&inbox, runtime.List(gets(4)), runtime.BatchOptions{})
				var rs []*runtime.Result
				for {
					r, err := b.Next(&inbox)
					if err != nil {
						break
					}
					if at := time.Since(exec.start); r.Err != nil && at != time.Second {
						t.Errorf("%s, %+v: slot %d waited until %v", name, limit, r.Index, at)
					}
					rs = append(rs, r)
				}
				want := map[runtime.Kind]int{"": 1, runtime.KindScriptDeadline: 3}
				if name == "cancel" {
					want = map[runtime.Kind]int{runtime.KindScriptDeadline: 4}
				}
				if diff := cmp.Diff(want, kinds(rs)); diff != "" || len(exec.begun["a.test"]) != 1 {
					t.Errorf("%s, %+v: %d sent (-want +got):\n%s", name, limit, len(exec.begun["a.test"]), diff)
				}
			})
		}
	}
}

// What a closed Batch waited for is there for the next one: the slot of its
// host, and the turn.
func TestLimitsOfAClosedBatchAreFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(0)
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec, PerHost: runtime.PerHost{Concurrency: 1, Rate: 0.01}})
		defer done()
		var inbox runtime.Inbox
		first := e.Batch(&inbox, runtime.List(gets(3)), runtime.BatchOptions{})
		if _, err := first.Next(&inbox); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the second has the slot and waits for its turn, the third for the slot
		first.Close()
		if rs, err := all(first, &inbox); err != nil || len(rs) != 0 || time.Since(exec.start) != 0 {
			t.Errorf("%d results, %v, after %v", len(rs), err, time.Since(exec.start))
		}
		if _, err := all(e.Batch(&inbox, runtime.List(gets(1)), runtime.BatchOptions{}), &inbox); err != nil {
			t.Error(err)
		}
		near(t, "starts", evenly(2, 100*time.Second), exec.begun["a.test"])
	})
}

// A refused second attempt leaves the outcome of the first.
func TestStopWhileAnAttemptWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := &tries{outcomes: []outcome{status(503)}}
		start := time.Now()
		r := sendOne(t, get("http://a.test/"), runtime.EngineOptions{
			Executor: exec, Rate: 0.01, Retry: &runtime.Retry{Total: 3, Backoff: 1},
		}, func(e *runtime.Engine) {
			time.AfterFunc(time.Second, func() { e.Stop(&runtime.Error{Kind: runtime.KindCancelled, Message: "enough"}) })
		})
		if r.Response == nil || r.Response.Status != 503 || r.Response.Attempts != 1 || time.Since(start) != time.Second {
			t.Errorf("%v, %v after %v", r.Response, r.Err, time.Since(start))
		}
	})
}

// The end of a Batch ends its wait for a slot that another Batch has.
func TestBatchTimeoutEndsTheWaitForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Hour), PerHost: runtime.PerHost{Concurrency: 1}})
		defer done()
		l := newLoop()
		start := time.Now()
		l.spawn(func(th *thread) {
			if _, err := all(e.Batch(l, runtime.List(gets(1)), runtime.BatchOptions{}), th); err != nil {
				t.Error(err)
			}
		})
		l.spawn(func(th *thread) {
			if err := th.sleep(time.Second); err != nil {
				t.Error(err)
			}
			rs, err := all(e.Batch(l, runtime.List(gets(2)), runtime.BatchOptions{Timeout: time.Second}), th)
			if err != nil || kinds(rs)[runtime.KindBatchTimeout] != 2 || time.Since(start) != 2*time.Second {
				t.Errorf("%v, %v after %v", kinds(rs), err, time.Since(start))
			}
		})
		l.run(t)
	})
}
