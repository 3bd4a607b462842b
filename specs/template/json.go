package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"volley/runtime"
	"volley/specs/tree"
)

// maxNesting bounds the levels of rendered values; Lua tables may be deep.
const maxNesting = 200

// AppendJSON appends the rendered value as JSON, members in order. literal
// keeps plain scalars that are numbers exactly as they are written, as headers
// and params want it: as text if JSON has no such number. Otherwise they have
// YAML's meaning. After an error, which is as Any's, dst may have grown.
func (v *Value) AppendJSON(dst []byte, s Scope, literal bool) ([]byte, error) {
	switch {
	case literal && v.literal != nil:
		return append(dst, v.literal...), nil
	case !literal && v.text != nil:
		return append(dst, v.text...), nil
	}
	return v.appendJSON(dst, s, literal)
}

func (v *Value) appendJSON(dst []byte, s Scope, literal bool) ([]byte, error) {
	switch v.node.Kind {
	case tree.List:
		return v.appendList(dst, s, literal)
	case tree.Map:
		return v.appendMap(dst, s, literal)
	case tree.Null:
		return append(dst, "null"...), nil
	case tree.Bool:
		return strconv.AppendBool(dst, v.node.Plain() == true), nil
	case tree.Int, tree.Float:
		return v.appendNumber(dst, literal)
	case tree.String:
	}
	if v.static {
		return v.escape(dst, v.node.Text)
	}
	if e := v.single(); e != nil {
		value, err := e.eval(s)
		if err != nil {
			return dst, err
		}
		if dst, err = appendPlain(dst, value, 0); err != nil {
			return dst, e.located(err, runtime.KindInvalidArgument)
		}
		return dst, nil
	}
	text, err := v.joined(s)
	if err != nil {
		return dst, err
	}
	return v.escape(dst, text)
}

// escape appends a text of this value.
func (v *Value) escape(dst []byte, text string) ([]byte, error) {
	dst, err := appendString(dst, text)
	if err != nil {
		return dst, runtime.Errorf(runtime.KindInvalidArgument, "%s: %s", v.node.Pos, err)
	}
	return dst, nil
}

func (v *Value) appendList(dst []byte, s Scope, literal bool) ([]byte, error) {
	dst = append(dst, '[')
	for i, item := range v.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = item.AppendJSON(dst, s, literal); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (v *Value) appendMap(dst []byte, s Scope, literal bool) ([]byte, error) {
	names, err := v.names(s)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '{')
	for i := range v.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		m := &v.members[i]
		name := m.name
		if names != nil {
			name = names[i]
		}
		if dst, err = m.value.escape(dst, name); err != nil {
			return dst, err
		}
		dst = append(dst, ':')
		if dst, err = m.value.AppendJSON(dst, s, literal); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// names renders the names of a map, nil when none holds a template.
func (v *Value) names(s Scope) ([]string, error) {
	if !slices.ContainsFunc(v.members, func(m member) bool { return m.key != nil }) {
		return nil, nil
	}
	names := make([]string, len(v.members))
	there := make(map[string]bool, len(names))
	for i := range v.members {
		name, err := v.members[i].rendered(s)
		if err != nil {
			return nil, err
		}
		if there[name] {
			return nil, v.members[i].twice(name)
		}
		there[name] = true
		names[i] = name
	}
	return names, nil
}

// appendNumber appends a number of the spec.
func (v *Value) appendNumber(dst []byte, literal bool) ([]byte, error) {
	text := v.node.Text
	if tree.IsJSON(text) {
		return append(dst, text...), nil
	}
	if literal {
		return appendString(dst, text)
	}
	dst, err := appendPlain(dst, v.node.Plain(), 0)
	if err != nil {
		return dst, runtime.Errorf(runtime.KindInvalidArgument, "%s: %s; quote it if it is text", v.node.Pos, err)
	}
	return dst, nil
}

var (
	errNesting = errors.New("is nested deeper than 200 levels")
	errUTF8    = errors.New("the text is not UTF-8, which JSON wants")
)

// appendPlain appends a plain value or a Namespace: the members of a Namespace
// in its order, of a map by name.
func appendPlain(dst []byte, value any, depth int) ([]byte, error) {
	if depth > maxNesting {
		return dst, errNesting
	}
	switch x := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, x), nil
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return dst, errors.New("JSON has no " + strconv.FormatFloat(x, 'g', -1, 64))
		}
		return tree.AppendNumber(dst, x), nil
	case json.Number:
		if !tree.IsJSON(string(x)) {
			return dst, fmt.Errorf("%q is not a number of JSON", string(x))
		}
		return append(dst, x...), nil
	case string:
		return appendString(dst, x)
	case []any:
		return appendItems(dst, x, depth)
	case map[string]any:
		names := make([]string, 0, len(x))
		for name := range x {
			names = append(names, name)
		}
		slices.Sort(names)
		return appendMembers(dst, names, func(name string) (any, error) { return x[name], nil }, depth)
	case Namespace:
		return appendMembers(dst, x.Names(), x.Member, depth)
	}
	return dst, fmt.Errorf("%T is no plain value", value)
}

func appendItems(dst []byte, items []any, depth int) ([]byte, error) {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendPlain(dst, item, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendMembers(dst []byte, names []string, get func(string) (any, error), depth int) ([]byte, error) {
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		value, err := get(name)
		if err != nil {
			return dst, err
		}
		if dst, err = appendString(dst, name); err != nil {
			return dst, err
		}
		dst = append(dst, ':')
		if dst, err = appendPlain(dst, value, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// appendString appends a text as JSON. One that is not UTF-8 is an error: JSON
// would change it.
func appendString(dst []byte, text string) ([]byte, error) {
	const hex = "0123456789abcdef"
	if !utf8.ValidString(text) {
		return dst, errUTF8
	}
	dst = append(dst, '"')
	start := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"'), nil
}

// flatten makes plain values of the Namespaces in value.
func flatten(value any, depth int) (any, error) {
	if depth > maxNesting {
		return nil, errNesting
	}
	space, ok := value.(Namespace)
	if !ok {
		return value, nil
	}
	names := space.Names()
	table := make(map[string]any, len(names))
	for _, name := range names {
		member, err := space.Member(name)
		if err != nil {
			return nil, err
		}
		if table[name], err = flatten(member, depth+1); err != nil {
			return nil, err
		}
	}
	return table, nil
}
