package vm

import "fmt"

// The parser and the compiler of gopher-lua recurse once per nesting level of
// the source, on the Go stack, whose overflow ends the process. scanNesting
// looks at the tokens first.
const (
	maxDepth = 200  // brackets and blocks within each other; also unary, power and concat operators in a row
	maxChain = 1000 // operators, calls and indexes in one expression
)

// opener is a bracket or block word that waits for its end.
type opener struct {
	word string
	line int
}

// level counts the operators of the expression that is being read, inside one
// pair of brackets or one block.
type level struct {
	opener
	chain   int // binary operators, calls, indexes: a tree that leans left
	unary   int // unary operators and ^ in a row: one that leans right
	concat  int // .. operators: leans right
	elseifs int
}

// nestingScan reads tokens and keeps the levels open at this point.
type nestingScan struct {
	lex    lexer
	levels []level
	// operand is true after a token that ends an operand: what follows is a
	// binary operator, a call, an index, or a new statement.
	operand bool
	failure *SyntaxError
}

// scanNesting returns the innermost bracket or block left open at the end of
// text, and an error if it is nested too deeply to be parsed.
func scanNesting(text []byte) (opener, *SyntaxError) {
	s := &nestingScan{lex: lexer{text: text, line: 1}, levels: make([]level, 1, 16)}
	for s.failure == nil {
		t, ok := s.lex.next()
		if !ok {
			break
		}
		s.token(t)
	}
	return s.top().opener, s.failure
}

func (s *nestingScan) top() *level { return &s.levels[len(s.levels)-1] }

func (s *nestingScan) token(t token) {
	switch t.kind {
	case tokenValue:
		s.value(t)
	case tokenName:
		s.word(t)
	case tokenSymbol:
		s.symbol(t)
	}
}

// value is a number or a string.
func (s *nestingScan) value(t token) {
	if s.operand && t.text != "" { // f "text" is a call
		s.count(&s.top().chain, maxChain, "calls")
		return
	}
	s.operand = true
}

func (s *nestingScan) word(t token) {
	switch t.text {
	case "function", "if", "repeat", "do":
		s.open(t.text)
	case "end", "until":
		s.close()
		s.operand = t.text == "end"
		if t.text == "until" {
			s.newExpression()
		}
	case "elseif":
		s.newExpression()
		s.count(&s.top().elseifs, maxDepth, "elseif branches")
	case "else", "then", "return", "local", "while", "for", "in", "break", "goto":
		s.newExpression()
	case "and", "or":
		s.binary()
		s.top().concat = 0
	case "not":
		s.count(&s.top().unary, maxDepth, "unary operators")
		s.operand = false
	default: // a name, nil, true, false
		if s.operand {
			s.newExpression() // two operands in a row: a new statement
		}
		s.operand = true
	}
}

func (s *nestingScan) symbol(t token) {
	switch t.text {
	case "(", "[", "{":
		if s.operand {
			s.count(&s.top().chain, maxChain, "calls and indexes")
		}
		s.open(t.text)
	case ")", "]", "}":
		s.close()
		s.operand = true
	case ",", ";", "=", "::":
		s.newExpression()
	case ".", ":":
		s.count(&s.top().chain, maxChain, "calls and indexes")
		s.operand = false
	case "...":
		s.operand = true
	case "..":
		s.binary()
		s.count(&s.top().concat, maxDepth, "concatenations (use table.concat)")
	case "^":
		s.count(&s.top().unary, maxDepth, "operators")
		s.operand = false
	case "#":
		s.count(&s.top().unary, maxDepth, "unary operators")
		s.operand = false
	case "-":
		if !s.operand {
			s.count(&s.top().unary, maxDepth, "unary operators")
			return
		}
		s.binary()
	case "==", "~=", "<", "<=", ">", ">=":
		s.binary()
		s.top().concat = 0
	default: // + * / %
		s.binary()
	}
}

// binary notes a left-associative operator, which ends a run of unary ones.
func (s *nestingScan) binary() {
	s.top().unary = 0
	s.operand = false
	s.count(&s.top().chain, maxChain, "operators")
}

func (s *nestingScan) newExpression() {
	t := s.top()
	t.chain, t.unary, t.concat = 0, 0, 0
	s.operand = false
}

func (s *nestingScan) open(word string) {
	if len(s.levels) > maxDepth {
		s.fail(fmt.Sprintf("brackets and blocks are nested more than %d deep", maxDepth))
		return
	}
	s.levels = append(s.levels, level{opener: opener{word: word, line: s.lex.line}})
	s.operand = false
}

// close ends the innermost level, whatever opened it: the parser tells of a
// wrong one.
func (s *nestingScan) close() {
	if len(s.levels) > 1 {
		s.levels = s.levels[:len(s.levels)-1]
	}
}

func (s *nestingScan) count(n *int, most int, what string) {
	*n++
	if *n > most {
		s.fail(fmt.Sprintf("an expression has more than %d %s", most, what))
	}
}

func (s *nestingScan) fail(message string) {
	s.failure = &SyntaxError{Line: s.lex.line, Message: message, Hint: "split it into smaller parts"}
}
