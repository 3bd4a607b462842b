package secret

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"volley/runtime"
)

// spellings are the texts in which a secret shows: itself, and what URLs,
// forms, JSON, terminals, shells and base64 make of it. Some are the same.
func spellings(value string) []pattern {
	out := []pattern{{text: value}}
	if len(value) < keyBytes {
		return out
	}
	for _, keep := range kept {
		for _, hex := range [...]string{"%%%02X", "%%%02x"} {
			encoded := percent(value, keep, hex)
			out = append(out, pattern{text: encoded}, pattern{text: strings.ReplaceAll(encoded, "%20", "+")})
		}
	}
	for _, escaped := range escapes {
		out = append(out, pattern{text: escaped(value)})
	}
	for _, quoted := range []string{value, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)} {
		out = append(out, pattern{text: runtime.Escape(quoted)}, pattern{text: strings.ReplaceAll(quoted, "'", `'\''`)}, pattern{text: inShell(quoted)})
	}
	return append(out, insideBase64(value)...)
}

// kept are the characters besides letters and digits that encoders leave as
// they are: RFC 3986, encodeURIComponent, forms, Go's paths, and URLs that are
// requoted as a whole.
var kept = []string{"-._~", "-._~!'()*", "*-._", "-._~$&+:=@", "-._~!#$%&'()*+,/:;=?@[]"}

func percent(value, keep, hex string) string {
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; alphanumeric(c) || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, hex, c)
		}
	}
	return b.String()
}

// escapes are the ways in which encoders write a JSON string: with no more
// escapes than there must be, safe for HTML, with \/, and in ASCII.
var escapes = []func(string) string{
	func(s string) string { return escape(s, "", false) },
	func(s string) string { return escape(s, "<>&", false) },
	func(s string) string { return strings.ReplaceAll(escape(s, "", false), "/", `\/`) },
	func(s string) string { return escape(s, "", true) },
	func(s string) string { return strings.ReplaceAll(escape(s, "", true), "/", `\/`) },
}

// inShell is value inside $'…', where a shell reads escapes.
func inShell(value string) string {
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02X`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}

func escape(s, also string, ascii bool) string {
	var b strings.Builder
	for _, r := range s {
		switch short := shortEscapes[r]; {
		case short != "":
			b.WriteString(short)
		case r < ' ' || strings.ContainsRune(also, r) || ascii && r >= utf8.RuneSelf && r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		case ascii && r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// insideBase64 are the characters that a secret determines alone wherever it
// stands in what is encoded: in front of it 0, 1 or 2 bytes of a group of three.
func insideBase64(value string) []pattern {
	var out []pattern
	for offset, cut := range [...]int{0, 2, 3} {
		data := append(make([]byte, offset), value...)
		whole := len(data) * 8 / 6
		text := base64.RawStdEncoding.EncodeToString(data)[cut:whole]
		if len(text) <= keyBytes {
			continue // base64 of something else may well hold so few
		}
		p := pattern{text: text, before: offset > 0, after: len(data)%3 != 0}
		out = append(out, p)
		p.text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
		out = append(out, p)
	}
	return out
}
