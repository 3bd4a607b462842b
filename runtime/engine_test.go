package runtime_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"volley/runtime"
)

func TestEngineCloseWaitsForWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stubborn := runtime.ExecutorFunc(func(context.Context, *runtime.Request) (*runtime.Response, error) {
			time.Sleep(5 * time.Second) // deaf to its context
			return &runtime.Response{}, nil
		})
		e := runtime.NewEngine(context.Background(), runtime.EngineOptions{Executor: stubborn})
		var inbox runtime.Inbox
		quick := get("http://a.test/")
		quick.Session = answers(0)
		b := e.Batch(&inbox, runtime.List([]*runtime.Request{quick, get("http://a.test/")}), runtime.BatchOptions{})
		if _, err := b.Next(&inbox); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the other one is with its executor
		if e.InFlight() != 1 {
			t.Errorf("%d in flight", e.InFlight())
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		if err := e.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed with a worker left: %v", err)
		}
		if err := e.Close(context.Background()); err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("closed with %v after %v", err, time.Since(start))
		}
	})
}

// A request pulled from a Source while the engine was closed by another
// goroutine fails in its slot; nobody waits for a worker that never starts.
func TestEngineCloseWhileTheSourceBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		e := runtime.NewEngine(context.Background(), runtime.EngineOptions{Executor: runtime.ExecutorFunc(
			func(context.Context, *runtime.Request) (*runtime.Response, error) {
				sent++
				return &runtime.Response{}, nil
			})})
		time.AfterFunc(time.Second, func() {
			if err := e.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		var inbox runtime.Inbox
		b := e.Batch(&inbox, func() (*runtime.Request, error) {
			time.Sleep(2 * time.Second)
			return get("http://a.test/"), nil
		}, runtime.BatchOptions{Size: 3})
		rs, err := all(b, &inbox)
		if err != nil || len(rs) != 1 || rs[0].Err == nil || rs[0].Err.Kind != runtime.KindCancelled || sent != 0 {
			t.Errorf("%v, %v, %d sent", kinds(rs), err, sent)
		}
	})
}

func TestBatchesAreNumbered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(0)})
		defer done()
		var inbox runtime.Inbox
		for want := 1; want <= 3; want++ {
			b := e.Batch(&inbox, runtime.List(gets(1)), runtime.BatchOptions{})
			rs, err := all(b, &inbox)
			if err != nil || b.Number() != want || rs[0].Batch != want {
				t.Errorf("batch %d has number %d, its result %d", want, b.Number(), rs[0].Batch)
			}
		}
	})
}
