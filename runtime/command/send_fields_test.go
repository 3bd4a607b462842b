package command

import (
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
)

// TestLineFields: a line's fields become its request, and what is wrong with
// them fails it.
func TestLineFields(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "in.txt")
	write(t, ".secret")
	p, err := policy.New(policy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	lines := &template{reach: reachOf(p, nil)}
	for line, want := range map[string]string{
		`{"url":"http://a.test/","json":1}`:          "",
		`{"url":"http://a.test/","verify":"in.txt"}`: "",
		`{}`:                          "invalid_argument: url is missing",
		`{"url":""}`:                  "invalid_argument: url is missing",
		`{"url":"http://a.test/"} {}`: "invalid_argument: something follows the JSON object at byte 25",
		`{"headrs":{}}`:               `invalid_argument: unknown field "headrs"; did you mean "headers"?`,
		`{"url":"http://a.test/","verify":"/etc/hosts"}`:        "denied: verify: reading /etc/hosts is denied: requests from standard input read below the working directory only, and no names that begin with a dot",
		`{"url":"http://a.test/","data":"x","files":{"a":"b"}}`: "invalid_argument: data: must be an object of names and values when files are given: its fields go into the same form",
	} {
		got := ""
		if r := lines.parse([]byte(line)); r.Invalid != nil {
			got = r.Invalid.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	for name, want := range map[string]bool{"in.txt": true, ".secret": false, "/etc/hosts": false} {
		r := lines.parse([]byte(`{"url":"http://a.test/","files":{"f":{"path":"` + name + `"}}}`))
		body, size, err := r.Body.Open()
		if err == nil {
			_, err = io.Copy(io.Discard, body)
			_ = body.Close()
		}
		if (err == nil) != want {
			t.Errorf("%s: %d bytes, %v", name, size, err)
		}
	}
}

// TestFieldsOverFlags: what a line says goes over the flags, and leaves them
// as they are for the next.
func TestFieldsOverFlags(t *testing.T) {
	flags := &template{
		method: "PUT",
		header: runtime.Header{{Name: "X-A", Value: "flag"}, {Name: "X-B", Value: "flag"}, {Name: "X-C", Value: "flag"}},
		body:   &runtime.Bytes{Data: []byte("flag")},
	}
	flags.options.Auth = &client.Basic{User: "flag"}
	flags.options.Unset = []string{"Accept"}
	got := flags.parse([]byte(`{"url":"http://a.test/","headers":{"x-b":"line","X-C":null},"json":1,"auth":["line",""]}`))
	want := runtime.Header{{Name: "X-A", Value: "flag"}, {Name: "x-b", Value: "line"}}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Accept", "X-C"}, got.Options.Unset); diff != "" {
		t.Error(diff)
	}
	if got.Method != "PUT" || string(got.Body.(*runtime.Bytes).Data) != "1" || got.Options.Auth.(*client.Basic).User != "line" {
		t.Errorf("%s with %v by %v", got.Method, got.Body, got.Options.Auth)
	}
	next := flags.parse([]byte(`http://b.test/`))
	if len(next.Header) != 3 || next.Header[1].Value != "flag" || len(next.Options.Unset) != 1 || string(next.Body.(*runtime.Bytes).Data) != "flag" {
		t.Errorf("the next line gets %v, without %v, with %v", next.Header, next.Options.Unset, next.Body)
	}
}

// TestFormParts: how -F names files, types and names.
func TestFormParts(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a;b.txt")
	write(t, "c.txt")
	for text, want := range map[string]client.Part{
		"c.txt":                     {Filename: "c.txt"},
		"./c.txt":                   {Filename: "c.txt"},
		"c.txt;type=text/plain":     {Filename: "c.txt", Type: "text/plain"},
		"c.txt;filename=x;y.txt":    {Filename: "x;y.txt"},
		"c.txt;filename=;type=":     {Filename: ""},
		"a;b.txt;type=a/b; c=d":     {Filename: "a;b.txt", Type: "a/b; c=d"},
		"c.txt;filename=n;type=t/t": {Filename: "n", Type: "t/t"},
		"c.txt;type=t/t;filename=n": {Filename: "n", Type: "t/t"},
	} {
		got, err := filePart("f", text, &onceInput{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want.Name, want.Named = "f", true
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(client.Part{}, "Content")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// TestStandardInputOnce: two parts of a command line cannot both read it.
func TestStandardInputOnce(t *testing.T) {
	in, feed := io.Pipe()
	go func() {
		if _, err := io.WriteString(feed, "text"); err != nil {
			t.Error(err)
		}
		if err := feed.Close(); err != nil {
			t.Error(err)
		}
	}()
	input := &onceInput{in: in}
	if data, err := input.text("--data", "@-"); err != nil || string(data) != "text" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := input.text("--form", "@-"); err == nil || err.Error() != "--form @-: standard input is taken by --data" {
		t.Errorf("the second time: %v", err)
	}
}
