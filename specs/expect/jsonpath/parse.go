package jsonpath

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

const (
	maxExact = 1<<53 - 1 // the range of indexes (RFC 9535, section 2.1)
	maxDepth = 100       // of nested filters and brackets
)

// SyntaxError says what is wrong with a path, and where.
type SyntaxError struct {
	Text    string
	Offset  int // in bytes
	Message string
}

// Error names the place by its column.
func (e *SyntaxError) Error() string {
	column := utf8.RuneCountInString(e.Text[:min(e.Offset, len(e.Text))]) + 1
	return fmt.Sprintf("%s, at character %d", e.Message, column)
}

// Parse reads a path that begins with $. Every error is a *SyntaxError.
func Parse(text string) (path *Path, err error) {
	p := &parser{text: text}
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			path, err = nil, fault
		}
	}()
	if !utf8.ValidString(text) {
		p.fail("the path is not UTF-8")
	}
	if !p.accept("$") {
		p.fail("a path begins with $")
	}
	path = p.query(false)
	if p.at < len(text) {
		p.fail("%q is not expected here", p.peekRune())
	}
	path.text = text
	return path, nil
}

// parser reads the grammar of RFC 9535, appendix A. A fault leaves by a panic
// that Parse catches.
type parser struct {
	text  string
	at    int
	depth int
}

func (p *parser) fail(format string, args ...any) {
	panic(&SyntaxError{Text: p.text, Offset: p.at, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) peekRune() string {
	if p.at == len(p.text) {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return string(r)
}

func (p *parser) accept(token string) bool {
	if len(p.text)-p.at < len(token) || p.text[p.at:p.at+len(token)] != token {
		return false
	}
	p.at += len(token)
	return true
}

func (p *parser) expect(token string) {
	if !p.accept(token) {
		p.fail("%q is missing before %q", token, p.peekRune())
	}
}

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// deeper bounds the recursion; the func it returns ends it.
func (p *parser) deeper() func() {
	if p.depth++; p.depth > maxDepth {
		p.fail("the path is nested more than %d deep", maxDepth)
	}
	return func() { p.depth-- }
}

// query reads the segments behind $ or @.
func (p *parser) query(relative bool) *Path {
	q := &Path{relative: relative, singular: true}
	for {
		before := p.at
		p.space()
		s, ok := p.segment()
		if !ok {
			p.at = before
			return q
		}
		if s.descendant || len(s.selectors) != 1 || s.selectors[0].kind > selectIndex {
			q.singular = false
		}
		q.segments = append(q.segments, s)
	}
}

func (p *parser) segment() (segment, bool) {
	switch {
	case p.accept(".."):
		if p.peek() == '[' {
			return segment{descendant: true, selectors: p.bracket()}, true
		}
		return segment{descendant: true, selectors: []selector{p.shorthand()}}, true
	case p.accept("."):
		return segment{selectors: []selector{p.shorthand()}}, true
	case p.peek() == '[':
		return segment{selectors: p.bracket()}, true
	}
	return segment{}, false
}

// shorthand reads the name or * behind a dot.
func (p *parser) shorthand() selector {
	if p.accept("*") {
		return selector{kind: selectAll}
	}
	name := p.word(nameFirst, nameRest)
	if name == "" {
		p.fail("a name has to follow the dot, not %q; write others in brackets: ['…']", p.peekRune())
	}
	return selector{kind: selectName, name: name}
}

func (p *parser) word(first, rest func(rune) bool) string {
	from := p.at
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if p.at == from && !first(r) || p.at > from && !rest(r) {
			break
		}
		p.at += n
	}
	return p.text[from:p.at]
}

func nameFirst(r rune) bool {
	return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= 0x80
}

func nameRest(r rune) bool { return nameFirst(r) || '0' <= r && r <= '9' }

func (p *parser) bracket() []selector {
	defer p.deeper()()
	p.expect("[")
	var out []selector
	for {
		p.space()
		out = append(out, p.selector())
		p.space()
		if p.accept("]") {
			return out
		}
		if !p.accept(",") {
			p.fail("\"]\" or \",\" is missing before %q", p.peekRune())
		}
	}
}

func (p *parser) selector() selector {
	switch c := p.peek(); {
	case c == '"' || c == '\'':
		return selector{kind: selectName, name: p.quoted()}
	case p.accept("*"):
		return selector{kind: selectAll}
	case p.accept("?"):
		p.space()
		return selector{kind: selectFilter, filter: p.or()}
	case c == ':' || c == '-' || '0' <= c && c <= '9':
		return p.indexOrSlice()
	}
	p.fail("a quoted name, an index, a slice, * or a filter ?… has to stand in the brackets, not %q", p.peekRune())
	return selector{}
}

func (p *parser) indexOrSlice() selector {
	s := slice{step: 1}
	if p.peek() != ':' {
		s.start, s.hasStart = p.integer(), true
		before := p.at
		p.space()
		if p.peek() != ':' {
			p.at = before
			return selector{kind: selectIndex, index: s.start}
		}
	}
	p.expect(":")
	p.space()
	if c := p.peek(); c == '-' || '0' <= c && c <= '9' {
		s.end, s.hasEnd = p.integer(), true
		p.space()
	}
	if p.accept(":") {
		before := p.at
		p.space()
		if c := p.peek(); c == '-' || '0' <= c && c <= '9' {
			s.step = p.integer()
		} else {
			p.at = before
		}
	}
	return selector{kind: selectSlice, slice: s}
}

func (p *parser) integer() int64 {
	from := p.at
	p.accept("-")
	digits := p.at
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.at++
	}
	n, err := strconv.ParseInt(p.text[from:p.at], 10, 64)
	switch {
	case p.at == digits:
		p.fail("a number is missing before %q", p.peekRune())
	case p.text[digits] == '0' && (p.at > digits+1 || digits > from):
		p.at = from
		p.fail("a whole number has no leading zeros and no -0")
	case err != nil || n > maxExact || n < -maxExact:
		p.at = from
		p.fail("the number is out of range")
	}
	return n
}
