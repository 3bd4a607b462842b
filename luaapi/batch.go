package luaapi

import (
	"errors"
	"io"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

var errEOF = io.EOF

// batchRun is one map, imap or send: a Batch and what Lua adds to it.
type batchRun struct {
	s        *Script
	b        *runtime.Batch
	settings batchSettings
	total    int
	started  time.Time
	// live runs the batch's exception handler as failures happen; map runs it
	// at its end. A request's own handler always runs at once.
	live bool

	done, ok, failed int

	consumers int        // that wait for a result
	generator *generator // nil: the requests come from a list

	deadline *deadline // of gtimeout; nil: none
}

// begin reads the arguments of map and imap and makes the Batch.
func (s *Script) begin(c call, live bool) *batchRun {
	r := &batchRun{s: s, live: live, started: time.Now()}
	if opts := c.tableOr(2); opts != nil {
		apply(c, "options", s.options.batch, opts, &r.settings)
	}
	source := r.sourceOf(c)
	r.total = source.total
	if s.config.Announce != nil {
		s.config.Announce(r.total)
	}
	r.open(source)
	return r
}

func (r *batchRun) open(source batchSource) {
	r.b = r.s.config.Engine.Batch(consumer{r.s}, source.next, runtime.BatchOptions{
		Size:    r.settings.size,
		Ordered: r.settings.ordered,
		Timeout: r.settings.timeout,
		List:    source.list,
		Rate:    r.settings.rate,
		PerHost: r.settings.perHost,
		Abandon: r.abandon(source.abandon),
		Within:  r.s.places[r.s.host.Current()],
		Finish:  r.finish,
		Last:    r.s.ending,
	})
}

// waiter is the green thread that waits for a Result. What is in flight counts
// as pending by itself (consumer.Expect), so that a generator that waits for
// ever is found to be stuck, unless a deadline will end it.
type waiter struct {
	*vm.Task
	deadline bool
}

// Park implements runtime.Waiter.
func (w waiter) Park() error {
	if w.deadline {
		return w.Task.Park()
	}
	return w.ParkFor("a result of map, imap or send")
}

// next waits for the next Result; ok false is the end.
func (r *batchRun) next(c call) (*runtime.Result, bool) {
	r.consumers++
	defer func() { r.consumers-- }()
	w := waiter{r.s.host.Current(), r.settings.timeout > 0}
	err := r.catchUp(w)
	var res *runtime.Result
	if err == nil {
		res, err = r.b.Next(w)
	}
	if err == nil {
		return res, true
	}
	if !errors.Is(err, io.EOF) {
		r.b.Close()
		c.raise(err)
	}
	return nil, false
}

// finish runs on the loop when a worker is done: the callback, then, where
// failures are handled as they happen, the exception handler.
func (r *batchRun) finish(res *runtime.Result) bool {
	o := rootOf(res.Request)
	if res.Response != nil {
		res.Response.LeaveHost()
	}
	if h := r.s.handlers; h != nil && res.Err == nil && h.finish(res, func(d runtime.Decision) { r.decided(res, o, d) }) {
		return true
	}
	return r.callBack(res, o)
}

// decided carries out what the response hook of the handler script wants; its
// slot goes on unless it is sent once more.
func (r *batchRun) decided(res *runtime.Result, o *requestObject, d runtime.Decision) {
	if !r.carryOut(res, d) && !r.callBack(res, o) {
		r.b.Finished(res)
	}
}

// carryOut does what a hook decided and reports whether the slot is sent once
// more.
func (r *batchRun) carryOut(res *runtime.Result, d runtime.Decision) (again bool) {
	switch d.Action {
	case runtime.ActionRetry:
		r.b.Again(res, nil, r.s.handlers.RetryPause(res))
		return true
	case runtime.ActionSkip:
		switch {
		case res.Err != nil:
			res.Attempts = res.Err.Attempts
		case res.Response != nil:
			res.Attempts = res.Response.Attempts
		}
		res.Skipped, res.Response, res.Err = "when", nil, nil
	case runtime.ActionStop:
		r.s.handlers.stop("a hook")
	}
	if d.Err != nil {
		r.fail(res, d.Err)
		return false
	}
	res.Handled = d.Handled && res.Err != nil
	switch {
	case d.Response != nil && res.Err != nil:
		res.Value = r.s.responseValue(d.Response)
	case d.Response != nil:
		res.Response = d.Response
	case d.Value != nil:
		res.Value = d.Value
	}
	return false
}

// callBack goes on after the handler script's response hook: the request's
// callback, or the exception handler.
func (r *batchRun) callBack(res *runtime.Result, o *requestObject) bool {
	if res.Err != nil {
		return r.handleNow(res, o)
	}
	if o.callback == nil || res.Skipped != "" {
		return false
	}
	r.call(o.callback, []lua.LValue{r.s.responseValue(res.Response)}, func(results []lua.LValue, err error) {
		r.calledBack(res, results, err)
		if res.Err == nil || !r.handleNow(res, o) {
			r.b.Finished(res)
		}
	})
	return true
}

func (r *batchRun) calledBack(res *runtime.Result, results []lua.LValue, err error) {
	if err != nil {
		r.fail(res, scriptFailure("the callback", err))
		return
	}
	if len(results) == 0 {
		return
	}
	resp, err := replacement(res.Response, results[0], "a callback")
	if err != nil {
		r.fail(res, runtime.AsError(err))
		return
	}
	res.Response = resp
}

// fail turns a slot whose callback or handler raised into a failure.
func (r *batchRun) fail(res *runtime.Result, err *runtime.Error) {
	err.Index, err.Request, err.Response = res.Index, res.Request, res.Response
	err.Sent = runtime.SentYes
	if res.Response != nil {
		err.Attempts = res.Response.Attempts
		_ = res.Response.Close() // its slot failed: nobody reads it
	}
	if res.Err != nil {
		err.Attempts, err.Sent, err.Cause = res.Err.Attempts, res.Err.Sent, res.Err
	}
	res.Response, res.Err = nil, err
	r.s.logFailure(err)
}

// handlerOf is the one exception handler of a failure: the request's own,
// else the batch's.
func (r *batchRun) handlerOf(o *requestObject) *lua.LFunction {
	if o.handler != nil {
		return o.handler
	}
	return r.settings.handler
}

func (r *batchRun) handleNow(res *runtime.Result, o *requestObject) bool {
	handler := r.handlerOf(o)
	if handler == nil {
		return r.s.handlers != nil && r.s.handlers.finish(res, func(d runtime.Decision) {
			if !r.carryOut(res, d) {
				r.b.Finished(res)
			}
		})
	}
	if r.atEnd(o) {
		return false
	}
	r.call(handler, r.handlerArgs(res), func(results []lua.LValue, err error) {
		r.handled(res, results, err)
		r.b.Finished(res)
	})
	return true
}

// atEnd reports a failure whose handler map calls when all have finished.
func (r *batchRun) atEnd(o *requestObject) bool {
	return !r.live && o.handler == nil && r.settings.handler != nil
}

func (r *batchRun) handlerArgs(res *runtime.Result) []lua.LValue {
	return []lua.LValue{r.s.builtValue(res.Request), r.s.errorValue(res.Err)}
}

// handled notes what an exception handler returned or raised.
func (r *batchRun) handled(res *runtime.Result, results []lua.LValue, err error) {
	if err != nil {
		r.fail(res, scriptFailure("the exception handler", err))
		return
	}
	res.Handled = true
	if len(results) > 0 && results[0] != lua.LNil {
		res.Value = results[0]
	}
}

// settle is the last word on a Result: the request remembers it, the run
// records it, progress is told.
func (r *batchRun) settle(c call, res *runtime.Result) {
	o := rootOf(res.Request)
	o.response, o.failure = lua.LNil, lua.LNil
	r.done++
	switch {
	case res.Skipped != "":
	case res.Err == nil:
		r.ok++
		o.response = r.s.responseValue(res.Response)
	default:
		r.failed++
		o.failure = r.s.errorValue(res.Err)
	}
	r.s.config.Engine.Record(res)
	if r.settings.progress != nil {
		r.progress(c)
	}
}

func (r *batchRun) progress(c call) {
	_, inFlight := r.b.Counts()
	t := c.L.CreateTable(0, 6)
	t.RawSetString("done", lua.LNumber(r.done))
	t.RawSetString("ok", lua.LNumber(r.ok))
	t.RawSetString("failed", lua.LNumber(r.failed))
	t.RawSetString("in_flight", lua.LNumber(inFlight))
	t.RawSetString("rate", lua.LNumber(float64(r.done)/max(time.Since(r.started).Seconds(), 1e-9)))
	if r.total >= 0 {
		t.RawSetString("total", lua.LNumber(r.total))
	}
	if _, err := r.s.host.CallValue(c.L, r.settings.progress, t); err != nil {
		r.s.logFailure(scriptFailure("on_progress", err))
	}
}

// rootOf is the script's object of a request that came back.
func rootOf(req *runtime.Request) *requestObject {
	o, _ := req.Owner.(*requestObject)
	return o.root()
}

// slotValue is what a slot holds for the script: the response, what the
// exception handler returned, or nil.
func (r *batchRun) slotValue(res *runtime.Result) lua.LValue {
	if v, ok := res.Value.(lua.LValue); ok {
		return v
	}
	if res.Err != nil {
		return lua.LNil
	}
	return r.s.responseValue(res.Response)
}

// keep ties a response that is still being read to the running green thread,
// which closes it at its end.
func (r *batchRun) keep(res *runtime.Result) {
	if res.Response != nil && res.Response.Stream != nil {
		r.s.possess().stream(res.Response, r.b)
	}
}

// sendOne is req:send(): a Batch of one.
func (s *Script) sendOne(c call, o *requestObject) int {
	r := &batchRun{s: s, live: true, total: 1}
	ended := false
	defer func() {
		if !ended {
			r.b.Close() // killed
		}
	}()
	r.open(batchSource{next: runtime.List([]*runtime.Request{r.seal(o)}), total: 1, list: true})
	res, ok := r.next(c)
	if !ok {
		c.raise(&runtime.Error{Kind: runtime.KindInternal, Message: "a request ended without a result"})
	}
	res.Handled = true // the script gets the error in its hand
	r.settle(c, res)
	r.keep(res)
	if _, end := r.next(c); end {
		c.raise(&runtime.Error{Kind: runtime.KindInternal, Message: "a request ended twice"})
	}
	ended = true
	if res.Err != nil && res.Value == nil {
		return c.fail(res.Err)
	}
	if res.Skipped != "" {
		return c.fail(&runtime.Error{Kind: runtime.KindCancelled, Message: "a hook skipped the request", Request: res.Request})
	}
	return c.push(r.slotValue(res))
}
