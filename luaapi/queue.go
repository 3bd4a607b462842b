package luaapi

import (
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

// queueObject hands values from green threads to others.
type queueObject struct {
	s       *Script
	max     int // 0: unbounded
	items   []lua.LValue
	closed  bool
	waiting []func()
}

func (*queueObject) className() string { return "Queue" }

func newQueue(c call) int {
	limit := 0
	if c.arg(1) != lua.LNil {
		limit = c.integer(1, 1, 1<<30)
	}
	return c.push(c.s.wrap(&queueObject{s: c.s, max: limit}))
}

// changed wakes everybody who waits on the queue.
func (q *queueObject) changed() {
	waiting := q.waiting
	q.waiting = nil
	for _, wake := range waiting {
		wake()
	}
}

func (q *queueObject) until(c call, what string, limit time.Duration, ready func() bool) bool {
	return q.s.await(c, what, limit, func() bool {
		if ready() {
			return true
		}
		q.waiting = append(q.waiting, q.s.host.Current().Wake)
		return false
	}, func(func()) {})
}

func queueClass() Class {
	return Class{
		Name:   "Queue",
		Doc:    "Hands values from green threads to others.",
		length: func(ud *lua.LUserData) int { q, _ := ud.Value.(*queueObject); return len(q.items) },
		Methods: []Function{
			{
				Name: "put", Params: []Param{{"value", "any", "Not nil."}},
				Doc:     "Appends a value; blocks while the queue is full. Raises when it is closed.",
				Example: "local q = volley.queue()\nq:put(1)\nassert(q:get() == 1)",
				call: func(c call) int {
					q := self[*queueObject](c)
					if c.arg(1) == lua.LNil {
						c.raisef("value must not be nil: get returns nil at the end")
					}
					q.until(c, "room in a queue", 0, func() bool { return q.closed || q.max == 0 || len(q.items) < q.max })
					if q.closed {
						c.raisef("the queue is closed")
					}
					q.items = append(q.items, c.arg(1))
					q.changed()
					return 0
				},
			},
			{
				Name: "get", Params: []Param{{"timeout", "number?", "Seconds to wait at most."}}, Returns: "any",
				Doc:     "Takes the oldest value; blocks while there is none. nil at the end of a closed queue; nil and kind `timeout` when none came in time.",
				Example: "local q = volley.queue()\nvolley.spawn(function() q:put(\"x\") q:close() end)\nassert(q:get() == \"x\" and q:get() == nil)",
				call: func(c call) int {
					q := self[*queueObject](c)
					if !q.until(c, "a value in a queue", limitOf(c), func() bool { return q.closed || len(q.items) > 0 }) {
						return c.fail(&runtime.Error{Kind: runtime.KindTimeout, Message: "no value came in time"})
					}
					if len(q.items) == 0 {
						return c.push(lua.LNil)
					}
					v := q.items[0]
					q.items[0] = nil
					q.items = q.items[1:]
					q.changed()
					return c.push(v)
				},
			},
			{
				Name: "close", Doc: "No more values: get returns nil once the queue is empty.",
				Example: "local q = volley.queue(1)\nq:close()\nassert(q:get() == nil)",
				call: func(c call) int {
					q := self[*queueObject](c)
					q.closed = true
					q.changed()
					return 0
				},
			},
		},
	}
}
