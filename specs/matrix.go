package specs

import (
	"fmt"
	"slices"

	"volley/specs/shape"
	"volley/specs/tree"
)

func matrixShape() *shape.Shape {
	bound := templated(&shape.Shape{Kinds: []tree.Kind{tree.Int, tree.Float}})
	span := record(shape.Field{Name: "range", Doc: "[from, to] or [from, to, step]; to is part of it.", Required: true, Shape: templated(listOf(bound))})
	axis := &shape.Shape{Name: "axis", Template: true, OneOf: []*shape.Shape{listOf(anything()), span}}
	return &shape.Shape{
		Name: "matrix", Kinds: []tree.Kind{tree.Map}, Rest: axis,
		Fields: []shape.Field{
			{Name: "mode", Doc: "product (all with all, the default), zip (side by side) or each (one at a time).", Shape: enum("product", "zip", "each")},
			{Name: "exclude", Doc: "Combinations to leave out.", Shape: listOf(mapOf(anything()))},
		},
	}
}

func (d *decoder) matrix(r *Request, n *tree.Node, path string) {
	if n == nil || n.Kind != tree.Map {
		return
	}
	m := &Matrix{Pos: n.Pos, Mode: MatrixProduct}
	if mode := textOf(present(n, "mode")); mode != "" {
		m.Mode = MatrixMode(mode)
	}
	members(n, func(member tree.Member) {
		at := shape.Member(path, member.Name)
		switch {
		case member.Name == "mode" || member.Name == "exclude":
		case member.Value.Kind == tree.Map:
			d.axisRange(r, m, member, at)
		default:
			m.Axes = append(m.Axes, Axis{Name: member.Name, Pos: member.Pos, Values: d.compile(member.Value, at, beforeUnit, r)})
		}
	})
	if len(m.Axes) == 0 {
		d.add(n.Pos, path, "the matrix has no values", "give lists by name: {lang: [en, de]}")
		return
	}
	d.excludes(r, m, present(n, "exclude"), shape.Member(path, "exclude"))
	d.sideBySide(m, path)
	r.Matrix = m
}

func (d *decoder) axisRange(r *Request, m *Matrix, member tree.Member, path string) {
	span := present(member.Value, "range")
	if span == nil {
		return
	}
	at := shape.Member(path, "range")
	if span.Kind == tree.List && (len(span.Items) < 2 || len(span.Items) > 3) {
		d.add(span.Pos, at, fmt.Sprintf("a range has two or three numbers, got %d", len(span.Items)), "[from, to] or [from, to, step]")
	}
	m.Axes = append(m.Axes, Axis{Name: member.Name, Pos: member.Pos, Range: d.compile(span, at, beforeUnit, r)})
}

func (d *decoder) excludes(r *Request, m *Matrix, n *tree.Node, path string) {
	if n == nil || n.Kind != tree.List {
		return
	}
	axes := make([]string, len(m.Axes))
	for i, a := range m.Axes {
		axes[i] = a.Name
	}
	for i, item := range n.Items {
		at := shape.Item(path, i)
		members(item, func(member tree.Member) {
			if !slices.Contains(axes, member.Name) {
				d.add(member.Pos, shape.Member(at, member.Name), "the matrix has no "+quote(member.Name), d.oneOf(member.Name, axes))
			}
		})
		m.Exclude = append(m.Exclude, d.compile(item, at, beforeUnit, r))
	}
}

// sideBySide refuses lists of a zip that are not of one length, where that is
// known.
func (d *decoder) sideBySide(m *Matrix, path string) {
	if m.Mode != MatrixZip {
		return
	}
	first, length := "", -1
	for _, a := range m.Axes {
		l, known := a.length()
		switch {
		case !known:
		case length < 0:
			first, length = a.Name, l
		case l != length:
			d.add(a.Pos, shape.Member(path, a.Name),
				fmt.Sprintf("mode: zip takes lists of one length: %s has %d values, %s has %d", first, length, a.Name, l), "")
		}
	}
}

// length is how many values an axis has, if its text tells.
func (a *Axis) length() (int, bool) {
	if a.Values != nil {
		n := a.Values.Node()
		return len(n.Items), n.Kind == tree.List
	}
	n := a.Range.Node()
	if n.Kind != tree.List || len(n.Items) < 2 {
		return 0, false
	}
	step := 1.0
	var bounds []float64
	for _, item := range n.Items {
		if shape.IsTemplate(item) || !isScalar(item) {
			return 0, false
		}
		bounds = append(bounds, parsed(item, parseFloat))
	}
	if len(bounds) == 3 {
		step = bounds[2]
	}
	if step == 0 || (bounds[1]-bounds[0])/step < 0 {
		return 0, step != 0
	}
	return int(min((bounds[1]-bounds[0])/step, 1e15)) + 1, true
}
