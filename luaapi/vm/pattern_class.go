package vm

// classEnd returns where the class that begins at p ends, -1 if it is malformed.
func (m *matcher) classEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p == len(m.pat) {
			return m.fail(errPatternPercent)
		}
		return p + 1
	case '[':
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for first := true; ; first = false { // a ] in the first place stands for itself
			if p >= len(m.pat) {
				return m.fail(errPatternBracket)
			}
			c := m.pat[p]
			p++
			if c == ']' && !first {
				return p
			}
			if c == '%' {
				p++
			}
		}
	}
	return p
}

// single reports whether c is in the class pat[p:ep].
func (m *matcher) single(c byte, p, ep int) bool {
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, ep-1)
	}
	return m.pat[p] == c
}

// inSet reports whether c is in the set pat[p:end], which begins with [; end is
// the place of its ].
func (m *matcher) inSet(c byte, p, end int) bool {
	m.batch -= int64(end-p) / 8
	p++
	member := true
	if m.pat[p] == '^' {
		member = false
		p++
	}
	for p < end {
		switch {
		case m.pat[p] == '%':
			if inClass(c, m.pat[p+1]) {
				return member
			}
			p += 2
		case p+2 < end && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return member
			}
			p += 3
		default:
			if m.pat[p] == c {
				return member
			}
			p++
		}
	}
	return !member
}

// classes are the letters that name a character class, with its members.
var classes = func() (table [256]*[256]bool) {
	for letter, member := range map[byte]func(c byte) bool{
		'a': func(c byte) bool { return isLetter(c) && c != '_' },
		'c': func(c byte) bool { return c < 32 || c == 127 },
		'd': isDigit,
		'l': func(c byte) bool { return 'a' <= c && c <= 'z' },
		'p': func(c byte) bool { return c > 32 && c < 127 && (!isLetter(c) || c == '_') && !isDigit(c) },
		's': func(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' },
		'u': func(c byte) bool { return 'A' <= c && c <= 'Z' },
		'w': func(c byte) bool { return isLetter(c) && c != '_' || isDigit(c) },
		'x': isHex,
		'z': func(c byte) bool { return c == 0 },
	} {
		in, out := new([256]bool), new([256]bool)
		for c := range 256 {
			in[c] = member(byte(c))
			out[c] = !in[c]
		}
		table[letter], table[letter-'a'+'A'] = in, out
	}
	return table
}()

// inClass reports whether c is matched by % and letter.
func inClass(c, letter byte) bool {
	if members := classes[letter]; members != nil {
		return members[c]
	}
	return c == letter
}
