package shape

import "volley/specs/tree"

// Clean returns n less the members that are nobody's, x-…, wherever s knows
// names.
func Clean(n *tree.Node, s *Shape) *tree.Node {
	switch {
	case n == nil || s == nil || n.Kind != tree.List && n.Kind != tree.Map:
		return n
	case len(s.OneOf) > 0:
		return Clean(n, s.choose(n))
	case n.Kind == tree.List:
		return cleanItems(n, s)
	}
	out := *n
	out.Members = make([]tree.Member, 0, len(n.Members))
	for _, m := range n.Members {
		below := s.Rest
		if f := s.field(m.Name); f != nil {
			below = f.Shape
		} else if len(s.Fields) > 0 && Ignored(m.Name) {
			continue
		}
		m.Value = Clean(m.Value, below)
		out.Members = append(out.Members, m)
	}
	return &out
}

func cleanItems(n *tree.Node, s *Shape) *tree.Node {
	out := *n
	out.Items = make([]*tree.Node, len(n.Items))
	for i, item := range n.Items {
		out.Items[i] = Clean(item, s.Items)
	}
	return &out
}
