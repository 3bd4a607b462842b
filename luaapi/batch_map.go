package luaapi

import (
	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

// mapRequests is volley.map: every result in input order.
func mapRequests(c call) int {
	r := c.s.begin(c, false)
	ended := false
	defer func() {
		if !ended {
			r.b.Close() // killed, or the generator raised
		}
	}()
	var results []*runtime.Result
	for {
		res, ok := r.next(c)
		if !ok {
			break
		}
		for len(results) < res.Index {
			results = append(results, nil)
		}
		results[res.Index-1] = res
		r.keep(res)
		if res.Err == nil || !r.atEnd(rootOf(res.Request)) {
			r.settle(c, res)
		}
	}
	r.handleInOrder(c, results)
	ended = true
	return r.pushMap(c, results)
}

// handleInOrder calls exception handlers in input order, after all finished.
func (r *batchRun) handleInOrder(c call, results []*runtime.Result) {
	for _, res := range results {
		if res.Err == nil || !r.atEnd(rootOf(res.Request)) {
			continue
		}
		v, err := r.s.host.CallValue(c.L, r.settings.handler, r.handlerArgs(res)...)
		r.handled(res, []lua.LValue{v}, err)
		r.settle(c, res)
	}
}

func (r *batchRun) pushMap(c call, results []*runtime.Result) int {
	responses := c.L.CreateTable(len(results), 1)
	failures := c.L.CreateTable(0, 0)
	for i, res := range results {
		v := r.slotValue(res)
		if v == lua.LNil {
			v = lua.LFalse
		}
		responses.RawSetInt(i+1, v)
		if res.Err != nil {
			failures.RawSetInt(i+1, r.s.errorValue(res.Err))
		}
	}
	responses.RawSetString("n", lua.LNumber(len(results)))
	c.L.Push(responses)
	c.L.Push(failures)
	return 2
}

// imapObject is the iterator of imap and imap_enumerated. Its Batch is made
// at the first step.
type imapObject struct {
	run        *batchRun
	owner      *possessions // of the green thread that made it
	enumerated bool
	ended      bool
}

func (*imapObject) className() string { return "Imap" }

func imapRequests(c call, enumerated bool) int {
	o := &imapObject{run: c.s.begin(c, true), enumerated: enumerated}
	o.owner = c.s.possess()
	o.owner.batches[o.run.b]++
	return c.push(c.s.wrap(o))
}

func imapClass() Class {
	return Class{
		Name: "Imap",
		Doc:  "The iterator of imap and imap_enumerated: call it for the next result, as `for … in` does.",
		Methods: []Function{{
			Name:    "close",
			Doc:     "Cancels what is in flight and sends nothing more.",
			Example: "local results = volley.imap({base .. \"/get\", base .. \"/delay/10\"})\nresults()\nresults:close()",
			call: func(c call) int {
				self[*imapObject](c).end()
				return 0
			},
		}},
		call: func(c call) int {
			o := self[*imapObject](c)
			if o.ended {
				return 0
			}
			if o.enumerated {
				return o.nextEnumerated(c)
			}
			return o.next(c)
		},
	}
}

func (o *imapObject) end() {
	if !o.ended {
		o.ended = true
		o.owner.drop(o.run.b)
	}
}

// step waits for the next Result and gives it its last word.
func (o *imapObject) step(c call) (*runtime.Result, bool) {
	res, ok := o.run.next(c)
	if !ok {
		o.end()
		return nil, false
	}
	o.run.b.Hold(res)
	o.run.settle(c, res)
	return res, true
}

// next yields resp, req; a failure yields its handler's value or is passed over.
func (o *imapObject) next(c call) int {
	for {
		res, ok := o.step(c)
		if !ok {
			return 0
		}
		v := o.run.slotValue(res)
		if v == lua.LNil {
			continue
		}
		c.L.Push(v)
		c.L.Push(c.s.builtValue(res.Request))
		return 2
	}
}

// nextEnumerated yields index, response or value or false, req, err.
func (o *imapObject) nextEnumerated(c call) int {
	res, ok := o.step(c)
	if !ok {
		return 0
	}
	v := o.run.slotValue(res)
	if v == lua.LNil {
		v = lua.LFalse
	}
	c.L.Push(lua.LNumber(res.Index))
	c.L.Push(v)
	c.L.Push(c.s.builtValue(res.Request))
	if res.Err == nil {
		return 3
	}
	c.L.Push(c.s.errorValue(res.Err))
	return 4
}

// batchFunctions are map, imap and imap_enumerated.
func batchFunctions() []Function {
	params := []Param{
		{"requests", "table|function", "A list, an iterator or a generator of Requests; a string stands for a GET."},
		{"opts", "volley.BatchOptions?", "See BatchOptions."},
	}
	return []Function{
		{
			Name: "map", Params: params, Returns: "table, table<integer, volley.Error>",
			Doc: "Sends all of them, `size` at a time, and returns the results in input order, without holes: a failed slot holds what its exception handler returned, or false. " +
				"The second table holds every failure by index; `results.n` is the count.",
			Example: `local results, errors = volley.map({base .. "/get", base .. "/status/404", "http://127.0.0.1:1/"})
assert(results[1].ok and results[2].status_code == 404 and results[3] == false)
assert(results.n == 3 and errors[3].kind == "connect")`,
			call: mapRequests,
		},
		{
			Name: "imap", Params: params, Returns: "fun(): volley.Response, volley.Request",
			Doc: "Iterates over `resp, req` as they complete; nothing is sent before the first step. A failed request yields what its exception handler returned, or is passed over.",
			Example: `local function pages()
  for i = 1, 5 do coroutine.yield(volley.get(base .. "/get", {params = {page = i}})) end
end
local n = 0
for resp in volley.imap(coroutine.wrap(pages), {size = 2}) do n = n + 1 end
assert(n == 5)`,
			call: func(c call) int { return imapRequests(c, false) },
		},
		{
			Name: "imap_enumerated", Params: params, Returns: "fun(): integer, any, volley.Request, volley.Error?",
			Doc: "Iterates over `index, response or handler's value or false, req, err`; nothing is passed over.",
			Example: `for i, resp, req, err in volley.imap_enumerated({base .. "/get", "http://127.0.0.1:1/"}) do
  assert(resp or err.kind == "connect")
end`,
			call: func(c call) int { return imapRequests(c, true) },
		},
	}
}
