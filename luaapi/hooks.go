package luaapi

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/spell"
)

// onLoop runs fn on the event loop and waits for it: the way a worker calls
// Lua. args and take run on the loop too, since they touch Lua values.
func (s *Script) onLoop(ctx context.Context, fn *lua.LFunction, args func() []lua.LValue, take func([]lua.LValue, error) error) error {
	done := make(chan error, 1)
	open := s.host.Deliver(func() {
		if ctx.Err() != nil {
			return // nobody waits any more
		}
		s.call(runtime.PlaceOf(ctx), fn, args(), func(results []lua.LValue, err error) { done <- take(results, err) })
	})
	if !open {
		return runtime.Cancelled(ctx)
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return runtime.Cancelled(ctx)
	}
}

// call calls fn in a green thread of its own, for an attempt that holds place.
func (s *Script) call(place *runtime.Place, fn *lua.LFunction, args []lua.LValue, done func([]lua.LValue, error)) {
	if place != nil {
		fn, args = s.within, append([]lua.LValue{&lua.LUserData{Value: place}, fn}, args...)
	}
	s.host.Call(fn, args, done)
}

// callWithin is (place, fn, …): what fn sends may use the place.
func (s *Script) callWithin(L *lua.LState) int {
	t := s.host.Current()
	s.places[t], _ = L.CheckUserData(1).Value.(*runtime.Place)
	defer delete(s.places, t)
	L.Call(L.GetTop()-2, lua.MultRet)
	return L.GetTop() - 1
}

// hookLists are a request's or session's hooks as Lua functions.
type hookLists struct {
	before, response, redirect, retry []*lua.LFunction
}

var hookNames = []string{"before_request", "response", "redirect", "retry"}

// hooksOf reads {response = f or {f, …}, before_request =, …}.
func (s *Script) hooksOf(v lua.LValue) (*runtime.Hooks, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("must be a table of hooks, got %s", typeName(v))
	}
	var lists hookLists
	for k, item := t.Next(lua.LNil); k != lua.LNil; k, item = t.Next(k) {
		fns, err := functionList(item)
		if err != nil {
			return nil, fmt.Errorf("%s %w", k.String(), err)
		}
		switch k.String() {
		case "before_request":
			lists.before = fns
		case "response":
			lists.response = fns
		case "redirect":
			lists.redirect = fns
		case "retry":
			lists.retry = fns
		default:
			return nil, fmt.Errorf("has no event %q%s", k.String(), spell.Hint(k.String(), hookNames))
		}
	}
	return s.hooks(lists), nil
}

func functionList(v lua.LValue) ([]*lua.LFunction, error) {
	if f, ok := v.(*lua.LFunction); ok {
		return []*lua.LFunction{f}, nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("must be a function or a list of functions, got %s", typeName(v))
	}
	var out []*lua.LFunction
	for i := 1; i <= t.Len(); i++ {
		f, err := function(t.RawGetInt(i))
		if err != nil {
			return nil, fmt.Errorf("item %d %w", i, err)
		}
		out = append(out, f)
	}
	return out, nil
}

// hooks turns lists of Lua functions into what a worker calls.
func (s *Script) hooks(l hookLists) *runtime.Hooks {
	out := &runtime.Hooks{}
	if len(l.before) > 0 {
		out.Before = func(ctx context.Context, prepared *runtime.Request) error {
			return s.each(ctx, "before_request hook", l.before, func() []lua.LValue {
				return []lua.LValue{&s.preparedView(prepared, true).value}
			}, nil)
		}
	}
	if len(l.response) > 0 {
		out.Response = func(ctx context.Context, resp *runtime.Response) (*runtime.Response, error) {
			err := s.each(ctx, "response hook", l.response, func() []lua.LValue {
				return []lua.LValue{s.responseValue(resp)}
			}, func(v lua.LValue) error {
				replaced, err := replacement(resp, v, "a response hook")
				resp = replaced
				return err
			})
			return resp, err
		}
	}
	if len(l.redirect) > 0 {
		out.Redirect = func(ctx context.Context, resp *runtime.Response, next *runtime.Request) (bool, error) {
			follow := true
			err := s.each(ctx, "redirect hook", l.redirect, func() []lua.LValue {
				return []lua.LValue{s.responseValue(resp), &s.preparedView(next, false).value}
			}, func(v lua.LValue) error {
				follow = follow && v != lua.LFalse
				return nil
			})
			return follow, err
		}
	}
	if len(l.retry) > 0 {
		out.Retry = func(ctx context.Context, req *runtime.Request, resp *runtime.Response, failure *runtime.Error, attempt int) error {
			return s.each(ctx, "retry hook", l.retry, func() []lua.LValue {
				what := s.responseValue(resp)
				if failure != nil {
					what = s.errorValue(failure)
				}
				return []lua.LValue{s.builtValue(req), what, lua.LNumber(attempt)}
			}, nil)
		}
	}
	return out
}

// each calls the functions one after another; take sees each first result.
func (s *Script) each(ctx context.Context, what string, fns []*lua.LFunction, args func() []lua.LValue, take func(lua.LValue) error) error {
	for _, fn := range fns {
		err := s.onLoop(ctx, fn, args, func(results []lua.LValue, err error) error {
			if err != nil {
				failure := scriptFailure(what, err)
				s.logFailure(failure)
				return failure
			}
			if take == nil || len(results) == 0 {
				return nil
			}
			return take(results[0])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// replacement reads what a hook or callback returned: nil keeps the response,
// a Response replaces it, anything else is an error.
func replacement(resp *runtime.Response, v lua.LValue, who string) (*runtime.Response, error) {
	if v == lua.LNil {
		return resp, nil
	}
	if ud, ok := v.(*lua.LUserData); ok {
		if o, ok := ud.Value.(*responseObject); ok {
			return o.r, nil
		}
	}
	return resp, &runtime.Error{
		Kind:    runtime.KindCallback,
		Phase:   runtime.PhaseCallback,
		Message: fmt.Sprintf("%s must return nil or a Response, got %s", who, typeName(v)),
	}
}

// builtValue is the request as the script built it.
func (s *Script) builtValue(r *runtime.Request) lua.LValue {
	if r == nil {
		return lua.LNil
	}
	if o, ok := r.Owner.(*requestObject); ok {
		return &o.root().value
	}
	return s.requestValue(r)
}
