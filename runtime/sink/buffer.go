package sink

import (
	"io"

	"volley/runtime"
)

const (
	flushAt   = 64 << 10 // bytes of whole lines that leave the buffer together
	keepAtMax = 1 << 20  // a buffer that a large record has grown beyond is not kept
)

// buffer gathers whole lines for a writer. What failed once is not tried
// again: the first error stays.
type buffer struct {
	w    io.Writer
	name string // how errors call the writer
	file *File  // that w is, to be closed with the sink; nil: the caller's own
	text []byte // whole lines only
	err  error
}

func newBuffer(w io.Writer, name string) buffer {
	return buffer{w: w, name: name, text: make([]byte, 0, flushAt+flushAt/4)}
}

func newFileBuffer(f *File) buffer {
	b := newBuffer(f, f.path)
	b.file = f
	return b
}

// took is called with the buffer's text when lines were added.
func (b *buffer) took(text []byte) error {
	b.text = text
	if len(text) >= flushAt {
		return b.write()
	}
	return nil
}

// write hands the lines so far to the writer, in one Write.
func (b *buffer) write() error {
	if b.err != nil || len(b.text) == 0 {
		return b.err
	}
	if _, err := b.w.Write(b.text); err != nil {
		b.fail(err)
	}
	b.text = b.text[:0]
	if cap(b.text) > keepAtMax {
		b.text = make([]byte, 0, flushAt+flushAt/4)
	}
	return b.err
}

func (b *buffer) fail(err error) {
	if b.err == nil {
		b.err = runtime.Errorf(runtime.KindIO, "writing %s: %w", b.name, err)
	}
}

// Flush hands the lines so far to the writer. A consumer calls it before it
// waits, so that whoever reads the other end is not kept waiting. What a
// compressed file has taken can be read at most a second later.
func (b *buffer) Flush() error {
	if err := b.write(); err != nil || b.file == nil {
		return err
	}
	if err := b.file.flush(); err != nil {
		b.fail(err)
	}
	return b.err
}

// Close implements runtime.Sink: it flushes, and completes a file of the
// sink's own. The error is the first one of all.
func (b *buffer) Close() error {
	err := b.write()
	if b.file == nil {
		return err
	}
	if err := b.file.Close(); err != nil {
		b.fail(err)
	}
	return b.err
}

// Discard gives a file of the sink's own up, to be called instead of Close
// when nothing came of the run: a file that stood there before stays, unless
// something was written.
func (b *buffer) Discard() {
	if b.file != nil {
		b.file.Discard()
	}
}
