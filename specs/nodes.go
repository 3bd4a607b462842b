package specs

import (
	"strconv"
	"strings"

	"volley/runtime/spell"
	"volley/specs/shape"
	"volley/specs/tree"
)

// members calls f for each member of a map that is there in earnest.
func members(n *tree.Node, f func(m tree.Member)) {
	if n == nil || n.Kind != tree.Map {
		return
	}
	for _, m := range n.Members {
		if m.Value.Kind != tree.Null {
			f(m)
		}
	}
}

// present returns a member, nil when it is missing or null.
func present(n *tree.Node, name string) *tree.Node {
	v := n.Get(name)
	if v == nil || v.Kind == tree.Null {
		return nil
	}
	return v
}

// isScalar reports a text, number or boolean.
func isScalar(n *tree.Node) bool {
	return n != nil && n.Kind != tree.Null && n.Kind != tree.List && n.Kind != tree.Map
}

// textOf returns the text of a scalar, "" for anything else.
func textOf(n *tree.Node) string {
	if isScalar(n) {
		return n.Text
	}
	return ""
}

// textsOf returns the texts of a list's scalars.
func textsOf(n *tree.Node) []string {
	if n == nil {
		return nil
	}
	var texts []string
	for _, item := range n.Items {
		if isScalar(item) {
			texts = append(texts, item.Text)
		}
	}
	return texts
}

// isTrue reports a boolean true.
func isTrue(n *tree.Node) bool {
	return n != nil && n.Kind == tree.Bool && strings.EqualFold(n.Text, "true")
}

// parsed reads a scalar, and the zero value where there is none or the check
// of its shape refused it.
func parsed[T any](n *tree.Node, parse func(string) (T, error)) T {
	var zero T
	if !isScalar(n) {
		return zero
	}
	v, err := parse(n.Text)
	if err != nil {
		return zero
	}
	return v
}

func wholeOf(n *tree.Node) int { return int(parsed(n, shape.ParseWhole)) }

// withMember returns a copy of n in which a member is replaced, or added at
// the end.
func withMember(n *tree.Node, m tree.Member) *tree.Node {
	out := *n
	out.Members = append([]tree.Member(nil), n.Members...)
	for i := range out.Members {
		if out.Members[i].Name == m.Name {
			out.Members[i].Value = m.Value
			return &out
		}
	}
	out.Members = append(out.Members, m)
	return &out
}

// without returns n less the members that drop says.
func without(n *tree.Node, drop func(name string) bool) *tree.Node {
	out := *n
	out.Members = nil
	for _, m := range n.Members {
		if !drop(m.Name) {
			out.Members = append(out.Members, m)
		}
	}
	return &out
}

// quote shows a text of the user, shortened.
func quote(text string) string {
	if len(text) > longestName {
		text = strings.ToValidUTF8(text[:longestName], "") + "…"
	}
	return strconv.Quote(text)
}

// oneOf is a hint for a name that is not among those known.
func oneOf(name string, known []string) string {
	switch near := nearest(name, known); {
	case near != "":
		return near
	case len(known) == 0:
		return "there is none"
	case len(known) > 12:
		return ""
	}
	return "there is " + strings.Join(known, ", ")
}

func parseFloat(text string) (float64, error) {
	return strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
}

const longestName = 60 // of one that is looked for, in bytes

// nearest is the hint for a name that is nearly one of a list.
func nearest(name string, list []string) string {
	if len(name) > longestName {
		return ""
	}
	if near := spell.Nearest(name, list); near != "" && near != name {
		return "did you mean " + quote(near) + "?"
	}
	return ""
}
