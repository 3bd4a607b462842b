package transport

import (
	"strconv"
	"strings"
	"time"

	"volley/runtime"
)

// bodyFraming is what the head of a response says about its body and the
// connection after it (RFC 9112 section 6.3).
type bodyFraming struct {
	chunked  bool
	length   int64         // -1: until the connection ends, or chunked
	close    bool          // the connection cannot be used again
	patience time.Duration // how long the server keeps it idle; 0: not said
	events   bool          // an event stream, which may be slow
}

// frame reads the framing fields of h.
func (h *head) frame(method string) (bodyFraming, *runtime.Error) {
	f := bodyFraming{length: -1}
	var keep, encoded bool
	for i := range h.header {
		field := &h.header[i]
		var err *runtime.Error
		switch len(field.Name) {
		case len("Connection"):
			if runtime.EqualFold(field.Name, "Connection") {
				f.close = f.close || hasToken(field.Value, "close")
				keep = keep || hasToken(field.Value, "keep-alive")
			} else if runtime.EqualFold(field.Name, "Keep-Alive") {
				f.patience = keepAlive(field.Value)
			}
		case len("Content-Type"):
			if runtime.EqualFold(field.Name, "Content-Type") {
				f.events = strings.HasPrefix(field.Value, "text/event-stream")
			}
		case len("Content-Length"):
			if runtime.EqualFold(field.Name, "Content-Length") {
				f.length, err = contentLength(field.Value, f.length)
			}
		case len("Transfer-Encoding"):
			if runtime.EqualFold(field.Name, "Transfer-Encoding") {
				err = chunkedOnly(field.Value, encoded)
				encoded = true
			}
		}
		if err != nil {
			if bodyless(method, h.status) {
				f.close = true
				continue
			}
			return f, err
		}
	}
	f.close = f.close || h.minor == 0 && !keep || f.patience < 0
	f.decide(method, h, encoded)
	return f, nil
}

// decide settles what the body is once all fields are known.
func (f *bodyFraming) decide(method string, h *head, encoded bool) {
	switch {
	case h.status == 101:
		f.length, f.close = 0, true
	case bodyless(method, h.status):
		f.length = 0
	case encoded:
		// A length beside it is a smuggler's tool, and HTTP/1.0 knows no
		// chunks: the connection is not trusted any further.
		f.close = f.close || f.length >= 0 || h.minor == 0
		f.chunked, f.length = true, -1
	case f.length < 0:
		f.close = true
	}
}

// bodyless reports responses that never have a body, whatever they say.
func bodyless(method string, status int) bool {
	return method == "HEAD" || status == 204 || status == 304 || status < 200
}

// contentLength reads a Content-Length, which may be a list of equal values,
// and compares it with the one before (-1: none).
func contentLength(value string, before int64) (int64, *runtime.Error) {
	for rest, more := value, true; more; {
		var part string
		part, rest, more = strings.Cut(rest, ",")
		part = trim(part)
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return before, malformed("Content-Length is %s", quote(value))
		}
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return before, malformed("Content-Length is %s", quote(value))
		}
		if before >= 0 && n != before {
			return before, malformed("Content-Length says both %d and %d", before, n)
		}
		before = n
	}
	return before, nil
}

// chunkedOnly accepts the one transfer coding there is, once.
func chunkedOnly(value string, again bool) *runtime.Error {
	if again || !runtime.EqualFold(value, "chunked") {
		return malformed("Transfer-Encoding is %s; only one chunked is understood", quote(value))
	}
	return nil
}

// hasToken reports whether a comma-separated list holds the token.
func hasToken(list, token string) bool {
	if runtime.EqualFold(list, token) {
		return true
	}
	if strings.IndexByte(list, ',') < 0 {
		return false
	}
	for part := range strings.SplitSeq(list, ",") {
		if runtime.EqualFold(trim(part), token) {
			return true
		}
	}
	return false
}

// keepAlive reads the timeout of "Keep-Alive: timeout=5, max=100" and takes a
// second off it, for the way. Negative: the connection is as good as closed.
func keepAlive(value string) time.Duration {
	for part := range strings.SplitSeq(value, ",") {
		name, n, ok := strings.Cut(trim(part), "=")
		if !ok || !runtime.EqualFold(name, "timeout") {
			continue
		}
		s, err := strconv.Atoi(n)
		switch {
		case err != nil || s > 86400:
			return 0
		case s <= 1:
			return -1
		}
		return time.Duration(s-1) * time.Second
	}
	return 0
}
