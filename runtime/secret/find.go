package secret

// span is where a secret stands: text[from:to].
type span struct{ from, to int }

func keyOf[T string | []byte](text T, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24
}

// hash spreads a key over the bits of the filter.
func hash(key uint32) uint32 { return key * 0x9e3779b1 >> 16 }

// find appends to found where secrets stand in text, in order; those that
// touch or overlap are one. before is the byte in front of the text, 0 if there
// is none.
func find[T string | []byte](s *Set, text T, before byte, found []span) []span {
	s.mu.RLock()
	defer s.mu.RUnlock()
	words := len(s.words) > 0
	var key uint32
	for i := range min(keyBytes-1, len(text)) {
		key = key>>8 | uint32(text[i])<<24
	}
	for i := range len(text) {
		at := span{i, i}
		if i+keyBytes <= len(text) {
			key = key>>8 | uint32(text[i+keyBytes-1])<<24
			if h := hash(key); s.filter[h>>6]&(1<<(h&63)) != 0 {
				at = longest(s.table[key], text, i)
			}
		}
		if words && at.to == i {
			at.to = wordEnd(s, text, i, before)
		}
		if at.to > i {
			found = add(found, at)
		}
	}
	return found
}

// add appends a span, or lets the last one grow.
func add(found []span, at span) []span {
	n := len(found)
	if n == 0 || at.from > found[n-1].to {
		return append(found, at)
	}
	last := &found[n-1]
	last.from = min(last.from, at.from)
	last.to = max(last.to, at.to)
	return found
}

// longest returns the widest span of the patterns that stand at i.
func longest[T string | []byte](patterns []pattern, text T, i int) span {
	at := span{i, i}
	for j := range patterns {
		p := &patterns[j]
		if len(text)-i < len(p.text) || string(text[i:i+len(p.text)]) != p.text {
			continue
		}
		to := i + len(p.text)
		if p.after && to < len(text) && base64Char(text[to]) {
			to++
		}
		for p.after && to < len(text) && text[to] == '=' {
			to++
		}
		if p.before && i > 0 && base64Char(text[i-1]) {
			at.from = i - 1
		}
		at.to = max(at.to, to)
	}
	return at
}

// wordEnd returns where a short secret ends that stands at i as a word of its
// own, else i.
func wordEnd[T string | []byte](s *Set, text T, i int, before byte) int {
	if i > 0 {
		before = text[i-1]
	}
	if wordChar(before) {
		return i
	}
	for n := min(keyBytes-1, len(text)-i); n > 0; n-- {
		if _, ok := s.words[string(text[i:i+n])]; ok && (i+n == len(text) || !wordChar(text[i+n])) {
			return i + n
		}
	}
	return i
}

// wordChar takes every byte of a character beyond ASCII for a letter's.
func wordChar(c byte) bool { return alphanumeric(c) || c == '_' || c >= 0x80 }

func base64Char(c byte) bool {
	return alphanumeric(c) || c == '+' || c == '/' || c == '-' || c == '_'
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
