package luaapi

import (
	"fmt"
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// taskObject is a green thread in Lua.
type taskObject struct{ task *vm.Task }

func (*taskObject) className() string { return "Task" }

func (s *Script) newTask(t *vm.Task) *lua.LUserData { return s.wrap(&taskObject{task: t}) }

// await parks the running green thread until done reports true, or for limit
// (0: for ever). wake is registered with whoever makes done true.
func (s *Script) await(c call, what string, limit time.Duration, done func() bool, register func(wake func())) bool {
	me := s.host.Current()
	register(me.Wake)
	expired := false
	if limit > 0 {
		timer := time.AfterFunc(limit, func() {
			s.host.Deliver(func() {
				expired = true
				me.Wake()
			})
		})
		defer timer.Stop()
	}
	for !done() && !expired {
		var err error
		if limit > 0 {
			err = me.Park()
		} else {
			err = me.ParkFor(what)
		}
		if err != nil {
			c.raise(err)
		}
	}
	return done()
}

// limitOf reads an optional timeout in seconds, the first argument; 0: none.
func limitOf(c call) time.Duration {
	n := c.numberOr(1, math.Inf(1))
	if n < 0 || math.IsNaN(n) {
		c.raisef("timeout must not be negative, got %v", lua.LNumber(n))
	}
	if d := duration(n); d > 0 {
		return d
	}
	if n == 0 {
		return time.Nanosecond
	}
	return 0
}

// pushResult returns a finished task's results, or nil and its error.
func (s *Script) pushResult(c call, t *vm.Task) int {
	t.Take()
	results, err := t.Result()
	if err != nil {
		c.L.Push(lua.LNil)
		c.L.Push(s.taskError(err))
		return 2
	}
	for _, v := range results {
		c.L.Push(v)
	}
	return len(results)
}

// taskError is what a task raised, as it raised it if that was an object, else
// as an Error of kind script.
func (s *Script) taskError(err error) lua.LValue {
	return s.errorValue(raisedError(err))
}

func taskClass() Class {
	return Class{
		Name: "Task",
		Doc:  "A green thread.",
		Fields: []Field{{
			Name: "done", Type: "boolean", Doc: "Whether it has ended.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				o, ok := ud.Value.(*taskObject)
				return lua.LBool(ok && o.task.Done())
			},
		}},
		Methods: []Function{
			{
				Name: "get", Params: []Param{{"timeout", "number?", "Seconds to wait at most."}}, Returns: "any",
				Doc:     "Waits for its end and returns what it returned; nil and the error when it raised, nil and kind `timeout` when it did not end in time.",
				Example: "local t = volley.spawn(function(a, b) return a + b end, 1, 2)\nassert(t:get() == 3)",
				call: func(c call) int {
					t := self[*taskObject](c).task
					if !c.s.join(c, t, limitOf(c)) {
						return c.fail(runtime.Errorf(runtime.KindTimeout, "the task did not end within %v seconds", lua.LNumber(c.number(1))))
					}
					return c.s.pushResult(c, t)
				},
			},
			{
				Name: "join", Params: []Param{{"timeout", "number?", "Seconds to wait at most."}}, Returns: "boolean",
				Doc:     "Waits for its end; whether it came in time.",
				Example: "local t = volley.spawn(volley.sleep, 0.01)\nassert(t:join() and t.done)",
				call: func(c call) int {
					return c.push(lua.LBool(c.s.join(c, self[*taskObject](c).task, limitOf(c))))
				},
			},
			{
				Name: "kill", Doc: "Stops it at once: a blocking call in it ends, and no pcall holds it.",
				Example: "local t = volley.spawn(volley.sleep, 60)\nt:kill()\nlocal _, err = t:get()\nassert(err.kind == \"cancelled\")",
				call: func(c call) int {
					t := self[*taskObject](c).task
					t.Take()
					t.Kill(&runtime.Error{Kind: runtime.KindCancelled, Message: "the task was killed"})
					if t == c.s.host.Current() {
						c.raise(&runtime.Error{Kind: runtime.KindCancelled, Message: "the task was killed"})
					}
					return 0
				},
			},
		},
		tostring: func(_ *Script, ud *lua.LUserData) string {
			o, ok := ud.Value.(*taskObject)
			if !ok {
				return "<Task>"
			}
			return fmt.Sprintf("<Task %d>", o.task.ID())
		},
	}
}

// join waits for t at most limit (0: for ever).
func (s *Script) join(c call, t *vm.Task, limit time.Duration) bool {
	if limit == 0 {
		if err := t.Join(s.host.Current()); err != nil {
			c.raise(err)
		}
		return true
	}
	return s.await(c, fmt.Sprintf("task %d", t.ID()), limit, t.Done, func(wake func()) { t.OnEnd(wake) })
}

// taskFunctions are spawn, sleep and their kin.
func taskFunctions() []Function {
	return []Function{
		{
			Name: "spawn", Params: []Param{{"fn", "function", "Runs in a green thread of its own."}, {"...", "any", "Its arguments."}}, Returns: "volley.Task",
			Doc:     "Starts a green thread. The run ends when all have ended.",
			Example: "local t = volley.spawn(function() return volley.get(base .. \"/get\"):send().status_code end)\nassert(t:get() == 200)",
			call: func(c call) int {
				return c.push(c.s.newTask(c.s.host.Spawn(c.function(1), c.rest(2)...)))
			},
		},
		{
			Name: "send", Params: []Param{{"req", "volley.Request", ""}, {"pool", "volley.Pool?", "Blocks while it is full."}}, Returns: "volley.Task",
			Doc:     "Sends a request in a green thread of its own; the task's result is the response, or nil and the error.",
			Example: "local t = volley.send(volley.get(base .. \"/get\"))\nassert(t:get().ok)",
			call:    sendTask,
		},
		{
			Name: "sleep", Params: []Param{{"seconds", "number", ""}},
			Doc:     "Pauses this green thread; the others go on.",
			Example: "volley.sleep(0.01)",
			call: func(c call) int {
				n := c.number(1)
				if n < 0 || math.IsNaN(n) || duration(n) < 0 {
					c.raisef("seconds must be a number from 0 on, got %v", lua.LNumber(n))
				}
				if err := c.s.host.Sleep(c.L, duration(n)); err != nil {
					c.raise(err)
				}
				return 0
			},
		},
		{
			Name: "timeout", Params: []Param{{"seconds", "number", ""}, {"fn", "function", ""}, {"...", "any", "Its arguments."}}, Returns: "any",
			Doc:     "Calls fn and returns its results; when it takes longer it is stopped, even in a busy loop: nil and kind `total_timeout`.",
			Example: "local v, err = volley.timeout(0.05, volley.sleep, 10)\nassert(v == nil and err.kind == \"total_timeout\")",
			call:    timeoutCall,
		},
		{
			Name: "joinall", Params: []Param{{"tasks", "volley.Task[]", ""}, {"opts", "table?", "{timeout = seconds}"}}, Returns: "boolean",
			Doc:     "Waits for all of them; whether all ended in time.",
			Example: "assert(volley.joinall{volley.spawn(volley.sleep, 0.01), volley.spawn(volley.sleep, 0.02)})",
			call:    joinAll,
		},
	}
}

// sendTask is volley.send.
func sendTask(c call) int {
	ud, ok := c.arg(1).(*lua.LUserData)
	var o *requestObject
	if ok {
		o, ok = ud.Value.(*requestObject)
	}
	if !ok {
		c.wrong(1, "a Request")
	}
	fn := c.L.NewFunction(func(L *lua.LState) int {
		return c.s.sendOne(call{s: c.s, L: L, in: "volley.send"}, o)
	})
	if c.arg(2) == lua.LNil {
		return c.push(c.s.newTask(c.s.host.Spawn(fn)))
	}
	ud, ok = c.arg(2).(*lua.LUserData)
	var pool *poolObject
	if ok {
		pool, ok = ud.Value.(*poolObject)
	}
	if !ok {
		c.wrong(2, "a Pool")
	}
	return c.push(c.s.newTask(pool.spawn(c, fn, nil)))
}

// timeoutCall is volley.timeout.
func timeoutCall(c call) int {
	n := c.number(1)
	if n <= 0 || math.IsNaN(n) {
		c.raisef("seconds must be more than 0, got %v", lua.LNumber(n))
	}
	late := runtime.Errorf(runtime.KindTotalTimeout, "the function did not end within %v seconds", lua.LNumber(n))
	t := c.s.host.Spawn(c.function(2), c.rest(3)...)
	if d := duration(n); d > 0 {
		timer := time.AfterFunc(d, func() { t.Kill(late) })
		defer timer.Stop()
	}
	me := c.s.host.Current()
	t.OnEnd(me.Wake)
	for !t.Done() {
		// The timer is an event from outside: this is no deadlock, whatever
		// the function waits for.
		if err := me.Park(); err != nil {
			t.Kill(err)
			c.raise(err)
		}
	}
	t.Take()
	results, err := t.Result()
	if err != nil && !stoppedBy(err, late) {
		c.raise(err) // its own error is the caller's
	}
	if err != nil {
		return c.fail(late)
	}
	for _, v := range results {
		c.L.Push(v)
	}
	return len(results)
}

func joinAll(c call) int {
	list := c.tableOr(1)
	if list == nil {
		c.wrong(1, "a list of tasks")
	}
	var limit time.Duration
	if opts := c.tableOr(2); opts != nil {
		for k, v := opts.Next(lua.LNil); k != lua.LNil; k, v = opts.Next(k) {
			d, err := seconds(v)
			if k.String() != "timeout" {
				c.raisef("unknown option %q; did you mean \"timeout\"?", k.String())
			}
			if err != nil {
				c.raisef("timeout %s", err.Error())
			}
			limit = max(d, 0)
		}
	}
	deadline := time.Now().Add(limit)
	for i := 1; i <= list.Len(); i++ {
		ud, ok := list.RawGetInt(i).(*lua.LUserData)
		var o *taskObject
		if ok {
			o, ok = ud.Value.(*taskObject)
		}
		if !ok {
			c.raisef("item %d must be a Task, got %s", i, typeName(list.RawGetInt(i)))
		}
		left := limit
		if limit > 0 {
			left = max(time.Until(deadline), time.Nanosecond)
		}
		if !c.s.join(c, o.task, left) {
			return c.push(lua.LFalse)
		}
	}
	return c.push(lua.LTrue)
}
