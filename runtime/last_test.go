package runtime_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

var enough = &runtime.Error{Kind: runtime.KindScriptDeadline, Message: "enough"}

// The batch that cleans up runs after any end of the run, for as long as its
// grace.
func TestLastBatchRunsAfterTheEnd(t *testing.T) {
	for name, end := range map[string]func(*runtime.Engine, context.CancelFunc){
		"nothing": func(*runtime.Engine, context.CancelFunc) {},
		"stop":    func(e *runtime.Engine, _ context.CancelFunc) { e.Stop(enough) },
		"cancel":  func(e *runtime.Engine, _ context.CancelFunc) { e.Cancel(enough) },
		"context": func(_ *runtime.Engine, cancel context.CancelFunc) { cancel() },
	} {
		for _, c := range []struct {
			takes, grace time.Duration
			want         int // sent in full by a run that has ended
		}{
			{time.Second, 0, 4},
			{2 * time.Second, 0, 2},
			{2 * time.Second, 7 * time.Second, 3},
		} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				e := runtime.NewEngine(ctx, runtime.EngineOptions{Executor: answers(c.takes), PerHost: runtime.PerHost{Rate: 10}})
				var inbox runtime.Inbox
				b := e.Batch(&inbox, runtime.List(gets(4)), runtime.BatchOptions{Size: 1, List: true, Last: true, Grace: c.grace})
				end(e, cancel)
				rs, err := all(b, &inbox)
				if err != nil {
					t.Error(err)
				}
				want := map[runtime.Kind]int{"": c.want, runtime.KindBatchTimeout: 4 - c.want}
				if name == "nothing" || c.want == 4 {
					want = map[runtime.Kind]int{"": 4}
				}
				if diff := cmp.Diff(want, kinds(rs)); diff != "" {
					t.Errorf("%s, %+v (-want +got):\n%s", name, c, diff)
				}
				if err := e.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// An end of the run that comes while it cleans up: a stop leaves it its grace,
// a cancel ends it, be it the run's second.
func TestLastBatchIsEnded(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after func(*runtime.Engine)
		want          runtime.Kind
		at            time.Duration
	}{
		{"stop", nil, func(e *runtime.Engine) { e.Stop(enough) }, runtime.KindBatchTimeout, 6 * time.Second},
		{"cancel", nil, func(e *runtime.Engine) { e.Cancel(enough) }, runtime.KindScriptDeadline, time.Second},
		{"second cancel", func(e *runtime.Engine) { e.Cancel(enough) }, func(e *runtime.Engine) { e.Cancel(enough) }, runtime.KindScriptDeadline, time.Second},
		{"close", func(e *runtime.Engine) { e.Stop(enough) }, (*runtime.Engine).CloseBatches, runtime.KindCancelled, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var recorded []*runtime.Result
			e, done := newEngine(t, runtime.EngineOptions{
				Executor: answers(time.Hour), Record: func(r *runtime.Result) { recorded = append(recorded, r) },
			})
			defer done()
			if c.before != nil {
				c.before(e)
			}
			var inbox runtime.Inbox
			b := e.Batch(&inbox, runtime.List(gets(1)), runtime.BatchOptions{Last: true})
			start := time.Now()
			time.AfterFunc(time.Second, func() { inbox.Deliver(func() { c.after(e) }) })
			rs, err := all(b, &inbox)
			if err != nil {
				t.Error(err)
			}
			rs = append(rs, recorded...)
			if len(rs) != 1 || kinds(rs)[c.want] != 1 || time.Since(start) != c.at {
				t.Errorf("%s: %v after %v", c.name, kinds(rs), time.Since(start))
			}
		})
	}
}

func TestLastBatchAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(0)})
		done()
		var inbox runtime.Inbox
		rs, err := all(e.Batch(&inbox, runtime.List(gets(2)), runtime.BatchOptions{Last: true, List: true}), &inbox)
		if err != nil || kinds(rs)[runtime.KindCancelled] != 2 {
			t.Errorf("%v, %v", kinds(rs), err)
		}
	})
}
