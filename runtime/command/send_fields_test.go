package command

import (
	"io"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"volley/runtime"
	"volley/runtime/client"
)

// TestRequestFields: each field of a line, and what it makes of a request.
func TestRequestFields(t *testing.T) {
	two := 2
	req := func(change func(*runtime.Request, *runtime.Options)) *runtime.Request {
		r := &runtime.Request{Method: "GET", URL: "http://a.test/", Options: &runtime.Options{}}
		change(r, r.Options)
		return r
	}
	for line, want := range map[string]*runtime.Request{
		``:                  req(func(*runtime.Request, *runtime.Options) {}),
		`"method":"patch"`:  req(func(r *runtime.Request, _ *runtime.Options) { r.Method = "PATCH" }),
		`"id":7,"name":"n"`: req(func(r *runtime.Request, _ *runtime.Options) { r.ID, r.Name = "7", "n" }),
		`"tags":{"a":"b","n":1,"t":true}`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Tags = map[string]string{"a": "b", "n": "1", "t": "true"}
		}),
		`"meta":{"row": 7}`: req(func(r *runtime.Request, _ *runtime.Options) { r.Meta = jsontext.Value(`{"row": 7}`) }),
		`"params":{"b":[1,2.50],"a":"x y","none":null}`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Params.Fields = []runtime.Field{{Name: "b", Value: "1"}, {Name: "b", Value: "2.50"}, {Name: "a", Value: "x y"}}
		}),
		`"params":"a=b c"`: req(func(_ *runtime.Request, o *runtime.Options) { o.Params = runtime.Params{Raw: "a=b c", IsRaw: true} }),
		`"headers":{"X-B":"1","X-A":"2"}`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Header = runtime.Header{{Name: "X-B", Value: "1"}, {Name: "X-A", Value: "2"}}
		}),
		`"headers":[["X-A",1],["x-a","2"],["Accept",false],["User-Agent",null]]`: req(func(r *runtime.Request, o *runtime.Options) {
			r.Header = runtime.Header{{Name: "X-A", Value: "1"}, {Name: "x-a", Value: "2"}}
			o.Unset = []string{"Accept", "User-Agent"}
		}),
		`"cookies":{"sid":"\u00e9"}`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Cookies = []runtime.Field{{Name: "sid", Value: "é"}}
		}),
		`"data":"a\nb"`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte("a\nb")}
		}),
		`"method":"PUT","data":{"a":"b c","n":[1,2]}`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "PUT", &runtime.Bytes{Data: []byte("a=b+c&n=1&n=2"), Type: formType}
		}),
		`"json":{"n": 12345678901234567890}`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte(`{"n": 12345678901234567890}`), Type: jsonType}
		}),
		`"json":null`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte(`null`), Type: jsonType}
		}),
		`"json":1,"data":"wins"`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte("wins")}
		}),
		`"json":1,"data":""`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte("1"), Type: jsonType}
		}),
		`"auth":["u","p"]`: req(func(_ *runtime.Request, o *runtime.Options) { o.Auth = &client.Basic{User: "u", Password: "p"} }),
		`"auth":false`:     req(func(_ *runtime.Request, o *runtime.Options) { o.Auth = client.NoAuth{} }),
		`"timeout":1.5`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Timeout = &runtime.Timeout{Connect: 1500 * time.Millisecond, Read: 1500 * time.Millisecond}
		}),
		`"timeout":1e-12`: req(func(_ *runtime.Request, o *runtime.Options) { o.Timeout = &runtime.Timeout{Connect: 1, Read: 1} }),
		`"timeout":null`:  req(func(_ *runtime.Request, o *runtime.Options) { o.Timeout = &runtime.Timeout{Connect: -1, Read: -1} }),
		`"timeout":{"read":false,"total":1e300}`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Timeout = &runtime.Timeout{Read: -1, Total: -1}
		}),
		`"allow_redirects":false,"raise_for_status":true,"max_redirects":2`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.AllowRedirects, o.RaiseForStatus, o.MaxRedirects = runtime.No, runtime.Yes, &two
		}),
		`"max_body":1000,"http_version":"1.1"`: req(func(_ *runtime.Request, o *runtime.Options) { o.MaxBody, o.HTTPVersion = 1000, "1.1" }),
		`"max_body":false`:                     req(func(_ *runtime.Request, o *runtime.Options) { o.MaxBody = -1 }),
		`"retry":2`:                            req(func(_ *runtime.Request, o *runtime.Options) { o.Retry = &runtime.Retry{Total: 2} }),
		`"retry":false`:                        req(func(_ *runtime.Request, o *runtime.Options) { o.Retry = &runtime.Retry{} }),
		`"retry":{"on":[429,"5xx","timeout"],"methods":"all","backoff":0.1,"max_delay":2,"jitter":false,"respect_retry_after":false}`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Retry = &runtime.Retry{
				Total: 3, On: []runtime.RetryOn{{From: 429, To: 429}, {From: 500, To: 599}, {Kind: runtime.KindTimeout}}, Methods: []string{"*"},
				Backoff: 100 * time.Millisecond, Max: 2 * time.Second, NoJitter: true, IgnoreRetryAfter: true,
			}
		}),
		`"retry":{"total":1,"methods":["POST"]}`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Retry = &runtime.Retry{Total: 1, Methods: []string{"POST"}}
		}),
	} {
		text := `{"url":"http://a.test/"}`
		if line != "" {
			text = `{"url":"http://a.test/", ` + line + `}`
		}
		if diff := cmp.Diff(want, (&template{}).parse([]byte(text)), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

func TestWrongRequestFields(t *testing.T) {
	for line, want := range map[string]string{
		`{}`:                                 "url is missing",
		`{"url":""}`:                         "url is missing",
		`{"url":7}`:                          "url: must be a string, got a number",
		`{"headrs":{}}`:                      `unknown field "headrs"; did you mean "headers"?`,
		`{"files":{}}`:                       `unknown field "files"`,
		`{"headers":"X: y"}`:                 "headers: must be an object of names and values, or a list of pairs, got a string",
		`{"headers":[["X"]]}`:                "headers: must hold pairs: [[name, value], …]",
		`{"headers":["X","y"]}`:              "headers: must hold pairs: [[name, value], …]",
		`{"headers":{"X":{}}}`:               `headers: "X" must be a string, a number or a boolean, got an object`,
		`{"params":{"x":[null]}}`:            `params: "x" must be a string, a number or a boolean, got null`,
		`{"auth":"u:p"}`:                     "auth: must be [user, password] or false",
		`{"auth":["u"]}`:                     "auth: must be [user, password] or false",
		`{"timeout":"5"}`:                    "timeout: must be a number, got a string",
		`{"timeout":0}`:                      "timeout: must be more than 0 seconds, got 0; false switches it off",
		`{"timeout":{"conect":1}}`:           `timeout: takes connect, read and total, got "conect"`,
		`{"timeout":{"read":-1}}`:            "timeout: read must be more than 0 seconds, got -1; false switches it off",
		`{"allow_redirects":1}`:              "allow_redirects: must be true or false, got a number",
		`{"max_redirects":1.5}`:              "max_redirects: must be a whole number of at least 0, got 1.5",
		`{"max_body":0}`:                     "max_body: must be a whole number of at least 1, got 0",
		`{"retry":-1}`:                       "retry: must be a whole number of at least 0, got -1",
		`{"retry":{"totl":1}}`:               `retry: unknown field "totl"; did you mean "total"?`,
		`{"retry":{"on":["soon"]}}`:          `retry: on: "soon" is no status, class ("5xx"), range ("500-599") or kind ("timeout")`,
		`{"url":"http://a.test/"`:            "the JSON text is cut short",
		`{"url":"http://a.test/"} {}`:        "something follows the JSON object at byte 25",
		`{"url":"http://a.test/",}`:          "invalid character ',' at start of value at byte 24",
		"{\"url\":\"http://a.test/\xff\"}":   "invalid UTF-8 at byte 23",
		`{"url":"http://a/","url":"http:/"}`: "duplicate object member name at byte 20",
	} {
		r := (&template{}).parse([]byte(line))
		if r.Invalid == nil {
			t.Errorf("%s is taken", line)
			continue
		}
		if diff := cmp.Diff(want, r.Invalid.Message); diff != "" || r.Invalid.Kind != runtime.KindInvalidArgument {
			t.Errorf("%s: %s: %s", line, r.Invalid.Kind, diff)
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
	write(t, "a;b.txt", "x")
	write(t, "c.txt", "x")
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
