package lualex

import "strings"

// kind is what a token is.
type kind int

const (
	end kind = iota
	name
	number
	text // a string; its value is known unless it holds escapes
	operator
)

// token is a piece of Lua source. The value of a text is its content; a text
// with escapes has the value "".
type token struct {
	kind  kind
	value string
	at    int
}

// next returns the first token of s at or after i, and where it ends. White
// space and comments are passed over.
func next(s string, i int) (t token, after int) {
	i = skip(s, i)
	if i >= len(s) {
		return token{end, "", len(s)}, len(s)
	}
	switch c := s[i]; {
	case isNameStart(c):
		after = i + 1
		for after < len(s) && (isNameStart(s[after]) || isDigit(s[after])) {
			after++
		}
		return token{name, s[i:after], i}, after
	case isDigit(c), c == '.' && i+1 < len(s) && isDigit(s[i+1]):
		after = numberEnd(s, i)
		return token{number, s[i:after], i}, after
	case c == '"', c == '\'':
		return quoted(s, i)
	case c == '[':
		if content, after, ok := longBracket(s, i); ok {
			return token{text, content, i}, after
		}
	}
	for _, op := range [...]string{"...", "..", "==", "~=", "<=", ">=", "::"} {
		if strings.HasPrefix(s[i:], op) {
			return token{operator, op, i}, i + len(op)
		}
	}
	return token{operator, s[i : i+1], i}, i + 1
}

// skip returns the index of what follows white space and comments. A comment
// to the end of the line ends at }} too: the template does.
func skip(s string, i int) int {
	for i < len(s) {
		switch c := s[i]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			i++
		case strings.HasPrefix(s[i:], "--"):
			if _, after, ok := longBracket(s, i+2); ok {
				i = after
				continue
			}
			for i < len(s) && s[i] != '\n' && !strings.HasPrefix(s[i:], Close) {
				i++
			}
			if i < len(s) && s[i] != '\n' {
				return i
			}
		default:
			return i
		}
	}
	return i
}

func isNameStart(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// numberEnd returns where the number at i ends: 12, 0x1F, 1.5e-3.
func numberEnd(s string, i int) int {
	hex := strings.HasPrefix(s[i:], "0x") || strings.HasPrefix(s[i:], "0X")
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c), isNameStart(c), c == '.':
		case (c == '+' || c == '-') && !hex && s[i-1]|0x20 == 'e':
		default:
			return i
		}
	}
	return i
}

// quoted returns the string at i. One without its end goes to the end of the
// line.
func quoted(s string, i int) (token, int) {
	quote, escapes := s[i], false
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case quote:
			if escapes {
				return token{text, "", i}, j + 1
			}
			return token{text, s[i+1 : j], i}, j + 1
		case '\\':
			escapes = true
			j++
		case '\n':
			return token{text, "", i}, j
		}
	}
	return token{text, "", i}, len(s)
}

// longBracket returns the content of [[ ]], [=[ ]=] and so on at i.
func longBracket(s string, i int) (content string, after int, ok bool) {
	if i >= len(s) || s[i] != '[' {
		return "", 0, false
	}
	level := 0
	for i+1+level < len(s) && s[i+1+level] == '=' {
		level++
	}
	start := i + level + 2
	if start > len(s) || s[start-1] != '[' {
		return "", 0, false
	}
	closing := "]" + s[i+1:i+1+level] + "]"
	n := strings.Index(s[start:], closing)
	if n < 0 {
		return "", len(s), true
	}
	return s[start : start+n], start + n + len(closing), true
}
