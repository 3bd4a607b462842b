package luaapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/client"
)

// sessionObject is a Session in Lua.
type sessionObject struct {
	session *client.Session
	value   *lua.LUserData
	given   map[string]lua.LValue // options as the script gave them, for reading back
	jar     lua.LValue
	rate    runtime.Rate
	perHost runtime.PerHost
}

func (*sessionObject) className() string { return "Session" }

// sessionBuilder collects the options of a session.
type sessionBuilder struct {
	s       *Script
	set     *client.Settings
	cookies []runtime.Field
	rate    runtime.Rate
	perHost runtime.PerHost
}

// limits makes one gate of rate, per_host and the pool's size; nil without
// any. The pool's bound is a gate before the request, since waiting for a
// connection must not count against its timeouts.
func (b *sessionBuilder) limits() *runtime.Limits {
	host := b.perHost
	if n := b.set.Pool.PerHost; n > 0 && (host.Concurrency == 0 || n < host.Concurrency) {
		host.Concurrency = n
	}
	if b.rate == 0 && host == (runtime.PerHost{}) {
		return nil
	}
	return runtime.NewLimits(b.rate, host)
}

func sessionOf(ud *lua.LUserData) *sessionObject {
	if o, ok := ud.Value.(*sessionObject); ok {
		return o
	}
	return &sessionObject{given: map[string]lua.LValue{}}
}

// newSession is volley.session{…}.
func newSession(c call) int {
	o := &sessionObject{given: map[string]lua.LValue{}}
	var settings client.Settings
	b := sessionBuilder{s: c.s, set: &settings}
	if opts := c.tableOr(1); opts != nil {
		apply(c, "session options", c.s.options.session, opts, &b)
		for k, v := opts.Next(lua.LNil); k != lua.LNil; k, v = opts.Next(k) {
			o.given[k.String()] = v
		}
	}
	settings.Limits = b.limits()
	session, err := c.s.config.Client.NewSession(settings)
	if err != nil {
		c.raise(err)
	}
	o.session, o.rate, o.perHost = session, b.rate, b.perHost
	o.value = c.s.wrap(o)
	o.jar = c.s.wrap(&jarObject{jar: session.Jar()})
	setCookies(c, session.Jar(), b.cookies)
	return c.push(o.value)
}

func setCookies(c call, jar *client.Jar, cookies []runtime.Field) {
	for _, f := range cookies {
		if err := jar.Set(client.Cookie{Name: f.Name, Value: f.Value}); err != nil {
			c.raise(err)
		}
	}
}

// refresh takes over what the script changed in the table of params itself.
func (o *sessionObject) refresh(c call) {
	t, ok := o.given["params"].(*lua.LTable)
	if !ok {
		return
	}
	params, err := paramsOf(t)
	if err != nil {
		c.raisef("the session's params %s", err.Error())
	}
	if !reflect.DeepEqual(params, o.session.Settings().Params) {
		o.update(c, func(set *client.Settings) { set.Params = params })
	}
}

// update changes the settings for requests that are sent from now on.
func (o *sessionObject) update(c call, change func(*client.Settings)) {
	if err := o.session.Update(change); err != nil {
		c.raise(err)
	}
}

func sessionClass() Class {
	class := Class{
		Name:     "Session",
		Doc:      "Settings and cookies that its requests share. Every option of SessionOptions is a field that can be read and assigned; changes hold for requests sent from then on.",
		tostring: func(*Script, *lua.LUserData) string { return "<Session>" },
		equal:    func(a, b *lua.LUserData) bool { return sessionOf(a).session == sessionOf(b).session },
	}
	for _, opt := range sessionOptions() {
		class.Fields = append(class.Fields, sessionField(opt))
	}
	for _, f := range verbs() {
		class.Methods = append(class.Methods, sessionVerb(f))
	}
	class.Methods = append(class.Methods, mountFunction(), Function{
		Name: "close", Doc: "Closes it; a request sent with it afterwards fails with `invalid_argument`.",
		Example: "local s = volley.session()\ns:close()",
		call: func(c call) int {
			if err := self[*sessionObject](c).session.Close(); err != nil {
				c.raise(err)
			}
			return 0
		},
	})
	return class
}

// sessionField is an option as an attribute.
func sessionField(opt option[sessionBuilder]) Field {
	name := opt.Name
	return Field{
		Name: name, Type: opt.Type, Doc: opt.Doc,
		get: func(s *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
			o := sessionOf(ud)
			switch name {
			case "headers":
				return s.wrap(&headersObject{session: o})
			case "cookies":
				return o.jar
			}
			v, ok := o.given[name]
			if name == "params" && (!ok || v == lua.LNil) {
				v = s.L.NewTable()
				o.given[name] = v
			}
			if v == nil {
				return lua.LNil
			}
			return v
		},
		set: func(c call, ud *lua.LUserData, v lua.LValue) {
			o := sessionOf(ud)
			if name == "pool" {
				c.raisef("pool is fixed when the session is made")
			}
			var failure error
			var cookies []runtime.Field
			o.update(c, func(set *client.Settings) {
				clearSetting(set, name)
				b := sessionBuilder{s: c.s, set: set, rate: o.rate, perHost: o.perHost}
				b.forget(name)
				if v != lua.LNil {
					failure = opt.set(c, &b, v)
				}
				cookies = b.cookies
				if name == "rate" || name == "per_host" {
					o.rate, o.perHost = b.rate, b.perHost
					set.Limits = b.limits()
				}
			})
			if failure != nil {
				c.refuse(name, failure)
			}
			if name == "cookies" {
				o.session.Jar().Clear("", "")
				setCookies(c, o.session.Jar(), cookies)
			}
			o.given[name] = v
		},
	}
}

// forget drops the limit that an assignment replaces.
func (b *sessionBuilder) forget(name string) {
	switch name {
	case "rate":
		b.rate = 0
	case "per_host":
		b.perHost = runtime.PerHost{}
	}
}

// clearSetting makes an assignment replace what was there, where an option
// alone would add to it.
func clearSetting(set *client.Settings, name string) {
	switch name {
	case "headers":
		set.Header, set.Unset = nil, nil
	case "params":
		set.Params = runtime.Params{}
	case "auth":
		set.Auth = nil
	case "proxies":
		set.Proxies = nil
	case "hooks":
		set.Hooks = nil
	case "verify":
		set.Verify = nil
	case "cert":
		set.Cert = nil
	case "timeout":
		set.Timeout = runtime.Timeout{}
	case "retry":
		set.Retry = nil
	case "max_redirects":
		set.MaxRedirects = nil
	case "base_url":
		set.BaseURL = ""
	case "resolve":
		set.Resolve = nil
	case "secret_headers":
		set.SecretHeaders = nil
	case "netrc":
		set.Credentials = nil
	}
}

// sessionVerb is volley.get and its kin as a method, bound to the session.
func sessionVerb(f Function) Function {
	f.Doc = strings.Replace(f.Doc, "Builds", "Builds, for this session,", 1)
	f.Example = ""
	method := strings.ToUpper(f.Name)
	f.call = func(c call) int {
		return c.push(&c.s.buildRequest(c, method, c.arg(1), c.tableOr(2), self[*sessionObject](c)).value)
	}
	if f.Name == "request" {
		f.call = func(c call) int {
			return c.push(&c.s.buildRequest(c, methodOf(c, c.text(1)), c.arg(2), c.tableOr(3), self[*sessionObject](c)).value)
		}
	}
	return f
}

func mountFunction() Function {
	return Function{
		Name: "mount", Params: []Param{
			{"prefix", "string", "A URL's beginning; scheme and host match in any case and end at a host boundary."},
			{"opts", "volley.SessionOptions", "Laid over the session's for URLs below the prefix."},
		},
		Doc: "Other settings for one part of the URLs; the longest prefix wins. The same prefix again takes the place of the first.",
		Example: `local s = volley.session()
s:mount(base .. "/anything/v2", {headers = {["X-Version"] = "2"}})
assert(s:get(base .. "/anything/v2/x"):send():json().headers["X-Version"][1] == "2")`,
		call: func(c call) int {
			prefix := c.text(1)
			var settings client.Settings
			b := sessionBuilder{s: c.s, set: &settings}
			opts := c.tableOr(2)
			if opts == nil {
				c.wrong(2, "a table of session options")
			}
			for _, fixed := range []string{"pool", "base_url", "cookies", "trust_env", "rate", "per_host"} {
				if opts.RawGetString(fixed) != lua.LNil {
					c.raisef("%s belongs to the whole session and cannot be mounted", fixed)
				}
			}
			apply(c, "session options", c.s.options.session, opts, &b)
			self[*sessionObject](c).update(c, func(set *client.Settings) {
				set.Mounts = slices.DeleteFunc(set.Mounts, func(m client.Mount) bool { return m.Prefix == prefix })
				set.Mounts = append(set.Mounts, client.Mount{Prefix: prefix, Settings: settings})
			})
			return 0
		},
	}
}

// headerSetting lays v over the session's headers.
func headerSetting(set *client.Settings, v lua.LValue) error {
	r := &runtime.Request{Header: set.Header}
	if err := headersInto(r, v); err != nil {
		return err
	}
	set.Header = r.Header
	if r.Options != nil {
		set.Unset = append(set.Unset, r.Options.Unset...)
	}
	return nil
}

func stringMap(v lua.LValue) (map[string]string, error) {
	out := map[string]string{}
	err := fieldList(v, fieldSink{add: func(name, value string) { out[name] = value }})
	return out, err
}

func stringList(v lua.LValue) ([]string, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("must be a list of strings, got %s", typeName(v))
	}
	var out []string
	for i := 1; i <= t.Len(); i++ {
		one, err := text(t.RawGetInt(i))
		if err != nil {
			return nil, fmt.Errorf("item %d %w", i, err)
		}
		out = append(out, one)
	}
	return out, nil
}
