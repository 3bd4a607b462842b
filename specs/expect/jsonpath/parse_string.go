package jsonpath

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a string in either kind of quotes.
func (p *parser) quoted() string {
	quote := p.peek()
	p.at++
	var b strings.Builder
	for {
		switch c := p.peek(); {
		case p.at == len(p.text):
			p.fail("the closing %c is missing", quote)
		case c == quote:
			p.at++
			return b.String()
		case c == '\\':
			p.at++
			b.WriteRune(p.escape(quote))
		case c < ' ':
			p.fail("a control character in a string has to be escaped")
		default:
			r, n := utf8.DecodeRuneInString(p.text[p.at:])
			b.WriteRune(r)
			p.at += n
		}
	}
}

func (p *parser) escape(quote byte) rune {
	c := p.peek()
	p.at++
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case '/', '\\':
		return rune(c)
	case 'u':
		return p.unicode()
	}
	if c != quote {
		p.at--
		p.fail("\\%s is no escape", p.peekRune())
	}
	return rune(c)
}

func (p *parser) unicode() rune {
	r := p.hex()
	if !utf16.IsSurrogate(r) {
		return r
	}
	if r < 0xDC00 && p.accept("\\u") {
		if whole := utf16.DecodeRune(r, p.hex()); whole != utf8.RuneError {
			return whole
		}
	}
	p.fail("a surrogate has no partner")
	return 0
}

func (p *parser) hex() rune {
	if len(p.text)-p.at < 4 {
		p.fail("four hexadecimal digits have to follow \\u")
	}
	n, err := strconv.ParseUint(p.text[p.at:p.at+4], 16, 16)
	if err != nil {
		p.fail("four hexadecimal digits have to follow \\u")
	}
	p.at += 4
	return rune(n)
}
