package vm

import "bytes"

type tokenKind uint8

const (
	tokenValue  tokenKind = iota // a number (text "") or a string (text "\"")
	tokenName                    // a name or reserved word
	tokenSymbol                  // an operator or a bracket
)

type token struct {
	kind tokenKind
	text string
}

// lexer splits Lua source into tokens, as far as nesting is concerned. Where
// it meets something that is no Lua it may go on with anything: the parser
// stops there.
type lexer struct {
	text []byte
	pos  int
	line int

	start, startLine int // of the last token
}

// symbols are the tokens of several characters, longest first.
var symbols = []string{"...", "..", "==", "~=", "<=", ">=", "::"}

// next returns the next token, false at the end.
func (l *lexer) next() (token, bool) {
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		l.start, l.startLine = l.pos, l.line
		switch {
		case c == '\n':
			l.line++
			l.pos++
		case c == ' ' || c == '\t' || c == '\r':
			l.pos++
		case c == '-' && l.at("--"):
			l.comment()
		case isLetter(c):
			return l.name(), true
		case isDigit(c) || c == '.' && l.pos+1 < len(l.text) && isDigit(l.text[l.pos+1]):
			return l.number(), true
		case c == '"' || c == '\'':
			l.quoted(c)
			return token{tokenValue, `"`}, true
		case c == '[' && l.longBracket() >= 0:
			l.skipLong(l.longBracket())
			return token{tokenValue, `"`}, true
		default:
			return l.symbol(), true
		}
	}
	return token{}, false
}

func (l *lexer) at(s string) bool { return bytes.HasPrefix(l.text[l.pos:], []byte(s)) }

func (l *lexer) name() token {
	start := l.pos
	for l.pos < len(l.text) && (isLetter(l.text[l.pos]) || isDigit(l.text[l.pos])) {
		l.pos++
	}
	return token{tokenName, string(l.text[start:l.pos])}
}

// number reads what gopher-lua's scanner takes for a number: 1..2 is two of them.
func (l *lexer) number() token {
	if l.at("0x") || l.at("0X") {
		l.pos += 2
		for l.pos < len(l.text) && isHex(l.text[l.pos]) {
			l.pos++
		}
		return token{tokenValue, ""}
	}
	l.digits()
	if l.at(".") {
		l.pos++
		l.digits()
	}
	if l.at("e") || l.at("E") {
		l.pos++
		if l.at("+") || l.at("-") {
			l.pos++
		}
		l.digits()
	}
	return token{tokenValue, ""}
}

func (l *lexer) digits() {
	for l.pos < len(l.text) && isDigit(l.text[l.pos]) {
		l.pos++
	}
}

func (l *lexer) quoted(quote byte) {
	for l.pos++; l.pos < len(l.text); l.pos++ {
		switch l.text[l.pos] {
		case quote:
			l.pos++
			return
		case '\\':
			l.pos++
			if l.at("\r\n") || l.at("\n\r") {
				l.pos++
			}
			if l.pos < len(l.text) && (l.text[l.pos] == '\n' || l.text[l.pos] == '\r') {
				l.line++
			}
		case '\n':
			return // not closed: an error for the parser
		}
	}
}

// longBracket returns the number of = of a long bracket that opens here, -1 if none does.
func (l *lexer) longBracket() int {
	n := 0
	for i := l.pos + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case '=':
			n++
		case '[':
			return n
		default:
			return -1
		}
	}
	return -1
}

func (l *lexer) skipLong(equals int) {
	l.pos += equals + 2
	end := append(append([]byte{']'}, bytes.Repeat([]byte{'='}, equals)...), ']')
	n := bytes.Index(l.text[l.pos:], end)
	stop := len(l.text)
	if n >= 0 {
		stop = l.pos + n + len(end)
	}
	l.line += bytes.Count(l.text[l.pos:stop], []byte("\n"))
	l.pos = stop
}

func (l *lexer) comment() {
	l.pos += 2
	if l.at("[") && l.longBracket() >= 0 {
		l.skipLong(l.longBracket())
		return
	}
	if n := bytes.IndexAny(l.text[l.pos:], "\r\n"); n >= 0 {
		l.pos += n
	} else {
		l.pos = len(l.text)
	}
}

func (l *lexer) symbol() token {
	for _, s := range symbols {
		if l.at(s) {
			l.pos += len(s)
			return token{tokenSymbol, s}
		}
	}
	l.pos++
	return token{tokenSymbol, string(l.text[l.pos-1 : l.pos])}
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isHex(c byte) bool    { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// tokenColumn returns the column of words on a line of text, from 1: where the
// first of them begins, or, where they are not there, the line's first token.
func tokenColumn(text []byte, line int, words ...string) int {
	first := 0
	for l := (lexer{text: text, line: 1}); ; {
		if _, ok := l.next(); !ok || l.startLine > line {
			return max(first, 1)
		}
		if l.startLine < line {
			continue
		}
		if len(words) == 0 || l.stoodAt(words) {
			return l.column()
		}
		if first == 0 {
			first = l.column()
		}
	}
}

// lastToken returns where the last token begins that begins on a line up to
// that one, from 1.
func lastToken(text []byte, line int) (at, column int) {
	at, column = 1, 1
	for l := (lexer{text: text, line: 1}); ; {
		if _, ok := l.next(); !ok || l.startLine > line {
			return at, column
		}
		at, column = l.startLine, l.column()
	}
}

// column is that of the last token, from 1.
func (l *lexer) column() int { return l.start - bytes.LastIndexByte(l.text[:l.start], '\n') }

// stoodAt reports that the last token is the first of words, and the others
// follow.
func (l lexer) stoodAt(words []string) bool {
	l.pos, l.line = l.start, l.startLine
	for _, word := range words {
		if _, ok := l.next(); !ok || string(l.text[l.start:l.pos]) != word {
			return false
		}
	}
	return true
}
