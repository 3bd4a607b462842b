package runtime_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"volley/runtime"
)

// When everything fails, retries stop at the reserve and what requests earn,
// every request still has its result, and that is said once.
func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent, warned atomic.Int64
		e, done := newEngine(t, runtime.EngineOptions{
			Executor: runtime.ExecutorFunc(func(context.Context, *runtime.Request) (*runtime.Response, error) {
				sent.Add(1)
				return &runtime.Response{Status: 503}, nil
			}),
			Retry: &runtime.Retry{Total: 2},
			Warn: func(text string) {
				warned.Add(1)
				if !strings.Contains(text, "retries") {
					t.Errorf("warned: %s", text)
				}
			},
		})
		defer done()
		var inbox runtime.Inbox
		const n = 3000
		rs, err := all(e.Batch(&inbox, runtime.List(gets(n)), runtime.BatchOptions{}), &inbox)
		if err != nil || len(rs) != n {
			t.Fatalf("%d results, %v", len(rs), err)
		}
		retries := sent.Load() - n
		if retries < 1000 || retries > 1000+n/10+1 {
			t.Errorf("%d retries of %d requests", retries, n)
		}
		if warned.Load() != 1 {
			t.Errorf("warned %d times", warned.Load())
		}
	})
}
