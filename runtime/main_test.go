package runtime_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"

	"volley/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(url string) *runtime.Request { return &runtime.Request{Method: "GET", URL: url} }

// gets returns n requests to one host.
func gets(n int) []*runtime.Request {
	reqs := make([]*runtime.Request, n)
	for i := range reqs {
		reqs[i] = get("http://a.test/")
	}
	return reqs
}

// generator is a Source that is no list.
func generator(reqs []*runtime.Request) runtime.Source { return runtime.List(reqs) }

// answers is an Executor that takes d and returns a 200.
func answers(d time.Duration) runtime.Executor {
	return runtime.ExecutorFunc(func(ctx context.Context, _ *runtime.Request) (*runtime.Response, error) {
		if err := rest(ctx, d); err != nil {
			return nil, err
		}
		return &runtime.Response{Status: 200}, nil
	})
}

// rest sleeps like an exchange does: the end of ctx ends it.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return runtime.Cancelled(ctx)
	}
}

// newEngine returns an Engine that is closed, with its workers gone, when the
// returned func is called.
func newEngine(t testing.TB, opts runtime.EngineOptions) (*runtime.Engine, func()) {
	t.Helper()
	e := runtime.NewEngine(context.Background(), opts)
	return e, func() {
		t.Helper()
		if err := e.Close(context.Background()); err != nil {
			t.Errorf("closing the engine: %v", err)
		}
	}
}

// all takes what is left of b and returns it with what ended it, nil for the
// regular end.
func all(b *runtime.Batch, w runtime.Waiter) ([]*runtime.Result, error) {
	var out []*runtime.Result
	for {
		r, err := b.Next(w)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
}

// indexes lists the Index of each result, in the order they were handed out.
func indexes(rs []*runtime.Result) []int {
	out := make([]int, len(rs))
	for i, r := range rs {
		out[i] = r.Index
	}
	return out
}

// kinds counts the outcomes: "" for a response.
func kinds(rs []*runtime.Result) map[runtime.Kind]int {
	out := map[runtime.Kind]int{}
	for _, r := range rs {
		if r.Err != nil {
			out[r.Err.Kind]++
		} else {
			out[""]++
		}
	}
	return out
}

// stream is a body that counts how often it was closed.
type stream struct {
	left   int
	closes int
}

func (s *stream) Read(p []byte) (int, error) {
	if s.closes > 0 {
		return 0, &runtime.Error{Kind: runtime.KindClosedResponse, Message: "closed"}
	}
	n := min(len(p), s.left)
	s.left -= n
	if s.left == 0 {
		return n, io.EOF
	}
	return n, nil
}

func (s *stream) Close() error { s.closes++; return nil }

func (s *stream) Sizes() (body, wire int64) { return 0, 0 }

func (s *stream) Done() bool { return s.left == 0 || s.closes > 0 }
