package command

import (
	"fmt"
	"io"
	"time"

	"volley/runtime"
	"volley/runtime/report"
)

// maxKept bounds a body on its way to standard output that records are to hold
// as well; what is larger goes there alone.
const maxKept = 64 << 20

// single sends the one request. Its answer's body goes to standard output,
// unless a record of it does.
func (s *send) single() {
	req := s.settings.template.request(s.settings.urls[0])
	printed := !s.settings.recorded()
	if printed {
		req.Options.Stream = runtime.Yes
	}
	batch := s.engine.Batch(&s.inbox, runtime.List([]*runtime.Request{req}), runtime.BatchOptions{List: true})
	defer batch.Close()
	s.announce(1)
	res, err := batch.Next(&s.inbox)
	if err != nil {
		return // a list of one has no other end than its result
	}
	if printed && res.Err == nil {
		if failure := s.copyBody(res.Response); failure != nil {
			failure.Request, failure.Index, failure.Attempts = req, res.Index, res.Response.Attempts
			res.Err, res.Response = failure, nil
		}
	}
	s.engine.Record(res)
	if res.Err != nil && !s.outcome.stopped() {
		fmt.Fprintln(s.stderr, "volley: "+report.Escape(res.Err.Error())) //nolint:errcheck // stderr is gone
	}
}

// copyBody returns why the body did not come to its end. That standard output
// did not take it is another matter, which is known there.
func (s *send) copyBody(resp *runtime.Response) *runtime.Error {
	s.busy.Store(true)
	defer s.busy.Store(false)
	stream := resp.Stream
	defer stream.Close() //nolint:errcheck // it was read, or nobody wants the rest
	var out io.Writer = s.stdout
	if report.Terminal(s.env.Out) {
		text := &terminalText{w: s.stdout}
		defer text.end()
		out = text
	}
	kept := keptBody{over: !s.settings.keeps(), room: maxKept}
	_, err := io.Copy(out, io.TeeReader(stream, &kept))
	if err != nil && s.outcome.output.Load() {
		return nil
	}
	resp.Timings.Total = time.Since(resp.Start)
	if err == nil {
		kept.give(resp)
		return nil
	}
	failure := runtime.AsError(err)
	if k := failure.Kind; !k.Is(runtime.KindDecode) && !k.Is(runtime.KindBodyTooLarge) {
		resp.Partial = true
		kept.give(resp)
	}
	return failure
}

// keptBody is a body for records to hold.
type keptBody struct {
	data []byte
	room int  // bytes that may come yet
	over bool // it is not kept: nobody wants it, or it is too large
}

// Write implements io.Writer.
func (k *keptBody) Write(p []byte) (int, error) {
	if k.over = k.over || len(p) > k.room; k.over {
		k.data = nil
		return len(p), nil
	}
	k.data, k.room = append(k.data, p...), k.room-len(p)
	return len(p), nil
}

// give makes of a response whose body was streamed one that holds it.
func (k *keptBody) give(resp *runtime.Response) {
	if !k.over {
		resp.Content, resp.Stream = k.data, nil
	}
}
