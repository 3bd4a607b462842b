package runtime

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Retry says when a request is sent again. Total further attempts follow the
// first. Without On, a fault before anything was sent is retried for any
// method; for the idempotent ones, or with an Idempotency-Key, so are closed,
// incomplete_body, read_timeout and 408 429 502 503 504.
type Retry struct {
	Total   int
	On      []RetryOn     // replaces what is retried
	Methods []string      // replaces the idempotent methods; "*" is any
	Backoff time.Duration // base of the pause; 0: 500 ms
	Max     time.Duration // longest pause, Retry-After included; 0: 60 s

	NoJitter         bool // take the upper end of each pause
	IgnoreRetryAfter bool
}

// RetryOn is one thing to retry on: a range of statuses, or a kind.
type RetryOn struct {
	From, To int
	Kind     Kind
}

// ParseRetryOn reads a status ("429"), a class ("5xx"), a range ("500-599")
// or a kind of the tree ("timeout").
func ParseRetryOn(s string) (RetryOn, bool) {
	if len(s) == 3 && s[0] >= '1' && s[0] <= '5' && strings.EqualFold(s[1:], "xx") {
		base := int(s[0]-'0') * 100
		return RetryOn{From: base, To: base + 99}, true
	}
	if from, to, ok := strings.Cut(s, "-"); ok {
		a, okA := parseStatus(from)
		b, okB := parseStatus(to)
		return RetryOn{From: a, To: b}, okA && okB && a <= b
	}
	if n, ok := parseStatus(s); ok {
		return RetryOn{From: n, To: n}, true
	}
	k := Kind(s)
	return RetryOn{Kind: k}, k.Known()
}

// parseStatus reads the three digits of a status (RFC 9110 section 15).
func parseStatus(s string) (int, bool) {
	if len(s) != 3 || strings.Trim(s, "0123456789") != "" || s[0] == '0' {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

const (
	defaultBackoff  = 500 * time.Millisecond
	defaultMaxDelay = 60 * time.Second
)

// wants reports whether the outcome of one attempt calls for another.
func (r *Retry) wants(req *Request, resp *Response, err *Error) bool {
	if err != nil && neverRetried(err.Kind) {
		return false
	}
	if len(r.On) == 0 {
		return r.wantsByDefault(req, resp, err)
	}
	if !r.matches(resp, err) {
		return false
	}
	if answer(resp, err) == nil && nothingSent(err) {
		return true
	}
	return r.methodAllowed(req)
}

// answer is the response that an outcome carries: also a status that
// raise_for_status made a failure is retried as that status.
func answer(resp *Response, err *Error) *Response {
	if err != nil && err.Kind == KindHTTP {
		return err.Response
	}
	return resp
}

func (r *Retry) matches(resp *Response, err *Error) bool {
	resp = answer(resp, err)
	for _, on := range r.On {
		switch {
		case on.Kind != "":
			if err == nil {
				continue
			}
			// "connect" names the phase before anything was sent, as in the
			// default rule, not only the leaf kind.
			if err.Kind.Is(on.Kind) || on.Kind == KindConnect && connectPhase(err) {
				return true
			}
		case resp != nil && on.From <= resp.Status && resp.Status <= on.To:
			return true
		}
	}
	return false
}

func (r *Retry) wantsByDefault(req *Request, resp *Response, err *Error) bool {
	if resp := answer(resp, err); resp != nil {
		switch resp.Status {
		case 408, 429, 502, 503, 504:
			return r.methodAllowed(req)
		}
		return false
	}
	if connectPhase(err) {
		return true
	}
	switch err.Kind {
	case KindClosed, KindIncompleteBody, KindReadTimeout:
		return nothingSent(err) || r.methodAllowed(req)
	default:
		return false
	}
}

// neverRetried are faults that the same request meets again, or that the
// caller asked for.
func neverRetried(k Kind) bool {
	for _, never := range []Kind{
		KindTooLarge, KindDenied, KindInvalidArgument, KindInvalidURL, KindRedirect,
		KindCancelled, KindBatchTimeout, KindTotalTimeout, KindCallback, KindScript, KindInternal,
		KindBreaker,
	} {
		if k.Is(never) {
			return true
		}
	}
	return false
}

func nothingSent(err *Error) bool { return err.Sent == "" || err.Sent == SentNo }

// connectPhase: DNS, TCP, proxy and TLS faults. A certificate that does not
// verify will not verify the next time.
func connectPhase(err *Error) bool {
	switch err.Kind {
	case KindDNS, KindConnect, KindConnectTimeout, KindProxy:
		return true
	case KindTLS:
		return err.Retryable
	default:
		return false
	}
}

func (r *Retry) methodAllowed(req *Request) bool {
	if len(r.Methods) > 0 {
		for _, m := range r.Methods {
			if m == "*" || strings.EqualFold(m, req.Method) {
				return true
			}
		}
		return false
	}
	return Idempotent(req.Method) || req.Header.Has("Idempotency-Key")
}

// Idempotent reports whether sending the method twice does what once does
// (RFC 9110 section 9.2.2).
func Idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE":
		return true
	}
	return false
}

// pause returns the wait before try k (k = 1 is the first retry): uniform in
// 0 … min(Max, Backoff·2^(k-1)), with Retry-After as a floor capped by Max.
func (r *Retry) pause(k int, resp *Response, now time.Time) time.Duration {
	base, limit := r.Backoff, r.Max
	if base <= 0 {
		base = defaultBackoff
	}
	if limit <= 0 {
		limit = defaultMaxDelay
	}
	wait := min(base, limit)
	for range k - 1 {
		if wait > limit/2 {
			wait = limit
			break
		}
		wait *= 2
	}
	if !r.NoJitter {
		wait = rand.N(wait)
	}
	if resp == nil || r.IgnoreRetryAfter {
		return wait
	}
	if after, ok := RetryAfter(resp.Header, now); ok {
		wait = max(wait, min(after, limit))
	}
	return wait
}

// RetryAfter reads the Retry-After header (RFC 9110 section 10.2.3): whole
// seconds or a date. A value that is neither is as good as none.
func RetryAfter(h Header, now time.Time) (time.Duration, bool) {
	v, ok := h.Lookup("Retry-After")
	if !ok {
		return 0, false
	}
	v = strings.TrimSpace(v)
	if v != "" && strings.Trim(v, "0123456789") == "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n > int64(math.MaxInt64/time.Second) {
			return math.MaxInt64, true
		}
		return time.Duration(n) * time.Second, true
	}
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 MST", "Mon Jan _2 15:04:05 2006"} {
		if at, err := time.Parse(layout, v); err == nil {
			return max(0, at.Sub(now)), true
		}
	}
	return 0, false
}
