package runtime_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

func TestPumpKeepsItsSlotsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		var inbox runtime.Inbox
		start := time.Now()
		rs, err := all(e.Batch(&inbox, generator(gets(100)), runtime.BatchOptions{Size: 10}), &inbox)
		if err != nil || len(rs) != 100 {
			t.Fatalf("%d results, %v", len(rs), err)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("100 requests of 1 s, 10 at a time, took %v", took)
		}
	})
}

func TestPumpUsesTheEnginesSize(t *testing.T) {
	for _, c := range []struct{ engine, batch, want int }{{0, 0, runtime.DefaultSize}, {7, 0, 7}, {7, 3, 3}} {
		synctest.Test(t, func(t *testing.T) {
			var now, peak atomic.Int64
			exec := runtime.ExecutorFunc(func(ctx context.Context, _ *runtime.Request) (*runtime.Response, error) {
				peak.Store(max(peak.Load(), now.Add(1)))
				defer now.Add(-1)
				return &runtime.Response{}, rest(ctx, time.Second)
			})
			e, done := newEngine(t, runtime.EngineOptions{Executor: exec, Size: c.engine})
			defer done()
			var inbox runtime.Inbox
			if _, err := all(e.Batch(&inbox, generator(gets(300)), runtime.BatchOptions{Size: c.batch}), &inbox); err != nil {
				t.Fatal(err)
			}
			if got := int(peak.Load()); got != c.want {
				t.Errorf("engine %d, batch %d: %d in flight, want %d", c.engine, c.batch, got, c.want)
			}
		})
	}
}

func TestPumpOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(0)})
		defer done()
		var inbox runtime.Inbox
		b := e.Batch(&inbox, runtime.List(nil), runtime.BatchOptions{})
		if e.OpenBatches() != 1 {
			t.Errorf("%d open batches before the end", e.OpenBatches())
		}
		for range 2 {
			if r, err := b.Next(&inbox); !errors.Is(err, io.EOF) || r != nil {
				t.Errorf("got %v, %v", r, err)
			}
		}
		if e.OpenBatches() != 0 {
			t.Errorf("%d open batches after the end", e.OpenBatches())
		}
	})
}

func TestPumpNeedsANextToStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(0)})
		defer done()
		var inbox runtime.Inbox
		b := e.Batch(&inbox, func() (*runtime.Request, error) {
			t.Error("pulled before the first Next")
			return nil, io.EOF
		}, runtime.BatchOptions{})
		synctest.Wait()
		b.Close()
		if _, err := b.Next(&inbox); !errors.Is(err, io.EOF) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestPumpOrder(t *testing.T) {
	// Each later request is the faster one; three at a time.
	exec := runtime.ExecutorFunc(func(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
		return &runtime.Response{}, rest(ctx, req.Meta.(time.Duration))
	})
	for _, c := range []struct {
		ordered bool
		want    []int
	}{{true, []int{1, 2, 3, 4, 5, 6}}, {false, []int{3, 2, 4, 1, 5, 6}}} {
		synctest.Test(t, func(t *testing.T) {
			e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
			defer done()
			reqs := gets(6)
			for i, d := range []int{60, 30, 10, 25, 40, 50} {
				reqs[i].Meta = time.Duration(d) * time.Second
			}
			var inbox runtime.Inbox
			rs, err := all(e.Batch(&inbox, generator(reqs), runtime.BatchOptions{Size: 3, Ordered: c.ordered}), &inbox)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, indexes(rs)); diff != "" {
				t.Errorf("ordered %v (-want +got):\n%s", c.ordered, diff)
			}
			for _, r := range rs {
				if r.Request != reqs[r.Index-1] || r.Batch != 1 {
					t.Errorf("slot %d of batch %d holds another request", r.Index, r.Batch)
				}
			}
		})
	}
}

func TestSourceErrorComesAfterWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		var inbox runtime.Inbox
		broken := errors.New("row 4 is no request")
		list, calls := runtime.List(gets(3)), 0
		b := e.Batch(&inbox, func() (*runtime.Request, error) {
			calls++
			if req, err := list(); err == nil {
				return req, nil
			}
			return nil, broken
		}, runtime.BatchOptions{Size: 10})
		rs, err := all(b, &inbox)
		if !errors.Is(err, broken) || len(rs) != 3 || calls != 4 {
			t.Errorf("%d results, %d calls of the source, %v", len(rs), calls, err)
		}
		if _, err := b.Next(&inbox); !errors.Is(err, broken) || calls != 4 {
			t.Errorf("then: %v, %d calls", err, calls)
		}
	})
}

// A list and a generator of five at size 2, each of 2 s; the deadline is at 3 s.
func TestBatchTimeout(t *testing.T) {
	for _, c := range []struct {
		list   bool
		pulled int
		want   map[runtime.Kind]int
	}{
		{true, 5, map[runtime.Kind]int{"": 2, runtime.KindBatchTimeout: 3}},
		{false, 4, map[runtime.Kind]int{"": 2, runtime.KindBatchTimeout: 2}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var sent atomic.Int64
			exec := runtime.ExecutorFunc(func(ctx context.Context, _ *runtime.Request) (*runtime.Response, error) {
				sent.Add(1)
				if err := rest(ctx, 2*time.Second); err != nil {
					return nil, err
				}
				return &runtime.Response{}, nil
			})
			e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
			defer done()
			var inbox runtime.Inbox
			start := time.Now()
			b := e.Batch(&inbox, runtime.List(gets(5)), runtime.BatchOptions{Size: 2, List: c.list, Timeout: 3 * time.Second})
			rs, err := all(b, &inbox)
			if err != nil || time.Since(start) != 3*time.Second {
				t.Errorf("list %v: ended with %v after %v", c.list, err, time.Since(start))
			}
			if diff := cmp.Diff(c.want, kinds(rs)); diff != "" {
				t.Errorf("list %v (-want +got):\n%s", c.list, diff)
			}
			if pulled, _ := b.Counts(); pulled != c.pulled || sent.Load() != 4 {
				t.Errorf("list %v: %d pulled, %d sent", c.list, pulled, sent.Load())
			}
		})
	}
}

// A consumer at work does not put off the deadline: what is in flight ends
// then, and its next step starts nothing.
func TestBatchTimeoutWithABusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var ends []time.Duration
		exec := runtime.ExecutorFunc(func(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
			err := rest(ctx, req.Meta.(time.Duration))
			mu.Lock()
			ends = append(ends, time.Since(start))
			mu.Unlock()
			return &runtime.Response{}, err
		})
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
		defer done()
		reqs := gets(4)
		for i, d := range []time.Duration{1, 60, 60, 60} {
			reqs[i].Meta = d * time.Second
		}
		var inbox runtime.Inbox
		b := e.Batch(&inbox, generator(reqs), runtime.BatchOptions{Size: 2, Timeout: 3 * time.Second})
		if _, err := b.Next(&inbox); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		rs, err := all(b, &inbox)
		if err != nil || len(rs) != 1 || rs[0].Err == nil || rs[0].Err.Kind != runtime.KindBatchTimeout {
			t.Errorf("then %v, %v", kinds(rs), err)
		}
		if want := []time.Duration{time.Second, 3 * time.Second}; !slices.Equal(ends, want) {
			t.Errorf("attempts ended at %v, want %v", ends, want)
		}
	})
}

func TestBatchTimeoutIsOverWithTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &stream{left: 1}
		var ctx context.Context
		exec := runtime.ExecutorFunc(func(c context.Context, _ *runtime.Request) (*runtime.Response, error) {
			ctx = c
			return &runtime.Response{Stream: body}, nil
		})
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
		defer done()
		var inbox runtime.Inbox
		b := e.Batch(&inbox, runtime.List(gets(1)), runtime.BatchOptions{Timeout: time.Second})
		if rs, err := all(b, &inbox); err != nil || len(rs) != 1 {
			t.Fatal(len(rs), err)
		}
		time.Sleep(time.Minute)
		if ctx.Err() != nil || body.closes != 0 {
			t.Errorf("a stream that was handed out ended with its batch: %v, %d closes", context.Cause(ctx), body.closes)
		}
		b.Close()
		if ctx.Err() == nil {
			t.Error("the stream outlived Close")
		}
	})
}

func TestCloseCancelsAndRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var recorded []*runtime.Result
		exec := answers(time.Hour)
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec, Record: func(r *runtime.Result) { recorded = append(recorded, r) }})
		defer done()
		reqs := gets(10)
		for i, d := range []time.Duration{1, 2, 2} {
			reqs[i].Session = answers(d * time.Second)
		}
		var inbox runtime.Inbox
		b := e.Batch(&inbox, runtime.List(reqs), runtime.BatchOptions{Size: 5, List: true})
		start := time.Now()
		for range 2 {
			if r, err := b.Next(&inbox); err != nil || r.Response == nil {
				t.Fatal(r, err)
			}
			time.Sleep(3 * time.Second) // two more finish meanwhile
		}
		b.Close()
		b.Close()
		if len(recorded) != 1 {
			t.Errorf("%d recorded by Close, want the one that was ready", len(recorded))
		}
		if rs, err := all(b, &inbox); err != nil || len(rs) != 0 {
			t.Errorf("after Close: %v, %v", rs, err)
		}
		if diff := cmp.Diff(map[runtime.Kind]int{"": 1, runtime.KindCancelled: 3}, kinds(recorded)); diff != "" {
			t.Errorf("recorded (-want +got):\n%s", diff)
		}
		if time.Since(start) != 7*time.Second || e.OpenBatches() != 0 || e.InFlight() != 0 {
			t.Errorf("at %v: %d batches open, %d in flight", time.Since(start), e.OpenBatches(), e.InFlight())
		}
	})
}

func TestCloseWhileTheSourceBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		exec := runtime.ExecutorFunc(func(context.Context, *runtime.Request) (*runtime.Response, error) {
			sent.Add(1)
			return &runtime.Response{}, nil
		})
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
		defer done()
		l := newLoop()
		var b *runtime.Batch
		l.spawn(func(th *thread) {
			b = e.Batch(l, func() (*runtime.Request, error) {
				return get("http://a.test/"), th.sleep(2 * time.Second)
			}, runtime.BatchOptions{})
			if r, err := b.Next(th); !errors.Is(err, io.EOF) {
				t.Errorf("got %v, %v", r, err)
			}
		})
		l.spawn(func(th *thread) {
			if err := th.sleep(time.Second); err != nil {
				t.Error(err)
			}
			b.Close()
		})
		l.run(t)
		if pulled, _ := b.Counts(); sent.Load() != 0 || pulled != 0 {
			t.Errorf("%d sent, %d slots", sent.Load(), pulled)
		}
	})
}

func TestStopLetsNothingNewStart(t *testing.T) {
	for _, c := range []struct {
		list bool
		want map[runtime.Kind]int
	}{
		{true, map[runtime.Kind]int{"": 4, runtime.KindScriptDeadline: 6}},
		{false, map[runtime.Kind]int{"": 4}},
	} {
		synctest.Test(t, func(t *testing.T) {
			e, done := newEngine(t, runtime.EngineOptions{Executor: answers(2 * time.Second)})
			defer done()
			time.AfterFunc(3*time.Second, func() {
				e.Stop(&runtime.Error{Kind: runtime.KindScriptDeadline, Message: "enough"})
				e.Stop(&runtime.Error{Kind: runtime.KindInternal, Message: "the first cause holds"})
			})
			var inbox runtime.Inbox
			start := time.Now()
			rs, err := all(e.Batch(&inbox, runtime.List(gets(10)), runtime.BatchOptions{Size: 2, List: c.list}), &inbox)
			if err != nil || time.Since(start) != 4*time.Second {
				t.Errorf("ended with %v after %v", err, time.Since(start))
			}
			if diff := cmp.Diff(c.want, kinds(rs)); diff != "" {
				t.Errorf("list %v (-want +got):\n%s", c.list, diff)
			}
			if e.Stopping() == nil || e.Stopping().Message != "enough" {
				t.Errorf("stopping: %v", e.Stopping())
			}
		})
	}
}

func TestCancelEndsWhatIsInFlight(t *testing.T) {
	for name, end := range map[string]func(*runtime.Engine, context.CancelCauseFunc){
		"engine": func(e *runtime.Engine, _ context.CancelCauseFunc) {
			e.Cancel(&runtime.Error{Kind: runtime.KindScriptDeadline, Message: "enough"})
		},
		"context": func(_ *runtime.Engine, cancel context.CancelCauseFunc) {
			cancel(&runtime.Error{Kind: runtime.KindScriptDeadline, Message: "enough"})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			e := runtime.NewEngine(ctx, runtime.EngineOptions{Executor: answers(2 * time.Second)})
			time.AfterFunc(3*time.Second, func() { end(e, cancel) })
			var inbox runtime.Inbox
			start := time.Now()
			rs, err := all(e.Batch(&inbox, runtime.List(gets(10)), runtime.BatchOptions{Size: 2, List: true}), &inbox)
			if err != nil || time.Since(start) != 3*time.Second {
				t.Errorf("%s: ended with %v after %v", name, err, time.Since(start))
			}
			if diff := cmp.Diff(map[runtime.Kind]int{"": 2, runtime.KindScriptDeadline: 8}, kinds(rs)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if err := e.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
