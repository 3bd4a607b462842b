package client

import "strings"

// The classes of a byte in a URL.
const (
	unreserved = 1 << iota // RFC 3986 section 2.3
	inPathSet              // unescaped in a path
	inQuerySet             // unescaped in a query or fragment besides those
	inHost                 // in a name, but for the dot
	inToken                // RFC 9110 section 5.6.2
)

var byteClass = classify()

func classify() (table [256]uint8) {
	mark := func(set string, class uint8) {
		for i := 0; i < len(set); i++ {
			table[set[i]] |= class
		}
	}
	const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	mark(alphanumeric, unreserved|inPathSet|inHost|inToken)
	mark("-._~", unreserved|inPathSet)
	mark("!$&'()*+,;=:@/", inPathSet)
	mark("?", inQuerySet)
	mark("-_~", inHost)
	mark("!#$%&'*+-.^_`|~", inToken)
	return table
}

const upperHex = "0123456789ABCDEF"

// quote escapes what a part may not hold. Valid escapes are brought into
// normal form: those of unreserved bytes are undone, the others get upper
// case. A percent sign that begins none is escaped itself, and only that.
func quote(s string, allowed uint8) string {
	i := 0
	for i < len(s) && byteClass[s[i]]&allowed != 0 {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/2 + 2)
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		c := s[i]
		if byteClass[c]&allowed != 0 {
			b.WriteByte(c)
			continue
		}
		if c == '%' {
			if v, ok := unescape(s[i:]); ok {
				i += 2
				if byteClass[v]&unreserved != 0 {
					b.WriteByte(v)
					continue
				}
				c = v
			}
		}
		writeEscape(&b, c)
	}
	return b.String()
}

func writeEscape(b *strings.Builder, c byte) {
	b.WriteByte('%')
	b.WriteByte(upperHex[c>>4])
	b.WriteByte(upperHex[c&15])
}

// unescape reads the escape that s begins with.
func unescape(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	hi, ok1 := fromHex(s[1])
	lo, ok2 := fromHex(s[2])
	return hi<<4 | lo, ok1 && ok2
}

func fromHex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// unquote undoes the valid escapes of s.
func unquote(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if v, ok := unescape(s[i:]); ok {
			b.WriteByte(v)
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// removeDots removes dot segments (RFC 3986 section 5.2.4) from a path that
// is empty or begins with a slash.
func removeDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path[1:], "/")
	kept := segments[:0]
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, s)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// formEscape writes s as application/x-www-form-urlencoded has it, with the
// unreserved bytes of RFC 3986 kept, as Python's urlencode does.
func formEscape(b *strings.Builder, s string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case byteClass[c]&unreserved != 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			writeEscape(b, c)
		}
	}
}
