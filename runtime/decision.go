package runtime

// Decision is what a hook of a handler script wants done with a Result. The
// zero Decision goes on as if there were no hook.
type Decision struct {
	Action   Action
	Response *Response  // takes the place of the answer, or of the failure
	Value    any        // plain or the consumer's own: takes the slot
	Follow   []*Request // to be sent next
	Err      *Error     // the hook raised: kind callback; the slot fails
	Handled  bool       // an exception hook ran to its end
}

// Action is the word a hook returned.
type Action string

// The actions. "" goes on.
const (
	ActionRetry Action = "retry" // send the request once more in its slot
	ActionSkip  Action = "skip"  // the slot counts as skipped
	ActionStop  Action = "stop"  // nothing new starts
)

// Shorten returns the Error with which a Before hook ends its request unsent.
// A Response takes the slot as if it had been the answer, ActionSkip skips it;
// with another Decision the Error stays.
func Shorten(d Decision, why string) *Error {
	return &Error{Kind: KindCancelled, Message: why, Cause: &shortcut{d}}
}

// shortcut carries a Decision through the layers between a hook and its slot.
type shortcut struct{ decision Decision }

func (s *shortcut) Error() string { return "a hook took the slot" }

// cutShort turns a failure that Shorten made into what it stands for.
func (r *Result) cutShort() {
	cut, ok := r.Err.Cause.(*shortcut) //nolint:errorlint // Shorten stores it bare
	switch {
	case !ok:
	case cut.decision.Response != nil:
		resp := *cut.decision.Response // it may stand in other slots too
		resp.Owner, resp.Request = nil, r.Request
		r.Response, r.Err = &resp, nil
	case cut.decision.Action == ActionSkip:
		r.Attempts = max(r.Err.Attempts-1, 0) // this one was not made
		r.Skipped, r.Err = "when", nil
	}
}
