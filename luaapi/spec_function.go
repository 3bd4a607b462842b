package luaapi

import (
	"context"
	"maps"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/spell"
)

// lender gives a function to call, with its arguments by name for inline Lua,
// and takes it back after the call.
type lender func(scope Scope, names []string, args []lua.LValue) (fn *lua.LFunction, release func())

func plainFunction(fn *lua.LFunction) lender {
	return func(Scope, []string, []lua.LValue) (*lua.LFunction, func()) { return fn, func() {} }
}

// SpecFunction is a Lua function that one place of a spec names.
type SpecFunction struct {
	h    *Handlers
	what string // in messages
	at   Place
	code *Expression // inline; nil: the function of a file
	lend lender
}

// Function finds a function of the handler script by its name, or, inline,
// compiles source: an expression or statements, which see their arguments as
// resp, req, err and res, as ... and, where there is one, the Scope.
func (h *Handlers) Function(source string, inline bool, at Place) (*SpecFunction, error) {
	if !inline {
		return h.namedFunction(source, at)
	}
	e, err := CompileInline(source, at)
	if err != nil {
		return nil, err
	}
	f := &SpecFunction{h: h, what: "the Lua code", at: e.at, code: e}
	f.lend = func(scope Scope, names []string, args []lua.LValue) (*lua.LFunction, func()) {
		in := e.take(h.s, scope)
		for i, name := range names {
			in.env.RawSetString(name, args[i])
		}
		return in.fn, func() {
			for _, name := range names {
				in.env.RawSetString(name, lua.LNil)
			}
			e.give(in)
		}
	}
	return f, nil
}

func (h *Handlers) namedFunction(name string, at Place) (*SpecFunction, error) {
	fn := h.named[name]
	switch {
	case fn != nil:
		return &SpecFunction{h: h, what: name, at: at, lend: plainFunction(fn)}, nil
	case h.file == "":
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "there is no function %q: name its file with handlers: {script: FILE}", name)
	}
	return nil, runtime.Errorf(runtime.KindInvalidArgument, "%s has no function %q%s", h.file, name, spell.Hint(name, slices.Sorted(maps.Keys(h.named))))
}

// Hooks returns f as a request's own hook before each send: f(req), which may
// return what the request hook of a handler script may.
func (f *SpecFunction) Hooks() *runtime.Hooks {
	return &runtime.Hooks{Before: func(ctx context.Context, prepared *runtime.Request) error {
		return f.h.before(ctx, f.what, f.lend, prepared)
	}}
}

// Finish calls f with a Result, as (resp) or (req, err), in a green thread of
// its own; done is as for Handlers.Finish.
func (f *SpecFunction) Finish(res *runtime.Result, scope Scope, done func(runtime.Decision)) {
	f.h.judge(f.what, res, f.lend, scope, func(d runtime.Decision) { done(plainDecision(d)) })
}

// Call calls f on the running green thread with plain values and Namespaces,
// and returns its first result, plain. Inline Lua sees the first as res.
func (f *SpecFunction) Call(scope Scope, args ...any) (any, error) {
	s := f.h.s
	L := s.host.Running()
	if L == nil {
		return nil, outsideThread(f.at)
	}
	values := make([]lua.LValue, len(args))
	for i, v := range args {
		values[i] = s.scopeValue(L, v)
	}
	fn, release := f.lend(scope, []string{"res"}[:min(len(args), 1)], values)
	v, err := s.host.CallBounded(L, fn, values...)
	release()
	if err != nil {
		return nil, f.code.placedError(err)
	}
	return f.plain(v)
}

func (f *SpecFunction) plain(v lua.LValue) (any, error) {
	plain, err := plainValue(v)
	if err != nil {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "%s returned what is no value: %w", f.what, err)
	}
	return plain, nil
}
