package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Error is what every failure in volley is: one Kind, where it happened, and
// what it belongs to. It is made where the fault is seen and never wrapped in
// another Error; Request, Attempts and Index are filled in on the way up.
type Error struct {
	Kind      Kind
	Message   string // lower case, says what failed and what to do
	Phase     Phase
	Sent      Sent
	Retryable bool      // the same request may succeed when sent again
	Calm      bool      // the server asked for less: ENHANCE_YOUR_CALM (RFC 9113 section 7)
	Request   *Request  // as the caller built it
	Response  *Response // with kind http, decode (raw bytes), too_many_redirects, a body cut short
	Attempts  int
	Index     int   // from 1 within its batch; 0 outside one
	Cause     error // the error below, if any
	Traceback string
	Start     time.Time // of the attempt; zero: it was not on the wire
	Timings   Timings
}

// Errorf makes an Error of that kind. A %w verb sets Cause.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Error returns "GET https://host/path: kind: message", with userinfo and
// secrets masked and control characters of the URL escaped; without a Request,
// "kind: message".
func (e *Error) Error() string {
	text := string(e.Kind) + ": " + e.Message
	if e.Request == nil {
		return text
	}
	return e.Request.Method + " " + Escape(MaskURL(e.Request.URL)) + ": " + text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is lets errors.Is match by kind: errors.Is(err, &Error{Kind: KindTimeout}).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && e.Kind.Is(t.Kind)
}

// In returns e with the phase set if it has none.
func (e *Error) In(p Phase) *Error {
	if e.Phase == "" {
		e.Phase = p
	}
	return e
}

// AsError returns err as an *Error. One that is none becomes KindInternal:
// everything that can be expected is classified where it happens.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: KindInternal, Message: err.Error(), Cause: err}
}

// Cancelled returns why ctx ended as an *Error: the cause that was given to
// the cancel function if it is one, else KindCancelled. The result is a copy
// that the caller may fill in.
func Cancelled(ctx context.Context) *Error {
	var e *Error
	if errors.As(context.Cause(ctx), &e) {
		c := *e
		return &c
	}
	return &Error{Kind: KindCancelled, Message: "cancelled", Cause: context.Cause(ctx)}
}
