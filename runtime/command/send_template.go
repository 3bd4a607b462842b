package command

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/client/fields"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
	maxInput = 64 << 20 // bytes of standard input as a body
)

// template is what flags say about each request of a send.
type template struct {
	method  string // "": POST with a body, else GET
	header  runtime.Header
	options runtime.Options
	body    runtime.Body
	reach   fields.Options // of what lines of standard input name
	lines   *fields.Draft  // what flags say, for the fields of a line to go over
}

// request returns a request of its own for url.
func (t *template) request(url string) *runtime.Request {
	options := t.options
	return &runtime.Request{Method: methodFor(t.method, t.body), URL: url, Header: t.header, Body: t.body, Options: &options}
}

// methodFor returns the method, or the one that is meant by none.
func methodFor(method string, body runtime.Body) string {
	switch {
	case method != "":
		return method
	case body != nil:
		return "POST"
	}
	return "GET"
}

// read fills the template from the flags -H, -d, --json, -F and --auth.
func (t *template) read(c *cli.Context, input *onceInput) error {
	for _, line := range c.StringSlice("header") {
		if err := t.addHeader(line); err != nil {
			return err
		}
	}
	if c.IsSet("auth") {
		user, password, ok := strings.Cut(c.String("auth"), ":")
		if !ok {
			return usage("--auth must be USER:PASSWORD")
		}
		t.options.Auth = &client.Basic{User: user, Password: password}
	}
	given := 0
	for _, name := range []string{"data", "json", "form"} {
		if c.IsSet(name) {
			given++
		}
	}
	if given > 1 {
		return usage("--data, --json and --form exclude each other: a request has one body")
	}
	var err error
	switch {
	case c.IsSet("data"):
		t.body, err = t.dataBody(c.StringSlice("data"), input)
	case c.IsSet("json"):
		t.body, err = t.jsonBody(c.String("json"), input)
	case c.IsSet("form"):
		t.body, err = formBody(c.StringSlice("form"), input)
	}
	return err
}

// addHeader reads "Name: value", "Name:" for one that is left out, and, as
// curl has it, "Name;" for one that is empty.
func (t *template) addHeader(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		if name, ok = strings.CutSuffix(line, ";"); !ok {
			return usage("--header %q must be 'Name: value', or 'Name:' to leave one out", firstWord(line))
		}
		t.header.Add(name, "")
		return nil
	}
	if value = strings.TrimSpace(value); value != "" {
		t.header.Add(name, value)
		return nil
	}
	t.header.Del(name)
	t.options.Unset = append(t.options.Unset, name)
	return nil
}

// typed returns a body's own content type unless flags leave it out.
func (t *template) typed(contentType string) string {
	for _, name := range t.options.Unset {
		if runtime.EqualFold(name, "Content-Type") {
			return ""
		}
	}
	return contentType
}

// dataBody joins the values with &. A single file is streamed from disk.
func (t *template) dataBody(values []string, input *onceInput) (runtime.Body, error) {
	if path, ok := strings.CutPrefix(values[0], "@"); ok && path != "-" && len(values) == 1 {
		body := &client.FileBody{Path: path, Type: t.typed(formType)}
		return body, input.readable("--data", body)
	}
	var data []byte
	for i, value := range values {
		piece, err := input.text("--data", value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			data = append(data, '&')
		}
		data = append(data, piece...)
	}
	return &runtime.Bytes{Data: data, Type: t.typed(formType)}, nil
}

func (t *template) jsonBody(value string, input *onceInput) (runtime.Body, error) {
	data, err := input.text("--json", value)
	if err != nil {
		return nil, err
	}
	if err := fields.Fault(data); err != nil {
		return nil, usage("--json is no JSON: %s", err.Error())
	}
	return &runtime.Bytes{Data: data, Type: t.typed(jsonType)}, nil
}

// formBody makes a multipart form of NAME=VALUE and NAME=@FILE.
func formBody(values []string, input *onceInput) (runtime.Body, error) {
	parts := make([]client.Part, 0, len(values))
	for _, value := range values {
		name, content, ok := strings.Cut(value, "=")
		if !ok || name == "" {
			return nil, usage("--form %q must be NAME=VALUE or NAME=@FILE", value)
		}
		part := client.Part{Name: name, Content: &runtime.Bytes{Data: []byte(content)}}
		if file, isFile := strings.CutPrefix(content, "@"); isFile {
			var err error
			if part, err = filePart(name, file, input); err != nil {
				return nil, err
			}
		}
		parts = append(parts, part)
	}
	body, err := client.Multipart(nil, parts)
	if err != nil {
		return nil, usage("--form: %s", runtime.AsError(err).Message)
	}
	return body, nil
}

// filePart reads FILE[;type=TYPE][;filename=NAME], in any order.
func filePart(name, text string, input *onceInput) (client.Part, error) {
	path, attributes := text, ""
	if i := attributeAt(text); i >= 0 {
		path, attributes = text[:i], text[i:]
	}
	part := client.Part{Name: name, Filename: filepath.Base(path), Named: true}
	for attributes != "" {
		one := attributes[1:]
		attributes = ""
		if i := attributeAt(one); i >= 0 {
			one, attributes = one[:i], one[i:]
		}
		if value, ok := strings.CutPrefix(one, "type="); ok {
			part.Type = value
		} else {
			part.Filename = strings.TrimPrefix(one, "filename=")
		}
	}
	if path == "-" {
		data, err := input.text("--form", "@-")
		part.Content = &runtime.Bytes{Data: data}
		return part, err
	}
	body := client.File(path)
	part.Content = body
	return part, input.readable("--form", body)
}

// attributeAt returns where the next attribute begins: a semicolon that none
// follows belongs to a path or a type.
func attributeAt(s string) int {
	at := -1
	for _, mark := range []string{";type=", ";filename="} {
		if i := strings.Index(s, mark); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	return at
}

// fileFault names the path once, however deep the system's error sits.
func fileFault(path string, err error) string {
	if e := runtime.AsError(err); e.Cause == nil {
		return e.Message
	}
	return osError(path, err)
}

// onceInput is what flags read: files, and standard input, which only one part
// of a command line can have.
type onceInput struct {
	in    io.Reader
	taken string // by what; "": nothing yet
	files claims
}

// take gives standard input to one part.
func (o *onceInput) take(by string) {
	o.taken = by
	o.files.readsOpen(by, o.in)
}

// readable finds a file that cannot be sent before anything is.
func (o *onceInput) readable(flag string, body *client.FileBody) error {
	file, _, err := body.Open()
	if err != nil {
		return usage("%s %s", flag, fileFault(body.Path, err))
	}
	o.files.reads(flag, body.Path, false)
	return file.Close()
}

// text returns a flag's value: @FILE and @- stand for what is in there.
func (o *onceInput) text(flag, value string) ([]byte, error) {
	path, ok := strings.CutPrefix(value, "@")
	switch {
	case !ok:
		return []byte(value), nil
	case path == "-":
		return o.read(flag)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("%s %s", flag, osError(path, err))
	}
	o.files.reads(flag, path, false)
	return data, nil
}

func (o *onceInput) read(flag string) ([]byte, error) {
	if o.taken != "" {
		return nil, usage("%s @-: standard input is taken by %s", flag, o.taken)
	}
	o.take(flag)
	data, err := io.ReadAll(io.LimitReader(o.in, maxInput+1))
	switch {
	case err != nil:
		return nil, usage("%s @-: %s", flag, osError("standard input", err))
	case len(data) > maxInput:
		return nil, usage("%s @-: standard input is larger than %d MiB; send a file", flag, maxInput>>20)
	}
	return data, nil
}
