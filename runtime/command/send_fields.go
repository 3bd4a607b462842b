package command

import (
	"bytes"
	"errors"
	"os"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/client/fields"
	"volley/runtime/policy"
)

// parse makes a request of one line: a URL, or a JSON object of request
// fields. What is wrong with it the request itself says when it is sent.
func (t *template) parse(line []byte) *runtime.Request {
	if line[0] != '{' {
		return t.request(string(line))
	}
	if t.lines == nil {
		t.lines = fields.New(&runtime.Request{Method: t.method, Header: t.header, Body: t.body, Options: &t.options}, t.reach)
	}
	d := t.lines.Clone()
	err := d.Read(jsontext.Value(bytes.Clone(line)))
	req := d.Request()
	if err == nil && req.URL == "" {
		err = errors.New("url is missing")
	}
	if err != nil && !errors.As(err, &req.Invalid) {
		req.Invalid = runtime.Errorf(runtime.KindInvalidArgument, "%s", err.Error())
	}
	return req
}

// reachOf bounds what lines may name: they come from elsewhere, so they read
// where a script without flags does.
func reachOf(p *policy.Policy, executor runtime.Executor) fields.Options {
	refused := func(path string, err error) error {
		var e *runtime.Error
		if errors.As(err, &e) && e.Kind == runtime.KindDenied {
			return runtime.Errorf(runtime.KindDenied, "reading %s is denied: requests from standard input read below the working directory only, and no names that begin with a dot", path)
		}
		return err
	}
	return fields.Options{
		Executor: executor,
		Readable: func(path string) error { return refused(path, p.Readable(path)) },
		OpenFile: func(path string) (*os.File, error) {
			file, err := p.Open(path)
			return file, refused(path, err)
		},
	}
}
