package jsonpath

import (
	"regexp"
	"strconv"
	"strings"
)

// Path is a parsed query. It is immutable and may be shared.
type Path struct {
	text     string
	relative bool // begins with @
	segments []segment
	singular bool
}

// String returns the text it was parsed from.
func (p *Path) String() string { return p.text }

// Singular reports whether the path can match one value at most: names and
// indexes only.
func (p *Path) Singular() bool { return p.singular }

// segment is one step down: to children, or to all descendants and their
// children.
type segment struct {
	descendant bool
	selectors  []selector
}

type selectorKind int

const (
	selectName selectorKind = iota
	selectIndex
	selectEither // a name or, in a list, the index that it is: dotted paths
	selectSlice
	selectAll
	selectFilter
)

type selector struct {
	kind   selectorKind
	name   string
	index  int64
	slice  slice
	filter test
}

// slice is [start:end:step].
type slice struct {
	start, end, step int64
	hasStart, hasEnd bool
}

// bounds returns the first index and the one to stop before, for a list of n
// (RFC 9535, section 2.3.4.2.2).
func (s slice) bounds(n int64) (from, to int64) {
	normalize := func(i int64) int64 {
		if i < 0 {
			return n + i
		}
		return i
	}
	if s.step > 0 {
		to = n
		if s.hasStart {
			from = min(max(normalize(s.start), 0), n)
		}
		if s.hasEnd {
			to = min(max(normalize(s.end), 0), n)
		}
		return from, to
	}
	from, to = n-1, -1
	if s.hasStart {
		from = min(max(normalize(s.start), -1), n-1)
	}
	if s.hasEnd {
		to = min(max(normalize(s.end), -1), n-1)
	}
	return from, to
}

// test is a logical expression of a filter.
type test interface {
	holds(e *evaluation, current any) bool
}

type (
	anyTest  []test
	allTest  []test
	notTest  struct{ of test }
	exists   struct{ query *Path }
	compared struct {
		op          string
		left, right operand
	}
	// matched is match() and search().
	matched struct {
		whole         bool
		text, pattern operand
		compiled      *regexp.Regexp // of a literal pattern; nil: it is no literal, or no pattern
		literal       bool
	}
)

// operand is what yields one value, or nothing.
type operand interface {
	value(e *evaluation, current any) (v any, ok bool)
}

type (
	literal  struct{ v any }
	single   struct{ query *Path } // a singular query
	lengthOf struct{ of operand }
	countOf  struct{ query *Path }
	valueOf  struct{ query *Path }
)

// Dotted parses the short form a.b.0.c: names, and whole numbers that are
// indexes where a list stands.
func Dotted(text string) (*Path, error) {
	p := &Path{text: text, singular: true}
	for _, name := range strings.Split(text, ".") {
		if name == "" {
			return nil, &SyntaxError{Text: text, Message: "a name between the dots is missing"}
		}
		s := selector{kind: selectName, name: name}
		if i, err := strconv.ParseInt(name, 10, 32); err == nil {
			s.kind, s.index = selectEither, i
		}
		p.segments = append(p.segments, segment{selectors: []selector{s}})
	}
	return p, nil
}
