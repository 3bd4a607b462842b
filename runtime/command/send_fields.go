package command

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/spell"
)

// draft is the request of one line while its fields are read.
type draft struct {
	req     *runtime.Request
	options *runtime.Options
	data    runtime.Body
	json    runtime.Body
}

// requestFields are the fields of a request that is written as JSON: the
// options of the Lua API that need no script.
var requestFields = map[string]func(*draft, jsontext.Value) error{
	"method": func(d *draft, v jsontext.Value) (err error) {
		d.req.Method, err = jsonString(v)
		d.req.Method = strings.ToUpper(d.req.Method)
		return err
	},
	"url":  func(d *draft, v jsontext.Value) (err error) { d.req.URL, err = jsonString(v); return err },
	"id":   func(d *draft, v jsontext.Value) (err error) { d.req.ID, err = jsonScalar(v); return err },
	"name": func(d *draft, v jsontext.Value) (err error) { d.req.Name, err = jsonScalar(v); return err },
	"tags": func(d *draft, v jsontext.Value) error {
		d.req.Tags = map[string]string{}
		return jsonFields(v, fieldTarget{add: func(name, value string) { d.req.Tags[name] = value }})
	},
	"meta": func(d *draft, v jsontext.Value) error { d.req.Meta = v.Clone(); return nil },
	"params": func(d *draft, v jsontext.Value) (err error) {
		p := &d.options.Params
		if v.Kind() == '"' {
			p.IsRaw = true
			p.Raw, err = jsonString(v)
			return err
		}
		return jsonFields(v, appendTo(&p.Fields))
	},
	"headers": readHeaders,
	"cookies": func(d *draft, v jsontext.Value) error {
		return jsonFields(v, appendTo(&d.options.Cookies))
	},
	"data": readData,
	"json": func(d *draft, v jsontext.Value) error {
		d.json = &runtime.Bytes{Data: v.Clone(), Type: jsonType}
		return nil
	},
	"auth": readAuth,
	"timeout": func(d *draft, v jsontext.Value) (err error) {
		d.options.Timeout, err = jsonTimeout(v)
		return err
	},
	"allow_redirects":  func(d *draft, v jsontext.Value) error { return jsonSwitch(v, &d.options.AllowRedirects) },
	"raise_for_status": func(d *draft, v jsontext.Value) error { return jsonSwitch(v, &d.options.RaiseForStatus) },
	"max_redirects": func(d *draft, v jsontext.Value) error {
		n, err := jsonWhole(v, 0)
		most := int(n)
		d.options.MaxRedirects = &most
		return err
	},
	"max_body": func(d *draft, v jsontext.Value) (err error) {
		if d.options.MaxBody = -1; isOff(v) {
			return nil
		}
		d.options.MaxBody, err = jsonWhole(v, 1)
		return err
	},
	"http_version": func(d *draft, v jsontext.Value) (err error) {
		d.options.HTTPVersion, err = jsonScalar(v)
		return err
	},
	"retry": func(d *draft, v jsontext.Value) (err error) {
		d.options.Retry, err = jsonRetry(v)
		return err
	},
}

// parse makes a request of one line: a URL, or a JSON object of request
// fields. What is wrong with it the request itself says when it is sent.
func (t *template) parse(line []byte) *runtime.Request {
	if line[0] != '{' {
		return t.request(string(line))
	}
	d := draft{req: t.request("")}
	d.req.Method, d.options = t.method, d.req.Options
	err := jsonMembers(bytes.Clone(line), func(name string, v jsontext.Value) error {
		set := requestFields[name]
		if set == nil {
			return fmt.Errorf("unknown field %q%s", name, spell.Hint(name, namesOf(requestFields)))
		}
		if err := set(&d, v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	switch {
	case err != nil:
		d.req.Invalid = runtime.Errorf(runtime.KindInvalidArgument, "%s", err.Error())
	case d.req.URL == "":
		d.req.Invalid = runtime.Errorf(runtime.KindInvalidArgument, "url is missing")
	}
	switch {
	case d.data != nil: // wins over json, as in the Lua API
		d.req.Body = d.data
	case d.json != nil:
		d.req.Body = d.json
	}
	d.req.Method = methodFor(d.req.Method, d.req.Body)
	return d.req
}

func appendTo(list *[]runtime.Field) fieldTarget {
	return fieldTarget{add: func(name, value string) { *list = append(*list, runtime.Field{Name: name, Value: value}) }}
}

// readHeaders lays the line's headers over those of the flags; false and null
// leave one out.
func readHeaders(d *draft, v jsontext.Value) error {
	under := d.req.Header
	var own runtime.Header
	err := jsonFields(v, fieldTarget{falseDrops: true, add: own.Add, drop: func(name string) {
		under = under.Clone()
		under.Del(name)
		d.options.Unset = append(slices.Clip(d.options.Unset), name)
	}})
	header := make(runtime.Header, 0, len(under)+len(own))
	for _, f := range under {
		if !own.Has(f.Name) {
			header = append(header, f)
		}
	}
	d.req.Header = append(header, own...)
	return err
}

// readData takes a text as it is, and makes a form of names and values.
func readData(d *draft, v jsontext.Value) error {
	if v.Kind() == '"' {
		text, err := jsonString(v)
		if text != "" {
			d.data = &runtime.Bytes{Data: []byte(text)}
		}
		return err
	}
	var form []runtime.Field
	err := jsonFields(v, appendTo(&form))
	if len(form) > 0 {
		d.data = client.FormBody(form)
	}
	return err
}

func namesOf[T any](fields map[string]T) []string { return slices.Collect(maps.Keys(fields)) }

func readAuth(d *draft, v jsontext.Value) error {
	if isOff(v) {
		d.options.Auth = client.NoAuth{}
		return nil
	}
	var words []string
	err := jsonItems(v, func(item jsontext.Value) error {
		word, err := jsonScalar(item)
		words = append(words, word)
		return err
	})
	if err != nil || len(words) != 2 {
		return fmt.Errorf("must be [user, password] or false")
	}
	d.options.Auth = &client.Basic{User: words[0], Password: words[1]}
	return nil
}
