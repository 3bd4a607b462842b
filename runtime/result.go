package runtime

// Result is the outcome of one slot of a Batch: exactly one of Response, Err
// and Skipped is set when it is handed out. Handlers may then put a Value in
// the slot.
type Result struct {
	Batch    int // from 1, in the order batches were made
	Index    int // from 1, in the order of the Source
	Request  *Request
	Response *Response
	Err      *Error
	Handled  bool   // an exception handler took the failure
	Skipped  string // why it was not sent: "when", "need", "stop"
	Spared   bool   // what it needs was left out by its when; nothing failed
	Attempts int    // of one that a hook skipped after it was sent
	Value    any    // what a handler put in the slot instead

	Row      *Row          // the data it was made from; nil: none
	Captures []Capture     // what was taken from the answer
	Expect   []Expectation // what was wanted of it
}

// OK reports a slot that neither failed nor was skipped, and held what was
// expected of it.
func (r *Result) OK() bool { return r.Err == nil && r.Skipped == "" && r.Broken() == nil }

// Broken returns the first expectation that made the request a failure, or
// nil.
func (r *Result) Broken() *Expectation {
	for i := range r.Expect {
		if r.Expect[i].Broken() {
			return &r.Expect[i]
		}
	}
	return nil
}

// Source yields the next Request, or io.EOF when there is none left. Any
// other error ends the Source; what is in flight is still delivered. It is
// called by the consumer only, and only when a slot is free. One that blocks
// returns ErrLater instead.
type Source func() (*Request, error)

// Sink takes every Result once, never concurrently.
type Sink interface {
	Write(*Result) error
	Close() error
}
