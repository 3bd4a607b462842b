package runtime

import (
	"reflect"
	"slices"
	"time"
)

// Again sends req, or r.Request when it is nil, in r's slot once more and
// hands the same Result out again later. It is for a Result that Next has just
// returned and that was not recorded, and takes the place of Finished for one
// that Finish kept. For as long as after the Result holds no slot of Size;
// then it goes before what is still to be pulled. Attempts add up. A stop, a
// cancel or a deadline in the meantime becomes the Result's error; a body that
// was sent and cannot be read again fails with unrewindable_body.
func (b *Batch) Again(r *Result, req *Request, after time.Duration) {
	if req == nil {
		req = r.Request
	}
	s := newStay(b, r)
	s.slot.Store(slotGone)
	s.again, s.before = after, attemptsOf(r)
	refused := unrewindable(r, req)
	if b.unkeep(r) {
		b.inFlight--
	}
	b.reset(r, req)
	if b.closed {
		b.refuse(s, b.stopped())
		b.drop(r)
		b.leaveIfIdle()
	} else {
		b.away++
		b.reopen()
		b.resend(s, refused)
	}
	b.wake() // a slot may be free now, or the Batch at its end
}

// resend hands s to a worker that waits first.
func (b *Batch) resend(s *stay, refused *Error) {
	b.engine.started.Add(1)
	b.pending(1)
	if refused == nil {
		refused = b.stopped()
	}
	if refused == nil {
		if b.engine.workers.run(job{batch: b, result: s.result, stay: s}) {
			return
		}
		refused = b.ended()
	}
	b.refuse(s, refused)
	b.tell(event{s.result, s, finished})
}

func (b *Batch) refuse(s *stay, err *Error) {
	err.Attempts = s.before
	b.fail(s.result, err)
}

// reset takes what was the outcome out of r, and the stream of it.
func (b *Batch) reset(r *Result, req *Request) {
	b.held = slices.DeleteFunc(b.held, func(h held) bool { return h.result == r })
	if a := answer(r.Response, r.Err); a != nil {
		_ = a.Close() // unread on purpose
	}
	*r = Result{Batch: r.Batch, Index: r.Index, Request: req, Row: r.Row}
}

// unkeep reports whether Finish kept r, which it does no longer.
func (b *Batch) unkeep(r *Result) bool {
	for i := len(b.kept) - 1; i >= 0; i-- {
		if b.kept[i] == r {
			b.kept = slices.Delete(b.kept, i, i+1)
			return true
		}
	}
	return false
}

func attemptsOf(r *Result) int {
	switch {
	case r.Err != nil:
		return r.Err.Attempts
	case r.Response != nil:
		return r.Response.Attempts
	default:
		return 0
	}
}

// unrewindable returns the failure of a body that r has used up.
func unrewindable(r *Result, req *Request) *Error {
	if req.Body == nil || req.Body.Replayable() || attemptsOf(r) == 0 || r.Err != nil && nothingSent(r.Err) {
		return nil
	}
	if req != r.Request && !sameBody(req.Body, r.Request.Body) {
		return nil
	}
	return &Error{
		Kind: KindUnrewindableBody, Sent: SentNo,
		Message: "the body was sent once and cannot be read again; send one from memory or a file, or a new one",
	}
}

// sameBody compares bodies, also of a type that == would panic on.
func sameBody(a, b Body) bool {
	return a != nil && b != nil && reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}
