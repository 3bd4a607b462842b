package luaapi

import (
	"fmt"
	"net/http"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

// maxSyntheticHeader bounds what is read again for each look at links, cookies
// and the charset, in bytes.
const maxSyntheticHeader = 256 << 10

// responseOptions are what volley.response takes.
func responseOptions() []option[runtime.Response] {
	opt := func(name, typ, doc string, set func(r *runtime.Response, v lua.LValue) error) option[runtime.Response] {
		return option[runtime.Response]{Option: Option{name, typ, doc}, set: func(_ call, r *runtime.Response, v lua.LValue) error { return set(r, v) }}
	}
	return []option[runtime.Response]{
		opt("status_code", "integer", "Default 200.", func(r *runtime.Response, v lua.LValue) (err error) { r.Status, err = whole(v, 100); return err }),
		opt("body", "string", "Default empty.", func(r *runtime.Response, v lua.LValue) error {
			body, err := text(v)
			r.Content = []byte(body)
			return err
		}),
		opt("headers", "table", "A table or pairs.", func(r *runtime.Response, v lua.LValue) error {
			if err := fieldList(v, fieldSink{add: r.Header.Add}); err != nil {
				return err
			}
			size := 0
			for _, f := range r.Header {
				size += len(f.Name) + len(f.Value)
			}
			if size > maxSyntheticHeader {
				return fmt.Errorf("must have at most %d KiB together, as those of a server", maxSyntheticHeader>>10)
			}
			return nil
		}),
		opt("reason", "string", "Default the status's own.", func(r *runtime.Response, v lua.LValue) (err error) { r.Reason, err = text(v); return err }),
		opt("url", "string", "Default empty.", func(r *runtime.Response, v lua.LValue) (err error) { r.URL, err = text(v); return err }),
	}
}

// syntheticResponse is volley.response: an answer that no server gave, for
// exception handlers and callbacks.
func syntheticResponse() Function {
	return Function{
		Name: "response", Params: []Param{{"opts", "volley.ResponseOptions?", "{status_code=, body=, headers=, reason=, url=}"}}, Returns: "volley.Response",
		Doc:     "A Response that no server gave, to take a failed slot.",
		Example: "local r = volley.response{status_code = 444, body = \"none\"}\nassert(r.status_code == 444 and r.text == \"none\" and not r.ok)",
		call: func(c call) int {
			r := &runtime.Response{Status: http.StatusOK, Protocol: "HTTP/1.1"}
			if opts := c.tableOr(1); opts != nil {
				apply(c, "response options", index(responseOptions()), opts, r)
			}
			if r.Reason == "" {
				r.Reason = http.StatusText(r.Status)
			}
			r.Size.Body = int64(len(r.Content))
			return c.push(c.s.responseValue(r))
		},
	}
}
