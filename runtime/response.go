package runtime

import (
	"crypto/tls"
	"io"
	"time"
)

// Response is one complete answer, immutable once handed out but for its
// stream. Exactly one of Content and Stream holds the body: Stream when the
// request asked for it, Content otherwise.
type Response struct {
	Status   int
	Reason   string // as sent; may be empty
	Protocol string // "HTTP/1.1", "HTTP/1.0", "HTTP/2.0"
	URL      string // of this hop, with the fragment
	Header   Header // as received, in order
	Trailer  Header // known once the body was read
	Request  *Request
	History  []*Response // the redirects and challenges before it, oldest first
	Next     *Request    // where an unfollowed redirect would go

	Content []byte // decoded
	Stream  Stream

	Partial     bool // the body ended early; only on an Error's Response
	EndUnmarked bool // the body ended with the connection, nothing said so

	Start      time.Time // of the attempt; zero: it was not on the wire
	Timings    Timings
	Elapsed    time.Duration // request start to headers parsed, of this hop
	RemoteAddr string
	Reused     bool                 // sent on a connection that had served before
	TLS        *tls.ConnectionState // of the connection, shared by its responses; nil: http
	Attempts   int
	Size       Size

	// Owner is the consumer's object for this response; nothing below the
	// consumer looks at it.
	Owner any

	place *Place // that the stream holds; nil: none
}

// Stream is a body that is read as it arrives. Its methods may be called on
// any goroutine and at any time: Close ends a Read that is under way, which
// fails like every Read after it with closed_response; a second Read at the
// same time fails with stream_consumed. A failure is an *Error.
type Stream interface {
	io.ReadCloser
	// Sizes returns the bytes so far: decoded, and received.
	Sizes() (body, wire int64)
	// Done reports whether the body was read to its end or closed.
	Done() bool
}

// Timings are the phases of one exchange. A reused connection has DNS,
// Connect and TLS zero. TTFB is request start to the first response byte,
// Total request start to the end of the body (of the headers when streamed).
type Timings struct {
	DNS, Connect, TLS, TTFB, Total time.Duration
}

// Size counts bytes: the header block, the decoded body, and everything
// received for the body.
type Size struct {
	Headers, Body, Wire int64
}

// OK reports a status below 400.
func (r *Response) OK() bool { return r.Status < 400 }

// LeaveHost gives back what a stream holds among those in flight to its host:
// whoever was handed it reads it when he likes.
func (r *Response) LeaveHost() {
	if r.place != nil {
		r.place.release()
	}
}

// Close ends an unread stream; the connection is dropped unless the body was
// read. It does nothing for a body in memory.
func (r *Response) Close() error {
	if r.Stream == nil {
		return nil
	}
	return r.Stream.Close()
}
