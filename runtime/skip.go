package runtime

// Skip makes the Result of a Request that is not sent, with the next Index,
// for the consumer to record. It is called inside the Source, or after Next
// returned io.EOF; why is what Skipped says.
func (b *Batch) Skip(req *Request, why string) *Result {
	b.pulled++
	return &Result{Batch: b.number, Index: b.pulled, Request: req, Skipped: why}
}
