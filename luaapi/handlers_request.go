package luaapi

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

// Hooks returns the script's request and retry hooks as the engine runs them
// for every request; nil: it has none.
func (h *Handlers) Hooks() *runtime.Hooks {
	out := &runtime.Hooks{}
	if fn := h.hooks["request"]; fn != nil {
		out.Before = func(ctx context.Context, prepared *runtime.Request) error {
			if h.pool != nil && !h.pool.halted.Load() {
				return h.pool.before(ctx, prepared)
			}
			return h.before(ctx, "the request hook", plainFunction(fn), prepared)
		}
	}
	if fn := h.hooks["retry"]; fn != nil {
		out.Retry = h.s.hooks(hookLists{retry: []*lua.LFunction{fn}}).Retry
	}
	if out.Before == nil && out.Retry == nil {
		return nil
	}
	return out
}

// before shows a prepared request to fn, on the loop, while its worker waits.
func (h *Handlers) before(ctx context.Context, what string, fn lender, prepared *runtime.Request) error {
	done := make(chan error, 1)
	open := h.s.host.Deliver(func() {
		if ctx.Err() != nil {
			return // nobody waits any more
		}
		depth := depthOf(prepared)
		if err := tooDeep(what, depth); err != nil {
			done <- err
			return
		}
		args := []lua.LValue{&h.s.preparedView(prepared, true).value}
		f, release := fn(nil, []string{"req"}, args)
		h.start(runtime.PlaceOf(ctx), f, depth+1, args, func(results []lua.LValue, err error) {
			release()
			done <- h.requested(what, prepared, h.s.decide(what, results, err, nil))
		})
	})
	if !open {
		return runtime.Cancelled(ctx)
	}
	return awaitHook(ctx, done)
}

func awaitHook(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return runtime.Cancelled(ctx)
	}
}

// requested turns what a request hook decided into what its worker goes on
// with. Loop goroutine only.
func (h *Handlers) requested(what string, prepared *runtime.Request, d runtime.Decision) error {
	err := h.ruleRequest(what, prepared, d)
	if err == nil {
		return nil
	}
	if err.Kind == runtime.KindCallback {
		h.s.logFailure(err)
	}
	return err
}

func (h *Handlers) ruleRequest(what string, prepared *runtime.Request, d runtime.Decision) *runtime.Error {
	switch {
	case d.Err != nil:
		return d.Err
	case d.Response != nil:
		return runtime.Shorten(d, what+" answered in the server's place")
	case d.Action == runtime.ActionSkip:
		return runtime.Shorten(d, what+" returned \"skip\"")
	case d.Action == runtime.ActionStop:
		h.stop(what)
		return runtime.Shorten(d, what+" returned \"stop\"")
	case d.Action == runtime.ActionRetry || d.Value != nil:
		return callbackError("%s must return nil, a Response, \"skip\", \"stop\" or Requests to send next; \"retry\" and other values have no meaning before a request is sent", what)
	case len(d.Follow) > 0:
		return h.follow.add(what, depthOf(prepared)+1, d.Follow)
	}
	return nil
}

// stop lets nothing new start.
func (h *Handlers) stop(what string) {
	h.s.config.Engine.Stop(&runtime.Error{Kind: runtime.KindCancelled, Message: what + " stopped the run"})
}
