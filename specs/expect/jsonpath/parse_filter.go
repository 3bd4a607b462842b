package jsonpath

import (
	"encoding/json"
	"strconv"
	"strings"
)

func (p *parser) or() test {
	defer p.deeper()()
	list := anyTest{p.and()}
	for {
		before := p.at
		p.space()
		if !p.accept("||") {
			p.at = before
			break
		}
		p.space()
		list = append(list, p.and())
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func (p *parser) and() test {
	list := allTest{p.basic()}
	for {
		before := p.at
		p.space()
		if !p.accept("&&") {
			p.at = before
			break
		}
		p.space()
		list = append(list, p.basic())
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// basic reads a parenthesis, a comparison or a test, negated or not.
func (p *parser) basic() test {
	if p.peek() == '!' {
		p.at++
		p.space()
		if p.peek() != '(' {
			return notTest{p.existence()}
		}
		return notTest{p.parenthesis()}
	}
	if p.peek() == '(' {
		return p.parenthesis()
	}
	return p.comparisonOrTest()
}

func (p *parser) parenthesis() test {
	p.expect("(")
	p.space()
	t := p.or()
	p.space()
	p.expect(")")
	return t
}

// existence reads a query or a function that is true or false by itself.
func (p *parser) existence() test {
	from := p.at
	t := p.term()
	if t.test == nil {
		p.at = from
		p.fail("a comparison is missing: this is a value, neither true nor false")
	}
	return t.test
}

func (p *parser) comparisonOrTest() test {
	from := p.at
	left := p.term()
	before := p.at
	p.space()
	op := p.operator()
	if op == "" {
		p.at = before
		if left.test == nil {
			p.at = from
			p.fail("a comparison is missing: this is a value, neither true nor false")
		}
		return left.test
	}
	if left.operand == nil {
		p.at = from
		p.fail("this cannot be compared: it is not one value")
	}
	p.space()
	from = p.at
	right := p.term()
	if right.operand == nil {
		p.at = from
		p.fail("this cannot be compared: it is not one value")
	}
	return compared{op, left.operand, right.operand}
}

func (p *parser) operator() string {
	for _, op := range []string{"==", "!=", "<=", ">=", "<", ">"} {
		if p.accept(op) {
			return op
		}
	}
	return ""
}

// term is what may stand on a side of a comparison, alone, or as an argument:
// as far as it is a value, a test, a list of nodes.
type term struct {
	operand operand
	test    test
	query   *Path
}

func (p *parser) term() term {
	defer p.deeper()()
	switch c := p.peek(); {
	case c == '$' || c == '@':
		p.at++
		q := p.query(c == '@')
		t := term{test: exists{q}, query: q}
		if q.singular {
			t.operand = single{q}
		}
		return t
	case c == '"' || c == '\'':
		return term{operand: literal{p.quoted()}}
	case c == '-' || '0' <= c && c <= '9':
		return term{operand: literal{p.number()}}
	case 'a' <= c && c <= 'z':
		return p.wordTerm()
	}
	p.fail("a query, a literal or a function has to stand here, not %q", p.peekRune())
	return term{}
}

func (p *parser) number() any {
	from := p.at
	p.accept("-")
	for c := p.peek(); '0' <= c && c <= '9' || strings.IndexByte(".eE+-", c) >= 0 && c != 0; c = p.peek() {
		p.at++
	}
	text := p.text[from:p.at]
	if !json.Valid([]byte(text)) {
		p.at = from
		p.fail("%q is no number", text)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f < maxExact && f > -maxExact {
		return f
	}
	return json.Number(text)
}

// wordTerm reads true, false, null or a function.
func (p *parser) wordTerm() term {
	from := p.at
	word := p.word(func(r rune) bool { return 'a' <= r && r <= 'z' }, func(r rune) bool {
		return 'a' <= r && r <= 'z' || r == '_' || '0' <= r && r <= '9'
	})
	if p.peek() != '(' {
		switch word {
		case "true":
			return term{operand: literal{true}}
		case "false":
			return term{operand: literal{false}}
		case "null":
			return term{operand: literal{nil}}
		}
		p.at = from
		p.fail("%q is neither a literal nor a function; names begin with @. or $.", word)
	}
	p.at++
	args := p.arguments()
	after := p.at
	p.at = from
	t := p.function(word, args)
	p.at = after
	return t
}

func (p *parser) arguments() []term {
	var args []term
	p.space()
	for !p.accept(")") {
		if len(args) > 0 {
			p.expect(",")
			p.space()
		}
		args = append(args, p.term())
		p.space()
	}
	return args
}

// function checks the arguments of a call (RFC 9535, section 2.4).
func (p *parser) function(name string, args []term) term {
	want := map[string]int{"length": 1, "count": 1, "value": 1, "match": 2, "search": 2}[name]
	switch {
	case want == 0:
		p.fail("there is no function %q: length, count, value, match and search are known", name)
	case len(args) != want:
		p.fail("%s takes %d arguments, not %d", name, want, len(args))
	}
	switch name {
	case "count", "value":
		if args[0].query == nil {
			p.fail("%s takes a query", name)
		}
		if name == "count" {
			return term{operand: countOf{args[0].query}}
		}
		return term{operand: valueOf{args[0].query}}
	}
	for _, a := range args {
		if a.operand == nil {
			p.fail("%s takes single values", name)
		}
	}
	if name == "length" {
		return term{operand: lengthOf{args[0].operand}}
	}
	return term{test: newMatched(name == "match", args[0].operand, args[1].operand)}
}
