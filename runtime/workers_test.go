package runtime

import (
	"context"
	"testing"
)

// After stop nobody waits for workers any more, so none may start.
func TestNoWorkerStartsAfterStop(t *testing.T) {
	var w workers
	if err := w.stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if w.run(job{}) {
		t.Error("a job was taken")
	}
}
