package client

import (
	"errors"
	"io"
	"sync"
	"time"

	"volley/runtime"
)

// stream is a body that is read as it arrives. It implements runtime.Stream.
// The content belongs to the goroutine inside Read while there is one: Close
// then only aborts the body, and the reader lets everything go.
type stream struct {
	content *content
	resp    *runtime.Response
	asked   *runtime.Request
	start   time.Time

	mu      sync.Mutex
	reading bool
	done    bool
	closed  bool  // before the end
	body    int64 // bytes as of the last Read, decoded
	wire    int64 // and received
}

// Read implements io.Reader. At the end it fills in what the response could
// not know before.
func (s *stream) Read(p []byte) (int, error) {
	if err := s.begin(); err != nil {
		return 0, err
	}
	n, err := s.content.Read(p)
	return s.came(n, err)
}

// begin claims the content for one Read.
func (s *stream) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return s.wasClosed()
	case s.reading:
		return s.refused(runtime.KindStreamConsumed, "the stream is already being read")
	}
	s.reading = true
	return nil
}

// came gives the content back after a Read with that result.
func (s *stream) came(n int, err error) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
	if s.closed {
		_ = s.letGo() // closed_response says it
		return 0, s.wasClosed()
	}
	if !s.done {
		s.body, s.wire = s.content.size, s.content.body.Wire()
	}
	if err == nil {
		return n, nil
	}
	if !s.done {
		s.end(errors.Is(err, io.EOF))
	}
	if errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	return n, s.explain(err)
}

// end is the body's end, its proper one if whole.
func (s *stream) end(whole bool) {
	body := s.content.body
	s.done = true
	s.resp.Size.Body, s.resp.Size.Wire = s.body, s.wire
	if whole {
		s.resp.Trailer, s.resp.EndUnmarked = body.Trailer(), body.EndUnmarked()
	}
	_ = body.Close()
}

// explain completes a failure with what it belongs to.
func (s *stream) explain(err error) *runtime.Error {
	failure := runtime.AsError(err)
	if failure.Request == nil {
		failure.Request, failure.Response = s.asked, s.resp
		failure.Start, failure.Timings = s.resp.Start, s.resp.Timings
		failure.Timings.Total = time.Since(s.start)
	}
	return failure
}

// Close implements io.Closer. A body that was not read to its end costs the
// connection.
func (s *stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return nil
	}
	s.done, s.closed = true, true
	s.resp.Size.Body, s.resp.Size.Wire = s.body, s.wire
	if s.reading {
		s.content.body.Abort()
		return nil
	}
	return s.letGo()
}

// letGo returns the decoders and the connection.
func (s *stream) letGo() error {
	s.content.release()
	return s.content.body.Close()
}

func (s *stream) wasClosed() error {
	return s.refused(runtime.KindClosedResponse, "the response was closed before its body was read")
}

func (s *stream) refused(kind runtime.Kind, why string) *runtime.Error {
	err := runtime.Errorf(kind, "%s", why)
	err.Request, err.Response = s.asked, s.resp
	return err
}

// Sizes implements runtime.Stream.
func (s *stream) Sizes() (body, wire int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.body, s.wire
}

// Done implements runtime.Stream.
func (s *stream) Done() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}
