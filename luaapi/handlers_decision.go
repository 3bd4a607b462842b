package luaapi

import (
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

const (
	// maxHookRetries is how often hooks may send one slot again.
	maxHookRetries = 10
	// maxFollowDepth is how many requests may follow from each other.
	maxFollowDepth = 10
)

// RetryPause returns how long a Result that "retry" was decided for waits
// before it is sent again: not at all at first, then 10 ms doubling up to a
// second.
func (h *Handlers) RetryPause(res *runtime.Result) time.Duration {
	n := h.tries[slot{res.Batch, res.Index}]
	if n <= 1 {
		return 0
	}
	return min(10*time.Millisecond<<(n-2), time.Second)
}

// Finish shows a Result to the script's response or exception hook, in a green
// thread of its own. false: there is none, and done is not called; else done
// gets the Decision on the loop goroutine, later. Its Value is plain, what is
// to follow is on its way already, and "retry" beyond 10 times is an Err.
func (h *Handlers) Finish(res *runtime.Result, done func(runtime.Decision)) bool {
	return h.finish(res, func(d runtime.Decision) { done(plainDecision(d)) })
}

// plainDecision makes a Value plain.
func plainDecision(d runtime.Decision) runtime.Decision {
	v, ok := d.Value.(lua.LValue)
	if !ok {
		return d
	}
	plain, err := vm.FromLua(nil, v)
	if err != nil {
		return runtime.Decision{Err: callbackError("a hook returned what is no value: %s", err.Error())}
	}
	d.Value = plain
	return d
}

// finish is Finish with a Value as Lua has it.
func (h *Handlers) finish(res *runtime.Result, done func(runtime.Decision)) bool {
	name := "response"
	if res.Err != nil {
		name = "exception"
	}
	fn := h.hooks[name]
	if fn == nil || res.Skipped != "" {
		return false
	}
	what := "the " + name + " hook"
	if err := tooDeep(what, depthOf(res.Request)); err != nil {
		if res.Err != nil {
			return false // said already
		}
		h.s.host.Deliver(func() { done(h.rule(what, res, runtime.Decision{Err: err})) })
		return true
	}
	if h.pool != nil && !h.pool.halted.Load() {
		h.pool.finish(name, res, func(d runtime.Decision) { done(h.rule(what, res, d)) })
		return true
	}
	h.judge(what, res, plainFunction(fn), nil, done)
	return true
}

// judge calls a function with a Result as (resp) or (req, err).
func (h *Handlers) judge(what string, res *runtime.Result, fn lender, scope Scope, done func(runtime.Decision)) {
	names, args := []string{"resp"}, []lua.LValue{h.s.responseValue(res.Response)}
	if res.Err != nil {
		names, args = []string{"req", "err"}, []lua.LValue{h.s.builtValue(res.Request), h.s.errorValue(res.Err)}
	}
	f, release := fn(scope, names, args)
	h.start(nil, f, depthOf(res.Request)+1, args, func(results []lua.LValue, err error) {
		release()
		done(h.rule(what, res, h.s.decide(what, results, err, res.Response)))
	})
}

// start queues a hook as a green thread of its own.
func (h *Handlers) start(place *runtime.Place, fn *lua.LFunction, depth int, args []lua.LValue, done func([]lua.LValue, error)) {
	all := append([]lua.LValue{lua.LNumber(depth), fn}, args...)
	h.s.call(place, h.enter, all, done)
}

// decide reads what a hook returned or raised. seen is the response it was
// shown; returning that changes nothing.
func (s *Script) decide(what string, results []lua.LValue, err error, seen *runtime.Response) runtime.Decision {
	if err != nil {
		return runtime.Decision{Err: scriptFailure(what, err)}
	}
	if len(results) == 0 || results[0] == lua.LNil {
		return runtime.Decision{}
	}
	switch v := results[0].(type) {
	case lua.LString:
		switch a := runtime.Action(v); a {
		case runtime.ActionRetry, runtime.ActionSkip, runtime.ActionStop:
			return runtime.Decision{Action: a}
		}
	case *lua.LUserData:
		switch o := v.Value.(type) {
		case *responseObject:
			if o.r == seen {
				return runtime.Decision{}
			}
			return runtime.Decision{Response: o.r}
		case *requestObject:
			return runtime.Decision{Follow: []*runtime.Request{sealed(o)}}
		}
	case *lua.LTable:
		if _, ok := requestIn(v.RawGetInt(1)); ok {
			return decideList(what, v)
		}
	}
	return runtime.Decision{Value: results[0]}
}

func requestIn(v lua.LValue) (*requestObject, bool) {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return nil, false
	}
	o, ok := ud.Value.(*requestObject)
	return o, ok
}

func decideList(what string, t *lua.LTable) runtime.Decision {
	var d runtime.Decision
	for i := 1; i <= t.Len(); i++ {
		o, ok := requestIn(t.RawGetInt(i))
		if !ok {
			return runtime.Decision{Err: callbackError("%s returned a list of Requests whose item %d is %s", what, i, typeName(t.RawGetInt(i)))}
		}
		d.Follow = append(d.Follow, sealed(o))
	}
	return d
}

// sealed is what a send takes of a Request.
func sealed(o *requestObject) *runtime.Request { return (&batchRun{}).seal(o) }

// rule holds a Decision to the limits, sends what is to follow, and logs what
// was raised.
func (h *Handlers) rule(what string, res *runtime.Result, d runtime.Decision) runtime.Decision {
	at := slot{res.Batch, res.Index}
	switch {
	case d.Err != nil:
	case d.Action == runtime.ActionRetry:
		h.tries[at]++
		if h.tries[at] <= maxHookRetries {
			return d
		}
		d = runtime.Decision{Err: callbackError("%s returned \"retry\" more than %d times for one request", what, maxHookRetries)}
	case len(d.Follow) > 0:
		if err := h.follow.add(what, depthOf(res.Request)+1, d.Follow); err != nil {
			d = runtime.Decision{Err: err}
		}
		d.Follow = nil
	}
	delete(h.tries, at)
	if d.Err != nil {
		h.s.logFailure(d.Err)
	} else {
		d.Handled = res.Err != nil
	}
	return d
}
