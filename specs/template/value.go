package template

import "volley/specs/tree"

// Value is a compiled Node: scalars, lists and maps whose texts and names may
// hold templates. It is not changed by rendering.
type Value struct {
	node    *tree.Node
	parts   []part // of a text with templates
	items   []*Value
	members []member
	static  bool
	plain   any // of a static scalar

	// Of the topmost static values: their JSON, read with and without literal.
	text, literal []byte
}

// part is a piece of a text: an expression, or what stands between two.
type part struct {
	text       string
	expression *expression // nil: text
}

type member struct {
	name  string
	key   *Value // nil: name holds no template
	value *Value
}

// Reference is one use of a name in a template, such as vars.base.
type Reference struct {
	Root string // "vars"
	Name string // "base"; "" when the whole root is used, or a name that is computed
	Pos  tree.Pos
}

// Node returns what the value was compiled from.
func (v *Value) Node() *tree.Node { return v.node }

// Static reports that there is no template in it.
func (v *Value) Static() bool { return v.static }

// single returns the expression that is all of the text, nil if there is more
// or less.
func (v *Value) single() *expression {
	if len(v.parts) != 1 {
		return nil
	}
	return v.parts[0].expression
}

// NeedsLua reports an expression that is more than a path.
func (v *Value) NeedsLua() bool {
	lua := false
	v.each(func(e *expression) { lua = lua || e.steps == nil })
	return lua
}

// References lists the names that the value's templates use, in order.
func (v *Value) References() []Reference {
	var list []Reference
	v.each(func(e *expression) { list = append(list, e.references...) })
	return list
}

// each calls f with every expression in v, in order.
func (v *Value) each(f func(*expression)) {
	if v == nil || v.static {
		return
	}
	for _, p := range v.parts {
		if p.expression != nil {
			f(p.expression)
		}
	}
	for _, item := range v.items {
		item.each(f)
	}
	for _, m := range v.members {
		m.key.each(f)
		m.value.each(f)
	}
}
