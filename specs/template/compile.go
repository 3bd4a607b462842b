package template

import (
	"strconv"
	"strings"

	"volley/specs/template/lualex"
	"volley/specs/tree"
)

// Compiler reads the templates of Nodes. It may be used again and again.
type Compiler struct {
	Lua      Lua            // nil: expressions that need it fail when they are evaluated
	Problems *tree.Problems // what is wrong with templates goes here; never nil
	// ReadFile reads what a spec names, such as a JSON Schema; nil: nothing.
	ReadFile func(path string) ([]byte, error)
}

// Has reports whether text holds a template.
func Has(text string) bool { return strings.Contains(text, lualex.Open) }

// Compile reads the templates of n and of everything in it. Faults are noted as
// problems of path; the Value can be used all the same. A ${{ without its end
// is text: tree.Parse has told of it. nil gives nil.
func (c *Compiler) Compile(n *tree.Node, path string) *Value {
	if n == nil {
		return nil
	}
	v := c.node(n, path)
	v.freeze()
	return v
}

// Expression reads a scalar that is an expression without ${{ }} around it,
// such as lua: "res.status == 200". With ${{ }} it does as Compile.
func (c *Compiler) Expression(n *tree.Node, path string) *Value {
	if n == nil || n.Kind == tree.List || n.Kind == tree.Map || Has(n.Text) {
		return c.Compile(n, path)
	}
	return &Value{node: n, parts: []part{{expression: c.expression(n.Code(), n.CodePos(), path)}}}
}

func (c *Compiler) node(n *tree.Node, path string) *Value {
	v := &Value{node: n, static: true}
	switch n.Kind {
	case tree.List:
		v.items = make([]*Value, len(n.Items))
		for i, item := range n.Items {
			v.items[i] = c.node(item, tree.Item(path, i))
			v.static = v.static && v.items[i].static
		}
	case tree.Map:
		v.members = make([]member, len(n.Members))
		for i, m := range n.Members {
			below := tree.Name(path, m.Name)
			v.members[i] = member{name: m.Name, value: c.node(m.Value, below)}
			v.static = v.static && v.members[i].value.static
			if parts := c.parts(n, m.Pos, m.Name, below); parts != nil {
				key := &tree.Node{Pos: m.Pos, Kind: tree.String, Text: m.Name}
				v.members[i].key = &Value{node: key, parts: parts}
				v.static = false
			}
		}
	case tree.String:
		v.parts = c.parts(n, n.Pos, n.Text, path)
		v.static = v.parts == nil
		v.plain = n.Text
	default:
		v.plain = n.Plain()
	}
	return v
}

// parts cuts text at its templates, nil when there is none.
func (c *Compiler) parts(n *tree.Node, pos tree.Pos, text, path string) []part {
	count := strings.Count(text, lualex.Open)
	if count == 0 {
		return nil
	}
	places := n.Places(pos, lualex.Open, count)
	var parts []part
	for {
		before, rest, ok := strings.Cut(text, lualex.Open)
		stop := -1
		if ok {
			stop = lualex.End(rest)
		}
		if stop < 0 {
			break
		}
		if before != "" {
			parts = append(parts, part{text: before})
		}
		source := rest[:stop]
		parts = append(parts, part{expression: c.expression(source, inside(places[0], source), path)})
		places = places[1+strings.Count(source, lualex.Open):]
		text = rest[stop+len(lualex.Close):]
	}
	if parts != nil && text != "" {
		parts = append(parts, part{text: text})
	}
	return parts
}

// inside returns where an expression begins that follows the Open at pos.
func inside(pos tree.Pos, source string) tree.Pos {
	blanks := len(source) - len(strings.TrimLeft(source, " \t"))
	pos.Column += len(lualex.Open) + blanks
	return pos
}

// expression compiles one expression and notes what is wrong with it.
func (c *Compiler) expression(source string, pos tree.Pos, path string) *expression {
	e := &expression{source: strings.TrimSpace(source), pos: pos}
	if e.source == "" {
		c.Problems.Add(pos, path, "there is no expression in ${{ }}", "write a name such as ${{ vars.base }}")
		return e
	}
	if steps, ok := lualex.Path(e.source); ok && !luaNames[steps[0].Name] {
		e.steps = steps
	} else if c.Lua != nil {
		lua, err := c.Lua.Compile(e.source, pos)
		if err != nil {
			c.syntax(e, path, err)
			return e
		}
		e.lua = lua
	}
	c.names(e, path)
	return e
}

// freeze renders the topmost static values of v once and for all. What JSON
// has no text for, as .inf, is told when it is rendered.
func (v *Value) freeze() {
	if v.static {
		if text, err := v.appendJSON(nil, nil, false); err == nil {
			v.text = text
		}
		if literal, err := v.appendJSON(nil, nil, true); err == nil {
			v.literal = literal
		}
		return
	}
	for _, item := range v.items {
		item.freeze()
	}
	for _, m := range v.members {
		m.value.freeze()
	}
}

// Lint warns of literals in n that do not mean what they look like when they
// become JSON: numbers with leading zeros.
func (c *Compiler) Lint(n *tree.Node, path string) {
	if n == nil {
		return
	}
	for i, item := range n.Items {
		c.Lint(item, tree.Item(path, i))
	}
	for _, m := range n.Members {
		c.Lint(m.Value, tree.Name(path, m.Name))
	}
	digits := strings.TrimLeft(n.Text, "+-")
	if n.Kind != tree.Int && n.Kind != tree.Float || len(digits) < 2 || digits[0] != '0' || digits[1] < '0' || digits[1] > '9' {
		return
	}
	v := Value{node: n, static: true}
	if text, err := v.appendJSON(nil, nil, false); err == nil {
		c.Problems.Warn(n.Pos, path, n.Text+" is a number to YAML and becomes "+string(text),
			"quote it to keep its zeros: "+strconv.Quote(n.Text))
	}
}
