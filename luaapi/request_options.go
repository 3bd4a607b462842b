package luaapi

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/client"
)

// requestBuilder collects the options of one request. Body options are kept
// until all are read, since some of them go together.
type requestBuilder struct {
	s    *Script
	o    *requestObject
	data lua.LValue
	json lua.LValue
	file lua.LValue
}

// options returns the part of a request that most leave out.
func (b *requestBuilder) options() *runtime.Options {
	if b.o.r.Options == nil {
		b.o.r.Options = &runtime.Options{}
	}
	return b.o.r.Options
}

func (s *Script) applyRequestOptions(c call, o *requestObject, opts *lua.LTable) {
	b := requestBuilder{s: s, o: o}
	apply(c, "request options", s.options.request, opts, &b)
	if b.data != nil || b.json != nil || b.file != nil {
		b.body(c)
	}
}

func setHeaders(c call, r *runtime.Request, v lua.LValue) {
	if err := headersInto(r, v); err != nil {
		c.raisef("headers: %s", err.Error())
	}
}

// headersInto lays v over the request's headers; false and volley.null take a
// header of the session or the defaults out.
func headersInto(r *runtime.Request, v lua.LValue) error {
	if ud, ok := v.(*lua.LUserData); ok {
		if h, ok := ud.Value.(*headersObject); ok {
			r.Header = h.fields.Clone()
			return nil
		}
	}
	if len(r.Header) == 0 && plainHeaders(r, v) {
		return nil
	}
	fresh := len(r.Header) == 0
	unset := func(name string) {
		if r.Options == nil {
			r.Options = &runtime.Options{}
		}
		r.Header.Del(name)
		r.Options.Unset = append(r.Options.Unset, name)
	}
	add := func(name, value string) {
		if fresh {
			r.Header.Add(name, value)
		} else {
			r.Header.Set(name, value)
		}
	}
	return fieldList(v, fieldSink{add: add, drop: unset, falseDrops: true})
}

// plainHeaders reads the usual table of names and texts straight into an empty
// header; false means that there is more to it.
func plainHeaders(r *runtime.Request, v lua.LValue) bool {
	t, ok := v.(*lua.LTable)
	if !ok {
		return false
	}
	header := make(runtime.Header, 0, 4)
	for k, item := t.Next(lua.LNil); k != lua.LNil; k, item = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return false
		}
		value, ok := plainText(item)
		if !ok {
			return false
		}
		header = append(header, runtime.Field{Name: string(name), Value: value})
	}
	if len(header) > 1 {
		slices.SortFunc(header, func(a, b runtime.Field) int { return strings.Compare(a.Name, b.Name) })
	}
	r.Header = header
	return true
}

func paramsOf(v lua.LValue) (runtime.Params, error) {
	var p runtime.Params
	if s, ok := v.(lua.LString); ok {
		return runtime.Params{Raw: string(s), IsRaw: true}, nil
	}
	err := fieldList(v, fieldSink{
		add:  func(name, value string) { p.Fields = append(p.Fields, runtime.Field{Name: name, Value: value}) },
		drop: func(name string) { p.Drop = append(p.Drop, name) },
	})
	if err == nil {
		err = fieldsFit(p.Fields)
	}
	return p, err
}

func cookiesOf(v lua.LValue) ([]runtime.Field, error) {
	if ud, ok := v.(*lua.LUserData); ok {
		if j, ok := ud.Value.(*jarObject); ok {
			return j.fields(), nil
		}
	}
	return fieldsOf(v)
}

func proxiesOf(v lua.LValue) ([]runtime.Field, error) {
	if off(v) {
		return []runtime.Field{{Name: "http"}, {Name: "https"}, {Name: "all"}}, nil
	}
	var out []runtime.Field
	err := fieldList(v, fieldSink{
		add:        func(name, value string) { out = append(out, runtime.Field{Name: name, Value: value}) },
		drop:       func(name string) { out = append(out, runtime.Field{Name: name}) },
		falseDrops: true,
	})
	return out, err
}

func (s *Script) verifyOf(v lua.LValue) (*runtime.Verify, error) {
	switch v := v.(type) {
	case lua.LBool:
		return &runtime.Verify{Off: !bool(v)}, nil
	case lua.LString:
		if v != "" {
			return &runtime.Verify{CA: string(v)}, s.config.Policy.Readable(string(v))
		}
		return nil, fmt.Errorf("must not be empty; false switches verification off")
	}
	return nil, fmt.Errorf("must be true, false, or the path of a CA file or directory, got %s", typeName(v))
}

func (s *Script) certOf(v lua.LValue) (*runtime.Cert, error) {
	if path, ok := v.(lua.LString); ok {
		return &runtime.Cert{Cert: string(path)}, s.config.Policy.Readable(string(path))
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("must be a PEM path or {cert=, key=}, got %s", typeName(v))
	}
	var cert runtime.Cert
	for k, item := t.Next(lua.LNil); k != lua.LNil; k, item = t.Next(k) {
		path, err := text(item)
		switch k.String() {
		case "cert":
			cert.Cert = path
		case "key":
			cert.Key = path
		default:
			return nil, fmt.Errorf("takes cert and key, got %q", k.String())
		}
		if err != nil {
			return nil, fmt.Errorf("%s %w", k.String(), err)
		}
		if err := s.config.Policy.Readable(path); err != nil {
			return nil, err
		}
	}
	return &cert, nil
}

func versionOf(v lua.LValue) (string, error) {
	s, err := text(v)
	if err != nil {
		return "", err
	}
	return s, client.CheckHTTPVersion(s)
}

func maxBodyOf(v lua.LValue) (int64, error) {
	if off(v) {
		return -1, nil
	}
	n, ok := v.(lua.LNumber)
	if !ok || n < 1 {
		return 0, fmt.Errorf("must be a number of bytes of at least 1, got %s", v.String())
	}
	return int64(n), nil
}

// body puts data, json and files together: data wins over json, files make a
// multipart form with data's fields first. What is empty is as good as not
// given, as in requests.
func (b *requestBuilder) body(c call) {
	if b.file != nil && !emptyTable(b.file) {
		b.multipart(c)
		return
	}
	if b.data != nil && !emptyData(b.data) {
		b.plainBody(c)
		return
	}
	if b.json == nil {
		return
	}
	data, err := encodeJSON(c.L, b.json)
	if err != nil {
		b.invalid("json: " + err.Error())
		return
	}
	b.o.r.Body = &runtime.Bytes{Data: data, Type: "application/json"}
}

func emptyData(v lua.LValue) bool {
	if s, ok := v.(lua.LString); ok {
		return s == ""
	}
	return emptyTable(v)
}

func emptyTable(v lua.LValue) bool {
	t, ok := v.(*lua.LTable)
	if !ok {
		return false
	}
	k, _ := t.Next(lua.LNil)
	return k == lua.LNil
}

// invalid makes the request fail in its own slot when it is sent.
func (b *requestBuilder) invalid(message string) {
	b.o.r.Invalid = &runtime.Error{Kind: runtime.KindInvalidArgument, Message: message}
}

func (b *requestBuilder) plainBody(c call) {
	switch v := b.data.(type) {
	case lua.LString:
		b.o.r.Body = &runtime.Bytes{Data: []byte(v)}
	case *lua.LFunction:
		b.o.r.Body = b.s.iteratorBody(v)
	case *lua.LUserData:
		f, ok := v.Value.(*fileObject)
		if !ok {
			c.raisef("option %q: must be a string, a table, volley.file(path) or an iterator, got %s", "data", typeName(v))
		}
		body, err := b.s.fileBody(f)
		if err != nil {
			b.o.r.Invalid = runtime.AsError(err)
			return
		}
		b.o.r.Body = body
	case *lua.LTable:
		fields, err := fieldsOf(v)
		if err != nil {
			c.raisef("option %q: %s", "data", err.Error())
		}
		b.o.r.Body = client.FormBody(fields)
	default:
		c.raisef("option %q: must be a string, a table, volley.file(path) or an iterator, got %s", "data", typeName(v))
	}
}
