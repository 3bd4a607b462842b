package client

import (
	"context"
	goruntime "runtime"
	"runtime/metrics"
	"sync"
	"time"

	"volley/runtime"
)

const (
	memoryShare    = 80              // percent of the limit that may live on the heap
	memoryPatience = 2 * time.Second // how long a body waits for less
	memoryLook     = 100 * time.Millisecond
)

// memory keeps bodies out of a process that has no room for them: responses
// that nobody has taken yet, or that a script keeps, are its heap too. A body
// that finds too much alive waits for a while and then is too large, since the
// other end would be that of the process.
type memory struct {
	limit      uint64 // bytes that may be alive; 0: no limit
	collecting sync.Mutex
}

// allow sets the memory that the whole process may use; 0 is any.
func (m *memory) allow(bytes int64) {
	if bytes > 0 {
		m.limit = uint64(bytes) / 100 * memoryShare
	}
}

// room waits until there is some.
func (m *memory) room(ctx context.Context) *runtime.Error {
	if m.limit == 0 || alive() <= m.limit {
		return nil
	}
	tick := time.NewTicker(memoryLook)
	defer tick.Stop()
	for end := time.Now().Add(memoryPatience); alive() > m.limit; {
		if time.Now().After(end) {
			return tooLarge("there is no memory left for the body: %d MiB are in use, near the limit of the process; lower size, or use stream", alive()>>20)
		}
		if m.collecting.TryLock() { // what is alive is known after a collection
			goruntime.GC()
			m.collecting.Unlock()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return runtime.Cancelled(ctx)
		}
	}
	return nil
}

// alive is what the last collection found in use on the heap, in bytes.
func alive() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
