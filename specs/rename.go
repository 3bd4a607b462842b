package specs

import "volley/specs/tree"

// renameRequest gives a request and the requests it mentions their new names;
// names that are not in the map stay.
func renameRequest(r *tree.Node, names map[string]string) *tree.Node {
	if r.Kind != tree.Map {
		return r
	}
	out := *r
	out.Members = append([]tree.Member(nil), r.Members...)
	for i := range out.Members {
		m := &out.Members[i]
		switch m.Name {
		case "name", "extends":
			m.Value = renameWords(m.Value, names)
		case "needs":
			m.Value = renameNeeds(m.Value, names)
		case "expect":
			m.Value = renameExpect(m.Value, names)
		}
	}
	return &out
}

// renameWords renames a text or the texts of a list.
func renameWords(n *tree.Node, names map[string]string) *tree.Node {
	switch {
	case isScalar(n):
		if name, ok := names[n.Text]; ok {
			out := *n
			out.Text, out.Kind = name, tree.String
			return &out
		}
	case n.Kind == tree.List:
		return mapItems(n, func(item *tree.Node) *tree.Node { return renameWords(item, names) })
	}
	return n
}

func mapItems(n *tree.Node, f func(*tree.Node) *tree.Node) *tree.Node {
	out := *n
	out.Items = make([]*tree.Node, len(n.Items))
	for i, item := range n.Items {
		out.Items[i] = f(item)
	}
	return &out
}

// renameNeeds renames also the names of a map.
func renameNeeds(n *tree.Node, names map[string]string) *tree.Node {
	switch n.Kind {
	case tree.List:
		return mapItems(n, func(item *tree.Node) *tree.Node { return renameNeeds(item, names) })
	case tree.Map:
		out := *n
		out.Members = append([]tree.Member(nil), n.Members...)
		for i := range out.Members {
			if name, ok := names[out.Members[i].Name]; ok {
				out.Members[i].Name = name
			}
		}
		return &out
	default:
		return renameWords(n, names)
	}
}

// renameExpect renames the request of same_as, in a block or a list of them.
func renameExpect(n *tree.Node, names map[string]string) *tree.Node {
	if n.Kind == tree.List {
		return mapItems(n, func(item *tree.Node) *tree.Node { return renameExpect(item, names) })
	}
	same := n.Get("same_as")
	if same == nil {
		return n
	}
	if same.Kind == tree.Map {
		request := same.Get("request")
		if request == nil {
			return n
		}
		same = withMember(same, tree.Member{Name: "request", Value: renameWords(request, names)})
	} else {
		same = renameWords(same, names)
	}
	return withMember(n, tree.Member{Name: "same_as", Value: same})
}
