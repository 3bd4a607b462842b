package client

import (
	"io"

	"volley/runtime"
	"volley/runtime/transport"
)

// fill gives the hop's response its body: in memory, or as a stream.
func (f *flight) fill(h *hop, reply *transport.Reply) *runtime.Error {
	r := &h.resp
	if bodyless(h.req.Method, r.Status) {
		return f.fillNothing(h, reply)
	}
	cs, unknown := codings(r.Header)
	streamed := f.streams(r.Status) && unknown == nil
	limit := f.limit(streamed)
	if streamed {
		r.Stream = &stream{content: newContent(reply.Body, cs, limit), resp: r, asked: f.asked, start: f.start}
		r.Timings.Total = f.active()
		return nil
	}
	raw := cs
	if unknown != nil {
		raw = nil
	}
	err := f.readBody(h, reply, raw, limit)
	_ = reply.Body.Close()
	r.Size.Body, r.Size.Wire = int64(len(r.Content)), reply.Body.Wire()
	r.Timings.Total = f.active()
	if err = firstError(err, unknown); err != nil {
		err.Response = r
		err.Timings = r.Timings
		return err
	}
	r.Trailer, r.EndUnmarked = reply.Body.Trailer(), reply.Body.EndUnmarked()
	return nil
}

// bodyless reports whether a response has no body, whatever its header says
// (RFC 9112 section 6.3).
func bodyless(method string, status int) bool {
	return method == "HEAD" || status == 204 || status == 304
}

func (f *flight) fillNothing(h *hop, reply *transport.Reply) *runtime.Error {
	_ = reply.Body.Close()
	r := &h.resp
	r.Timings.Total = f.active()
	if f.streams(r.Status) {
		r.Stream = &stream{content: newContent(nothing{}, nil, -1), resp: r, asked: f.asked, start: f.start}
	}
	return nil
}

// streams reports whether the body is handed over unread. One that only
// explains a failure is read.
func (f *flight) streams(status int) bool {
	return orValue(f.options.Stream, f.profile.Stream) == runtime.Yes && !f.raises(status)
}

// limit returns the most decoded bytes that a body may have; -1: no limit.
func (f *flight) limit(streamed bool) int64 {
	switch limit := orValue(f.options.MaxBody, f.profile.MaxBody); {
	case limit > 0:
		return limit
	case limit < 0 || streamed:
		return -1
	}
	return defaultMaxBody
}

// readBody reads the body into the response. A failure leaves there what
// came, or the raw bytes of what could not be decoded.
func (f *flight) readBody(h *hop, reply *transport.Reply, cs []coding, limit int64) *runtime.Error {
	r := &h.resp
	share := hold{budget: &f.profile.client.budget}
	defer share.give()
	if len(cs) == 0 && reply.Length >= 0 {
		return f.readKnown(r, reply, limit, &share)
	}
	c := newContent(reply.Body, cs, limit)
	defer c.release()
	data, err := readAll(f.ctx, c, &share)
	r.Content = data
	switch {
	case err == nil:
	case err.Kind == runtime.KindDecode:
		r.Content = c.wholeRaw()
	case err.Kind == runtime.KindBodyTooLarge:
		r.Content = nil
	default:
		r.Partial = true
	}
	return err
}

// readKnown reads a body whose length was announced and that is in no coding.
func (f *flight) readKnown(r *runtime.Response, reply *transport.Reply, limit int64, share *hold) *runtime.Error {
	if limit >= 0 && reply.Length > limit {
		return tooLarge("the body has %d bytes, more than the %d allowed; raise max_body or use stream", reply.Length, limit)
	}
	if reply.Length > unbudgeted {
		if err := share.take(f.ctx, reply.Length); err != nil {
			return err
		}
	}
	data, err := transport.ReadBody(reply.Body, reply.Length, limit)
	r.Content = data
	if err == nil {
		return nil
	}
	r.Partial = true
	return runtime.AsError(err)
}

// nothing is the body of a response that has none.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) Close() error             { return nil }
func (nothing) Abort()                   {}
func (nothing) Wire() int64              { return 0 }
func (nothing) EndUnmarked() bool        { return false }
func (nothing) Trailer() runtime.Header  { return nil }
