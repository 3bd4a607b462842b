package runtime

import (
	"context"
	"errors"
	"io"
	"testing"
)

// TestShorten has a hook end each of three requests unsent, in its own way.
func TestShorten(t *testing.T) {
	shared := &Response{Status: 299, Owner: "somebody"}
	cut := map[string]Decision{
		"answer": {Response: shared},
		"skip":   {Action: ActionSkip},
		"stop":   {Action: ActionStop},
	}
	engine := NewEngine(t.Context(), EngineOptions{Executor: ExecutorFunc(func(_ context.Context, req *Request) (*Response, error) {
		return nil, Shorten(cut[req.URL], "not sent")
	})})
	inbox := &Inbox{}
	b := engine.Batch(inbox, List([]*Request{{URL: "answer"}, {URL: "skip"}, {URL: "stop"}}), BatchOptions{Ordered: true})
	var results []*Result
	for {
		r, err := b.Next(inbox)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if err := engine.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.Err != nil || r.Response.Status != 299 || r.Response == shared || r.Response.Request != r.Request || r.Response.Owner != nil {
		t.Errorf("answer: %+v", r)
	}
	if r := results[1]; r.Err != nil || r.Response != nil || r.Skipped != "when" {
		t.Errorf("skip: %+v", r)
	}
	if r := results[2]; r.Err == nil || r.Err.Kind != KindCancelled || r.Err.Message != "not sent" {
		t.Errorf("stop: %+v", r)
	}
}
