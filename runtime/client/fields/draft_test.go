package fields_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/client/fields"
)

// TestRequestFields: each field, and what it makes of a request.
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
			o.Params.Drop = []string{"none"}
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
			r.Method, r.Body = "PUT", &runtime.Bytes{Data: []byte("a=b+c&n=1&n=2"), Type: "application/x-www-form-urlencoded"}
		}),
		`"json":{"n": 12345678901234567890}`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte(`{"n": 12345678901234567890}`), Type: "application/json"}
		}),
		`"json":null`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte(`null`), Type: "application/json"}
		}),
		`"json":1,"data":"wins"`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte("wins")}
		}),
		`"json":1,"data":""`: req(func(r *runtime.Request, _ *runtime.Options) {
			r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte("1"), Type: "application/json"}
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
		`"timeout":"500ms"`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Timeout = &runtime.Timeout{Connect: 500 * time.Millisecond, Read: 500 * time.Millisecond}
		}),
		`"timeout":{"connect":"2s","total":"1h30m"}`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Timeout = &runtime.Timeout{Connect: 2 * time.Second, Total: 90 * time.Minute}
		}),
		`"auth":{"basic":{"user":"u","password":7}}`: req(func(_ *runtime.Request, o *runtime.Options) { o.Auth = &client.Basic{User: "u", Password: "7"} }),
		`"auth":{"bearer":"t"}`:                      req(func(_ *runtime.Request, o *runtime.Options) { o.Auth = &client.Bearer{Token: "t"} }),
		`"proxies":{"http":"http://p:1","https":false,"no_proxy":"a.test"}`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Proxies = []runtime.Field{{Name: "http", Value: "http://p:1"}, {Name: "https"}, {Name: "no_proxy", Value: "a.test"}}
		}),
		`"proxies":false`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Proxies = []runtime.Field{{Name: "http"}, {Name: "https"}, {Name: "all"}}
		}),
		`"verify":false,"stream":true`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Verify, o.Stream = &runtime.Verify{Off: true}, runtime.Yes
		}),
		`"verify":"ca.pem","cert":"me.pem"`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Verify, o.Cert = &runtime.Verify{CA: "ca.pem"}, &runtime.Cert{Cert: "me.pem"}
		}),
		`"cert":{"cert":"c.pem","key":"k.pem"}`: req(func(_ *runtime.Request, o *runtime.Options) {
			o.Cert = &runtime.Cert{Cert: "c.pem", Key: "k.pem"}
		}),
		`"max_body":"10MB"`:    req(func(_ *runtime.Request, o *runtime.Options) { o.MaxBody = 10_000_000 }),
		`"max_body":"1.5 KiB"`: req(func(_ *runtime.Request, o *runtime.Options) { o.MaxBody = 1536 }),
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
		d := fields.New(nil, fields.Options{})
		if err := d.Read(jsontext.Value(text)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, d.Request(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

func TestWrongRequestFields(t *testing.T) {
	for line, want := range map[string]string{
		`{"url":7}`:                   "url: must be a string, got a number",
		`{"headrs":{}}`:               `unknown field "headrs"; did you mean "headers"?`,
		`{"files":"x"}`:               "files: must be an object of names and files, or a list of pairs, got a string",
		`{"files":{"a":[]}}`:          `files: "a" must be a text, {"path": …} or {"content": …}, got a list`,
		`{"files":{"a":{"pth":"x"}}}`: `files: "a" pth: takes path, content, filename, type and headers, got "pth"`,
		`{"files":{"a":{"path":"x","content":"y"}}}`: `files: "a" content: path and content exclude each other`,
		`{"auth":{"baerer":"t"}}`:                    `auth: unknown field "baerer"; did you mean "bearer"?`,
		`{"auth":{}}`:                                `auth: must be [user, password], {"bearer": token} or another scheme, or false; got an object`,
		`{"auth":{"bearer":"t","basic":["u","p"]}}`:  `auth: takes one scheme`,
		`{"auth":{"aws_sigv4":{"access_key":"a","secret_key":"s","region":"r"}}}`: `auth: aws_sigv4: service is missing`,
		`{"auth":{"oauth2":{"token_url":"http://a.test/","scope":"x"}}}`:          `auth: oauth2: unknown field "scope"; did you mean "scopes"?`,
		`{"verify":7}`:                       "verify: must be true, false, or the path of a CA file or directory, got a number",
		`{"verify":""}`:                      "verify: must not be empty",
		`{"cert":{"key":"k.pem"}}`:           "cert: cert is missing",
		`{"http_version":3}`:                 `http_version: must be "auto", "1.1", "2" or "h2c", got "3"`,
		`{"max_body":"10 apples"}`:           `max_body: "10 apples" is no size, such as "10MB" or "64KiB"`,
		`{"headers":"X: y"}`:                 "headers: must be an object of names and values, or a list of pairs, got a string",
		`{"headers":[["X"]]}`:                "headers: must hold pairs: [[name, value], …]",
		`{"headers":["X","y"]}`:              "headers: must hold pairs: [[name, value], …]",
		`{"headers":{"X":{}}}`:               `headers: "X" must be a string, a number or a boolean, got an object`,
		`{"params":{"x":[null]}}`:            `params: "x" must be a string, a number or a boolean, got null`,
		`{"auth":"u:p"}`:                     `auth: must be [user, password], {"bearer": token} or another scheme, or false; got a string`,
		`{"auth":["u"]}`:                     "auth: must be [user, password]",
		`{"timeout":"5"}`:                    `timeout: "5" has no unit: write 5s, or the number alone for seconds`,
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
		err := fields.New(nil, fields.Options{}).Read(jsontext.Value(line))
		if err == nil {
			t.Errorf("%s is taken", line)
		} else if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

// set sets fields by name and text, in pairs.
func set(t *testing.T, d *fields.Draft, namesAndTexts ...string) {
	t.Helper()
	for i := 0; i < len(namesAndTexts); i += 2 {
		if err := d.Set(namesAndTexts[i], jsontext.Value(namesAndTexts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClones: what is set on a clone is neither in the base nor in the draft
// it came from.
func TestClones(t *testing.T) {
	header := make(runtime.Header, 0, 8)
	base := &runtime.Request{
		URL: "http://a.test/", Header: append(header, runtime.Field{Name: "X-A", Value: "base"}),
		Options: &runtime.Options{Unset: append(make([]string, 0, 8), "Accept")},
	}
	static := fields.New(base, fields.Options{})
	set(t, static, "headers", `{"X-B":"static","X-D":null}`, "params", `{"a":1}`, "tags", `{"t":1}`)
	one, two := static.Clone(), static.Clone()
	set(t, one, "headers", `{"X-A":null,"X-B":"one"}`, "params", `{"b":2}`, "tags", `{"t":2}`, "json", `1`, "timeout", `1`)
	set(t, two, "headers", `{"X-C":"two","X-E":false}`, "cookies", `{"c":3}`, "data", `{"d":"4"}`)
	for name, c := range map[string]struct {
		got  *runtime.Request
		want *runtime.Request
	}{
		"the base": {base, &runtime.Request{
			URL: "http://a.test/", Header: runtime.Header{{Name: "X-A", Value: "base"}}, Options: &runtime.Options{Unset: []string{"Accept"}},
		}},
		"the draft": {static.Request(), &runtime.Request{
			Method: "GET", URL: "http://a.test/", Tags: map[string]string{"t": "1"},
			Header:  runtime.Header{{Name: "X-A", Value: "base"}, {Name: "X-B", Value: "static"}},
			Options: &runtime.Options{Unset: []string{"Accept", "X-D"}, Params: runtime.Params{Fields: []runtime.Field{{Name: "a", Value: "1"}}}},
		}},
		"one": {one.Request(), &runtime.Request{
			Method: "POST", URL: "http://a.test/", Tags: map[string]string{"t": "2"}, Body: &runtime.Bytes{Data: []byte("1"), Type: "application/json"},
			Header: runtime.Header{{Name: "X-B", Value: "one"}},
			Options: &runtime.Options{
				Unset: []string{"Accept", "X-D", "X-A"}, Params: runtime.Params{Fields: []runtime.Field{{Name: "b", Value: "2"}}},
				Timeout: &runtime.Timeout{Connect: time.Second, Read: time.Second},
			},
		}},
		"two": {two.Request(), &runtime.Request{
			Method: "POST", URL: "http://a.test/", Tags: map[string]string{"t": "1"}, Body: client.FormBody([]runtime.Field{{Name: "d", Value: "4"}}),
			Header: runtime.Header{{Name: "X-A", Value: "base"}, {Name: "X-B", Value: "static"}, {Name: "X-C", Value: "two"}},
			Options: &runtime.Options{
				Unset: []string{"Accept", "X-D", "X-E"}, Params: runtime.Params{Fields: []runtime.Field{{Name: "a", Value: "1"}}},
				Cookies: []runtime.Field{{Name: "c", Value: "3"}},
			},
		}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if first, second := one.Request(), one.Request(); first == second {
		t.Error("a draft gives the same request twice")
	}
}

// TestSharedCredentials: a token or nonce is kept by one object for all
// requests with the same words.
func TestSharedCredentials(t *testing.T) {
	const service = `{"oauth2":{"token_url":"http://a.test/t","client_id":"me","client_secret":"s","scopes":["read"]}}`
	static := fields.New(nil, fields.Options{})
	one, two, other := static.Clone(), static.Clone(), static.Clone()
	set(t, one, "auth", service)
	set(t, two, "auth", service)
	set(t, other, "auth", strings.Replace(service, "me", "you", 1))
	a, b, c := one.Request().Options.Auth, two.Request().Options.Auth, other.Request().Options.Auth
	if a != b || a == c {
		t.Errorf("%p and %p for the same, %p for other words", a, b, c)
	}
}

// TestFiles: the multipart body of each way to write a file.
func TestFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("in.txt", []byte("from disk"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := fields.New(nil, fields.Options{OpenFile: func(path string) (*os.File, error) {
		if path != "in.txt" {
			return nil, errors.New("not allowed")
		}
		return os.Open(path)
	}})
	set(t, d, "data", `{"a":"1"}`, "json", `{}`,
		"files", `[["f","text"],["f",{"path":"in.txt"}],["g",{"content":"c","filename":"g.txt","type":"text/x","headers":{"X-P":1}}],["h",{"path":"in.txt","filename":false}],["i",null]]`)
	body, _, err := d.Request().Body.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	boundary, _, _ := strings.Cut(text, "\n")
	want := `--
Content-Disposition: form-data; name="a"

1
--
Content-Disposition: form-data; name="f"; filename="f"

text
--
Content-Disposition: form-data; name="f"; filename="in.txt"

from disk
--
Content-Disposition: form-data; name="g"; filename="g.txt"
Content-Type: text/x
X-P: 1

c
--
Content-Disposition: form-data; name="h"

from disk
----
`
	if diff := cmp.Diff(want, strings.ReplaceAll(text, boundary, "--")); diff != "" {
		t.Error(diff)
	}
	set(t, d, "files", `{"f":{"path":"other.txt"}}`)
	if _, _, err := d.Request().Body.Open(); err == nil {
		t.Error("a file is opened that the opener refuses")
	}
	set(t, d, "data", `"text"`)
	if r := d.Request(); r.Invalid == nil || r.Invalid.Kind != runtime.KindInvalidArgument {
		t.Errorf("a text beside files: %v", r.Invalid)
	}
	set(t, d, "files", `{}`)
	if b, ok := d.Request().Body.(*runtime.Bytes); !ok || string(b.Data) != "text" {
		t.Errorf("without files the body is %v", b)
	}
}

// TestRefusalKeepsItsKind: a policy's word reaches whoever sets the field.
func TestRefusalKeepsItsKind(t *testing.T) {
	d := fields.New(nil, fields.Options{Readable: func(path string) error {
		return runtime.Errorf(runtime.KindDenied, "reading %s is denied", path)
	}})
	err := d.Set("cert", jsontext.Value(`{"cert":"a.pem"}`))
	var e *runtime.Error
	if !errors.As(err, &e) || e.Kind != runtime.KindDenied || e.Message != "cert: cert: reading a.pem is denied" {
		t.Errorf("%v", err)
	}
}

// TestNames: every field of the Lua API that needs no script is known.
func TestNames(t *testing.T) {
	want := []string{
		"allow_redirects", "auth", "cert", "cookies", "data", "files", "headers", "http_version", "id", "json", "max_body", "max_redirects", "meta", "method",
		"name", "params", "proxies", "raise_for_status", "retry", "stream", "tags", "timeout", "url", "verify",
	}
	if diff := cmp.Diff(want, fields.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestFault(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1}`:       "",
		`{"a":1`:        "the JSON text is cut short",
		`1 2`:           "something follows the value at byte 2",
		`{"a":1,"a":2}`: "duplicate object member name at byte 8",
	} {
		got := ""
		if err := fields.Fault([]byte(text)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func BenchmarkRow(b *testing.B) {
	static := fields.New(&runtime.Request{Method: "PUT"}, fields.Options{})
	if err := static.Set("headers", jsontext.Value(`{"X-A":"1"}`)); err != nil {
		b.Fatal(err)
	}
	url, body := jsontext.Value(`"http://a.test/orders/7"`), jsontext.Value(`{"quantity":3,"note":"order 7"}`)
	b.ReportAllocs()
	for b.Loop() {
		d := static.Clone()
		if err := errors.Join(d.Set("url", url), d.Set("json", body)); err != nil {
			b.Fatal(err)
		}
		_ = d.Request()
	}
}
