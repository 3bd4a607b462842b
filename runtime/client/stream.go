package client

import (
	"errors"
	"io"
	"time"

	"volley/runtime"
)

// stream is a body that is read as it arrives. It implements runtime.Stream.
type stream struct {
	content *content
	resp    *runtime.Response
	asked   *runtime.Request
	start   time.Time
	done    bool
	closed  bool // before the end
}

// Read implements io.Reader. At the end it fills in what the response could
// not know before.
func (s *stream) Read(p []byte) (int, error) {
	if s.closed {
		err := runtime.Errorf(runtime.KindClosedResponse, "the response was closed before its body was read")
		err.Request, err.Response = s.asked, s.resp
		return 0, err
	}
	n, err := s.content.Read(p)
	if err == nil {
		return n, nil
	}
	body := s.content.body
	if !s.done {
		s.done = true
		s.resp.Size.Body, s.resp.Size.Wire = s.Sizes()
		if errors.Is(err, io.EOF) {
			s.resp.Trailer, s.resp.EndUnmarked = body.Trailer(), body.EndUnmarked()
		}
		_ = body.Close()
	}
	if errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	failure := runtime.AsError(err)
	if failure.Request == nil {
		failure.Request, failure.Response = s.asked, s.resp
		failure.Start, failure.Timings = s.resp.Start, s.resp.Timings
		failure.Timings.Total = time.Since(s.start)
	}
	return n, failure
}

// Close implements io.Closer. A body that was not read to its end costs the
// connection.
func (s *stream) Close() error {
	if s.done {
		return nil
	}
	s.done, s.closed = true, true
	s.resp.Size.Body, s.resp.Size.Wire = s.Sizes()
	s.content.release()
	return s.content.body.Close()
}

// Sizes implements runtime.Stream.
func (s *stream) Sizes() (body, wire int64) { return s.content.size, s.content.body.Wire() }

// Done implements runtime.Stream.
func (s *stream) Done() bool { return s.done }
