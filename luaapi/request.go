package luaapi

import (
	"strconv"
	"strings"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
)

// requestObject is a Request in Lua. r is what the script built, or, for
// resp.request and inside hooks, the prepared copy; both share the rest.
type requestObject struct {
	own      runtime.Request
	r        *runtime.Request
	origin   *requestObject // of a prepared copy: what the script built
	writable bool
	sealed   bool  // taken by a send
	foreign  bool  // another VM or a spec built it: its meta is plain
	depth    uint8 // how many hooks led to it, each by what it sent
	value    lua.LUserData

	meta     lua.LValue
	callback *lua.LFunction
	handler  *lua.LFunction
	session  *sessionObject
	response lua.LValue // of the last send
	failure  lua.LValue

	carried atomic.Pointer[carriedMeta] // for request hooks in other VMs
}

func (*requestObject) className() string { return "Request" }

// root is the object the script built.
func (o *requestObject) root() *requestObject {
	if o.origin != nil {
		return o.origin
	}
	return o
}

// ud is the object's userdata.
func (o *requestObject) ud() *lua.LUserData { return &o.value }

func (s *Script) newRequest(method, url string) *requestObject {
	o := &requestObject{meta: lua.LNil, response: lua.LNil, failure: lua.LNil, writable: true}
	o.own.Method, o.own.URL, o.own.Owner = method, url, o
	o.r = &o.own
	o.value = lua.LUserData{Value: o, Env: s.L.Env, Metatable: s.classes["Request"]}
	return o
}

// requestValue returns the userdata of a Request: the script's own object, or
// a view of a prepared copy.
func (s *Script) requestValue(r *runtime.Request) lua.LValue {
	if r == nil {
		return lua.LNil
	}
	root, ok := r.Owner.(*requestObject)
	if ok && root.r == r {
		return &root.value
	}
	return &s.preparedView(r, false).value
}

// preparedView is a prepared copy as hooks and resp.request see it.
func (s *Script) preparedView(r *runtime.Request, writable bool) *requestObject {
	o := &requestObject{r: r, meta: lua.LNil, response: lua.LNil, failure: lua.LNil, writable: writable, sealed: true}
	root, ok := r.Owner.(*requestObject)
	if !ok {
		root = s.foreignRoot(r)
	}
	o.origin, o.meta, o.session = root, root.meta, root.session
	o.value = lua.LUserData{Value: o, Env: s.L.Env, Metatable: s.classes["Request"]}
	return o
}

// foreignRoot stands for what this script did not build: a request of a spec
// or of another VM.
func (s *Script) foreignRoot(r *runtime.Request) *requestObject {
	o := &requestObject{r: r, meta: s.metaValue(r.Meta), response: lua.LNil, failure: lua.LNil, sealed: true, foreign: true}
	o.value = lua.LUserData{Value: o, Env: s.L.Env, Metatable: s.classes["Request"]}
	return o
}

// buildRequest is volley.get and all its kin.
func (s *Script) buildRequest(c call, method string, url lua.LValue, opts *lua.LTable, session *sessionObject) *requestObject {
	text, ok := plainText(url)
	if !ok {
		c.raisef("url must be a string, got %s", typeName(url))
	}
	o := s.newRequest(method, text)
	if session != nil {
		session.refresh(c)
	}
	o.setSession(session)
	if opts != nil {
		s.applyRequestOptions(c, o, opts)
	}
	return o
}

func (o *requestObject) setSession(session *sessionObject) {
	o.session = session
	if session != nil {
		o.r.Session = session.session
	}
}

func verb(method string) Function {
	return Function{
		Name:    strings.ToLower(method),
		Params:  []Param{{"url", "string", "Absolute, or relative to the session's `base_url`."}, {"opts", "volley.RequestOptions?", "See RequestOptions."}},
		Returns: "volley.Request",
		Doc:     "Builds " + article(method) + " " + method + " request. Nothing is sent.",
		Example: "local req = volley." + strings.ToLower(method) + "(base .. \"/anything\", {headers = {[\"X-A\"] = 1}})\nassert(req.method == \"" + method + "\" and req.headers[\"x-a\"] == \"1\")",
		call: func(c call) int {
			return c.push(&c.s.buildRequest(c, method, c.arg(1), c.tableOr(2), nil).value)
		},
	}
}

// methodOf is a method in upper case; an empty one would go out as GET.
func methodOf(c call, text string) string {
	if text == "" {
		c.raisef("method is empty: write a word such as GET")
	}
	return strings.ToUpper(text)
}

func article(word string) string {
	if strings.ContainsRune("AEIOU", rune(word[0])) {
		return "an"
	}
	return "a"
}

func verbs() []Function {
	var out []Function
	for _, m := range []string{"GET", "OPTIONS", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		out = append(out, verb(m))
	}
	return append(out, Function{
		Name: "request", Params: []Param{
			{"method", "string", "Any token; upper-cased."},
			{"url", "string", "As for `volley.get`."},
			{"opts", "volley.RequestOptions?", "See RequestOptions."},
		},
		Returns: "volley.Request",
		Doc:     "Builds a request with any method. Nothing is sent.",
		Example: `local req = volley.request("PROPFIND", base .. "/anything")
assert(req.method == "PROPFIND")`,
		call: func(c call) int {
			method := methodOf(c, c.text(1))
			return c.push(&c.s.buildRequest(c, method, c.arg(2), c.tableOr(3), nil).value)
		},
	})
}

func requestOf(ud *lua.LUserData) *requestObject {
	if o, ok := ud.Value.(*requestObject); ok {
		return o
	}
	return &requestObject{r: &runtime.Request{}, meta: lua.LNil, response: lua.LNil, failure: lua.LNil}
}

// change is a write to a field of a Request: allowed until a send takes it,
// and inside the hooks that run before each send.
func change(c call, ud *lua.LUserData, field string) *requestObject {
	o := requestOf(ud)
	if o.writable && (!o.sealed || o.origin != nil) {
		return o
	}
	c.raisef("%s cannot be changed: the request was already sent; change a copy: req:copy{%s = …}", field, field)
	return nil
}

func requestClass() Class {
	return Class{
		Name:     "Request",
		Doc:      "A request that is not sent yet. Its fields can be changed until a send takes it, and in `before_request` hooks and `auth` functions.",
		Fields:   requestFields(),
		Methods:  requestMethods(),
		tostring: func(_ *Script, ud *lua.LUserData) string { return "<Request [" + requestOf(ud).r.Method + "]>" },
		equal:    func(a, b *lua.LUserData) bool { return requestOf(a).r == requestOf(b).r },
		unknown: func(key string) string {
			switch key {
			case "status_code", "text", "json", "content", "ok", "status", "raise_for_status":
				return "; not sent yet: use req:send()"
			}
			return ""
		},
	}
}

func requestFields() []Field {
	return []Field{
		{
			Name: "method", Type: "string", Doc: "Upper case.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				return lua.LString(requestOf(ud).r.Method)
			},
			set: func(c call, ud *lua.LUserData, v lua.LValue) {
				change(c, ud, "method").r.Method = methodOf(c, needText(c, "method", v))
			},
		},
		{
			Name: "url", Type: "string", Doc: "As given; as sent on `resp.request`.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue { return lua.LString(requestOf(ud).r.URL) },
			set: func(c call, ud *lua.LUserData, v lua.LValue) {
				change(c, ud, "url").r.URL = needText(c, "url", v)
			},
		},
		{
			Name: "headers", Type: "volley.Headers", Doc: "The request's own headers; all of them on `resp.request`.",
			get: func(s *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				o := requestOf(ud)
				return s.wrap(&headersObject{fields: &o.r.Header, owner: o})
			},
			set: func(c call, ud *lua.LUserData, v lua.LValue) {
				o := change(c, ud, "headers")
				o.r.Header = nil
				setHeaders(c, o.r, v)
			},
		},
		{
			Name: "body", Type: "string?", Doc: "The body as it will be sent, when it is in memory.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				if b, ok := requestOf(ud).r.Body.(*runtime.Bytes); ok {
					return lua.LString(b.Data)
				}
				return lua.LNil
			},
			set: func(c call, ud *lua.LUserData, v lua.LValue) {
				o := change(c, ud, "body")
				if v == lua.LNil {
					o.r.Body = nil
					return
				}
				o.r.Body = &runtime.Bytes{Data: []byte(needText(c, "body", v))}
			},
		},
		{
			Name: "meta", Type: "any", Doc: "Yours; the same value at `resp.request.meta` and `err.request.meta`; never sent.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue { return requestOf(ud).meta },
			set: func(c call, ud *lua.LUserData, v lua.LValue) { change(c, ud, "meta").setMeta(c, v) },
		},
		{
			Name: "id", Type: "string?", Doc: "For output and logs.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue { return textOrNil(requestOf(ud).r.ID) },
		},
		{
			Name: "name", Type: "string?", Doc: "Groups requests in statistics; in a spec the name of its entry.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue { return textOrNil(requestOf(ud).r.Name) },
		},
		{
			Name: "session", Type: "volley.Session?", Doc: "The session it is bound to.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				if o := requestOf(ud).root(); o.session != nil {
					return o.session.value
				}
				return lua.LNil
			},
		},
		{
			Name: "response", Type: "volley.Response?", Doc: "Of its last send.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue { return requestOf(ud).root().response },
		},
		{
			Name: "error", Type: "volley.Error?", Doc: "Of its last send, when that failed.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue { return requestOf(ud).root().failure },
		},
	}
}

func (o *requestObject) setMeta(c call, v lua.LValue) {
	o.root().meta, o.meta = v, v
	if !o.root().foreign {
		o.r.Meta = v
		return
	}
	plain, err := vm.FromLua(c.L, v)
	if err != nil {
		c.raisef("meta: %s", err.Error())
	}
	o.r.Meta = plain
}

func requestMethods() []Function {
	return []Function{
		{
			Name: "send", Params: []Param{{"opts", "volley.RequestOptions?", "Laid over the request's own."}},
			Returns: "volley.Response?, volley.Error?",
			Doc:     "Sends it and waits: the response, or nil and the error. Only this green thread waits.",
			Example: `local resp, err = volley.get(base .. "/get", {params = {a = 1}}):send()
assert(resp.status_code == 200 and resp:json().args.a[1] == "1")`,
			call: func(c call) int {
				o := self[*requestObject](c)
				if opts := c.tableOr(1); opts != nil {
					o = o.copy(c, opts)
				}
				return c.s.sendOne(c, o)
			},
		},
		{
			Name: "copy", Params: []Param{{"opts", "volley.RequestOptions?", "Laid over the copy."}},
			Returns: "volley.Request",
			Doc:     "A new request like this one, not sent yet.",
			Example: `local a = volley.get(base .. "/get", {headers = {["X-A"] = "1"}})
local b = a:copy{headers = {["X-B"] = "2"}}
assert(b.headers["X-B"] == "2" and not a.headers["X-B"])`,
			call: func(c call) int { return c.push(&self[*requestObject](c).copy(c, c.tableOr(1)).value) },
		},
		{
			Name: "curl", Returns: "string",
			Doc:     "A shell command that sends the same request with curl.",
			Example: `print(volley.post(base .. "/post", {json = {a = 1}}):curl())`,
			call: func(c call) int {
				return c.push(lua.LString(client.Curl(self[*requestObject](c).r)))
			},
		},
	}
}

// copy returns an unsent request like o with opts laid over it.
func (o *requestObject) copy(c call, opts *lua.LTable) *requestObject {
	n := c.s.newRequest(o.r.Method, o.r.URL)
	owner := n.own.Owner
	n.own = *o.r
	n.own.Owner = owner
	n.own.Header = o.r.Header.Clone()
	n.own.Options = o.optionsAgain()
	root := o.root()
	n.meta, n.callback, n.handler, n.session = root.meta, root.callback, root.handler, root.session
	if opts != nil {
		c.s.applyRequestOptions(c, n, opts)
	}
	return n
}

// optionsAgain are the options for another request like o. The parameters of a
// prepared copy are in its URL already.
func (o *requestObject) optionsAgain() *runtime.Options {
	var options runtime.Options
	if o.r.Options != nil {
		options = *o.r.Options
	}
	if o.origin != nil {
		options.Params = runtime.Params{IsRaw: true}
	}
	return &options
}

// plainText is the text of a string, number or boolean.
func plainText(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		if n := int64(v); lua.LNumber(n) == v {
			return strconv.FormatInt(n, 10), true
		}
		return v.String(), true
	}
	return "", false
}

// fieldText is plainText for headers, parameters and forms, where booleans
// stand for themselves too.
func fieldText(v lua.LValue) (string, bool) {
	if b, ok := v.(lua.LBool); ok {
		return b.String(), true
	}
	return plainText(v)
}

func needText(c call, what string, v lua.LValue) string {
	text, ok := fieldText(v)
	if !ok {
		c.raisef("%s must be a string, got %s", what, typeName(v))
	}
	return text
}
