package sink

import (
	"strconv"
	"time"
	"unicode/utf8"
)

const lowerHex = "0123456789abcdef"

// appendText appends s as a JSON string. Bytes that are no UTF-8 become
// U+FFFD. Besides what JSON asks for, DEL, the C1 controls and the marks that
// turn the direction of text are escaped: a record may end on a terminal.
func appendText[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
				i++
				continue
			}
			b = appendEscape(append(b, s[from:i]...), rune(c))
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(append(b, s[from:i]...), "\uFFFD"...)
			from = i + n
		case acts(r):
			b = appendEscape(append(b, s[from:i]...), r)
			from = i + n
		}
		i += n
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// acts reports a character that a terminal does not show but obeys.
func acts(r rune) bool {
	switch {
	case r < 0xa0:
		return true
	case r < 0x200e || r > 0x2069:
		return false
	}
	return r <= 0x200f || 0x2028 <= r && r <= 0x202e || 0x2066 <= r
}

func appendEscape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', lowerHex[r>>12&15], lowerHex[r>>8&15], lowerHex[r>>4&15], lowerHex[r&15])
}

// appendTime appends t in UTC (RFC 3339), null for the zero time.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = t.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano)
	return append(b, '"')
}

// appendSeconds appends d in seconds, exactly.
func appendSeconds(b []byte, d time.Duration) []byte {
	d = max(d, 0)
	b = strconv.AppendInt(b, int64(d/time.Second), 10)
	rest := d % time.Second
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for unit := time.Second / 10; rest > 0; unit /= 10 {
		b = append(b, '0'+byte(rest/unit))
		rest %= unit
	}
	return b
}

func appendBool(b []byte, name string, on bool) []byte {
	if !on {
		return b
	}
	b = append(b, name...)
	return append(b, "true"...)
}

func appendTextOrNull(b []byte, s string) []byte { return encoder{}.textOrNull(b, s) }
