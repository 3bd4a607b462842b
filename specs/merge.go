package specs

import (
	"slices"
	"strings"

	"volley/specs/shape"
	"volley/specs/tree"
)

// entry is a request as it is written, before anything is merged into it.
type entry struct {
	node   *tree.Node
	list   string
	path   string
	merged *tree.Node // with what it extends and the defaults
}

// mergeRequests returns each request with what it extends, and the defaults
// of its list, below it.
func (d *decoder) mergeRequests() map[*tree.Node]*tree.Node {
	byName := map[string]*entry{}
	var all []*entry
	for _, list := range lists {
		n := present(d.root, list)
		if n == nil || n.Kind != tree.List {
			continue
		}
		for i, item := range n.Items {
			if item.Kind == tree.Map {
				e := &entry{node: item, list: list, path: shape.Item(list, i)}
				all = append(all, e)
				d.name(e, byName)
			}
		}
	}
	merged := map[*tree.Node]*tree.Node{}
	for _, e := range all {
		n := d.extend(e, byName, nil)
		if defaults := present(d.root, "defaults"); defaults != nil && defaults.Kind == tree.Map && e.list != "setup" {
			n = over(defaults, n)
		}
		merged[e.node] = n
	}
	return merged
}

// name notes the name of a request; no other may have it.
func (d *decoder) name(e *entry, byName map[string]*entry) {
	n := present(e.node, "name")
	name := textOf(n)
	if name == "" {
		return
	}
	if first := byName[name]; first != nil {
		d.add(n.Pos, shape.Member(e.path, "name"), "the name "+quote(name)+" is taken by the request at "+present(first.node, "name").Pos.String(),
			"names tell requests apart, also in what is included: give it another, or include with as:")
		return
	}
	byName[name] = e
}

// extend returns e over what it extends. open lists the names on the way
// here.
func (d *decoder) extend(e *entry, byName map[string]*entry, open []string) *tree.Node {
	n := present(e.node, "extends")
	if n == nil || e.merged != nil {
		if e.merged == nil {
			e.merged = e.node
		}
		return e.merged
	}
	words := []*tree.Node{n}
	if n.Kind == tree.List {
		words = n.Items
	}
	at := shape.Member(e.path, "extends")
	open = append(open, textOf(present(e.node, "name")))
	merged := e.node
	for _, word := range slices.Backward(words) { // the last one wins
		base := byName[textOf(word)]
		switch {
		case base == nil:
			d.add(word.Pos, at, "there is no request "+quote(textOf(word))+" to extend", d.oneOf(textOf(word), sortedNames(byName)))
			d.halved[e.node] = true
		case base == e || slices.Contains(open, textOf(word)):
			d.add(word.Pos, at, "the requests extend each other in a circle: "+strings.Join(append(slices.Clone(open), textOf(word)), " → "), "")
			d.halved[e.node] = true
		default:
			below := without(d.extend(base, byName, open), func(name string) bool { return name == "name" || name == "extends" })
			merged = over(below, merged)
			d.halved[e.node] = d.halved[e.node] || d.halved[base.node]
		}
	}
	e.merged = merged
	return merged
}

// over lays a request over another; what is no field is left out. Bodies are not mixed, names of headers
// have no case, and a null of pairs stays: it leaves out what the session has.
func over(below, above *tree.Node) *tree.Node {
	hasBody := slices.ContainsFunc(bodies, func(name string) bool { return above.Get(name) != nil })
	out := *above
	out.Members = nil
	for _, m := range below.Members {
		if hasBody && slices.Contains(bodies, m.Name) || !requestNames()[m.Name] {
			continue
		}
		if own := above.Get(m.Name); own != nil {
			m.Value = overField(m.Name, m.Value, own)
		}
		out.Members = append(out.Members, m)
	}
	for _, m := range above.Members {
		if requestNames()[m.Name] && out.Get(m.Name) == nil {
			out.Members = append(out.Members, m)
		}
	}
	return &out
}

// overField lays one field over another of the same name.
func overField(name string, below, above *tree.Node) *tree.Node {
	if below.Kind != tree.Map || above.Kind != tree.Map {
		return above
	}
	switch name {
	case "headers":
		return overPairs(below, above, strings.ToLower)
	case "params", "cookies", "tags", "proxies":
		return overPairs(below, above, strings.Clone)
	case "auth", "matrix", "meta", "poll", "needs":
		return above
	}
	return tree.Merge(below, above)
}

// overPairs lays names and values over others; fold gives what names have in
// common that are one.
func overPairs(below, above *tree.Node, fold func(string) string) *tree.Node {
	own := map[string]bool{}
	for _, m := range above.Members {
		own[fold(m.Name)] = true
	}
	out := without(below, func(name string) bool { return own[fold(name)] })
	out.Pos = above.Pos
	out.Members = append(out.Members, above.Members...)
	return out
}
