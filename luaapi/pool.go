package luaapi

import (
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
)

// poolObject bounds how many of its green threads run at once.
type poolObject struct {
	s       *Script
	size    int
	running map[*vm.Task]struct{}
	waiting []func() // wakes whoever waits for room or for the end
}

func (*poolObject) className() string { return "Pool" }

func newPool(c call) int {
	o := &poolObject{s: c.s, size: c.integer(1, 1, 1<<20), running: map[*vm.Task]struct{}{}}
	return c.push(c.s.wrap(o))
}

// spawn starts fn when there is room, and waits until then.
func (p *poolObject) spawn(c call, fn *lua.LFunction, args []lua.LValue) *vm.Task {
	p.s.await(c, fmt.Sprintf("room in a pool of %d", p.size), 0, func() bool {
		if len(p.running) < p.size {
			return true
		}
		p.waiting = append(p.waiting, p.s.host.Current().Wake)
		return false
	}, func(func()) {})
	t := p.s.host.Spawn(fn, args...)
	p.running[t] = struct{}{}
	t.OnEnd(func() {
		delete(p.running, t)
		waiting := p.waiting
		p.waiting = nil
		for _, wake := range waiting {
			wake()
		}
	})
	return t
}

// join waits until none of its threads runs.
func (p *poolObject) join(c call, limit time.Duration) bool {
	return p.s.await(c, "a pool to be done", limit, func() bool {
		if len(p.running) == 0 {
			return true
		}
		p.waiting = append(p.waiting, p.s.host.Current().Wake)
		return false
	}, func(func()) {})
}

func poolClass() Class {
	item := Param{"fn", "function", "Called with an item and its index."}
	list := Param{"list", "table", ""}
	return Class{
		Name: "Pool",
		Doc:  "Green threads, of which at most n run at once.",
		Fields: []Field{{
			Name: "size", Type: "integer", Doc: "n.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				if p, ok := ud.Value.(*poolObject); ok {
					return lua.LNumber(p.size)
				}
				return lua.LNil
			},
		}},
		Methods: []Function{
			{
				Name: "spawn", Params: []Param{{"fn", "function", ""}, {"...", "any", "Its arguments."}}, Returns: "volley.Task",
				Doc:     "Starts a green thread; blocks while the pool is full.",
				Example: "local pool = volley.pool(2)\nfor i = 1, 4 do pool:spawn(volley.sleep, 0.01) end\npool:join()",
				call: func(c call) int {
					return c.push(c.s.newTask(self[*poolObject](c).spawn(c, c.function(1), c.rest(2))))
				},
			},
			{
				Name: "map", Params: []Param{item, list}, Returns: "table",
				Doc:     "Calls fn for each item and returns the results in order; an error in one of them is raised.",
				Example: "local squares = volley.pool(2):map(function(x) return x * x end, {1, 2, 3})\nassert(squares[3] == 9)",
				call:    poolMap,
			},
			{
				Name: "imap", Params: []Param{item, list}, Returns: "fun(): any",
				Doc:     "Iterates over the first results, in order.",
				Example: "for square in volley.pool(2):imap(function(x) return x * x end, {1, 2}) do assert(square) end",
				call:    poolImap,
			},
			{
				Name: "join", Params: []Param{{"timeout", "number?", "Seconds to wait at most."}}, Returns: "boolean",
				Doc:     "Waits until all its threads have ended; whether they did in time.",
				Example: "local pool = volley.pool(2)\npool:spawn(volley.sleep, 0.01)\nassert(pool:join(5))",
				call: func(c call) int {
					return c.push(lua.LBool(self[*poolObject](c).join(c, limitOf(c))))
				},
			},
		},
	}
}

func poolMap(c call) int {
	p, fn := self[*poolObject](c), c.function(1)
	list := c.tableOr(2)
	if list == nil {
		c.wrong(2, "a list")
	}
	var tasks []*vm.Task
	for i := 1; i <= list.Len(); i++ {
		t := p.spawn(c, fn, []lua.LValue{list.RawGetInt(i), lua.LNumber(i)})
		t.Take()
		tasks = append(tasks, t)
	}
	out := c.L.CreateTable(len(tasks), 0)
	for i, t := range tasks {
		out.RawSetInt(i+1, p.first(c, t))
	}
	return c.push(out)
}

// first waits for a thread and returns its first result, false for nil, since
// a list has no holes.
func (p *poolObject) first(c call, t *vm.Task) lua.LValue {
	p.s.join(c, t, 0)
	results, err := t.Result()
	if err != nil {
		c.raise(err)
	}
	if len(results) == 0 || results[0] == lua.LNil {
		return lua.LFalse
	}
	return results[0]
}

// poolImap keeps as many threads going as the pool has room for.
func poolImap(c call) int {
	p, fn := self[*poolObject](c), c.function(1)
	list := c.tableOr(2)
	if list == nil {
		c.wrong(2, "a list")
	}
	var going []*vm.Task
	next := 1
	return c.push(c.L.NewFunction(func(L *lua.LState) int {
		c := call{s: c.s, L: L, fn: c.fn, in: c.in}
		for next <= list.Len() && len(going) < p.size {
			t := p.spawn(c, fn, []lua.LValue{list.RawGetInt(next), lua.LNumber(next)})
			t.Take()
			going = append(going, t)
			next++
		}
		if len(going) == 0 {
			return 0
		}
		t := going[0]
		going = going[1:]
		L.Push(p.first(c, t))
		return 1
	}))
}
