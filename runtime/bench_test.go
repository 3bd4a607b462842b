package runtime_test

import (
	"context"
	"io"
	"testing"

	"volley/runtime"
)

// BenchmarkPump is the cost of one request without a network: Source, worker
// and Result.
func BenchmarkPump(b *testing.B) {
	exec := runtime.ExecutorFunc(func(context.Context, *runtime.Request) (*runtime.Response, error) {
		return &runtime.Response{Status: 200}, nil
	})
	for _, c := range []struct {
		name string
		size int
	}{{"size=1", 1}, {"size=64", 64}, {"size=1000", 1000}} {
		b.Run(c.name, func(b *testing.B) {
			e := runtime.NewEngine(context.Background(), runtime.EngineOptions{Executor: exec})
			var inbox runtime.Inbox
			req := get("http://a.test/")
			left := b.N
			b.ReportAllocs()
			b.ResetTimer()
			batch := e.Batch(&inbox, func() (*runtime.Request, error) {
				if left == 0 {
					return nil, io.EOF
				}
				left--
				return req, nil
			}, runtime.BatchOptions{Size: c.size})
			for {
				if _, err := batch.Next(&inbox); err != nil {
					break
				}
			}
			b.StopTimer()
			if err := e.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
