package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"volley/runtime"
)

// stream is one exchange on an HTTP/2 connection, and its response body.
type stream struct {
	conn   *h2conn
	trip   trip            // a copy: the body outlives Do
	parent context.Context // the caller's
	cancel context.CancelCauseFunc
	timer  *time.Timer // nil: no limit

	waiting atomic.Bool  // for the peer: the read timeout counts
	moved   atomic.Int64 // nanoseconds after trip.start: the last progress
	begun   atomic.Int64 // the same for the first response byte; 0: none
	wrote   atomic.Bool
	expired atomic.Bool                   // its time was up, and it was told so
	broken  atomic.Pointer[runtime.Error] // the request body's fault
	told    bool                          // the fault is the connection's last word

	resp    *http.Response
	wire    int64
	err     error // what every further Read returns
	trailer runtime.Header
	over    sync.Once
}

// exchange sends the trip's request on a stream that was reserved.
func (h *h2conn) exchange(ctx context.Context, trip *trip) (*Reply, *runtime.Error) {
	s := &stream{conn: h, trip: *trip, parent: ctx}
	s.trip.exchange = &s.trip.own
	reused := h.use(trip.now)
	if !reused {
		s.trip.timings = h.timings
	} else {
		s.trip.timings = runtime.Timings{}
	}
	inner, cancel := context.WithCancelCause(ctx)
	s.cancel = cancel
	req, err := s.request(inner)
	if err != nil {
		h.cc.Release()
		s.finish()
		return nil, err
	}
	s.startClock()
	s.waiting.Store(true)
	resp, failed := h.cc.RoundTrip(req) //nolint:bodyclose // it becomes the Reply's
	s.waiting.Store(false)
	if failed == nil {
		r := s.reply(resp, reused)
		if err := s.checkFields(r.Header); err != nil {
			_ = s.Close()
			err.Phase, err.Sent, err.Timings = runtime.PhaseHeaders, runtime.SentYes, s.trip.timings
			return nil, err
		}
		return r, nil
	}
	err = s.fault(s.phase(), failed)
	if !s.told { // what the connection ended for would come again
		trip.verdict = verdictOf(failed)
	}
	if trip.verdict == final && reused && err.Kind == runtime.KindClosed && err.Sent != runtime.SentYes && !err.Calm {
		trip.verdict = stale
	}
	s.finish()
	if h.cc.Err() != nil {
		h.transport.retire(h)
	}
	return nil, err
}

// checkFields refuses what net/http lets through: too many lines, and fields
// that make a response malformed (RFC 9113 section 8.2.2).
func (s *stream) checkFields(h runtime.Header) *runtime.Error {
	if most := s.conn.transport.config.MaxLines; len(h) > most {
		return runtime.Errorf(runtime.KindHeadersTooLarge, "the response headers are over %d lines", most)
	}
	for i := range h {
		if ofConnection(h[i].Name) {
			return malformed("the HTTP/2 response has a %s field", h[i].Name)
		}
	}
	return nil
}

// calmDown slows down what goes to the connection's server, once for all the
// exchanges that it told to be calm.
func (h *h2conn) calmDown() {
	t, now := h.transport, time.Now()
	t.mu.Lock()
	told := h.calmed
	h.calmed = true
	rate := h.meter.rate(now)
	t.mu.Unlock()
	if !told {
		t.calm.slow(place{h.origin.key.host, h.origin.key.port}, rate, now)
	}
}

// use notes that an exchange begins and reports whether it is not the first.
func (h *h2conn) use(now time.Time) bool {
	h.transport.mu.Lock()
	defer h.transport.mu.Unlock()
	h.meter.count(now)
	was := h.served
	h.served = true
	if was {
		h.transport.counts.reused.Add(1)
	}
	return was
}

// request makes net/http's form of the exchange.
func (s *stream) request(ctx context.Context) (*http.Request, *runtime.Error) {
	x := s.trip.exchange
	req := &http.Request{
		Method: x.Method, URL: x.url(), Host: x.authority(),
		Proto: "HTTP/2.0", ProtoMajor: 2, Header: make(http.Header, len(x.Header)+1),
	}
	for i := range x.Header {
		f := &x.Header[i]
		if perConnection(f.Name) {
			continue
		}
		if runtime.EqualFold(f.Name, "Host") {
			req.Host = f.Value
			continue
		}
		name := http.CanonicalHeaderKey(f.Name)
		req.Header[name] = append(req.Header[name], f.Value)
	}
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header["User-Agent"] = []string{""} // else net/http gives its own
	}
	if err := s.setBody(req); err != nil {
		return nil, err
	}
	return req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// Told while the header is encoded, before any of it is written: the
		// server may act before we hear that the write is done.
		WroteHeaderField:     func(string, []string) { s.wrote.Store(true) },
		WroteHeaders:         func() { s.progress() },
		GotFirstResponseByte: func() { s.begun.CompareAndSwap(0, max(1, int64(time.Since(s.trip.start)))) },
	})), nil
}

// setBody gives the request its body and framing.
func (s *stream) setBody(req *http.Request) *runtime.Error {
	x := s.trip.exchange
	var source io.ReadCloser
	length, given := int64(len(x.Data)), x.Data != nil
	switch {
	case len(x.Data) > 0:
		source = io.NopCloser(bytes.NewReader(x.Data))
	case x.Data == nil && x.Body != nil:
		var err error
		if source, length, err = x.Body(); err != nil {
			return bodyFault(err)
		}
		given = true
	}
	for i := range x.Header {
		if f := &x.Header[i]; framing(f.Name) && len(f.Name) == len("Content-Length") {
			if err := x.checkFraming(f, given, length); err != nil {
				return err
			}
		}
	}
	if source != nil && length == 0 {
		_ = source.Close()
		source = nil
	}
	if source != nil {
		req.Body, req.ContentLength = &streamedBody{stream: s, source: source, left: length}, length
	} else if given {
		req.Body = http.NoBody
	}
	return nil
}

// url is the exchange's target such that it goes out as it stands.
func (x *Exchange) url() *url.URL {
	u := &url.URL{Scheme: x.Scheme, Host: x.authority()}
	path, query, asked := strings.Cut(x.Target, "?")
	u.RawQuery, u.ForceQuery = query, asked
	if !strings.HasPrefix(path, "//") {
		u.Opaque = path
		return u
	}
	// Opaque would read "//" as the start of an authority.
	u.RawPath = path
	u.Path, _ = url.PathUnescape(path)
	return u
}

// ofConnection reports fields that HTTP/2 has no place for (RFC 9113 section
// 8.2.2).
func ofConnection(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

// perConnection reports those, and the length, which is set from the body.
func perConnection(name string) bool {
	return ofConnection(name) || runtime.EqualFold(name, "Content-Length")
}

// startClock arms the timer behind the read timeout and the deadline.
func (s *stream) startClock() {
	s.progress()
	if due, ok := s.due(time.Now()); ok {
		// Set only once s.timer is there for expire to see.
		s.timer = time.AfterFunc(time.Hour, s.expire)
		s.timer.Reset(time.Until(due))
	}
}

func (s *stream) progress() { s.moved.Store(int64(time.Since(s.trip.start))) }

// due returns when the exchange must have moved or ended.
func (s *stream) due(now time.Time) (time.Time, bool) {
	d := s.trip.exchange.ReadTimeout
	deadline := s.trip.deadline
	if d <= 0 {
		return deadline, !deadline.IsZero()
	}
	from := s.trip.start.Add(time.Duration(s.moved.Load()))
	if !s.waiting.Load() {
		from = now
	}
	due := from.Add(d)
	if !deadline.IsZero() && deadline.Before(due) {
		due = deadline
	}
	return due, true
}

// expire ends the stream when its time is up, and otherwise waits on. A stream
// that does not end then is stuck with its connection, as when net/http writes
// to a peer that floods it and reads nothing.
func (s *stream) expire() {
	now := time.Now()
	due, ok := s.due(now)
	switch {
	case !ok:
		return
	case s.expired.Load():
		s.conn.wire.shut()
		return
	case now.Before(due):
		s.timer.Reset(due.Sub(now))
		return
	case !s.trip.deadline.IsZero() && !now.Before(s.trip.deadline):
		s.cancel(totalTimeout("", context.DeadlineExceeded))
	default:
		s.cancel(readTimeout("", s.trip.exchange.ReadTimeout, context.DeadlineExceeded))
	}
	s.expired.Store(true)
	s.timer.Reset(lastMoment)
}

// late reports that the whole exchange's time is up.
func (s *stream) late() bool { return !time.Now().Before(s.trip.deadline) }

// finish lets everything of the exchange go. It may be called again.
func (s *stream) finish() {
	s.over.Do(func() {
		if s.timer != nil {
			s.timer.Stop()
		}
		s.cancel(nil)
		s.conn.done()
	})
}

// phase says how far an exchange without a response had come.
func (s *stream) phase() runtime.Phase {
	switch {
	case s.begun.Load() != 0:
		return runtime.PhaseHeaders
	case s.wrote.Load():
		return runtime.PhaseWait
	}
	return runtime.PhaseSend
}

// reply makes the Reply of a response. Its header has lower-case names, in
// alphabetical order, since net/http keeps none.
func (s *stream) reply(resp *http.Response, reused bool) *Reply {
	s.resp = resp
	s.trip.timings.TTFB = time.Duration(s.begun.Load())
	r := &Reply{
		Status: resp.StatusCode, Protocol: resp.Proto, Header: fieldsOf(resp.Header),
		Length: resp.ContentLength, RemoteAddr: s.conn.remote, Reused: reused, TLS: s.conn.tls,
		Timings: s.trip.timings, Elapsed: time.Since(s.trip.start), Body: s,
	}
	for _, f := range r.Header {
		r.HeaderBytes += int64(len(f.Name) + len(f.Value) + len(": \r\n"))
	}
	if bodyless(s.trip.exchange.Method, r.Status) {
		r.Length = 0
	}
	if r.Length == 0 {
		s.end(io.EOF)
	}
	return r
}

// fieldsOf returns h with lower-case names in order.
func fieldsOf(h http.Header) runtime.Header {
	if len(h) == 0 {
		return nil
	}
	out := make(runtime.Header, 0, len(h))
	for name, values := range h {
		for _, v := range values {
			out = append(out, runtime.Field{Name: strings.ToLower(name), Value: v})
		}
	}
	slices.SortStableFunc(out, func(a, b runtime.Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.progress()
	s.waiting.Store(true)
	n, err := s.resp.Body.Read(p)
	s.waiting.Store(false)
	s.wire += int64(n)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		s.trailer = fieldsOf(s.resp.Trailer)
		s.end(io.EOF)
	default:
		s.end(s.fault(runtime.PhaseBody, err))
	}
	if n > 0 {
		return n, nil
	}
	return 0, s.err
}

func (s *stream) end(err error) {
	s.err = err
	_ = s.resp.Body.Close()
	s.finish()
}

// Close implements io.Closer. Closing early resets the stream; the connection
// goes on.
func (s *stream) Close() error {
	if s.err == nil {
		s.end(errBodyClosed())
	}
	s.err = errBodyClosed()
	return nil
}

// Abort implements Body: it resets the stream.
func (s *stream) Abort() { s.cancel(errBodyClosed()) }

// Wire implements Body: bytes of data frames.
func (s *stream) Wire() int64 { return s.wire }

// EndUnmarked implements Body: HTTP/2 always marks the end.
func (s *stream) EndUnmarked() bool { return false }

// Trailer implements Body.
func (s *stream) Trailer() runtime.Header { return s.trailer }
