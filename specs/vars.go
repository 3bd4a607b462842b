package specs

import (
	"strings"

	"volley/specs/shape"
	"volley/specs/tree"
)

func varsShape() *shape.Shape {
	return &shape.Shape{Name: "vars", Kinds: []tree.Kind{tree.Map}, Rest: anything()}
}

// decodeVars reads vars, with those that were given from outside first and in
// place of the spec's own.
func (d *decoder) decodeVars() {
	var list []Var
	for _, name := range sortedNames(d.given) {
		v := Var{Name: name, Text: d.given[name]}
		if own := d.root.Get("vars"); own != nil {
			v.Pos = own.Pos
		}
		list = append(list, v)
	}
	d.spec.Vars = d.inOrder(append(list, d.varsOf(present(d.root, "vars"), "vars", nil)...))
}

// varsOf compiles a map of vars, less those given from outside.
func (d *decoder) varsOf(n *tree.Node, path string, owner *Request) []Var {
	var list []Var
	if n == nil || n.Kind != tree.Map {
		return nil
	}
	for _, m := range n.Members {
		if _, given := d.given[m.Name]; given {
			continue
		}
		value := d.compile(m.Value, shape.Member(path, m.Name), atStart, owner)
		list = append(list, Var{Name: m.Name, Pos: m.Pos, Value: value})
	}
	return list
}

// inOrder sorts vars so that each refers to earlier ones only; a circle is a
// problem.
func (d *decoder) inOrder(list []Var) []Var {
	g := graph{}
	for i, v := range list {
		g.add(v.Name, i)
	}
	for _, v := range list {
		if v.Value == nil {
			continue
		}
		for _, ref := range v.Value.References() {
			if ref.Root == "vars" && ref.Name != "" {
				g.edge(v.Name, ref.Name)
			}
		}
	}
	order, circle := g.sort()
	if circle != nil {
		v := list[g.index[circle[0]]]
		d.add(v.Pos, "vars."+v.Name, "the variables refer to each other in a circle: "+strings.Join(circle, " → "), "")
		return list
	}
	sorted := make([]Var, len(order))
	for i, name := range order {
		sorted[i] = list[g.index[name]]
	}
	return sorted
}
