package luaapi

import (
	"fmt"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/net/html"

	"volley/runtime"
	"volley/runtime/client"
)

// responseObject is a Response in Lua. What costs something is made when it
// is first read.
type responseObject struct {
	r        *runtime.Response
	value    lua.LUserData
	content  lua.LValue // nil until read
	text     lua.LValue
	encoding string // set by the script, or found with text
	consumed bool   // its stream was handed to an iterator or to save
	ended    bool   // and read to its end
	document *html.Node
}

func (*responseObject) className() string { return "Response" }

// responseValue returns the one userdata of a response.
func (s *Script) responseValue(r *runtime.Response) lua.LValue {
	if r == nil {
		return lua.LNil
	}
	if o, ok := r.Owner.(*responseObject); ok {
		return &o.value
	}
	o := &responseObject{r: r}
	o.value = lua.LUserData{Value: o, Env: s.L.Env, Metatable: s.classes["Response"]}
	r.Owner = o
	return &o.value
}

func responseOf(ud *lua.LUserData) *responseObject {
	if o, ok := ud.Value.(*responseObject); ok {
		return o
	}
	return &responseObject{r: &runtime.Response{}}
}

func secondsOf(d time.Duration) lua.LValue { return lua.LNumber(d.Seconds()) }

func responseClass() Class {
	return Class{
		Name:    "Response",
		Doc:     "An answer of any status. Times are seconds.",
		Fields:  append(append(headFields(), bodyFields()...), exchangeFields()...),
		Methods: slices.Concat(responseMethods(), streamMethods(), htmlMethods()),
		tostring: func(_ *Script, ud *lua.LUserData) string {
			return fmt.Sprintf("<Response [%d]>", responseOf(ud).r.Status)
		},
		equal: func(a, b *lua.LUserData) bool { return responseOf(a).r == responseOf(b).r },
		unknown: func(key string) string {
			switch key {
			case "status":
				return `; did you mean "status_code"?`
			case "body":
				return `; did you mean "content" or "text"?`
			}
			return ""
		},
	}
}

func responseField(name, typ, doc string, get func(s *Script, r *runtime.Response) lua.LValue) Field {
	return Field{Name: name, Type: typ, Doc: doc, get: func(s *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
		return get(s, responseOf(ud).r)
	}}
}

func headFields() []Field {
	return []Field{
		responseField("status_code", "integer", "", func(_ *Script, r *runtime.Response) lua.LValue { return lua.LNumber(r.Status) }),
		responseField("reason", "string", "As sent; may be empty.", func(_ *Script, r *runtime.Response) lua.LValue { return lua.LString(r.Reason) }),
		responseField("ok", "boolean", "status_code < 400.", func(_ *Script, r *runtime.Response) lua.LValue { return lua.LBool(r.OK()) }),
		responseField("url", "string", "Final, after redirects.", func(_ *Script, r *runtime.Response) lua.LValue { return lua.LString(r.URL) }),
		responseField("headers", "volley.Headers", "", func(s *Script, r *runtime.Response) lua.LValue {
			return s.wrap(&headersObject{fields: &r.Header})
		}),
		responseField("cookies", "volley.Jar", "The cookies this response set.", func(s *Script, r *runtime.Response) lua.LValue {
			return s.wrap(responseJar(r))
		}),
		responseField("links", "table<string, table>", "The Link header by `rel`, or by URL where there is none.", func(s *Script, r *runtime.Response) lua.LValue {
			return s.linksTable(client.Links(r.Header))
		}),
		responseField("history", "volley.Response[]", "Redirects and challenges before it, oldest first.", func(s *Script, r *runtime.Response) lua.LValue {
			t := s.L.NewTable()
			for i, h := range r.History {
				t.RawSetInt(i+1, s.responseValue(h))
			}
			return t
		}),
		responseField("is_redirect", "boolean", "A 301, 302, 303, 307 or 308 with a Location.", func(_ *Script, r *runtime.Response) lua.LValue {
			return lua.LBool(client.IsRedirect(r))
		}),
		responseField("is_permanent_redirect", "boolean", "A 301 or 308 with a Location.", func(_ *Script, r *runtime.Response) lua.LValue {
			return lua.LBool(client.IsPermanentRedirect(r))
		}),
		responseField("next", "volley.Request?", "Where an unfollowed redirect would go.", func(s *Script, r *runtime.Response) lua.LValue {
			if r.Next == nil {
				return lua.LNil
			}
			return s.nextValue(r)
		}),
	}
}

func exchangeFields() []Field {
	return []Field{
		responseField("elapsed", "number", "Request start to headers parsed.", func(_ *Script, r *runtime.Response) lua.LValue { return secondsOf(r.Elapsed) }),
		responseField("timings", "table", "`dns connect tls ttfb total`.", func(s *Script, r *runtime.Response) lua.LValue {
			t := s.L.CreateTable(0, 5)
			t.RawSetString("dns", secondsOf(r.Timings.DNS))
			t.RawSetString("connect", secondsOf(r.Timings.Connect))
			t.RawSetString("tls", secondsOf(r.Timings.TLS))
			t.RawSetString("ttfb", secondsOf(r.Timings.TTFB))
			t.RawSetString("total", secondsOf(r.Timings.Total))
			return t
		}),
		responseField("size", "table", "`headers body wire` in bytes: body is decoded, wire as received.", func(s *Script, r *runtime.Response) lua.LValue {
			body, wire := r.Size.Body, r.Size.Wire
			if r.Stream != nil {
				body, wire = r.Stream.Sizes()
			}
			t := s.L.CreateTable(0, 3)
			t.RawSetString("headers", lua.LNumber(r.Size.Headers))
			t.RawSetString("body", lua.LNumber(body))
			t.RawSetString("wire", lua.LNumber(wire))
			return t
		}),
		responseField("request", "volley.Request", "As sent; its `meta` is yours.", func(s *Script, r *runtime.Response) lua.LValue {
			return s.requestValue(r.Request)
		}),
		responseField("meta", "any", "The same as `resp.request.meta`.", func(s *Script, r *runtime.Response) lua.LValue {
			if r.Request == nil {
				return lua.LNil
			}
			if o, ok := r.Request.Owner.(*requestObject); ok {
				return o.root().meta
			}
			return s.metaValue(r.Request.Meta)
		}),
		responseField("protocol", "string", "`HTTP/1.1`, `HTTP/2.0`.", func(_ *Script, r *runtime.Response) lua.LValue { return lua.LString(r.Protocol) }),
		responseField("remote_addr", "string", "`ip:port` that answered.", func(_ *Script, r *runtime.Response) lua.LValue { return lua.LString(r.RemoteAddr) }),
		responseField("attempts", "integer", "How often the request was sent.", func(_ *Script, r *runtime.Response) lua.LValue { return lua.LNumber(r.Attempts) }),
	}
}

// linksTable is the Link header as rel → {url=, …}.
func (s *Script) linksTable(links []client.Link) lua.LValue {
	t := s.L.NewTable()
	for _, l := range links {
		one := s.L.NewTable()
		for _, p := range l.Params {
			one.RawSetString(p.Name, lua.LString(p.Value))
		}
		one.RawSetString("url", lua.LString(l.URL))
		key := l.Rel
		if key == "" {
			key = l.URL
		}
		if t.RawGetString(key) == lua.LNil {
			t.RawSetString(key, one)
		}
	}
	return t
}

// nextValue is the request that an unfollowed redirect would have sent, ready
// to be sent.
func (s *Script) nextValue(r *runtime.Response) lua.LValue {
	o := s.newRequest(r.Next.Method, r.Next.URL)
	owner := o.own.Owner
	o.own = *r.Next
	o.own.Owner = owner
	if before, ok := r.Next.Owner.(*requestObject); ok {
		root := before.root()
		o.meta, o.session = root.meta, root.session
	}
	return &o.value
}

func responseMethods() []Function {
	return []Function{
		{
			Name: "json", Params: []Param{{"opts", "table?", `{bigint = "string"} keeps integers above 2^53.`}}, Returns: "any",
			Doc:     "The body decoded. Raises kind `json` when it is none.",
			Example: `assert(volley.get(base .. "/json"):send():json().slideshow.title)`,
			call: func(c call) int {
				o := self[*responseObject](c)
				v, err := decodeJSON(c.L, c.s.bytesOf(c, o), jsonOptionsOf(c, c.tableOr(1)))
				if err != nil {
					c.raise(&runtime.Error{Kind: runtime.KindJSON, Message: err.Error(), Request: o.r.Request, Response: o.r, Cause: err})
				}
				return c.push(v)
			},
		},
		{
			Name: "raise_for_status", Returns: "volley.Response",
			Doc:     "Raises kind `http` for a 4xx or 5xx, else returns the response.",
			Example: `assert(not pcall(function() volley.get(base .. "/status/404"):send():raise_for_status() end))`,
			call: func(c call) int {
				o := self[*responseObject](c)
				if err := client.RaiseForStatus(o.r); err != nil {
					c.raise(err)
				}
				return c.push(&o.value)
			},
		},
	}
}
