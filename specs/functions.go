package specs

import (
	"errors"

	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// hooks are the functions that a request may name.
type hooks struct {
	onRequest, onResponse, onError *Function
}

func functionShape() *shape.Shape {
	inline := record(shape.Field{
		Name: "lua", Doc: "Lua code in place.", Required: true,
		Shape: &shape.Shape{Kinds: []tree.Kind{tree.String}},
	})
	return &shape.Shape{Name: "function", OneOf: []*shape.Shape{formatted("A function of the handler script.", functionName), inline}}
}

// hookFields are those of a request and of handlers.
func hookFields() []shape.Field {
	return []shape.Field{
		{Name: "on_request", Doc: "f(req) before each send.", Shape: functionShape()},
		{Name: "on_response", Doc: "f(resp) for the answer.", Shape: functionShape()},
		{Name: "on_error", Doc: "f(req, err) for a failure.", Shape: functionShape()},
	}
}

func handlersShape() *shape.Shape {
	script := shape.Field{Name: "script", Doc: "A Lua file that returns a table of hooks and functions, relative to this one.", Shape: word("")}
	return &shape.Shape{Name: "handlers", Kinds: []tree.Kind{tree.Map}, Fields: append([]shape.Field{script}, hookFields()...)}
}

func (d *decoder) decodeHandlers() {
	n := present(d.root, "handlers")
	if script := present(n, "script"); script != nil {
		d.spec.Handlers = Handlers{Script: textOf(script), Pos: script.Pos}
		d.spec.lua = true
	}
	d.handlers = d.hooksOf(n, "handlers")
}

func (d *decoder) hooksOf(n *tree.Node, path string) hooks {
	return hooks{
		onRequest:  d.functionOf(n, "on_request", path),
		onResponse: d.functionOf(n, "on_response", path),
		onError:    d.functionOf(n, "on_error", path),
	}
}

// functionOf reads a name or {lua: source}.
func (d *decoder) functionOf(n *tree.Node, field, path string) *Function {
	v := present(n, field)
	if v == nil {
		return nil
	}
	f := &Function{Source: textOf(v), Pos: v.Pos}
	if inline := present(v, "lua"); inline != nil {
		f = &Function{Source: inline.Code(), Inline: true, Pos: inline.CodePos()}
	}
	if f.Source == "" {
		return nil
	}
	d.spec.lua = true
	d.function(f.Inline, f.Pos, shape.Member(path, field), f.Source)
	return f
}

// function checks code in place, and notes that a name stands for a function of
// the handler script.
func (d *decoder) function(inline bool, pos tree.Pos, path, name string) {
	if inline {
		d.code(name, pos, path)
		return
	}
	if present(present(d.root, "handlers"), "script") != nil {
		return
	}
	d.add(pos, path, "the function "+quote(name)+" is looked up in the handler script, and there is none",
		"give one under handlers: {script: FILE}, or write {lua: …}")
}

// code compiles Lua in place, once where many requests have it.
func (d *decoder) code(source string, pos tree.Pos, path string) {
	if d.inline == nil || d.inlined[pos] {
		return
	}
	d.inlined[pos] = true
	err := d.inline(source, pos)
	var syntax *template.SyntaxError
	switch {
	case errors.As(err, &syntax):
		d.add(syntax.Pos, path, syntax.Message, "")
	case err != nil:
		d.add(pos, path, err.Error(), "")
	}
}
