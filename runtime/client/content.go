package client

import (
	"context"
	"errors"
	"io"
	"sync"

	"volley/runtime"
	"volley/runtime/transport"
)

// rawKept is how much of an undecodable body is kept for the error.
const rawKept = 64 << 10

// content reads a response body as the caller wants it: decoded, and within
// its limits. It is not safe for concurrent use.
type content struct {
	body   transport.Body
	stages []*stage // the first reads from the wire
	top    io.Reader
	limit  int64 // of decoded bytes; negative: none
	size   int64 // decoded bytes so far
	raw    []byte
	err    error
}

// newContent returns the reader of a body in the given codings.
func newContent(body transport.Body, cs []coding, limit int64) *content {
	c := &content{body: body, limit: limit}
	if len(cs) == 0 {
		c.top = body
		return c
	}
	c.top = &tee{content: c}
	for i := len(cs) - 1; i >= 0; i-- {
		s := newStage(cs[i], c.top)
		c.stages = append(c.stages, s)
		c.top = s
	}
	return c
}

// tee keeps the beginning of what the decoders read.
type tee struct{ content *content }

// Read implements io.Reader.
func (t *tee) Read(p []byte) (int, error) {
	c := t.content
	n, err := c.body.Read(p)
	if room := rawKept - len(c.raw); room > 0 {
		c.raw = append(c.raw, p[:min(n, room)]...)
	}
	return n, err
}

// Read implements io.Reader. Every error but io.EOF is an *runtime.Error, and
// is returned again by the next call.
func (c *content) Read(p []byte) (int, error) {
	if c.err != nil || len(p) == 0 {
		return 0, c.err
	}
	n, err := c.top.Read(p)
	c.size += int64(n)
	if failed := c.check(); failed != nil {
		n, err = 0, failed
	}
	if err != nil {
		c.err = err
		if !errors.Is(err, io.EOF) {
			c.err = runtime.AsError(err)
		}
		c.release()
	}
	return n, c.err
}

// check applies the limits while the body is decoded.
func (c *content) check() error {
	switch {
	case c.limit >= 0 && c.size > c.limit:
		return tooLarge("the body is larger than %d bytes; raise max_body or use stream", c.limit)
	case len(c.stages) > 0 && c.size > freeOutput && c.size > maxExpansion*c.body.Wire():
		return tooLarge("the body expands to more than %d times its size: it looks like a decompression bomb", maxExpansion)
	}
	return nil
}

func tooLarge(format string, args ...any) *runtime.Error {
	err := runtime.Errorf(runtime.KindBodyTooLarge, format, args...)
	err.Phase, err.Sent = runtime.PhaseBody, runtime.SentYes
	return err
}

// release returns the decoders to their pools.
func (c *content) release() {
	for _, s := range c.stages {
		s.release()
	}
	c.stages = nil
}

// wholeRaw returns the undecoded beginning of the body, reading on as far as
// that goes.
func (c *content) wholeRaw() []byte {
	t := &tee{content: c}
	scratch := scratchPool.Get().(*[]byte)
	defer scratchPool.Put(scratch)
	for len(c.raw) < rawKept {
		if _, err := t.Read(*scratch); err != nil {
			break
		}
	}
	return c.raw
}

const (
	scratchSize = 16 << 10
	largePiece  = 4 << 20  // what a large body of unknown length is gathered in
	unbudgeted  = 16 << 10 // bodies up to this size do not wait for the budget
)

var scratchPool = sync.Pool{New: func() any {
	b := make([]byte, scratchSize)
	return &b
}}

// readAll reads r to its end into one slice of about its size. On an error it
// returns what came before, but for a body that is too large: nobody keeps
// that.
func readAll(ctx context.Context, r io.Reader, share *hold) ([]byte, *runtime.Error) {
	scratch := scratchPool.Get().(*[]byte)
	defer scratchPool.Put(scratch)
	g := gathered{buf: (*scratch)[:0]}
	for {
		if len(g.buf) == cap(g.buf) {
			if err := g.grow(ctx, share); err != nil {
				return g.whole(), err
			}
		}
		n, err := r.Read(g.buf[len(g.buf):cap(g.buf)])
		g.buf = g.buf[:len(g.buf)+n]
		if err == nil {
			continue
		}
		failure := endOf(err)
		if failure != nil && failure.Kind == runtime.KindBodyTooLarge {
			return nil, failure
		}
		return g.whole(), failure
	}
}

// gathered is what came of a body whose length is not known: full pieces, and
// the one that is being filled.
type gathered struct {
	full   [][]byte
	before int // bytes in full
	buf    []byte
}

// grow makes room: a small buffer is doubled, a large one gets another beside
// it, since to grow in place would hold the body twice and leave as much again
// behind.
func (g *gathered) grow(ctx context.Context, share *hold) *runtime.Error {
	size := 2 * cap(g.buf)
	if size > largePiece {
		size = largePiece
	}
	if err := share.take(ctx, int64(size)); err != nil {
		return err
	}
	if len(g.buf) >= largePiece/2 {
		g.full = append(g.full, g.buf)
		g.before += len(g.buf)
		g.buf = make([]byte, 0, largePiece)
		return nil
	}
	grown := make([]byte, len(g.buf), size)
	copy(grown, g.buf)
	g.buf = grown
	return nil
}

// whole returns all of it in one piece.
func (g *gathered) whole() []byte {
	if len(g.full) == 0 {
		return fit(g.buf)
	}
	all := make([]byte, 0, g.before+len(g.buf))
	for i, piece := range g.full {
		all = append(all, piece...)
		g.full[i] = nil // may be collected while the rest is copied
	}
	return append(all, g.buf...)
}

// endOf returns nil for io.EOF.
func endOf(err error) *runtime.Error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return runtime.AsError(err)
}

// fit copies buf when it is scratch or wastes a quarter of its memory.
func fit(buf []byte) []byte {
	if len(buf) > 0 && cap(buf) > scratchSize && cap(buf)-len(buf) <= cap(buf)/4 {
		return buf
	}
	return append(make([]byte, 0, len(buf)), buf...)
}
