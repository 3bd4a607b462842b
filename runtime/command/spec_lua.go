package command

import (
	"context"
	"errors"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/secret"
	"volley/specs/data"
	specrun "volley/specs/run"
	expr "volley/specs/template"
	"volley/specs/tree"
)

// specLua is the Lua of one spec. It compiles expressions when the spec is
// loaded; the script that they run in comes when the spec does.
type specLua struct {
	script *luaapi.Script
	// shown are the secrets of a plan, which shows what expressions come to;
	// nil: it is a run.
	shown *secret.Set
}

// Compile implements template.Lua.
func (l *specLua) Compile(source string, pos tree.Pos) (expr.Expression, error) {
	compiled, err := luaapi.CompileExpression(source, place(pos))
	if err != nil {
		return nil, placed(pos, err)
	}
	return &specExpression{compiled, l}, nil
}

// compileInline checks Lua that stands in place of a function.
func compileInline(source string, pos tree.Pos) error {
	_, err := luaapi.CompileInline(source, place(pos))
	return placed(pos, err)
}

func place(pos tree.Pos) luaapi.Place {
	return luaapi.Place{File: pos.File, Line: pos.Line, Column: pos.Column}
}

// placed gives a syntax error its place in the spec.
func placed(pos tree.Pos, err error) error {
	var syntax *vm.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	if syntax.Line > 0 {
		pos.Line = syntax.Line
	}
	if syntax.Column > 0 {
		pos.Column = syntax.Column
	}
	message := syntax.Message
	if syntax.Hint != "" {
		message += " (" + syntax.Hint + ")"
	}
	return &expr.SyntaxError{Pos: pos, Message: message}
}

// specExpression implements template.Expression.
type specExpression struct {
	compiled *luaapi.Expression
	lua      *specLua
}

// Eval implements template.Expression.
func (e *specExpression) Eval(scope expr.Scope) (any, error) {
	if e.lua.shown == nil {
		return e.compiled.Eval(e.lua.script, scope)
	}
	w := &watch{Scope: scope, secrets: e.lua.shown}
	v, err := e.compiled.Eval(e.lua.script, w)
	return w.conceal(v), err
}

// specHooks are the handlers of a script as a spec calls them.
type specHooks struct {
	ctx      context.Context
	handlers *luaapi.Handlers
	lua      *specLua
}

// Request implements run.Hooks.
func (h *specHooks) Request() *runtime.Hooks { return h.handlers.Hooks() }

// Finish implements run.Hooks.
func (h *specHooks) Finish(res *runtime.Result, done func(runtime.Decision)) bool {
	return h.handlers.Finish(res, done)
}

// Setup implements run.Hooks.
func (h *specHooks) Setup(i specrun.Info) error {
	return h.handlers.Setup(h.ctx, luaapi.RunInfo(i))
}

// Teardown implements run.Hooks.
func (h *specHooks) Teardown(i specrun.Info) error {
	return h.handlers.Teardown(context.WithoutCancel(h.ctx), luaapi.RunInfo(i))
}

// Function implements run.Hooks.
func (h *specHooks) Function(source string, inline bool, pos tree.Pos) (specrun.Function, error) {
	f, err := h.handlers.Function(source, inline, place(pos))
	if err != nil {
		return nil, placed(pos, err)
	}
	return specFunction{f, h.lua}, nil
}

// specFunction implements run.Function.
type specFunction struct {
	f   *luaapi.SpecFunction
	lua *specLua
}

func (s specFunction) Request() *runtime.Hooks { return s.f.Hooks() }

func (s specFunction) Finish(res *runtime.Result, scope expr.Scope, done func(runtime.Decision)) {
	s.f.Finish(res, scope, done)
}

func (s specFunction) Call(scope expr.Scope, args ...any) (any, error) {
	return s.f.Call(scope, args...)
}

func (s specFunction) Iterate(scope expr.Scope, later func()) (data.Generator, error) {
	if s.lua.shown == nil {
		return s.f.Iterate(scope, later)
	}
	w := &watch{Scope: scope, secrets: s.lua.shown}
	rows, err := s.f.Iterate(w, later)
	return shownRows{rows, w}, err
}

// shownRows are the rows of a plan, which shows what they hold.
type shownRows struct {
	data.Generator
	watch *watch
}

// Next implements data.Generator.
func (c shownRows) Next() (any, bool, error) {
	v, ok, err := c.Generator.Next()
	return c.watch.conceal(v), ok, err
}
