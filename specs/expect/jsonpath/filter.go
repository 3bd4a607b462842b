package jsonpath

import "unicode/utf8"

func (t anyTest) holds(e *evaluation, current any) bool {
	for _, one := range t {
		if one.holds(e, current) {
			return true
		}
	}
	return false
}

func (t allTest) holds(e *evaluation, current any) bool {
	for _, one := range t {
		if !one.holds(e, current) {
			return false
		}
	}
	return true
}

func (t notTest) holds(e *evaluation, current any) bool { return !t.of.holds(e, current) }

func (t exists) holds(e *evaluation, current any) bool {
	return len(e.nodes(t.query, current)) > 0
}

// holds compares as RFC 9535, section 2.3.5.2.2 has it: nothing equals
// nothing only, and what has no order is not less.
func (t compared) holds(e *evaluation, current any) bool {
	e.step()
	left, hasLeft := t.left.value(e, current)
	right, hasRight := t.right.value(e, current)
	equal := hasLeft == hasRight && (!hasLeft || e.equal(left, right))
	switch t.op {
	case "==":
		return equal
	case "!=":
		return !equal
	}
	if equal && len(t.op) == 2 {
		return true
	}
	if !hasLeft || !hasRight {
		return false
	}
	order, ok := Order(left, right)
	if t.op[0] == '>' {
		order = -order
	}
	return ok && order < 0
}

// equal is Equal, counted: a comparison costs what the values are in size.
func (e *evaluation) equal(a, b any) bool {
	return equal(a, b, e.step)
}

func (m matched) holds(e *evaluation, current any) bool {
	e.step()
	v, ok := m.text.value(e, current)
	text, isText := v.(string)
	if !ok || !isText {
		return false
	}
	re := m.compiled
	if !m.literal {
		pattern, ok := m.pattern.value(e, current)
		s, isText := pattern.(string)
		if !ok || !isText {
			return false
		}
		re = compileRegexp(s, m.whole)
	}
	return re != nil && re.MatchString(text)
}

func (l literal) value(*evaluation, any) (any, bool) { return l.v, true }

func (s single) value(e *evaluation, current any) (any, bool) {
	e.step()
	if s.query.relative {
		return s.query.first(current)
	}
	return s.query.first(e.root)
}

func (l lengthOf) value(e *evaluation, current any) (any, bool) {
	v, ok := l.of.value(e, current)
	if !ok {
		return nil, false
	}
	if n, ok := Length(v); ok {
		return n, true
	}
	return nil, false
}

// Length is what length() makes of a value: the characters of a text, the items
// of a list, the members of an object; false for anything else.
func Length(v any) (float64, bool) {
	switch v := v.(type) {
	case string:
		return float64(utf8.RuneCountInString(v)), true
	case []any:
		return float64(len(v)), true
	case map[string]any:
		return float64(len(v)), true
	}
	return 0, false
}

func (c countOf) value(e *evaluation, current any) (any, bool) {
	return float64(len(e.nodes(c.query, current))), true
}

func (c valueOf) value(e *evaluation, current any) (any, bool) {
	nodes := e.nodes(c.query, current)
	if len(nodes) != 1 {
		return nil, false
	}
	return nodes[0].Value, true
}
