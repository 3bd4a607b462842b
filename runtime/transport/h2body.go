package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"volley/runtime"
)

// streamedBody is a request body on its way through net/http, which reads and
// closes it on goroutines of its own.
type streamedBody struct {
	stream *stream
	left   int64 // -1: unknown

	mu      sync.Mutex
	source  io.ReadCloser
	reading bool
	closed  bool
}

// Read implements io.Reader. The time it takes is the source's, not the
// peer's. A panic in the source fails the request, not the process.
func (b *streamedBody) Read(p []byte) (n int, err error) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	b.reading = true
	b.mu.Unlock()
	b.stream.waiting.Store(false)
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, b.fail(runtime.Errorf(runtime.KindInternal, "the request body panicked: %v", r))
		}
		b.stream.progress()
		b.stream.waiting.Store(true)
		b.doneReading()
	}()
	n, err = b.source.Read(p)
	if b.left >= 0 {
		b.left -= int64(n)
	}
	switch {
	case err == nil:
	case !errors.Is(err, io.EOF):
		err = b.fail(bodyFault(err))
	case b.left > 0:
		err = b.fail(runtime.Errorf(runtime.KindIO, "the request body ended %d bytes before the length it had announced", b.left))
	}
	return n, err
}

func (b *streamedBody) fail(err *runtime.Error) error {
	b.stream.broken.Store(err)
	return err
}

func (b *streamedBody) doneReading() {
	b.mu.Lock()
	b.reading = false
	shut := b.closed
	b.mu.Unlock()
	if shut {
		_ = b.source.Close()
	}
}

// Close implements io.Closer. A source that is being read is closed when that
// read returns.
func (b *streamedBody) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	busy := b.reading
	b.mu.Unlock()
	if busy {
		return nil
	}
	if err := b.source.Close(); err != nil {
		return fmt.Errorf("closing the request body: %w", err)
	}
	return nil
}
