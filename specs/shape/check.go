package shape

import (
	"slices"
	"strconv"
	"strings"

	"volley/runtime/spell"
	"volley/specs/tree"
)

// Check adds to p everything in which n does not have the shape s. path names
// the place of n, "requests[1].expect"; "" is the root.
func Check(n *tree.Node, s *Shape, path string, p *tree.Problems) {
	c := checker{report: p.Add}
	c.check(n, s, path)
}

// Fits reports a node that has the shape.
func Fits(n *tree.Node, s *Shape) bool {
	fits := true
	c := checker{report: func(tree.Pos, string, string, string) { fits = false }, told: mostHints}
	c.check(n, s, "")
	return fits
}

// Ignored reports a name that is nobody's: x-….
func Ignored(name string) bool { return strings.HasPrefix(name, "x-") }

// IsTemplate reports a text that holds ${{.
func IsTemplate(n *tree.Node) bool {
	return n != nil && n.Kind == tree.String && strings.Contains(n.Text, "${{")
}

// Member returns the path of a member: "limits.size", or limits["a b"] for a
// name that is no plain word.
func Member(path, name string) string {
	if !plainWord(name) {
		return path + "[" + strconv.Quote(name) + "]"
	}
	return tree.Name(path, name)
}

// Item returns the path of an item of a list: "requests[0]".
func Item(path string, i int) string { return tree.Item(path, i) }

func plainWord(name string) bool {
	for _, r := range name {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
		default:
			return false
		}
	}
	return name != ""
}

// mostHints bounds the search for names that were meant: nobody reads more.
const mostHints = 100

type checker struct {
	report func(pos tree.Pos, path, message, hint string)
	told   int
}

func (c *checker) add(pos tree.Pos, path, message, hint string) {
	c.told++
	c.report(pos, path, message, hint)
}

// nearest is a hint with the one of names that name was meant to be.
func (c *checker) nearest(name string, names []string) string {
	if c.told >= mostHints {
		return ""
	}
	if near := spell.Nearest(clip(name), names); near != "" && near != name {
		return "did you mean " + strconv.Quote(near) + "?"
	}
	return ""
}

func (c *checker) check(n *tree.Node, s *Shape, path string) {
	switch {
	case s == nil:
	case s.Template && IsTemplate(n):
	case len(s.OneOf) > 0:
		c.oneOf(n, s, path)
	case len(s.Kinds) > 0 && !slices.Contains(s.Kinds, n.Kind):
		c.add(n.Pos, path, "must be "+s.words()+", got "+got(n), wrongKindHint(n, s))
	case n.Kind == tree.List:
		for i, item := range n.Items {
			c.check(item, s.Items, tree.Item(path, i))
		}
	case n.Kind == tree.Map:
		c.members(n, s, path)
	case n.Kind != tree.Null:
		c.scalar(n, s, path)
	}
}

func wrongKindHint(n *tree.Node, s *Shape) string {
	if IsTemplate(n) {
		return "${{ }} is not possible here"
	}
	if n.Kind != tree.String || !slices.Contains(s.Kinds, tree.Bool) {
		return ""
	}
	switch strings.ToLower(n.Text) {
	case "yes", "on", "y":
		return "write true"
	case "no", "off", "n":
		return "write false"
	}
	if s.Template && len(s.Kinds) == 1 {
		return `write "${{ ` + clip(n.Text) + ` }}" if it is an expression`
	}
	return ""
}

func (c *checker) scalar(n *tree.Node, s *Shape, path string) {
	if len(s.Enum) > 0 && n.Kind == tree.String && !slices.Contains(s.Enum, n.Text) {
		c.add(n.Pos, path, "must be "+s.words()+", got "+got(n), c.nearest(n.Text, s.Enum))
		return
	}
	if s.Format == nil {
		return
	}
	if err := s.Format.Check(n.Text); err != nil {
		hint := ""
		if IsTemplate(n) {
			hint = "${{ }} is not possible here"
		}
		c.add(n.Pos, path, err.Error(), hint)
	}
}

// oneOf tells the problems of the alternative that n was meant to be.
func (c *checker) oneOf(n *tree.Node, s *Shape, path string) {
	of := s.candidates(n)
	switch {
	case len(of) == 0:
		c.add(n.Pos, path, "must be "+s.words()+", got "+got(n), wrongKindHint(n, s))
	case len(of) == 1 || n.Kind == tree.Map:
		c.check(n, s.choose(n), path)
	case !slices.ContainsFunc(of, func(one *Shape) bool { return Fits(n, one) }):
		c.add(n.Pos, path, "must be "+s.words()+", got "+got(n), "")
	}
}

func (s *Shape) candidates(n *tree.Node) []*Shape {
	var of []*Shape
	for _, one := range s.OneOf {
		if one.takes(n) {
			of = append(of, one)
		}
	}
	return of
}

// choose returns the alternative that n was meant to be, nil when it has a
// kind that none of them takes.
func (s *Shape) choose(n *tree.Node) *Shape {
	of := s.candidates(n)
	if len(of) == 0 {
		return nil
	}
	return slices.MaxFunc(of, func(a, b *Shape) int { return a.knows(n) - b.knows(n) })
}

// takes reports a node of a kind that s has, whatever is in it.
func (s *Shape) takes(n *tree.Node) bool {
	if s.Template && IsTemplate(n) {
		return true
	}
	if len(s.OneOf) > 0 {
		return slices.ContainsFunc(s.OneOf, func(one *Shape) bool { return one.takes(n) })
	}
	return len(s.Kinds) == 0 || slices.Contains(s.Kinds, n.Kind)
}

// knows counts the members of n that s has a field for.
func (s *Shape) knows(n *tree.Node) int {
	count := 0
	for _, m := range n.Members {
		if s.field(m.Name) != nil {
			count++
		}
	}
	return count
}

func (s *Shape) field(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

func (c *checker) members(n *tree.Node, s *Shape, path string) {
	strangers := false
	for _, m := range n.Members {
		switch f := s.field(m.Name); {
		case f != nil:
			if m.Value.Kind != tree.Null || f.Required {
				c.check(m.Value, f.Shape, Member(path, m.Name))
			}
		case len(s.Fields) > 0 && Ignored(m.Name):
		case s.Rest != nil && m.Value.Kind != tree.Null:
			c.check(m.Value, s.Rest, Member(path, m.Name))
		case s.Rest == nil && len(s.Fields) > 0:
			c.unknown(m, s, path)
			strangers = true
		}
	}
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Required && n.Get(f.Name) == nil {
			c.add(n.Pos, Member(path, f.Name), f.Name+" is missing", hintOf(f.Doc))
		}
	}
	c.exclusive(n, s, path)
	if !strangers { // one of them may be what is missing, misspelt
		c.needed(n, s, path)
	}
}

func (c *checker) unknown(m tree.Member, s *Shape, path string) {
	names := s.names()
	hint := s.Elsewhere[m.Name]
	if hint == "" {
		hint = c.nearest(m.Name, names)
	}
	if hint == "" && len(names) <= 12 {
		hint = "there is " + strings.Join(names, ", ")
	}
	c.add(m.Pos, Member(path, m.Name), "unknown field "+strconv.Quote(clip(m.Name)), hint)
}

func (s *Shape) names() []string {
	names := make([]string, len(s.Fields))
	for i := range s.Fields {
		names[i] = s.Fields[i].Name
	}
	return names
}

func (c *checker) exclusive(n *tree.Node, s *Shape, path string) {
	for _, names := range s.Exclusive {
		var first string
		for _, m := range n.Members {
			switch {
			case m.Value.Kind == tree.Null || !slices.Contains(names, m.Name):
			case first == "":
				first = m.Name
			default:
				c.add(m.Pos, Member(path, m.Name), m.Name+" and "+first+" exclude each other", "keep one of them")
			}
		}
	}
}

func (c *checker) needed(n *tree.Node, s *Shape, path string) {
	for _, names := range s.Need {
		if !slices.ContainsFunc(names, func(name string) bool {
			v := n.Get(name)
			return v != nil && v.Kind != tree.Null
		}) {
			c.add(n.Pos, path, either(names)+" is missing", "")
		}
	}
}

func hintOf(doc string) string { return strings.TrimSuffix(doc, ".") }
