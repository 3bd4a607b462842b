package luaapi

import (
	"context"
	"maps"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
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
	f := &SpecFunction{h: h, what: "the Lua code", at: e.at}
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
	v, err := s.host.CallValue(L, fn, values...)
	release()
	if err != nil {
		return nil, placedError(err)
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

// iterate makes an iterator of a function that returns one or a list, or that
// yields.
const iterate = `local generate = ...
local co, step, list, n = coroutine.create(generate)
return function()
  if step then return step() end
  if list then
    n = n + 1
    return list[n]
  end
  if coroutine.status(co) == "dead" then return nil end
  local ok, v = coroutine.resume(co)
  if not ok then error(v, 0) end
  if coroutine.status(co) ~= "dead" then return v end
  if type(v) == "function" then
    step = v
    return step()
  elseif type(v) == "table" then
    list, n = v, 1
    return list[1]
  elseif v ~= nil then
    error("a function for data must return an iterator or a list, or yield, got a " .. type(v), 0)
  end
end`

// Iterate calls f for data: it returns an iterator or a list, or yields. Each
// call of next gives one plain value on the running green thread, ok false at
// the end.
func (f *SpecFunction) Iterate(scope Scope) (next func() (value any, ok bool, err error), err error) {
	s := f.h.s
	L := s.host.Running()
	if L == nil {
		return nil, outsideThread(f.at)
	}
	chunk, err := vm.Compile(vm.HostChunk, []byte(iterate))
	if err != nil {
		return nil, err
	}
	fn, release := f.lend(scope, nil, nil)
	step, err := s.host.CallValue(L, s.host.Instance(chunk), fn)
	if err != nil {
		release()
		return nil, placedError(err)
	}
	ended := false
	return func() (any, bool, error) {
		if ended {
			return nil, false, nil
		}
		value, ok, err := f.step(step)
		if err != nil || !ok {
			ended = true
			release()
		}
		return value, ok, err
	}, nil
}

func (f *SpecFunction) step(step lua.LValue) (any, bool, error) {
	L := f.h.s.host.Running()
	if L == nil {
		return nil, false, outsideThread(f.at)
	}
	v, err := f.h.s.host.CallValue(L, step)
	if err != nil {
		return nil, false, placedError(err)
	}
	if v == lua.LNil {
		return nil, false, nil
	}
	plain, err := f.plain(v)
	return plain, err == nil, err
}
