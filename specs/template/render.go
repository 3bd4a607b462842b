package template

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"volley/runtime"
	"volley/specs/tree"
)

// Any renders the value as a plain one: nil, bool, float64, json.Number,
// string, []any, map[string]any. A scalar that is exactly one ${{ }} keeps the
// type of its expression. The result must not be changed. Errors are
// *runtime.Error: of kind invalid_argument, or as Lua raised them.
func (v *Value) Any(s Scope) (any, error) {
	switch {
	case v.node.Kind == tree.List:
		return v.list(s)
	case v.node.Kind == tree.Map:
		return v.table(s)
	case v.static:
		return v.plain, nil
	}
	if e := v.single(); e != nil {
		value, err := e.eval(s)
		if err != nil {
			return nil, err
		}
		if value, err = flatten(value, 0); err != nil {
			return nil, e.located(err, runtime.KindInvalidArgument)
		}
		return value, nil
	}
	return v.joined(s)
}

func (v *Value) list(s Scope) (any, error) {
	items := make([]any, len(v.items))
	for i, item := range v.items {
		var err error
		if items[i], err = item.Any(s); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (v *Value) table(s Scope) (any, error) {
	table := make(map[string]any, len(v.members))
	for i := range v.members {
		m := &v.members[i]
		name, err := m.rendered(s)
		if err != nil {
			return nil, err
		}
		if _, ok := table[name]; ok {
			return nil, m.twice(name)
		}
		if table[name], err = m.value.Any(s); err != nil {
			return nil, err
		}
	}
	return table, nil
}

// rendered returns the name of a member.
func (m *member) rendered(s Scope) (string, error) {
	if m.key == nil {
		return m.name, nil
	}
	return m.key.Text(s)
}

// twice is the error for a name that another member has already.
func (m *member) twice(name string) error {
	pos := m.value.node.Pos
	if m.key != nil {
		pos = m.key.node.Pos
	}
	return runtime.Errorf(runtime.KindInvalidArgument, "%s: the name %s is there twice in its map", pos, strconv.Quote(name))
}

// Text renders a scalar as text. nil, lists and maps are errors.
func (v *Value) Text(s Scope) (string, error) {
	if !v.static {
		if e := v.single(); e != nil {
			return e.text(s)
		}
	}
	switch v.node.Kind {
	case tree.Null, tree.List, tree.Map:
		return "", runtime.Errorf(runtime.KindInvalidArgument, "%s: text is wanted here, got %s", v.node.Pos, v.node.Kind)
	case tree.Bool:
		return strconv.FormatBool(v.plain == true), nil
	case tree.Int, tree.Float, tree.String:
	}
	if v.static {
		return v.node.Text, nil
	}
	return v.joined(s)
}

// joined returns the parts of a text one after the other.
func (v *Value) joined(s Scope) (string, error) {
	var room [128]byte
	text := room[:0]
	for _, p := range v.parts {
		if p.expression == nil {
			text = append(text, p.text...)
			continue
		}
		value, err := p.expression.eval(s)
		if err != nil {
			return "", err
		}
		if text, err = p.expression.appendText(text, value); err != nil {
			return "", err
		}
	}
	return string(text), nil
}

// text evaluates the expression to a text.
func (e *expression) text(s Scope) (string, error) {
	value, err := e.eval(s)
	if err != nil {
		return "", err
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	var room [32]byte
	text, err := e.appendText(room[:0], value)
	return string(text), err
}

// appendText appends the text of a value.
func (e *expression) appendText(dst []byte, value any) ([]byte, error) {
	switch x := value.(type) {
	case string:
		return append(dst, x...), nil
	case json.Number:
		return append(dst, x...), nil
	case float64:
		if !math.IsInf(x, 0) && !math.IsNaN(x) {
			return tree.AppendNumber(dst, x), nil
		}
		return dst, e.fault("is not a finite number")
	case bool:
		return strconv.AppendBool(dst, x), nil
	case nil:
		return dst, e.fault(`is nil; with "or" it can have another value: ${{ ` + strings.TrimSuffix(e.source, ";") + ` or "" }}`)
	}
	return dst, e.fault("is " + what(value) + ", which has no text")
}

// Truth renders a condition: nil and false do not hold, everything else does.
// Text around an expression, or none at all, is an error: it would always hold.
func (v *Value) Truth(s Scope) (bool, error) {
	if e := v.single(); e != nil {
		value, err := e.eval(s)
		return value != nil && value != false, err
	}
	if !v.static || v.node.Kind == tree.String {
		return false, runtime.Errorf(runtime.KindInvalidArgument,
			"%s: the condition is text, which always holds; put all of it into one ${{ }}", v.node.Pos)
	}
	return v.node.Kind != tree.Null && v.plain != false, nil
}
