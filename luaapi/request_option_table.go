package luaapi

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

// requestOptions is every option of a request.
func requestOptions() []option[requestBuilder] {
	return append(contentOptions(), append(exchangeOptions(), callbackOptions()...)...)
}

func requestOption(name, typ, doc string, set func(c call, b *requestBuilder, v lua.LValue) error) option[requestBuilder] {
	return option[requestBuilder]{Option: Option{name, typ, doc}, set: set}
}

// contentOptions say what is sent.
func contentOptions() []option[requestBuilder] {
	return []option[requestBuilder]{
		requestOption("params", "table|string", "Query parameters: a table (sorted), an array of pairs (in order) or a string. A list repeats its key.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) {
				b.options().Params, err = paramsOf(v)
				return err
			}),
		requestOption("data", "string|table|volley.File|function", "Body: a string, a form (table or pairs), `volley.file(path)`, or an iterator of chunks. Wins over `json`.",
			func(_ call, b *requestBuilder, v lua.LValue) error { b.data = v; return nil }),
		requestOption("json", "any", "Body as JSON; `volley.null` is null, `volley.array{}` is [].",
			func(_ call, b *requestBuilder, v lua.LValue) error { b.json = v; return nil }),
		requestOption("files", "table", "Multipart: name → string, `volley.file(path)` or `{filename=, content=, type=, headers=}`; pairs for repeats.",
			func(_ call, b *requestBuilder, v lua.LValue) error { b.file = v; return nil }),
		requestOption("headers", "table", "A table (sent sorted) or pairs (sent in order and case); `false` removes one of the session or the defaults.",
			func(_ call, b *requestBuilder, v lua.LValue) error { return headersInto(b.o.r, v) }),
		requestOption("cookies", "table|volley.Jar", "For this request and its host only.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) {
				b.options().Cookies, err = cookiesOf(v)
				return err
			}),
		requestOption("auth", "table|volley.Auth|function|false", "`{user, pass}`, `volley.auth.…`, `function(req)`, or false for none.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) {
				b.options().Auth, err = b.s.authOf(v)
				return err
			}),
		requestOption("id", "string", "For output and logs.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) { b.o.r.ID, err = text(v); return err }),
		requestOption("name", "string", "Groups URLs in the statistics.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) { b.o.r.Name, err = text(v); return err }),
		requestOption("tags", "table", "Strings by name, for output.",
			func(_ call, b *requestBuilder, v lua.LValue) error {
				tags := map[string]string{}
				b.o.r.Tags = tags
				return fieldList(v, fieldSink{add: func(name, value string) { tags[name] = value }})
			}),
		requestOption("meta", "any", "Yours; never sent.",
			func(c call, b *requestBuilder, v lua.LValue) error { b.o.setMeta(c, v); return nil }),
		requestOption("session", "volley.Session", "The session to use. Without one: shared connections, isolated cookies.",
			func(_ call, b *requestBuilder, v lua.LValue) error {
				if ud, ok := v.(*lua.LUserData); ok {
					if session, ok := ud.Value.(*sessionObject); ok {
						b.o.setSession(session)
						return nil
					}
				}
				return fmt.Errorf("must be a Session, got %s", typeName(v))
			}),
	}
}

// exchangeOptions say how it is sent.
func exchangeOptions() []option[requestBuilder] {
	toggle := func(name, doc string, field func(*runtime.Options) *runtime.Switch) option[requestBuilder] {
		return requestOption(name, "boolean", doc, func(_ call, b *requestBuilder, v lua.LValue) error {
			on, err := boolean(v)
			*field(b.options()) = runtime.SwitchOf(on)
			return err
		})
	}
	return []option[requestBuilder]{
		requestOption("timeout", "number|table|false", "Seconds for connect and read, or `{connect=, read=, total=}`. Default 10, 30, none; false: none.",
			func(_ call, b *requestBuilder, v lua.LValue) error {
				t, err := timeoutOf(v)
				b.options().Timeout = &t
				return err
			}),
		toggle("allow_redirects", "Default true; false for HEAD.", func(o *runtime.Options) *runtime.Switch { return &o.AllowRedirects }),
		requestOption("max_redirects", "integer", "Default 30.", func(_ call, b *requestBuilder, v lua.LValue) error {
			n, err := whole(v, 0)
			b.options().MaxRedirects = &n
			return err
		}),
		requestOption("proxies", "table", "`{http=, https=, all=, no_proxy=}`, also by `scheme://host`; false: direct. Explicit beats environment.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) {
				b.options().Proxies, err = proxiesOf(v)
				return err
			}),
		requestOption("verify", "boolean|string", "Check certificates: true, false, or a CA file or directory.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) {
				b.options().Verify, err = b.s.verifyOf(v)
				return err
			}),
		requestOption("cert", "string|table", "Client certificate: PEM path or `{cert=, key=}`.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) {
				b.options().Cert, err = b.s.certOf(v)
				return err
			}),
		toggle("stream", "Hand the response over at its headers; read it with iter_content, iter_lines or save.",
			func(o *runtime.Options) *runtime.Switch { return &o.Stream }),
		requestOption("retry", "integer|table", "Further tries, or RetryOptions.", func(c call, b *requestBuilder, v lua.LValue) (err error) {
			b.options().Retry, err = b.s.retryOf(c, v)
			return err
		}),
		toggle("raise_for_status", "A 4xx or 5xx is a failure of kind `http`.",
			func(o *runtime.Options) *runtime.Switch { return &o.RaiseForStatus }),
		requestOption("max_body", "integer|false", "Bytes after decoding; default 64 MiB for bodies in memory, none when streamed.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) {
				b.options().MaxBody, err = maxBodyOf(v)
				return err
			}),
		requestOption("http_version", "string", `"auto" (ALPN), "1.1", "2" or "h2c".`, func(_ call, b *requestBuilder, v lua.LValue) (err error) {
			b.options().HTTPVersion, err = versionOf(v)
			return err
		}),
	}
}

// callbackOptions say who is told.
func callbackOptions() []option[requestBuilder] {
	return []option[requestBuilder]{
		requestOption("callback", "fun(resp: volley.Response): volley.Response?", "Sees the final response. nil keeps it, a Response replaces it.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) { b.o.callback, err = function(v); return err }),
		requestOption("exception_handler", "fun(req: volley.Request, err: volley.Error): any", "For this request, as soon as it fails; beats the batch's.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) { b.o.handler, err = function(v); return err }),
		requestOption("hooks", "table", "`{response = f or {f, …}, before_request =, redirect =, retry =}`; they run after the session's.",
			func(_ call, b *requestBuilder, v lua.LValue) (err error) {
				b.o.r.Hooks, err = b.s.hooksOf(v)
				return err
			}),
	}
}

// retryOptions is the long form of retry.
func retryOptions() []option[runtime.Retry] {
	opt := func(name, typ, doc string, set func(r *runtime.Retry, v lua.LValue) error) option[runtime.Retry] {
		return option[runtime.Retry]{Option: Option{name, typ, doc}, set: func(_ call, r *runtime.Retry, v lua.LValue) error { return set(r, v) }}
	}
	return []option[runtime.Retry]{
		opt("total", "integer", "Further tries after the first.", func(r *runtime.Retry, v lua.LValue) (err error) { r.Total, err = whole(v, 0); return err }),
		opt("on", "table", `What to retry, instead of the default: statuses, classes ("5xx"), ranges ("500-599"), kinds ("timeout").`, retryOn),
		opt("methods", `table|"all"`, "Which methods, instead of the idempotent ones.", retryMethods),
		opt("backoff", "number", "Base of the pause in seconds; default 0.5, doubled each time.", func(r *runtime.Retry, v lua.LValue) (err error) {
			r.Backoff, err = seconds(v)
			return err
		}),
		opt("max_delay", "number", "Longest pause in seconds, Retry-After included; default 60.", func(r *runtime.Retry, v lua.LValue) (err error) {
			r.Max, err = seconds(v)
			return err
		}),
		opt("jitter", "boolean", "Default true: each pause is uniform from 0 to its bound; false: the bound.", func(r *runtime.Retry, v lua.LValue) error {
			on, err := boolean(v)
			r.NoJitter = !on
			return err
		}),
		opt("respect_retry_after", "boolean", "Default true.", func(r *runtime.Retry, v lua.LValue) error {
			on, err := boolean(v)
			r.IgnoreRetryAfter = !on
			return err
		}),
	}
}

func retryOn(r *runtime.Retry, v lua.LValue) error {
	list, ok := v.(*lua.LTable)
	if !ok || list.Len() == 0 {
		return fmt.Errorf("must be a list of statuses, classes, ranges or kinds, got %s", typeName(v))
	}
	for i := 1; i <= list.Len(); i++ {
		token := list.RawGetInt(i).String()
		on, ok := runtime.ParseRetryOn(token)
		if !ok {
			return fmt.Errorf(`%q is no status, class ("5xx"), range ("500-599") or kind ("timeout")`, token)
		}
		r.On = append(r.On, on)
	}
	return nil
}

func retryMethods(r *runtime.Retry, v lua.LValue) error {
	if s, ok := v.(lua.LString); ok && s == "all" {
		r.Methods = []string{"*"}
		return nil
	}
	list, ok := v.(*lua.LTable)
	if !ok {
		return fmt.Errorf(`must be a list of methods or "all", got %s`, typeName(v))
	}
	for i := 1; i <= list.Len(); i++ {
		m, err := text(list.RawGetInt(i))
		if err != nil {
			return fmt.Errorf("item %d %w", i, err)
		}
		r.Methods = append(r.Methods, m)
	}
	return nil
}

// retryOf reads a number of further tries or a table of RetryOptions; false
// is none.
func (s *Script) retryOf(c call, v lua.LValue) (*runtime.Retry, error) {
	if off(v) {
		return &runtime.Retry{}, nil
	}
	if t, ok := v.(*lua.LTable); ok {
		r := &runtime.Retry{Total: 3}
		apply(c, "retry", s.options.retry, t, r)
		return r, nil
	}
	n, err := whole(v, 0)
	return &runtime.Retry{Total: n}, err
}
