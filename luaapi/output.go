package luaapi

import (
	"io"
	"sync"
)

// sharedWriter is an output of several scripts at once: the VMs of a run write
// one after another.
type sharedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// shareWriter returns w for use by several VMs; nil discards.
func shareWriter(w io.Writer) io.Writer {
	if w == nil || w == io.Discard {
		return io.Discard
	}
	if shared, ok := w.(*sharedWriter); ok {
		return shared
	}
	return &sharedWriter{w: w}
}

// Write implements io.Writer.
func (s *sharedWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}
