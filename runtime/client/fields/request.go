package fields

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
)

// requestFields are the fields of a request.
var requestFields = map[string]func(*Draft, jsontext.Value) error{
	"method": func(d *Draft, v jsontext.Value) (err error) {
		d.req.Method, err = text(v)
		d.req.Method = strings.ToUpper(d.req.Method)
		return err
	},
	"url":  func(d *Draft, v jsontext.Value) (err error) { d.req.URL, err = text(v); return err },
	"id":   func(d *Draft, v jsontext.Value) (err error) { d.req.ID, err = scalar(v); return err },
	"name": func(d *Draft, v jsontext.Value) (err error) { d.req.Name, err = scalar(v); return err },
	"tags": func(d *Draft, v jsontext.Value) (err error) { d.req.Tags, err = textMap(v); return err },
	"meta": func(d *Draft, v jsontext.Value) error { d.req.Meta = v.Clone(); return nil },
	"params": func(d *Draft, v jsontext.Value) (err error) {
		d.options.Params, err = params(v)
		return err
	},
	"headers": func(d *Draft, v jsontext.Value) (err error) {
		d.req.Header, d.options.Unset, err = headersOver(d.req.Header, d.options.Unset, v)
		return err
	},
	"cookies": func(d *Draft, v jsontext.Value) (err error) {
		d.options.Cookies, err = fieldList(v)
		return err
	},
	"data": readData,
	"json": func(d *Draft, v jsontext.Value) error {
		d.json = &runtime.Bytes{Data: v.Clone(), Type: "application/json"}
		return nil
	},
	"files": func(d *Draft, v jsontext.Value) (err error) { d.files, err = d.shared.parts(v); return err },
	"auth":  func(d *Draft, v jsontext.Value) (err error) { d.options.Auth, err = d.shared.auth(v); return err },
	"timeout": func(d *Draft, v jsontext.Value) error {
		t, err := timeout(v)
		d.options.Timeout = &t
		return err
	},
	"allow_redirects":  func(d *Draft, v jsontext.Value) error { return setSwitch(v, &d.options.AllowRedirects) },
	"raise_for_status": func(d *Draft, v jsontext.Value) error { return setSwitch(v, &d.options.RaiseForStatus) },
	"stream":           func(d *Draft, v jsontext.Value) error { return setSwitch(v, &d.options.Stream) },
	"max_redirects": func(d *Draft, v jsontext.Value) (err error) {
		d.options.MaxRedirects, err = wholePointer(v)
		return err
	},
	"proxies": func(d *Draft, v jsontext.Value) (err error) { d.options.Proxies, err = proxies(v); return err },
	"verify":  func(d *Draft, v jsontext.Value) (err error) { d.options.Verify, err = d.shared.verify(v); return err },
	"cert":    func(d *Draft, v jsontext.Value) (err error) { d.options.Cert, err = d.shared.cert(v); return err },
	"max_body": func(d *Draft, v jsontext.Value) (err error) {
		d.options.MaxBody, err = limit(v)
		return err
	},
	"http_version": func(d *Draft, v jsontext.Value) (err error) { d.options.HTTPVersion, err = httpVersion(v); return err },
	"retry":        func(d *Draft, v jsontext.Value) (err error) { d.options.Retry, err = retry(v); return err },
}

// params reads a query as it is written, or names and values; null leaves a
// parameter of the session out.
func params(v jsontext.Value) (runtime.Params, error) {
	var p runtime.Params
	if v.Kind() == '"' {
		raw, err := text(v)
		return runtime.Params{Raw: raw, IsRaw: true}, err
	}
	err := pairs(v, target{add: appendTo(&p.Fields), drop: func(name string) { p.Drop = append(p.Drop, name) }})
	return p, err
}

// headersOver lays the headers of v over others, which stay as they are: false
// and null leave one out, also one of the session or the defaults.
func headersOver(under runtime.Header, unset []string, v jsontext.Value) (runtime.Header, []string, error) {
	var own runtime.Header
	var dropped []string
	err := pairs(v, target{falseDrops: true, add: own.Add, drop: func(name string) { dropped = append(dropped, name) }})
	out := make(runtime.Header, 0, len(under)+len(own))
	for _, f := range under {
		if !own.Has(f.Name) && !slices.ContainsFunc(dropped, func(name string) bool { return runtime.EqualFold(name, f.Name) }) {
			out = append(out, f)
		}
	}
	return append(out, own...), append(slices.Clip(unset), dropped...), err
}

// readData takes a text as it is, and names and values for a form.
func readData(d *Draft, v jsontext.Value) (err error) {
	d.data, d.form = nil, nil
	if v.Kind() != '"' {
		d.form, err = fieldList(v)
		return err
	}
	body, err := text(v)
	if body != "" {
		d.data = &runtime.Bytes{Data: []byte(body)}
	}
	return err
}

// proxies reads scheme → URL; false and null are a direct way, of one scheme
// or of all.
func proxies(v jsontext.Value) ([]runtime.Field, error) {
	if isOff(v) {
		return []runtime.Field{{Name: "http"}, {Name: "https"}, {Name: "all"}}, nil
	}
	var out []runtime.Field
	add := appendTo(&out)
	err := pairs(v, target{falseDrops: true, add: add, drop: func(name string) { add(name, "") }})
	return out, err
}
