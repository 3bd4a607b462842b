package secret

import (
	"strings"
	"sync"
	"sync/atomic"
)

const (
	mask     = "***"
	keyBytes = 4 // what the table is keyed by, and the shortest value masked inside words
)

// Set holds secrets. The zero value is empty; a nil Set is too, and stays so.
// Its methods may be called on any goroutine.
type Set struct {
	some atomic.Bool
	mu   sync.RWMutex

	values   map[string]struct{} // as they were given
	filter   [1 << 10]uint64     // a bit for the hash of each key in table
	table    map[uint32][]pattern
	words    map[string]struct{} // values shorter than keyBytes
	prefixes map[string]struct{} // of patterns and words, shorter than keyBytes
	longest  int                 // of all patterns, in bytes
}

// pattern is one spelling of a secret, of at least keyBytes.
type pattern struct {
	text string
	// before and after: in base64 the characters beside the text may hold some
	// bits of the secret.
	before, after bool
}

// Add makes value a secret, without white space around it. Nothing is a
// secret if it is empty.
func (s *Set) Add(value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.values[value]; known {
		return
	}
	if s.values == nil {
		s.values, s.table = map[string]struct{}{}, map[uint32][]pattern{}
		s.words, s.prefixes = map[string]struct{}{}, map[string]struct{}{}
	}
	s.values[value] = struct{}{}
	for _, p := range spellings(value) {
		s.store(p)
	}
	s.some.Store(true)
}

func (s *Set) store(p pattern) {
	for n := 1; n < min(keyBytes, len(p.text)+1); n++ {
		s.prefixes[p.text[:n]] = struct{}{}
	}
	s.longest = max(s.longest, len(p.text))
	if len(p.text) < keyBytes {
		s.words[p.text] = struct{}{}
		return
	}
	key := keyOf(p.text, 0)
	for _, known := range s.table[key] {
		if known.text == p.text {
			return
		}
	}
	s.table[key] = append(s.table[key], p)
	h := hash(key)
	s.filter[h>>6] |= 1 << (h & 63)
}

// Empty reports that there are no secrets.
func (s *Set) Empty() bool { return s == nil || !s.some.Load() }

// Mask returns text with every secret in it as ***; without one it is text
// itself.
func (s *Set) Mask(text string) string {
	if s.Empty() {
		return text
	}
	var few [8]span
	found := find(s, text, 0, few[:0])
	if len(found) == 0 {
		return text
	}
	return string(appendMasked(make([]byte, 0, len(text)), text, found))
}

// MaskBytes appends src to dst with every secret in it as ***.
func (s *Set) MaskBytes(dst, src []byte) []byte {
	if s.Empty() {
		return append(dst, src...)
	}
	var few [8]span
	return appendMasked(dst, src, find(s, src, 0, few[:0]))
}

func appendMasked[T string | []byte](dst []byte, text T, found []span) []byte {
	from := 0
	for _, at := range found {
		dst = append(dst, text[from:at.from]...)
		dst = append(dst, mask...)
		from = at.to
	}
	return append(dst, text[from:]...)
}
