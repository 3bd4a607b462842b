package shape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"volley/specs/tree"
)

// Schema writes root as a JSON Schema (draft 2020-12): shapes with a Name
// become $defs, maps refuse other names but x-…, and where a template may
// stand the schema takes any text with ${{. The same shape gives the same
// bytes. Two different shapes of one Name are a mistake of the program, and
// panic.
func Schema(root *Shape, id, title string) []byte {
	w := writer{defs: map[string]*Shape{}}
	body := w.inline(root)
	head := object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", id}, {"title", title}}
	whole := append(head, body...)
	defs := object{}
	for i := 0; i < len(w.order); i++ { // writing one may name more
		s := w.order[i]
		defs = append(defs, entry{s.Name, w.inline(s)})
	}
	slices.SortFunc(defs, func(a, b entry) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	whole = append(whole, entry{"$defs", defs})
	var out bytes.Buffer
	if err := json.Indent(&out, whole.append(nil), "", " "); err != nil {
		panic("shape: the schema is no JSON: " + err.Error())
	}
	return append(out.Bytes(), '\n')
}

// object is a JSON object whose members keep their order.
type object []entry

type entry struct {
	name  string
	value any
}

func (o object) append(dst []byte) []byte {
	dst = append(dst, '{')
	for i, e := range o {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, e.name)
		dst = append(dst, ':')
		dst = appendValue(dst, e.value)
	}
	return append(dst, '}')
}

func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case object:
		return v.append(dst)
	case []object:
		dst = append(dst, '[')
		for i, o := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = o.append(dst)
		}
		return append(dst, ']')
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("shape: " + err.Error())
	}
	return append(dst, bytes.TrimSpace(text.Bytes())...)
}

type writer struct {
	defs  map[string]*Shape
	order []*Shape
}

// schema is the schema of s, or a reference to it.
func (w *writer) schema(s *Shape) object {
	if s == nil {
		return object{}
	}
	if s.Name == "" {
		return w.inline(s)
	}
	known := w.defs[s.Name]
	switch {
	case known == nil:
		w.defs[s.Name] = s
		w.order = append(w.order, s)
	case known != s && !bytes.Equal(w.inline(known).append(nil), w.inline(s).append(nil)):
		panic(fmt.Sprintf("shape: two different shapes are called %q", s.Name))
	}
	return object{{"$ref", "#/$defs/" + s.Name}}
}

// inline is the schema of s itself.
func (w *writer) inline(s *Shape) object {
	var out object
	if s.Doc != "" {
		out = append(out, entry{"description", s.Doc})
	}
	body := w.body(s)
	if s.Template && !s.takesAnyText() {
		return append(out, entry{"anyOf", []object{body, templateText()}})
	}
	return append(out, body...)
}

func templateText() object { return object{{"type", "string"}, {"pattern", `\$\{\{`}} }

// takesAnyText reports a shape that templates fit into as they are.
func (s *Shape) takesAnyText() bool {
	if len(s.OneOf) > 0 {
		return false
	}
	return len(s.Kinds) == 0 || slices.Contains(s.Kinds, tree.String) && len(s.Enum) == 0 && s.Format == nil
}

func (w *writer) body(s *Shape) object {
	if len(s.OneOf) > 0 {
		choices := make([]object, len(s.OneOf))
		for i, one := range s.OneOf {
			choices[i] = w.schema(one)
		}
		return object{{"anyOf", choices}}
	}
	var out object
	if types := schemaTypes(s.Kinds); len(types) == 1 {
		out = append(out, entry{"type", types[0]})
	} else if len(types) > 1 {
		out = append(out, entry{"type", types})
	}
	if len(s.Enum) > 0 {
		out = append(out, entry{"enum", s.Enum})
	}
	if s.Format != nil && s.Format.Pattern != "" && slices.Contains(s.Kinds, tree.String) {
		out = append(out, entry{"pattern", s.Format.Pattern})
	}
	if s.Items != nil {
		out = append(out, entry{"items", w.schema(s.Items)})
	}
	return w.members(s, out)
}

func schemaTypes(kinds []tree.Kind) []string {
	var types []string
	for _, k := range kinds {
		name := [...]string{"null", "boolean", "integer", "number", "string", "array", "object"}[k]
		if name == "integer" && slices.Contains(kinds, tree.Float) || slices.Contains(types, name) {
			continue
		}
		types = append(types, name)
	}
	return types
}

// members adds what s says about the members of a map.
func (w *writer) members(s *Shape, out object) object {
	if len(s.Fields) > 0 {
		var properties object
		var required []string
		for _, f := range s.Fields {
			properties = append(properties, entry{f.Name, w.property(f)})
			if f.Required {
				required = append(required, f.Name)
			}
		}
		out = append(out, entry{"properties", properties})
		if required != nil {
			out = append(out, entry{"required", required})
		}
	}
	if len(s.Fields) > 0 {
		out = append(out, entry{"patternProperties", object{{"^x-", object{}}}})
	}
	if s.Rest != nil {
		out = append(out, entry{"additionalProperties", w.property(Field{Shape: s.Rest})})
	} else if len(s.Fields) > 0 {
		out = append(out, entry{"additionalProperties", false})
	}
	var rules []object
	for _, names := range s.Exclusive {
		for i, a := range names {
			for _, b := range names[:i] {
				rules = append(rules, object{{"not", object{{"properties", notNull(b, a)}, {"required", []string{b, a}}}}})
			}
		}
	}
	for _, names := range s.Need {
		var one []object
		for _, name := range names {
			one = append(one, object{{"required", []string{name}}})
		}
		rules = append(rules, object{{"anyOf", one}})
	}
	if rules != nil {
		out = append(out, entry{"allOf", rules})
	}
	return out
}

// notNull demands members that are there in earnest.
func notNull(names ...string) object {
	var out object
	for _, name := range names {
		out = append(out, entry{name, object{{"not", object{{"type", "null"}}}}})
	}
	return out
}

// property is the schema of a field: what is not required may be null, which
// is as good as not there.
func (w *writer) property(f Field) object {
	var out object
	if f.Doc != "" {
		out = append(out, entry{"description", f.Doc})
	}
	of := w.schema(f.Shape)
	switch {
	case f.Required || len(of) == 0 || f.Shape.takesNull():
		return append(out, without(of, len(out) > 0)...)
	default:
		return append(out, entry{"anyOf", []object{of, {{"type", "null"}}}})
	}
}

// takesNull reports a shape that null fits already.
func (s *Shape) takesNull() bool {
	if len(s.OneOf) > 0 {
		return slices.ContainsFunc(s.OneOf, (*Shape).takesNull)
	}
	return len(s.Kinds) == 0 || slices.Contains(s.Kinds, tree.Null)
}

// without drops the description of a shape in place when its field has one.
func without(o object, described bool) object {
	if described && len(o) > 0 && o[0].name == "description" {
		return o[1:]
	}
	return o
}
