package runtime

import (
	"context"
	"time"
)

// open starts the life of the Batch's requests. The deadline runs on a
// goroutine of its own: a busy consumer does not put off the end of what is in
// flight.
func (b *Batch) open() {
	e := b.engine
	e.enter(b)
	parent := e.ctx
	if b.opts.Last {
		parent = context.WithoutCancel(parent)
	}
	ctx, cancel := context.WithCancelCause(parent)
	b.ctx, b.cancel = ctx, cancel
	if b.end.IsZero() {
		return
	}
	b.timer = time.AfterFunc(time.Until(b.end), func() {
		cancel(Errorf(KindBatchTimeout, "the batch did not end within %v", b.opts.Timeout))
		b.consumer.Deliver(b.expire)
	})
}

// reopen goes on with a Batch whose last Result was handed out, when one of
// its Results is to be sent again.
func (b *Batch) reopen() {
	if b.left {
		b.left, b.begun = false, false
		b.open()
	}
}

// expire runs on the consumer's goroutine after the deadline.
func (b *Batch) expire() {
	if b.closed {
		return
	}
	b.abandon()
	b.wake()
}

// Close cancels what is in flight and pulls nothing more. What was not handed
// out is recorded by the Engine.
func (b *Batch) Close() {
	if b.closed {
		return
	}
	b.refuseRest()
	b.closed, b.dry = true, true
	b.abandon()
	b.cancel(&Error{Kind: KindCancelled, Message: "the batch was closed"})
	for _, h := range b.held {
		_ = h.result.Response.Close() // its reader sees the end of the batch
	}
	b.held, b.spare = nil, nil
	for _, r := range b.ready.empty() {
		b.drop(r)
	}
	b.readmit()
	b.leaveIfIdle()
	b.wake()
}

// refuseRest records what a stopped run leaves unsent of a list: each item is
// a slot that was cancelled. A list that its consumer just left is not asked.
func (b *Batch) refuseRest() {
	why := b.engine.stopping()
	if b.opts.Last {
		why = b.stopped()
	}
	if why == nil || !b.opts.List || b.dry || b.pulling {
		return
	}
	for {
		req, err := b.source()
		if err != nil {
			return
		}
		b.pulled++
		failure := *why
		r := &Result{Batch: b.number, Index: b.pulled, Request: req}
		b.fail(r, &failure)
		b.engine.Record(r)
	}
}

func (b *Batch) drop(r *Result) {
	if r.Response != nil {
		_ = r.Response.Close() // nobody is left to read it
	}
	b.engine.Record(r)
}

// idle reports that no request is under way.
func (b *Batch) idle() bool { return b.inFlight+b.away == 0 }

func (b *Batch) leaveIfIdle() {
	if b.idle() {
		b.leave()
	}
}

// leave ends the Batch for the Engine; further calls do nothing. Streams that
// were handed out live on until they are read or the Batch is closed.
func (b *Batch) leave() {
	b.left = true
	if b.timer != nil {
		b.timer.Stop()
	}
	if b.closed || !b.streams {
		b.cancel(nil)
		if b.begun {
			b.unwatch()
			b.engine.forget(b)
		}
	}
	b.engine.exit(b)
}
