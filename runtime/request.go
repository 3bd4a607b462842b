package runtime

import (
	"bytes"
	"context"
	"io"
	"iter"
	"time"
)

// Request is what a caller wants sent. It is immutable once it left its
// Source; a Session prepares a copy of its own, and a Response carries that
// copy as it went out.
type Request struct {
	Method string // upper case
	URL    string // as given; absolute in a prepared request
	Header Header // the request's own; complete and in wire order in a prepared request
	Body   Body   // nil: none

	// Options holds what most requests leave to the session. nil: all of it.
	Options *Options
	Hooks   *Hooks // nil: none
	// RunHooks are those of the whole run, set by the Engine in its copy.
	RunHooks *Hooks

	// Session executes the request. nil: the Engine's default.
	Session Executor

	ID   string // in records and logs; not sent
	Name string // groups URLs in statistics
	Tags map[string]string
	Meta any // the caller's own; the same value on the Response and the Error

	// Invalid is what was found wrong when the request was built: it fails
	// with that, in its own slot, instead of being sent.
	Invalid *Error

	// Owner is the consumer's object for this request. Nothing below the
	// consumer looks at it; a prepared copy keeps it.
	Owner any
}

// Options are the settings a request may override. A zero field leaves the
// matter to the session.
type Options struct {
	Params         Params
	Unset          []string // headers of the session or the defaults to leave out
	Cookies        []Field  // for this request only
	Auth           Auth
	Timeout        *Timeout
	AllowRedirects Switch
	MaxRedirects   *int
	Proxies        []Field // scheme, scheme://host, all or no_proxy → URL; "" is direct
	Verify         *Verify
	Cert           *Cert
	Stream         Switch
	Retry          *Retry
	RaiseForStatus Switch
	MaxBody        int64 // bytes after decoding; 0 default, -1 none
	HTTPVersion    string

	// Detached marks the request behind a redirect to another origin: it goes
	// without what a session sends along for the origin that was asked for:
	// credentials, a custom Host, cookies without a domain, its client
	// certificate.
	Detached bool
}

// Switch is a yes, a no, or nothing said.
type Switch int8

// The zero Switch leaves a matter to the next level.
const (
	Unset Switch = iota
	Yes
	No
)

// On returns the Switch's word, or otherwise when it has none.
func (s Switch) On(otherwise bool) bool {
	if s == Unset {
		return otherwise
	}
	return s == Yes
}

// SwitchOf returns Yes or No.
func SwitchOf(on bool) Switch {
	if on {
		return Yes
	}
	return No
}

// Params are query parameters: fields that are encoded, or a raw string that
// is quoted and appended.
type Params struct {
	Fields []Field
	Drop   []string // names of session parameters to leave out
	Raw    string
	IsRaw  bool
}

// Timeout bounds an exchange. Zero: the session's or the default; negative:
// no limit. Connect covers DNS, proxy, TCP and TLS; Read every wait for the
// peer after that, in writing, headers or body; Total all attempts and
// redirects, without pauses and queue waits.
type Timeout struct {
	Connect, Read, Total time.Duration
}

// Default timeouts; there is no default total.
const (
	DefaultConnectTimeout = 10 * time.Second
	DefaultReadTimeout    = 30 * time.Second
)

// Over returns t with its zero fields taken from under.
func (t Timeout) Over(under Timeout) Timeout {
	if t.Connect == 0 {
		t.Connect = under.Connect
	}
	if t.Read == 0 {
		t.Read = under.Read
	}
	if t.Total == 0 {
		t.Total = under.Total
	}
	return t
}

// Verify says how a server's certificate is checked. CA names a PEM file or
// a directory of them; "" means the system's roots.
type Verify struct {
	Off bool
	CA  string
}

// Cert is a client certificate: PEM paths. An empty Key means that Cert
// holds both.
type Cert struct {
	Cert, Key string
}

// Auth signs a prepared request before it is sent, once per attempt and per
// redirect hop on the same origin. It may change the method, URL, header and
// body; Content-Length follows.
type Auth interface {
	Authorize(ctx context.Context, prepared *Request) error
}

// Body is a request body. A Body that can be read again is opened once per
// attempt.
type Body interface {
	// Open returns a reader over the whole body and its length in bytes, -1
	// when unknown (it is then sent chunked).
	Open() (io.ReadCloser, int64, error)
	// Replayable reports whether Open may be called again.
	Replayable() bool
	// ContentType is sent unless the request gives one; "" sends none.
	ContentType() string
}

// Bytes is a Body held in memory.
type Bytes struct {
	Data []byte
	Type string
}

// Open implements Body.
func (b *Bytes) Open() (io.ReadCloser, int64, error) {
	return io.NopCloser(bytes.NewReader(b.Data)), int64(len(b.Data)), nil
}

// Replayable implements Body: always.
func (b *Bytes) Replayable() bool { return true }

// ContentType implements Body.
func (b *Bytes) ContentType() string { return b.Type }

// Hooks are called while a request is executed, on the worker's goroutine:
// an implementation that needs its consumer's goroutine goes there and waits.
// A nil func costs nothing. A hook's error fails the request.
type Hooks struct {
	// Before sees the prepared request before each send and may change it.
	Before func(ctx context.Context, prepared *Request) error
	// Response sees every response, redirect hops included, and may replace
	// it by returning another.
	Response func(ctx context.Context, resp *Response) (*Response, error)
	// Redirect is asked once per hop; false stops there and resp is the result.
	Redirect func(ctx context.Context, resp *Response, next *Request) (bool, error)
	// Retry is told of each further attempt (from 2) before its pause.
	Retry func(ctx context.Context, req *Request, resp *Response, err *Error, attempt int) error
}

// EachHooks yields the hooks that apply to r, in their order: the run's, those
// of its executor, its own. None of them is nil.
func (r *Request) EachHooks(executor []*Hooks) iter.Seq[*Hooks] {
	return func(yield func(*Hooks) bool) {
		if r.RunHooks != nil && !yield(r.RunHooks) {
			return
		}
		for _, h := range executor {
			if !yield(h) {
				return
			}
		}
		if r.Hooks != nil {
			yield(r.Hooks)
		}
	}
}

// Executor sends one request and blocks until its result. Every error it
// returns is an *Error. It is called by many goroutines at once.
type Executor interface {
	Do(ctx context.Context, req *Request) (*Response, error)
}

// Middleware wraps an Executor.
type Middleware func(Executor) Executor

// ExecutorFunc is a func as an Executor.
type ExecutorFunc func(ctx context.Context, req *Request) (*Response, error)

// Do calls f.
func (f ExecutorFunc) Do(ctx context.Context, req *Request) (*Response, error) { return f(ctx, req) }
