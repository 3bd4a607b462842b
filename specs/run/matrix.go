package run

import (
	"encoding/json"
	"math"
	"reflect"

	"volley/runtime"
	"volley/specs"
	"volley/specs/template"
	"volley/specs/tree"
)

// maxUnits bounds the requests that one entry makes of one row, by matrix and
// repeat.
const maxUnits = 1_000_000

// matrix is a rendered specs.Matrix. It is immutable.
type matrix struct {
	mode    specs.MatrixMode
	axes    []axis
	exclude []map[string]any
	names   []string
}

// axis holds the values of one axis; a range makes them when they are asked
// for.
type axis struct {
	values     []any
	from, step float64
	size       int
}

func (a *axis) at(i int) any {
	if a.values != nil {
		return a.values[i]
	}
	return a.from + float64(i)*a.step
}

// isStatic reports a matrix that is the same for every unit.
func isStatic(m *specs.Matrix) bool {
	for i := range m.Axes {
		if v := m.Axes[i].Values; v != nil && !v.Static() {
			return false
		}
		if v := m.Axes[i].Range; v != nil && !v.Static() {
			return false
		}
	}
	for _, e := range m.Exclude {
		if !e.Static() {
			return false
		}
	}
	return true
}

func renderMatrix(m *specs.Matrix, scope template.Scope) (*matrix, error) {
	out := &matrix{mode: m.Mode}
	for i := range m.Axes {
		a, err := renderAxis(&m.Axes[i], scope)
		if err != nil {
			return nil, err
		}
		out.axes = append(out.axes, a)
		out.names = append(out.names, m.Axes[i].Name)
	}
	for _, e := range m.Exclude {
		v, err := e.Any(scope)
		if err != nil {
			return nil, err
		}
		except, ok := v.(map[string]any)
		if !ok {
			return nil, runtime.Errorf(runtime.KindInvalidArgument, "%s: matrix.exclude must hold maps of axis and value", e.Node().Pos)
		}
		out.exclude = append(out.exclude, except)
	}
	return out, out.check(m)
}

func renderAxis(a *specs.Axis, scope template.Scope) (axis, error) {
	source := a.Values
	if source == nil {
		source = a.Range
	}
	v, err := source.Any(scope)
	if err != nil {
		return axis{}, err
	}
	list, ok := v.([]any)
	if !ok {
		return axis{}, runtime.Errorf(runtime.KindInvalidArgument, "%s: matrix.%s must be a list", a.Pos, a.Name)
	}
	if a.Values != nil {
		return axis{values: list, size: len(list)}, nil
	}
	return rangeAxis(a, list)
}

// rangeAxis reads [from, to] or [from, to, step].
func rangeAxis(a *specs.Axis, list []any) (axis, error) {
	wrong := runtime.Errorf(runtime.KindInvalidArgument, "%s: matrix.%s: range must be [from, to] or [from, to, step] with numbers and a step other than 0", a.Pos, a.Name)
	if len(list) != 2 && len(list) != 3 {
		return axis{}, wrong
	}
	n := [3]float64{2: 1}
	for i, v := range list {
		f, ok := number(v)
		if !ok {
			return axis{}, wrong
		}
		n[i] = f
	}
	size := math.Floor((n[1]-n[0])/n[2]+1e-9) + 1
	switch {
	case n[2] == 0 || math.IsNaN(size):
		return axis{}, wrong
	case size > maxUnits:
		return axis{}, tooMany(a.Pos, "matrix."+a.Name, size)
	}
	return axis{from: n[0], step: n[2], size: max(0, int(size))}, nil
}

// tooMany is the fault of what makes that many requests of one row.
func tooMany(pos tree.Pos, what string, n float64) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidArgument, "%s: %s: %.0f requests are more than the %d that may be made of one row; make rows of them: data with range or values",
		pos, what, n, maxUnits)
}

// check refuses a zip of unequal lengths and a product beyond all bounds.
func (m *matrix) check(written *specs.Matrix) error {
	product := 1.0
	for i := range m.axes {
		product *= float64(m.axes[i].size)
		if m.mode == specs.MatrixZip && m.axes[i].size != m.axes[0].size {
			return runtime.Errorf(runtime.KindInvalidArgument, "%s: matrix: zip needs lists of one length; %s has %d values and %s has %d",
				written.Axes[i].Pos, m.names[0], m.axes[0].size, m.names[i], m.axes[i].size)
		}
	}
	if product > maxUnits && m.mode != specs.MatrixZip && m.mode != specs.MatrixEach {
		return tooMany(written.Pos, "matrix", product)
	}
	return nil
}

// size counts combinations, excluded ones too.
func (m *matrix) size() int {
	if len(m.axes) == 0 {
		return 1
	}
	switch m.mode {
	case specs.MatrixZip:
		return m.axes[0].size
	case specs.MatrixEach:
		n := 1
		for i := range m.axes {
			if m.axes[i].size == 0 {
				return 0
			}
			n += m.axes[i].size - 1
		}
		return n
	default:
		n := 1
		for i := range m.axes {
			n *= m.axes[i].size
		}
		return n
	}
}

// pick returns combination i, one value for each name; nil: it is excluded.
func (m *matrix) pick(i int) []any {
	out := make([]any, len(m.axes))
	for k := len(m.axes) - 1; k >= 0; k-- {
		a := &m.axes[k]
		switch m.mode {
		case specs.MatrixZip:
			out[k] = a.at(i)
		case specs.MatrixEach:
			out[k] = a.at(0)
		default:
			out[k] = a.at(i % a.size)
			i /= a.size
		}
	}
	if m.mode == specs.MatrixEach {
		m.vary(out, i)
	}
	for _, e := range m.exclude {
		if m.matches(e, out) {
			return nil
		}
	}
	return out
}

// vary puts the i-th of the further values in its place, 0 being none.
func (m *matrix) vary(out []any, i int) {
	for k := range m.axes {
		further := m.axes[k].size - 1
		if i <= further {
			out[k] = m.axes[k].at(i)
			return
		}
		i -= further
	}
}

func (m *matrix) matches(except map[string]any, values []any) bool {
	hits := 0
	for i, name := range m.names {
		if want, ok := except[name]; ok {
			if !same(want, values[i]) {
				return false
			}
			hits++
		}
	}
	return hits > 0
}

// same compares plain values, numbers by what they are worth.
func same(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}

// count is size without what is excluded.
func (m *matrix) count() int {
	if len(m.exclude) == 0 {
		return m.size()
	}
	n := 0
	for i := range m.size() {
		if m.pick(i) != nil {
			n++
		}
	}
	return n
}
