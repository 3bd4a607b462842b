package runtime

import (
	"context"
	"time"
)

// begin lets the end of the run take hold of a Last Batch, at its first
// request: what came before that has no say.
func (b *Batch) begin() {
	b.begun = true
	e, cancel := b.engine, b.cancel
	e.watch(b, cancel)
	unwatch := func() bool { return true }
	if e.ctx.Err() == nil {
		unwatch = context.AfterFunc(e.ctx, func() { cancel(Cancelled(e.ctx)) })
	}
	grace := b.opts.Grace
	if grace <= 0 {
		grace = DefaultGrace
	}
	ctx := b.ctx
	limit := func() {
		t := time.AfterFunc(grace, func() {
			cancel(Errorf(KindBatchTimeout, "cleaning up did not end within %v of the stop", grace))
			b.consumer.Deliver(b.expire)
		})
		context.AfterFunc(ctx, func() { t.Stop() })
	}
	from := e.halted
	if e.ctx.Err() != nil {
		from = e.ctx
	}
	unlimit := context.AfterFunc(from, limit)
	b.unwatch = func() {
		unwatch()
		unlimit()
	}
}

// watch notes the cancel func of a Last Batch that has begun.
func (e *Engine) watch(b *Batch, cancel context.CancelCauseFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last == nil {
		e.last = map[*Batch]context.CancelCauseFunc{}
	}
	e.last[b] = cancel
}

// forget drops a Last Batch whose context has ended.
func (e *Engine) forget(b *Batch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.last, b)
}

// cancelLast ends the Last Batches that have begun.
func (e *Engine) cancelLast(cause *Error) {
	e.mu.Lock()
	cancels := make([]context.CancelCauseFunc, 0, len(e.last))
	for _, cancel := range e.last {
		cancels = append(cancels, cancel)
	}
	e.mu.Unlock()
	for _, cancel := range cancels {
		cancel(cause)
	}
}
