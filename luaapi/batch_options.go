package luaapi

import (
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

// batchSettings are the options of map and imap.
type batchSettings struct {
	size     int
	stream   runtime.Switch
	handler  *lua.LFunction
	timeout  time.Duration
	ordered  bool
	rate     runtime.Rate
	perHost  runtime.PerHost
	progress *lua.LFunction
}

func batchOptions() []option[batchSettings] {
	opt := func(name, typ, doc string, set func(b *batchSettings, v lua.LValue) error) option[batchSettings] {
		return option[batchSettings]{Option: Option{name, typ, doc}, set: func(_ call, b *batchSettings, v lua.LValue) error { return set(b, v) }}
	}
	return []option[batchSettings]{
		opt("size", "integer", "In flight at most; default 100, or --size.", func(b *batchSettings, v lua.LValue) (err error) {
			b.size, err = whole(v, 1)
			return err
		}),
		opt("stream", "boolean", "Default for requests that do not say.", func(b *batchSettings, v lua.LValue) error {
			on, err := boolean(v)
			b.stream = runtime.SwitchOf(on)
			return err
		}),
		opt("exception_handler", "fun(req: volley.Request, err: volley.Error): any", "For failed requests without one of their own; what it returns takes the slot.",
			func(b *batchSettings, v lua.LValue) (err error) { b.handler, err = function(v); return err }),
		opt("gtimeout", "number", "Seconds from the call on; then what is in flight is cancelled with kind `batch_timeout`.",
			func(b *batchSettings, v lua.LValue) (err error) { b.timeout, err = seconds(v); return err }),
		opt("ordered", "boolean", "imap in input order.", func(b *batchSettings, v lua.LValue) (err error) { b.ordered, err = boolean(v); return err }),
		opt("rate", "number|string", `Requests per second, or "30/m"; spread evenly.`, func(b *batchSettings, v lua.LValue) (err error) {
			b.rate, err = rateOf(v)
			return err
		}),
		opt("per_host", "integer|table", "In flight per host, or `{concurrency=, rate=}`.", func(b *batchSettings, v lua.LValue) (err error) {
			b.perHost, err = perHostOf(v)
			return err
		}),
		opt("on_progress", "fun(p: table)", "Called after each result with `{done, ok, failed, in_flight, total, rate}`.",
			func(b *batchSettings, v lua.LValue) (err error) { b.progress, err = function(v); return err }),
	}
}

// batchSource is what map and imap iterate over: the Source, how many there
// are if known, and whether it is a list.
type batchSource struct {
	next    runtime.Source
	total   int // -1: not known
	list    bool
	abandon func()
}

// sourceOf reads the first argument of map and imap.
func (r *batchRun) sourceOf(c call) batchSource {
	switch v := c.arg(1).(type) {
	case *lua.LTable:
		if mt, ok := v.Metatable.(*lua.LTable); ok && mt.RawGetString("__call") != lua.LNil {
			return r.generate(c, v)
		}
		n := r.checkList(c, v)
		return batchSource{next: r.list(v, n), total: n, list: true}
	case *lua.LFunction:
		return r.generate(c, v)
	case *lua.LUserData:
		if mt, ok := v.Metatable.(*lua.LTable); ok && mt.RawGetString("__call") != lua.LNil {
			return r.generate(c, v)
		}
	}
	c.wrong(1, "a list of requests or an iterator")
	return batchSource{}
}

// checkList raises for a table with names or holes, and for an element that
// is no request, before anything is sent.
func (r *batchRun) checkList(c call, t *lua.LTable) int {
	n := t.Len()
	seen := 0
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		i, ok := k.(lua.LNumber)
		if !ok {
			c.raisef("the list has the key %q; lists are numbered from 1", k.String())
		}
		if float64(i) < 1 || int(i) > n || lua.LNumber(int(i)) != i {
			c.raisef("the list has a hole: item %s stands alone", i.String())
		}
		if _, err := r.element(v, int(i)); err != nil {
			c.raise(err)
		}
		seen++
	}
	if seen != n {
		c.raisef("the list has a hole: %d of %d items are nil", n-seen, n)
	}
	return n
}

func (r *batchRun) list(t *lua.LTable, n int) runtime.Source {
	i := 0
	return func() (*runtime.Request, error) {
		if i >= n {
			return nil, errEOF
		}
		i++
		return r.take(t.RawGetInt(i), i)
	}
}

// take turns an element into the Request to send, and seals it.
func (r *batchRun) take(v lua.LValue, i int) (*runtime.Request, error) {
	o, err := r.element(v, i)
	if err != nil {
		return nil, err
	}
	if o == nil {
		text, _ := plainText(v)
		o = r.s.newRequest("GET", text)
	}
	return r.seal(o), nil
}

// element is the Request object of an element; nil for a string, which stands
// for a GET.
func (r *batchRun) element(v lua.LValue, i int) (*requestObject, error) {
	switch v := v.(type) {
	case lua.LString:
		return nil, nil
	case *lua.LUserData:
		if o, ok := v.Value.(*requestObject); ok {
			return o, nil
		}
	}
	return nil, &runtime.Error{
		Kind:    runtime.KindInvalidArgument,
		Index:   i,
		Message: fmt.Sprintf("item %d must be a Request or a URL, got %s", i, typeName(v)),
	}
}

// seal takes a request for sending: writes to it raise from now on.
func (r *batchRun) seal(o *requestObject) *runtime.Request {
	o.sealed = true
	if r.s != nil && r.s.handlers != nil {
		r.s.handlers.note(o.root())
	}
	req := o.r
	if o.origin != nil {
		// A prepared copy, such as resp.request: it is sent again as it went out.
		c := *req
		c.Options = o.optionsAgain()
		req = &c
	}
	if r.settings.stream == runtime.Unset || req.Options != nil && req.Options.Stream != runtime.Unset {
		return req
	}
	c := *req
	c.Options = &runtime.Options{}
	if req.Options != nil {
		*c.Options = *req.Options
	}
	c.Options.Stream = r.settings.stream
	return &c
}
