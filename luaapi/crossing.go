package luaapi

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// carriedMeta is a request's meta as plain Go values, or why it is none.
type carriedMeta struct {
	plain any
	err   error
	depth int // of the request
}

// carry makes the plain copy of a request's meta. Loop goroutine of its script
// only.
func (o *requestObject) carry() *carriedMeta {
	if o.root().meta == lua.LNil {
		return &carriedMeta{depth: int(o.root().depth)}
	}
	plain, err := vm.FromLua(nil, o.root().meta)
	if err != nil {
		err = &runtime.Error{
			Kind: runtime.KindCallback, Phase: runtime.PhaseCallback,
			Message: fmt.Sprintf("the request's meta cannot be shown to a handler in another VM: %s", err.Error()),
		}
	}
	return &carriedMeta{plain, err, int(o.root().depth)}
}

// carriedMetaOf is the plain meta of any request.
func carriedMetaOf(r *runtime.Request) *carriedMeta {
	if o := ownerOf(r); o != nil {
		return o.carry()
	}
	return &carriedMeta{plain: r.Meta}
}

// metaValue is the meta of a request that another VM or a spec built.
func (s *Script) metaValue(meta any) lua.LValue {
	switch meta := meta.(type) {
	case nil:
		return lua.LNil
	case jsontext.Value:
		if v, err := decodeJSON(s.L, bytes.Clone(meta), jsonOptions{}); err == nil {
			return v
		}
		return lua.LString(meta)
	}
	return vm.ToLua(s.L, meta)
}

// foreignRequest is a copy that no VM owns, with that meta.
func foreignRequest(r *runtime.Request, meta any) *runtime.Request {
	if r == nil {
		return nil
	}
	c := *r
	c.Owner, c.Meta = nil, meta
	return &c
}

// foreignResponse is a copy that no VM owns; its requests have that meta.
func foreignResponse(r *runtime.Response, meta any) *runtime.Response {
	if r == nil {
		return nil
	}
	c := *r
	c.Owner, c.History = nil, nil
	c.Request, c.Next = foreignRequest(r.Request, meta), foreignRequest(r.Next, meta)
	for _, h := range r.History {
		c.History = append(c.History, foreignResponse(h, meta))
	}
	return &c
}

// foreignError is a copy that no VM owns: of a Lua error below it only the
// text is left.
func foreignError(e *runtime.Error, meta any) *runtime.Error {
	if e == nil {
		return nil
	}
	c := *e
	c.Request, c.Response = foreignRequest(e.Request, meta), foreignResponse(e.Response, meta)
	var inner *runtime.Error
	var raised *vm.ScriptError
	switch {
	case e.Cause == nil:
	case errors.As(e.Cause, &inner):
		c.Cause = foreignError(inner, meta)
	case errors.As(e.Cause, &raised):
		c.Cause = errors.New(raised.Error())
	}
	return &c
}

// parcel is a Decision on its way from one VM to another.
type parcel struct {
	decision runtime.Decision // Value plain; requests and responses owned by nobody
	valued   bool             // there is a Value, which may be null
}

// pack takes a Decision out of the VM that made it. seen is the response that
// its hook was shown. Loop goroutine of s only.
func (s *Script) pack(what string, d runtime.Decision, seen *runtime.Response) parcel {
	p := parcel{decision: d, valued: d.Value != nil}
	refuse := func(why string) parcel {
		return parcel{decision: runtime.Decision{Err: callbackError("%s returned what another VM cannot take: %s", what, why)}}
	}
	p.decision.Err = foreignError(d.Err, nil)
	if d.Response != nil && d.Response != seen {
		p.decision.Response = foreignResponse(d.Response, nil)
		if r := d.Response.Request; r != nil {
			meta := carriedMetaOf(r)
			if meta.err != nil {
				return refuse(meta.err.Error())
			}
			p.decision.Response = foreignResponse(d.Response, meta.plain)
		}
	}
	if v, ok := d.Value.(lua.LValue); ok {
		plain, err := vm.FromLua(nil, v)
		if err != nil {
			return refuse(err.Error())
		}
		p.decision.Value = plain
	}
	p.decision.Follow = nil
	for i, r := range d.Follow {
		o := ownerOf(r)
		if o != nil && (o.callback != nil || o.handler != nil) {
			return refuse(fmt.Sprintf("request %d has a callback or an exception handler: functions stay in their VM", i+1))
		}
		meta := carriedMetaOf(r)
		if meta.err != nil {
			return refuse(fmt.Sprintf("request %d: %s", i+1, meta.err.Error()))
		}
		p.decision.Follow = append(p.decision.Follow, foreignRequest(r, meta.plain))
	}
	return p
}

// unpack takes a parcel into s. Loop goroutine of s only.
func (s *Script) unpack(p parcel) runtime.Decision {
	d := p.decision
	if p.valued {
		d.Value = vm.ToLua(s.L, d.Value)
	}
	for i, r := range d.Follow {
		o := s.newRequest(r.Method, r.URL)
		owner := o.own.Owner
		o.own = *r
		o.own.Owner = owner
		o.meta = s.metaValue(r.Meta)
		o.own.Meta = nil
		if o.meta != lua.LNil {
			o.own.Meta = o.meta
		}
		o.sealed = true
		d.Follow[i] = o.r
	}
	return d
}

// ownerOf is the script's object of a request, nil for a foreign one.
func ownerOf(r *runtime.Request) *requestObject {
	if r == nil {
		return nil
	}
	o, ok := r.Owner.(*requestObject)
	if !ok {
		return nil
	}
	return o.root()
}

func callbackError(format string, args ...any) *runtime.Error {
	err := runtime.Errorf(runtime.KindCallback, format, args...)
	err.Phase = runtime.PhaseCallback
	return err
}
