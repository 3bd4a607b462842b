package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"volley/runtime"
)

// net/http exports none of its HTTP/2 errors, so this file knows their texts,
// and a test of each pins them.
const (
	textGoAway         = "http2: Transport received Server's graceful shutdown GOAWAY"
	textUnusable       = "http2: client conn not usable"
	textNotEstablished = "http2: client conn could not be established"
	textRefused        = "; REFUSED_STREAM"
	textHTTP11         = "; HTTP_1_1_REQUIRED"
	textHeaderList     = "http2: response header list larger than advertised limit"
	textInterimList    = "header list too large"
	textOverLength     = "net/http: server replied with more than declared Content-Length"
	textLooksHTTP1     = "looked like an HTTP/1.1 header"
	textStreamError    = "stream error:"
	textConnError      = "connection error:"
	textFrameTooLarge  = "http2: frame too large"
	textGoAwayClosed   = "http2: server sent GOAWAY and closed the connection"
	textGoAwayFirst    = "http2: Transport received GOAWAY from server"
	textConnGone       = "http2: client conn"
	textInvalidHeader  = "net/http: invalid header"
	textCalm           = "ENHANCE_YOUR_CALM"
)

// verdictOf tells the failures after which the server vouches that it did
// nothing (RFC 9113 section 8.7), or will not do it over HTTP/2 (section 7):
// they are repeated, whatever the method.
func verdictOf(err error) verdict {
	text := err.Error()
	for _, t := range []string{textGoAway, textUnusable, textNotEstablished} {
		if text == t {
			return unprocessed
		}
	}
	if !strings.HasPrefix(text, textStreamError) {
		return final
	}
	switch {
	case strings.Contains(text, textRefused):
		return unprocessed
	case strings.Contains(text, textHTTP11):
		return wantsHTTP1
	}
	return final
}

// fault makes the *runtime.Error of a stream that failed with err in phase.
func (s *stream) fault(phase runtime.Phase, err error) *runtime.Error {
	e := s.explain(phase, err)
	e.Phase = phase
	e.Timings = s.trip.timings
	if e.Calm {
		s.conn.calmDown()
	}
	switch {
	case phase == runtime.PhaseBody || s.begun.Load() != 0:
		e.Sent = runtime.SentYes
	case verdictOf(err) == unprocessed || !s.wrote.Load():
		e.Sent = runtime.SentNo
	default:
		e.Sent = runtime.SentMaybe
	}
	return e
}

func (s *stream) explain(phase runtime.Phase, err error) *runtime.Error {
	if s.parent.Err() != nil {
		return runtime.Cancelled(s.parent)
	}
	if b := s.broken.Load(); b != nil {
		return b
	}
	if ended := s.timedOut(phase, err); ended != nil {
		return ended
	}
	if s.conn.transport.isClosed() {
		return errClosed()
	}
	e := explainH2(phase, err)
	if e.Kind == runtime.KindClosed {
		if last := s.conn.lastWord(); last != nil {
			s.told = true
			return last
		}
	}
	return e
}

// lastWord returns why a broken connection ended where net/http did not tell:
// a TLS alert, with which a server misses a client certificate over TLS 1.3, or
// what the guard found. Nil is for all else.
func (h *h2conn) lastWord() *runtime.Error {
	if h.cc.Err() == nil && !h.guard.broken.Load() {
		return nil
	}
	err := h.guard.why(lastPatience)
	if e := (*runtime.Error)(nil); errors.As(err, &e) {
		told := *e
		return &told
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return tlsFault(err, h.origin.key.host).In(runtime.PhaseTLS)
	}
	return nil
}

// timedOut returns the timeout that ended the stream, if one did.
func (s *stream) timedOut(phase runtime.Phase, err error) *runtime.Error {
	if !errors.Is(err, context.Canceled) {
		return nil
	}
	if s.trip.deadline.IsZero() || !s.late() {
		return readTimeout(phase, s.trip.exchange.ReadTimeout, err)
	}
	return totalTimeout(phase, err)
}

// explainH2 finds the kind of an error of net/http's HTTP/2.
func explainH2(phase runtime.Phase, err error) *runtime.Error {
	var known *runtime.Error
	if errors.As(err, &known) {
		again := *known
		return &again
	}
	text := err.Error()
	e := &runtime.Error{Cause: err, Message: text, Calm: strings.Contains(text, textCalm)}
	has := func(t string) bool { return strings.Contains(text, t) }
	switch {
	case has(textHeaderList), has(textInterimList):
		e.Kind = runtime.KindHeadersTooLarge
		e.Message = "the response headers are over the limit"
	case has(textOverLength):
		e.Kind, e.Message = runtime.KindInvalidResponse, "the response body is longer than its Content-Length"
	case has(textInvalidHeader):
		e.Kind = runtime.KindInvalidArgument
	case has(textHTTP11):
		e.Kind, e.Message = runtime.KindInvalidResponse, "the server wants HTTP/1.1 for this; use http_version \"1.1\""
	case has(textLooksHTTP1):
		e.Kind, e.Message = runtime.KindInvalidResponse, "the server answers HTTP/1.1 where HTTP/2 was agreed"
	case has(textGoAway), has(textUnusable), has(textNotEstablished), has(textStreamError) && has(textRefused):
		e.Kind, e.Retryable = runtime.KindClosed, true
		e.Message = "the HTTP/2 server turned the request away: " + text
	case has(textStreamError):
		return streamFault(phase, e)
	case has(textConnError), has(textFrameTooLarge):
		e.Kind, e.Message = runtime.KindInvalidResponse, "the server broke the HTTP/2 protocol: "+text
	case has(textGoAwayClosed), has(textGoAwayFirst), has(textConnGone):
		return brokenH2(phase, e)
	case isReset(err):
		e.Kind, e.Retryable = runtime.KindClosed, true
		e.Message = fmt.Sprintf("the connection broke %s: %v", during(phase), cause(err))
	case isEOF(err):
		return brokenH2(phase, e)
	case strings.HasPrefix(text, "net/http: "), strings.HasPrefix(text, "http: invalid"):
		e.Kind = runtime.KindInvalidArgument
	default:
		e.Kind, e.Retryable = runtime.KindClosed, true
	}
	return e
}

// streamFault is a stream that was reset, or had to be.
func streamFault(phase runtime.Phase, e *runtime.Error) *runtime.Error {
	if phase == runtime.PhaseBody {
		e.Kind, e.Retryable = runtime.KindIncompleteBody, true
		e.Message = "the stream was reset inside the body: " + e.Message
		return e
	}
	e.Kind = runtime.KindInvalidResponse
	return e
}

// brokenH2 is a connection that ended under its streams.
func brokenH2(phase runtime.Phase, e *runtime.Error) *runtime.Error {
	e.Retryable = true
	if isEOF(e.Cause) {
		e.Cause = io.ErrUnexpectedEOF
	}
	if phase == runtime.PhaseBody {
		e.Kind = runtime.KindIncompleteBody
		e.Message = "the connection ended inside the body: " + e.Message
		return e
	}
	e.Kind = runtime.KindClosed
	e.Message = "the server closed the connection " + during(phase) + ": " + e.Message
	return e
}
