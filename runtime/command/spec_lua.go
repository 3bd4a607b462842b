package command

import (
	"context"
	"errors"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	specrun "volley/specs/run"
	expr "volley/specs/template"
	"volley/specs/tree"
)

// specLua is the Lua of one spec. It compiles expressions when the spec is
// loaded; the script that they run in comes when the spec does.
type specLua struct{ script *luaapi.Script }

// Compile implements template.Lua.
func (l *specLua) Compile(source string, pos tree.Pos) (expr.Expression, error) {
	compiled, err := luaapi.CompileExpression(source, place(pos))
	if err != nil {
		return nil, placed(pos, err)
	}
	return &specExpression{compiled, l}, nil
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
	return e.compiled.Eval(e.lua.script, scope)
}

// specHooks are the handlers of a script as a spec calls them.
type specHooks struct {
	ctx      context.Context
	handlers *luaapi.Handlers
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
	return specFunction{f}, nil
}

// specFunction implements run.Function.
type specFunction struct{ f *luaapi.SpecFunction }

func (s specFunction) Request() *runtime.Hooks { return s.f.Hooks() }

func (s specFunction) Finish(res *runtime.Result, scope expr.Scope, done func(runtime.Decision)) {
	s.f.Finish(res, scope, done)
}

func (s specFunction) Call(scope expr.Scope, args ...any) (any, error) {
	return s.f.Call(scope, args...)
}

func (s specFunction) Iterate(scope expr.Scope) (func() (any, bool, error), error) {
	return s.f.Iterate(scope)
}
