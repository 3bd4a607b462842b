package luaapi

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// handlerPool is a fixed number of VMs, each with the handler script in it and
// a goroutine of its own, that run hooks in parallel. Each has an event loop,
// so that a hook that waits holds up no other. Only plain values go in and
// out; what a hook decided is carried out on the script's own loop.
type handlerPool struct {
	s       *Script
	members []*poolMember
	halted  atomic.Bool // hooks run on s from now on
}

// poolMember is one VM of a pool.
type poolMember struct {
	s       *Script
	hooks   map[string]*lua.LFunction
	pending atomic.Int64 // hooks begun and not ended
	done    chan struct{}

	mu    sync.Mutex
	ended error // why it takes no hooks any more
	calls map[*poolCall]struct{}
}

// poolCall is one hook on its way through a member.
type poolCall struct {
	finish func(parcel) // any goroutine; the first call counts
	once   sync.Once
}

func (c *poolCall) end(p parcel) { c.once.Do(func() { c.finish(p) }) }

var errHandlersEnded = &runtime.Error{Kind: runtime.KindCancelled, Message: "the run has ended"}

// startPool loads the handler script into its VMs and starts them.
func (s *Script) startPool(ctx context.Context, chunk *vm.Chunk, opts HandlerOptions) (*handlerPool, error) {
	p := &handlerPool{s: s}
	for range opts.VMs {
		own := New(s.config)
		h, err := own.LoadHandlers(ctx, chunk, HandlerOptions{Named: opts.Named, Under: opts.Under})
		if err != nil {
			own.Close()
			p.close()
			return nil, err
		}
		h.carries = true
		m := &poolMember{s: own, hooks: h.hooks, done: make(chan struct{}), calls: map[*poolCall]struct{}{}}
		p.members = append(p.members, m)
		go m.run(s)
	}
	s.pool.Store(p)
	return p, nil
}

// run is the life of a member: until it is interrupted.
func (m *poolMember) run(owner *Script) {
	defer close(m.done)
	wait := m.s.L.NewFunction(func(L *lua.LState) int {
		me := m.s.host.Current()
		me.Trust()
		for {
			if err := me.Park(); err != nil {
				vm.Raise(L, err)
			}
		}
	})
	_, err := m.s.host.Run(context.Background(), wait)
	m.passOn(owner, err)
	m.retire(err)
}

// passOn ends the script too when a hook ended its VM: with volley.exit, or by
// a limit. It comes before the hook's own outcome, with
// which the script might end well.
func (m *poolMember) passOn(owner *Script, err error) {
	var stopped *vm.ScriptError
	switch exit := m.s.exit; {
	case exit != nil:
		owner.host.Deliver(func() { owner.requestExit(exit.Code) })
	case LimitKind(err) != "" && errors.As(err, &stopped):
		owner.host.Interrupt(stopped.Cause)
	}
}

// retire ends what is under way and refuses what comes.
func (m *poolMember) retire(err error) {
	m.mu.Lock()
	m.ended = err
	calls := m.calls
	m.calls = nil
	m.mu.Unlock()
	for c := range calls {
		c.end(endedParcel(err))
	}
}

func endedParcel(err error) parcel {
	return parcel{decision: runtime.Decision{Err: foreignError(scriptFailure("a handler", err), nil)}}
}

// interrupt stops all members.
func (p *handlerPool) interrupt(err error) {
	for _, m := range p.members {
		m.s.host.Interrupt(err)
	}
}

// halt interrupts the members and waits until none of them runs any more.
func (p *handlerPool) halt() {
	p.halted.Store(true)
	p.interrupt(errHandlersEnded)
	for _, m := range p.members {
		<-m.done
	}
}

// close ends the pool for good.
func (p *handlerPool) close() {
	p.halt()
	for _, m := range p.members {
		for _, failure := range m.s.Unhandled() {
			p.s.logFailure(scriptFailure("a green thread of a handler", failure.Err))
		}
		m.s.Close()
	}
}

// drain takes the results of what halted members still had in flight.
func (p *handlerPool) drain() {
	for _, m := range p.members {
		_, _ = m.s.host.Run(context.Background(), m.s.L.NewFunction(func(*lua.LState) int { return 0 })) // it only runs what was delivered
	}
}

// pick is the member with the least to do.
func (p *handlerPool) pick() *poolMember {
	return slices.MinFunc(p.members, func(a, b *poolMember) int { return int(a.pending.Load() - b.pending.Load()) })
}

// call runs a hook on some member; args makes what it is shown there, and seen
// is the response among it. finish is called once, on any goroutine.
func (p *handlerPool) call(place *runtime.Place, hook string, seen *runtime.Response, depth int, args func(s *Script) []lua.LValue, finish func(parcel)) {
	m := p.pick()
	m.pending.Add(1)
	c := &poolCall{finish: finish}
	m.mu.Lock()
	ended := m.ended
	if ended == nil {
		m.calls[c] = struct{}{}
	}
	m.mu.Unlock()
	if ended != nil {
		c.end(endedParcel(ended))
		return
	}
	what := "the " + hook + " hook"
	open := m.s.host.Deliver(func() {
		m.s.handlers.start(place, m.hooks[hook], depth, args(m.s), func(results []lua.LValue, err error) {
			m.pending.Add(-1)
			m.mu.Lock()
			delete(m.calls, c)
			m.mu.Unlock()
			if err != nil {
				m.passOn(p.s, err)
			}
			c.end(m.s.pack(what, m.s.decide(what, results, err, seen), seen))
		})
	})
	if !open {
		c.end(endedParcel(errHandlersEnded))
	}
}

// finish shows a Result to a member's hook; done gets the Decision on the
// script's loop. Loop goroutine only.
func (p *handlerPool) finish(hook string, res *runtime.Result, done func(runtime.Decision)) {
	deliver := func(x parcel) {
		p.s.host.Deliver(func() {
			p.s.host.Expect(-1)
			done(p.s.unpack(x))
		})
	}
	p.s.host.Expect(1)
	meta := carriedMetaOf(res.Request)
	if meta.err != nil {
		deliver(parcel{decision: runtime.Decision{Err: runtime.AsError(meta.err)}})
		return
	}
	if res.Err != nil {
		req, failure := foreignRequest(res.Request, meta.plain), foreignError(res.Err, meta.plain)
		p.call(nil, hook, nil, depthOf(res.Request)+1, func(s *Script) []lua.LValue {
			return []lua.LValue{s.builtValue(req), s.errorValue(failure)}
		}, deliver)
		return
	}
	resp := foreignResponse(res.Response, meta.plain)
	p.call(nil, hook, resp, depthOf(res.Request)+1, func(s *Script) []lua.LValue {
		return []lua.LValue{s.responseValue(resp)}
	}, deliver)
}

// before shows a prepared request to a member's request hook. It runs on the
// request's worker, which waits.
func (p *handlerPool) before(ctx context.Context, prepared *runtime.Request) error {
	owner := ownerOf(prepared)
	meta := &carriedMeta{plain: prepared.Meta}
	if owner != nil {
		if meta = owner.carried.Load(); meta == nil {
			meta = &carriedMeta{}
		}
	}
	if meta.err != nil {
		return meta.err
	}
	if err := tooDeep("the request hook", meta.depth); err != nil {
		return err
	}
	shown := foreignRequest(prepared, meta.plain)
	answer := make(chan parcel, 1)
	p.call(runtime.PlaceOf(ctx), "request", nil, meta.depth+1, func(s *Script) []lua.LValue {
		return []lua.LValue{&s.preparedView(shown, true).value}
	}, func(x parcel) { answer <- x })
	select {
	case x := <-answer:
		prepared.Method, prepared.URL, prepared.Header, prepared.Body = shown.Method, shown.URL, shown.Header, shown.Body
		return p.requested(ctx, prepared, x)
	case <-ctx.Done():
		return runtime.Cancelled(ctx)
	}
}

// requested carries a request hook's decision out, on the script's loop if
// there is anything to do.
func (p *handlerPool) requested(ctx context.Context, prepared *runtime.Request, x parcel) error {
	d := x.decision
	if !x.valued && d.Err == nil && d.Action == "" && d.Response == nil && len(d.Follow) == 0 {
		return nil
	}
	done := make(chan error, 1)
	open := p.s.host.Deliver(func() {
		done <- p.s.handlers.requested("the request hook", prepared, p.s.unpack(x))
	})
	if !open {
		return runtime.Cancelled(ctx)
	}
	return awaitHook(ctx, done)
}
