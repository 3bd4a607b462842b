package data

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"volley/runtime"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// list is a list in the spec, or an expression that makes one.
type list struct {
	whole *template.Value   // an expression
	items []*template.Value // the items of a list in place
	names [][]string        // of those that are maps, in the order they are written
}

func (d *decoder) list() origin {
	n := d.get("values", tree.List, tree.String)
	switch {
	case n == nil:
		return &list{}
	case n.Kind == tree.String:
		return &list{whole: d.template(n, "values")}
	}
	l := &list{}
	for i, item := range n.Items {
		l.items = append(l.items, d.template(item, tree.Item("values", i)))
		var names []string
		for _, m := range item.Members {
			names = append(names, m.Name)
		}
		l.names = append(l.names, names)
	}
	return l
}

func (l *list) open(o *opening) (reader, error) {
	name := "the data source " + o.source.Name
	if l.whole == nil {
		return &itemReader{list: l, scope: o.scope(), name: name}, nil
	}
	v, err := l.whole.Any(o.scope())
	if err != nil {
		return nil, err
	}
	values, ok := v.([]any)
	if !ok {
		return nil, optionError(l.whole, "values", fmt.Errorf("must be a list, got %s", plainKind(v)))
	}
	return &listReader{values: values, name: name}, nil
}

// itemReader renders the items of a list in place.
type itemReader struct {
	list  *list
	scope template.Scope
	name  string
	at    int
}

// next implements reader.
func (r *itemReader) next() (*runtime.Row, error) {
	if r.at == len(r.list.items) {
		return nil, io.EOF
	}
	v, err := r.list.items[r.at].Any(r.scope)
	if err != nil {
		return nil, err
	}
	r.at++
	return rowOf(v, r.list.names[r.at-1]), nil
}

func (r *itemReader) place() string {
	if r.at == 0 {
		return r.name
	}
	return r.list.items[r.at-1].Node().Pos.String()
}

func (r *itemReader) close() {}

// listReader hands out values that are there.
type listReader struct {
	values []any
	name   string
	names  []string // of the last row
	at     int
}

// next implements reader.
func (r *listReader) next() (*runtime.Row, error) {
	if r.at == len(r.values) {
		return nil, io.EOF
	}
	row := rowOf(r.values[r.at], r.names)
	r.names = row.Names
	r.at++
	return row, nil
}

func (r *listReader) place() string { return r.name }

func (r *listReader) close() {}

// numbers is a range.
type numbers struct {
	from, to, step *template.Value // step nil: 1
}

func (d *decoder) numbers() origin {
	n := d.get("range", tree.List)
	if n == nil {
		return &list{}
	}
	if len(n.Items) != 2 && len(n.Items) != 3 {
		d.problem(n, "range", "must be [from, to] or [from, to, step], got a list of "+strconv.Itoa(len(n.Items)), "range: [1, 100]")
		return &list{}
	}
	values := make([]*template.Value, 3)
	static := true
	for i, item := range n.Items {
		values[i] = d.template(item, tree.Item("range", i))
		static = static && values[i].Static()
	}
	r := &numbers{from: values[0], to: values[1], step: values[2]}
	if static {
		if _, err := r.bounds(nothing{}); err != nil {
			d.problem(n, "range", err.Error(), "")
		}
	}
	return r
}

func (r *numbers) open(o *opening) (reader, error) {
	b, err := r.bounds(o.scope())
	if err != nil {
		return nil, optionError(r.from, "range", err)
	}
	b.name = "the data source " + o.source.Name
	return b, nil
}

// bounds renders the numbers and checks them.
func (r *numbers) bounds(scope template.Scope) (*rangeReader, error) {
	b := &rangeReader{step: 1}
	into := [...]*float64{&b.from, &b.to, &b.step}
	for i, v := range [...]*template.Value{r.from, r.to, r.step} {
		if v == nil {
			continue
		}
		text, err := scalarText(v, scope)
		if err != nil {
			return nil, err
		}
		if *into[i], err = parseNumber(text); err != nil {
			return nil, err
		}
	}
	switch {
	case b.step == 0:
		return nil, errors.New("the step is 0")
	case r.step == nil && r.from.Static() && r.to.Static() && b.from > b.to:
		return nil, fmt.Errorf("%s is above %s; to count down, give a step: [%s, %s, -1]", text(b.from), text(b.to), text(b.from), text(b.to))
	}
	// The last number may be missed by a rounding error of the division only.
	b.count = int64(math.Floor((b.to-b.from)/b.step+1e-9)) + 1
	return b, nil
}

func parseNumber(s string) (float64, error) {
	if n, err := shape.ParseWhole(s); err == nil {
		s = strconv.FormatInt(n, 10)
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(strings.ReplaceAll(s, "_", "")), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > maxExact {
		return 0, fmt.Errorf("%s is no number up to 2^53", clip(s))
	}
	return f, nil
}

func text(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// rangeReader counts. It multiplies rather than adds, so that errors of
// fractions do not sum up.
type rangeReader struct {
	name           string
	from, to, step float64
	count, at      int64
}

// next implements reader.
func (r *rangeReader) next() (*runtime.Row, error) {
	if r.at >= r.count {
		return nil, io.EOF
	}
	v := r.from + float64(r.at)*r.step
	r.at++
	return &runtime.Row{Values: []any{v}}, nil
}

func (r *rangeReader) place() string { return r.name }

func (r *rangeReader) close() {}

// generator is a Lua function that makes the rows.
type generator struct{ function Function }

func (g *generator) open(o *opening) (reader, error) {
	if o.Lua == nil {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "%s: lua: this source needs Lua, which is not there", g.function.Pos)
	}
	from, err := o.Lua(g.function, o.Later)
	if err != nil {
		return nil, err
	}
	return &generated{from: from, name: g.function.Pos.String()}, nil
}

// generated implements stream.
type generated struct {
	from    Generator
	name    string
	names   []string
	stopped bool
}

// next implements reader.
func (r *generated) next() (*runtime.Row, error) {
	if r.stopped {
		return nil, io.EOF
	}
	v, ok, err := r.from.Next()
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, io.EOF
	}
	row := rowOf(v, r.names)
	r.names = row.Names
	return row, nil
}

func (r *generated) place() string { return r.name }

// stop drops a value that is being made: nobody can tell when it will be.
func (r *generated) stop() {
	r.stopped = true
	r.from.Stop()
}

func (r *generated) close() { r.from.Stop() }

// plainKind names the kind of a plain value for messages.
func plainKind(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case bool:
		return "a truth value"
	case string:
		return "a text"
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	return "a number"
}
