package runtime_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

// A Result that was taken is sent again after its time, holds no slot until
// then, and comes back with all its attempts counted.
func TestAgainOfATakenResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		var inbox runtime.Inbox
		b := e.Batch(&inbox, runtime.List(gets(3)), runtime.BatchOptions{Size: 1})
		start := time.Now()
		type step struct {
			Index, Attempts int
			At              time.Duration
		}
		var got []step
		again := 2
		for {
			r, err := b.Next(&inbox)
			if err != nil {
				break
			}
			got = append(got, step{r.Index, r.Response.Attempts, time.Since(start)})
			if r.Index == 1 && again > 0 {
				again--
				r.Captures = []runtime.Capture{{Name: "x"}}
				b.Again(r, nil, 1500*time.Millisecond)
				if r.Response != nil || r.Captures != nil {
					t.Error("the old outcome is still there")
				}
			}
		}
		const s = time.Second
		want := []step{{1, 1, s}, {2, 1, 2 * s}, {3, 1, 3 * s}, {1, 2, 4 * s}, {1, 3, 6500 * time.Millisecond}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Inside Finish, Again takes the place of Finished, and the next request goes
// out in the slot while the Result waits.
func TestAgainInsteadOfFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := newClocked(time.Second)
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
		defer done()
		var inbox runtime.Inbox
		var b *runtime.Batch
		other := get("http://b.test/")
		sent := 0
		b = e.Batch(&inbox, runtime.List(gets(2)), runtime.BatchOptions{Size: 1, Finish: func(r *runtime.Result) bool {
			if r.Index != 1 || sent == 1 {
				return false
			}
			sent++
			b.Again(r, other, 1300*time.Millisecond)
			return true
		}})
		rs, err := all(b, &inbox)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "first host", evenly(2, time.Second), exec.begun["a.test"])
		near(t, "second host", []time.Duration{2300 * time.Millisecond}, exec.begun["b.test"])
		if diff := cmp.Diff([]int{2, 1}, indexes(rs)); diff != "" || rs[1].Request != other || rs[1].Response.Attempts != 2 {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestAgainInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		var inbox runtime.Inbox
		var b *runtime.Batch
		held := false
		b = e.Batch(&inbox, runtime.List(gets(4)), runtime.BatchOptions{Size: 2, Ordered: true, Finish: func(r *runtime.Result) bool {
			if r.Index != 2 || held {
				return false
			}
			held = true
			b.Again(r, nil, 5*time.Second)
			return true
		}})
		rs, err := all(b, &inbox)
		if diff := cmp.Diff([]int{1, 2, 3, 4}, indexes(rs)); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestAgainIsEnded(t *testing.T) {
	enough := &runtime.Error{Kind: runtime.KindScriptDeadline, Message: "enough"}
	for name, c := range map[string]struct {
		end  func(*runtime.Engine, *runtime.Batch)
		want runtime.Kind
	}{
		"stop":     {func(e *runtime.Engine, _ *runtime.Batch) { e.Stop(enough) }, runtime.KindScriptDeadline},
		"cancel":   {func(e *runtime.Engine, _ *runtime.Batch) { e.Cancel(enough) }, runtime.KindScriptDeadline},
		"deadline": {func(*runtime.Engine, *runtime.Batch) { time.Sleep(2 * time.Second) }, runtime.KindBatchTimeout},
		"closed":   {func(_ *runtime.Engine, b *runtime.Batch) { b.Close() }, runtime.KindCancelled},
	} {
		for _, before := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var recorded []*runtime.Result
				e, done := newEngine(t, runtime.EngineOptions{
					Executor: answers(0), Record: func(r *runtime.Result) { recorded = append(recorded, r) },
				})
				defer done()
				var inbox runtime.Inbox
				b := e.Batch(&inbox, runtime.List(gets(1)), runtime.BatchOptions{Timeout: 2 * time.Second})
				r, err := b.Next(&inbox)
				if err != nil {
					t.Fatal(err)
				}
				if before {
					c.end(e, b)
					b.Again(r, nil, time.Hour)
				} else {
					b.Again(r, nil, time.Hour)
					synctest.Wait()
					c.end(e, b)
				}
				rs, err := all(b, &inbox)
				if rs = append(rs, recorded...); err != nil || len(rs) != 1 || rs[0] != r {
					t.Fatalf("%s: %d results, %v", name, len(rs), err)
				}
				if r.Err == nil || r.Err.Kind != c.want || r.Err.Attempts != 1 || r.Response != nil {
					t.Errorf("%s, before %v: %v", name, before, r.Err)
				}
			})
		}
	}
}

// Another thread was told of the end while this one still had its Result.
func TestAgainAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		var inbox runtime.Inbox
		b := e.Batch(&inbox, runtime.List(gets(1)), runtime.BatchOptions{})
		rs, err := all(b, &inbox)
		if err != nil || len(rs) != 1 || e.OpenBatches() != 0 {
			t.Fatalf("%d results, %v", len(rs), err)
		}
		b.Again(rs[0], nil, time.Minute)
		if e.OpenBatches() != 1 {
			t.Error("the batch is not open again")
		}
		rs, err = all(b, &inbox)
		if err != nil || len(rs) != 1 || rs[0].Response == nil || rs[0].Response.Attempts != 2 || e.OpenBatches() != 0 {
			t.Errorf("%d results, %v", len(rs), err)
		}
	})
}

func TestAgainNeedsABodyToSendAgain(t *testing.T) {
	for _, c := range []struct {
		name string
		sent runtime.Sent
		req  func(*runtime.Request) *runtime.Request
		want runtime.Kind
	}{
		{"the same request", runtime.SentMaybe, func(*runtime.Request) *runtime.Request { return nil }, runtime.KindUnrewindableBody},
		{"a copy", runtime.SentMaybe, func(r *runtime.Request) *runtime.Request { c := *r; return &c }, runtime.KindUnrewindableBody},
		{"another body", runtime.SentMaybe, func(r *runtime.Request) *runtime.Request {
			c := *r
			c.Body = &runtime.Bytes{}
			return &c
		}, runtime.KindConnect},
		{"nothing sent", runtime.SentNo, func(*runtime.Request) *runtime.Request { return nil }, runtime.KindConnect},
	} {
		synctest.Test(t, func(t *testing.T) {
			exec := runtime.ExecutorFunc(func(context.Context, *runtime.Request) (*runtime.Response, error) {
				return nil, &runtime.Error{Kind: runtime.KindConnect, Message: "no", Sent: c.sent}
			})
			e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
			defer done()
			req := get("http://a.test/")
			req.Body = oneShot{}
			var inbox runtime.Inbox
			b := e.Batch(&inbox, runtime.List([]*runtime.Request{req}), runtime.BatchOptions{})
			r, err := b.Next(&inbox)
			if err != nil {
				t.Fatal(err)
			}
			b.Again(r, c.req(req), 0)
			if r, err = b.Next(&inbox); err != nil || r.Err == nil || r.Err.Kind != c.want {
				t.Errorf("%s: %v, %v", c.name, r, err)
			}
		})
	}
}
