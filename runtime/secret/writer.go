package secret

import (
	"io"
	"strings"
	"sync"
)

// maxHeld bounds what is held back of a text that is nothing but secrets.
const maxHeld = 1 << 20

// Writer masks what is written through it. It is safe for use by many
// goroutines.
type Writer struct {
	set *Set
	w   io.Writer

	mu     sync.Mutex
	held   []byte // may be the beginning of a secret
	before byte   // the byte in front of held
	out    []byte
}

// Writer returns a writer into w that masks the secrets of the set, also those
// that are added later. An end of text that may be the beginning of a secret is
// held back until more comes, or until Close.
func (s *Set) Writer(w io.Writer) *Writer { return &Writer{set: s, w: w} }

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 && w.set.Empty() {
		if len(p) > 0 {
			w.before = p[len(p)-1]
		}
		return w.w.Write(p)
	}
	w.held = append(w.held, p...)
	if err := w.send(w.set.pending); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes what is held back. It does not close the writer below.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.send(func(text []byte, _ []span) int { return len(text) })
}

// send writes the part of the held text that cut returns, masked.
func (w *Writer) send(cut func(text []byte, found []span) int) error {
	if len(w.held) == 0 {
		return nil
	}
	var few [8]span
	found := few[:0]
	if !w.set.Empty() {
		found = find(w.set, w.held, w.before, found)
	}
	n := cut(w.held, found)
	for len(found) > 0 && found[len(found)-1].from >= n {
		found = found[:len(found)-1]
	}
	if n == 0 {
		return nil
	}
	w.before = w.held[n-1]
	w.out = appendMasked(w.out[:0], w.held[:n], found)
	w.held = w.held[:copy(w.held, w.held[n:])]
	_, err := w.w.Write(w.out)
	return err
}

// pending returns where in text the part begins that further bytes may make a
// secret, or a wider one; its length if there is none.
func (s *Set) pending(text []byte, found []span) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := len(text)
	if n > maxHeld {
		return n
	}
	for i := max(0, n-s.longest+1); i < len(text); i++ {
		if s.begins(text[i:]) {
			n = i
			break
		}
	}
	for _, at := range found {
		if at.to == len(text) || at.from < n && n < at.to {
			n = min(n, at.from)
		}
	}
	return n
}

// begins reports whether a secret may begin with text.
func (s *Set) begins(text []byte) bool {
	if len(text) < keyBytes {
		_, ok := s.prefixes[string(text)]
		return ok
	}
	for _, p := range s.table[keyOf(text, 0)] {
		if len(text) < len(p.text) && strings.HasPrefix(p.text, string(text)) {
			return true
		}
	}
	return false
}
