package client

import (
	"context"
	"sync"

	"volley/runtime"
)

const defaultBudget = 1 << 30

// budget bounds the bytes of bodies that are read into memory at one time.
// A reader that finds it spent waits for others to finish; when all of them
// wait for each other, the last to come goes on, so that nothing stands
// still.
type budget struct {
	mu      sync.Mutex
	limit   int64
	used    int64
	holders int // readers that hold bytes
	waiting int // of them, in take
	freed   chan struct{}
	memory  memory
}

func (b *budget) init(limit int64) {
	if limit <= 0 {
		limit = defaultBudget
	}
	b.limit = limit
	b.freed = make(chan struct{})
}

// hold is one reader's share. The zero value of a budget's reader holds
// nothing.
type hold struct {
	budget *budget
	bytes  int64
}

// take adds n bytes to the share, when there is room for them.
func (h *hold) take(ctx context.Context, n int64) *runtime.Error {
	b := h.budget
	if failed := b.memory.room(ctx); failed != nil {
		return failed
	}
	b.mu.Lock()
	if h.bytes == 0 {
		b.holders++
	}
	for b.used+n > b.limit && b.waiting+1 < b.holders {
		b.waiting++
		freed := b.freed
		b.mu.Unlock()
		var failed *runtime.Error
		select {
		case <-freed:
		case <-ctx.Done():
			failed = runtime.Cancelled(ctx)
		}
		b.mu.Lock()
		b.waiting--
		if failed != nil {
			if h.bytes == 0 {
				b.leave()
			}
			b.mu.Unlock()
			return failed
		}
	}
	b.used += n
	h.bytes += n
	b.mu.Unlock()
	return nil
}

// give returns the share.
func (h *hold) give() {
	if h.bytes == 0 {
		return
	}
	b := h.budget
	b.mu.Lock()
	b.used -= h.bytes
	h.bytes = 0
	b.leave()
	b.mu.Unlock()
}

// leave counts one holder less and wakes those who wait. The caller has mu.
func (b *budget) leave() {
	b.holders--
	if b.waiting > 0 {
		close(b.freed)
		b.freed = make(chan struct{})
	}
}
