package luaapi

import (
	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// generator is a Lua function as the Source of a Batch. It has a green thread
// of its own, so that it may block while results come in and callbacks run.
type generator struct {
	run    *batchRun
	task   *vm.Task
	wanted bool
	index  int
	ended  bool
	// abandoned: the batch wants no more, so that being killed is no news.
	abandoned bool
}

// generate makes the Source of a function or anything else that can be called.
func (r *batchRun) generate(c call, fn lua.LValue) batchSource {
	g := &generator{run: r}
	r.generator = g
	body := c.L.NewFunction(func(L *lua.LState) int {
		g.loop(L, fn)
		return 0
	})
	return batchSource{next: func() (*runtime.Request, error) { return g.ask(body) }, total: -1, abandon: g.abandon}
}

// ask implements runtime.Source: the answer comes from the green thread.
func (g *generator) ask(body *lua.LFunction) (*runtime.Request, error) {
	g.wanted = true
	if g.task == nil {
		g.task = g.run.s.host.Spawn(body)
		g.task.Take() // what it raises is the batch's error
		g.task.OnEnd(g.end)
	} else {
		g.task.Wake()
	}
	return nil, runtime.ErrLater
}

// catchUp gives the generator its turn while requests are wanted and it does
// not block, so that slots fill again as results are taken, however many others
// are ready.
func (r *batchRun) catchUp(w waiter) error {
	g := r.generator
	if g == nil {
		return nil
	}
	for r.b.Refill(w); g.wanted && !g.ended; r.b.Refill(w) {
		g.task.Wake()
		if err := w.Yield(); err != nil {
			return err
		}
	}
	return nil
}

// loop yields one request each time one is wanted. Nothing is pulled while
// nobody waits for a result: whoever left the loop with a break never will.
func (g *generator) loop(L *lua.LState, fn lua.LValue) {
	for {
		for !g.wanted || g.run.consumers == 0 {
			if err := g.task.ParkFor("the next step of map or imap"); err != nil {
				vm.Raise(L, err)
			}
		}
		g.wanted = false
		L.Push(fn)
		L.Call(0, 1)
		v := L.Get(-1)
		L.Pop(1)
		if v == lua.LNil {
			return
		}
		g.index++
		req, err := g.run.take(v, g.index)
		if err != nil {
			vm.Raise(L, err)
		}
		g.run.b.Offer(req, nil)
	}
}

// end is the last answer: nothing more, or what was raised.
func (g *generator) end() {
	if g.ended {
		return
	}
	g.ended = true
	if _, err := g.task.Result(); err != nil && !g.abandoned {
		g.run.b.Offer(nil, err)
		return
	}
	g.run.b.Offer(nil, errEOF)
}

// abandon ends the green thread, whatever it waits for.
func (g *generator) abandon() {
	if g.task == nil || g.task.Done() {
		return
	}
	g.abandoned = true
	g.task.Kill(&runtime.Error{Kind: runtime.KindCancelled, Message: "the batch has ended"})
}
