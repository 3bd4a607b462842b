package jsonpath

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	maxSteps   = 20_000_000 // of one evaluation
	maxMatches = 2_000_000  // of one segment
)

// Node is a match.
type Node struct {
	Value any
	at    *place
}

// place is where a value is: a member or an element of the place above.
type place struct {
	above *place
	name  string
	index int // -1: a member
}

// Location returns the normalized path of a Node that Locate found.
func (n Node) Location() string {
	var steps []string
	for at := n.at; at != nil && at.above != nil; at = at.above {
		steps = append(steps, at.step())
	}
	slices.Reverse(steps)
	return "$" + strings.Join(steps, "")
}

func (p *place) step() string {
	if p.index >= 0 {
		return Element(p.index)
	}
	return Member(p.name)
}

// Element returns the step of a normalized path to an element of a list.
func Element(i int) string { return "[" + strconv.Itoa(i) + "]" }

// Member returns the step of a normalized path to a member of an object.
func Member(name string) string {
	var b strings.Builder
	b.WriteString("['")
	for _, r := range name {
		switch r {
		case '\'', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if r < ' ' {
				fmt.Fprintf(&b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteString("']")
	return b.String()
}

// Select returns the values that the path matches in a document of plain
// values. It fails only when that takes too many steps.
func (p *Path) Select(root any) ([]any, error) {
	if p.singular {
		v, ok := p.first(root)
		if !ok {
			return nil, nil
		}
		return []any{v}, nil
	}
	e := &evaluation{root: root, left: maxSteps}
	nodes, err := e.run(p)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(nodes))
	for i := range nodes {
		out[i] = nodes[i].Value
	}
	return out, nil
}

// Locate is Select with the places of the matches.
func (p *Path) Locate(root any) ([]Node, error) {
	e := &evaluation{root: root, left: maxSteps, places: true}
	return e.run(p)
}

// first follows a singular path.
func (p *Path) first(v any) (any, bool) {
	for i := range p.segments {
		var ok bool
		if v, ok = p.segments[i].selectors[0].child(v); !ok {
			return nil, false
		}
	}
	return v, true
}

// child returns the one value that a name or an index selects.
func (s *selector) child(v any) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if s.kind == selectIndex {
			return nil, false
		}
		child, ok := v[s.name]
		return child, ok
	case []any:
		if s.kind == selectName {
			return nil, false
		}
		i := s.index
		if i < 0 {
			i += int64(len(v))
		}
		if i < 0 || i >= int64(len(v)) {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}

// evaluation is one walk of one document.
type evaluation struct {
	root   any
	left   int
	places bool
}

// tooMany leaves an evaluation by a panic, which run catches.
type tooMany struct{ what string }

func (e *evaluation) step() {
	if e.left--; e.left < 0 {
		panic(tooMany{fmt.Sprintf("more than %d steps", maxSteps)})
	}
}

func (e *evaluation) run(p *Path) (nodes []Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			over, ok := r.(tooMany)
			if !ok {
				panic(r)
			}
			nodes, err = nil, fmt.Errorf("the path takes %s on this document; make it narrower", over.what)
		}
	}()
	start := Node{Value: e.root}
	if e.places {
		start.at = &place{index: -1}
	}
	return e.follow(p, start), nil
}

// follow returns what p matches, seen from a node.
func (e *evaluation) follow(p *Path, start Node) []Node {
	nodes := []Node{start}
	for i := range p.segments {
		s := &p.segments[i]
		var out []Node
		for _, n := range nodes {
			out = e.apply(s, n, out)
		}
		nodes = out
	}
	return nodes
}

// nodes returns what a query inside a filter matches.
func (e *evaluation) nodes(p *Path, current any) []Node {
	inner := evaluation{root: e.root, left: e.left}
	defer func() { e.left = inner.left }()
	if p.relative {
		return inner.follow(p, Node{Value: current})
	}
	return inner.follow(p, Node{Value: e.root})
}

func (e *evaluation) apply(s *segment, n Node, out []Node) []Node {
	for i := range s.selectors {
		out = e.choose(&s.selectors[i], n, out)
	}
	if s.descendant {
		e.children(n, func(c Node) { out = e.apply(s, c, out) })
	}
	return out
}

// children calls visit with each child: elements in order, members by name.
func (e *evaluation) children(n Node, visit func(Node)) {
	switch v := n.Value.(type) {
	case []any:
		for i := range v {
			e.step()
			visit(e.element(n, v, i))
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			e.step()
			visit(e.member(n, v, name))
		}
	}
}

func (e *evaluation) element(n Node, v []any, i int) Node {
	c := Node{Value: v[i]}
	if e.places {
		c.at = &place{above: n.at, index: i}
	}
	return c
}

func (e *evaluation) member(n Node, v map[string]any, name string) Node {
	c := Node{Value: v[name]}
	if e.places {
		c.at = &place{above: n.at, name: name, index: -1}
	}
	return c
}

// choose appends what a selector takes of n's children.
func (e *evaluation) choose(s *selector, n Node, out []Node) []Node {
	e.step()
	if len(out) > maxMatches {
		panic(tooMany{fmt.Sprintf("more than %d matches", maxMatches)})
	}
	switch s.kind {
	case selectAll:
		e.children(n, func(c Node) { out = append(out, c) })
	case selectFilter:
		e.children(n, func(c Node) {
			if s.filter.holds(e, c.Value) {
				out = append(out, c)
			}
		})
	case selectSlice:
		if v, ok := n.Value.([]any); ok {
			return e.cut(s.slice, n, v, out)
		}
	default:
		if list, ok := n.Value.([]any); ok && s.kind != selectName {
			return e.index(s.index, n, list, out)
		}
		if m, ok := n.Value.(map[string]any); ok && s.kind != selectIndex {
			if _, ok := m[s.name]; ok {
				return append(out, e.member(n, m, s.name))
			}
		}
	}
	return out
}

func (e *evaluation) index(i int64, n Node, v []any, out []Node) []Node {
	if i < 0 {
		i += int64(len(v))
	}
	if i < 0 || i >= int64(len(v)) {
		return out
	}
	return append(out, e.element(n, v, int(i)))
}

func (e *evaluation) cut(s slice, n Node, v []any, out []Node) []Node {
	if s.step == 0 {
		return out
	}
	from, to := s.bounds(int64(len(v)))
	for i := from; s.step > 0 && i < to || s.step < 0 && i > to; i += s.step {
		e.step()
		out = append(out, e.element(n, v, int(i)))
	}
	return out
}
