package expect_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io/fs"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/specs/expect"
	"volley/specs/template"
	"volley/specs/tree"
)

// compile reads a block from YAML; problems come back as "line:col message".
func compile(t testing.TB, text string) (*expect.Set, []string) {
	t.Helper()
	var problems tree.Problems
	n := tree.Parse("spec.yaml", []byte(text), &problems)
	c := &template.Compiler{Problems: &problems, ReadFile: readFile}
	set := expect.Compile(n, "expect", c)
	return set, told(&problems)
}

// readFile has one JSON Schema, beside the spec.
func readFile(path string) ([]byte, error) {
	if path == "user.json" {
		return []byte(`{"$ref": "#/$defs/user", "$defs": {"user": {"required": ["nobody"]}}}`), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func told(problems *tree.Problems) []string {
	var out []string
	for _, p := range problems.All() {
		out = append(out, strings.TrimPrefix(p.Pos.String(), "spec.yaml:")+" "+p.Message+" | "+p.Hint)
	}
	return out
}

func set(t testing.TB, text string) *expect.Set {
	t.Helper()
	s, problems := compile(t, text)
	if len(problems) > 0 {
		t.Fatalf("%s: %q", text, problems)
	}
	return s
}

func messages(t testing.TB, list []runtime.Expectation) []string {
	t.Helper()
	var out []string
	for _, e := range list {
		if e.OK != (e.Message == "") {
			t.Errorf("%s %s: ok %v, message %q", e.Subject, e.Operator, e.OK, e.Message)
		}
		if !e.OK {
			out = append(out, e.Message)
		}
	}
	return out
}

// run returns the messages of the expectations that do not hold.
func run(t testing.TB, text string, a *expect.Answer) []string {
	t.Helper()
	list, err := set(t, text).Run(a, nil, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return messages(t, list)
}

func answer(contentType, body string) *expect.Answer {
	r := &runtime.Response{
		Status: 200, Reason: "OK", Protocol: "HTTP/1.1", URL: "http://example.test/a?b=1", Content: []byte(body),
		Header: runtime.Header{
			{Name: "Content-Type", Value: contentType},
			{Name: "X-Count", Value: "12"},
			{Name: "X-Version", Value: "1.10"},
			{Name: "Vary", Value: "Accept"},
			{Name: "vary", Value: "Origin"},
			{Name: "Set-Cookie", Value: "sid=abc; Path=/"},
		},
		Elapsed: 1200 * time.Millisecond,
		Timings: runtime.Timings{TTFB: 900 * time.Millisecond, Total: 2 * time.Second},
		History: []*runtime.Response{
			{Status: 302, Header: runtime.Header{{Name: "Location", Value: "/a"}}},
			{Status: 401},
		},
	}
	return expect.NewAnswer(r)
}

const document = `{"id": 7, "name": "abc", "quantity": "3", "price": 1.5, "big": 9007199254740993, "none": null, "yes": true,
	"tags": ["x", "y"], "empty": [], "user": {"name": "Ann", "age": 30},
	"items": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]}`

const page = `<html><body><h1>Herman Melville</h1><ul><li class=a>1</li><li>2</li></ul><a href="/next">more</a></body></html>`

// TestOperators lists, per subject and operator, blocks that hold (no
// message) and that do not.
func TestOperators(t *testing.T) {
	json := func() *expect.Answer { return answer("application/json", document) }
	html := func() *expect.Answer { return answer("text/html", page) }
	for _, c := range []struct {
		of    func() *expect.Answer
		block string
		want  string
	}{
		{json, "status: 200", ""},
		{json, "status: [200, 204]", ""},
		{json, "status: [201, 204]", "status: want one of [201, 204], got 200"},
		{json, `status: "2xx"`, ""},
		{json, `status: "4xx"`, `status: want "4xx", got 200`},
		{json, `status: 200-299`, ""},
		{json, `status: [404, "500-599"]`, `status: want one of [404, "500-599"], got 200`},
		{json, `status: {not_in: [404, 5xx]}`, ""},
		{json, `status: {ne: 2xx}`, `status: want not "2xx", got 200`},
		{json, "status: {lt: 200}", "status: want < 200, got 200"},
		{json, "status: {gte: 200, lt: 300}", ""},
		{json, "status: {any_of: [418, 200]}", ""},
		{json, "status: {any_of: [418, {gt: 500}]}", "status: want 418 or > 500, got 200"},
		{json, "status: {not: 200}", "status: want not (200), got 200"},
		{json, "status: {all_of: [{gt: 100}, 2xx]}", ""},
		{json, "reason: OK", ""},
		{json, "reason: {matches: '^N'}", `reason: want a match of "^N", got "OK"`},
		{json, "url: {ends_with: b=1}", ""},
		{json, "url: {starts_with: https}", `url: want something that starts with "https", got "http://example.test/a?b=1"`},
		{json, "redirects: 1", ""},
		{json, "version: 1.1", ""},
		{json, "version: 2", `version: want 2, got "1.1"`},
		{json, "version: HTTP/1.1", ""},
		{json, "elapsed: {lt: 800ms}", `elapsed: want < "800ms", got 1.2s`},
		{json, "elapsed: {lt: 2}", ""},
		{json, "ttfb: {lte: 900ms}", ""},
		{json, "size: {gt: 1KB}", `size: want > "1KB", got 241 bytes`},
		{json, "size: {lt: 1KiB}", ""},
		{json, "headers: {content-type: application/json, X-Count: 12}", ""},
		{json, "headers.X-Count: {gt: 9}", ""},
		{json, "headers.X-Count: '12'", ""},
		{json, "headers.X-Version: 1.1", ""},
		{json, "headers.X-Version: '1.1'", `headers.X-Version: want "1.1", got "1.10"`},
		{json, "headers.Vary: Accept, Origin", ""},
		{json, "headers.X-None: {exists: false}", ""},
		{json, "headers.X-None: a", `headers.X-None: want "a", got nothing`},
		{json, "headers.X-None: {ne: a}", ""},
		{json, "headers.X-Count: {exists: false}", `headers.X-Count: want nothing, got "12"`},
		{json, "headers: {Content-Type: {gt: 5}}", `headers.Content-Type: want > 5, got "application/json" (a string)`},
		{json, "cookies: {sid: abc}", ""},
		{json, "cookies.sid: {len: 4}", `cookies.sid: want the length 4, got the length 3`},
		{json, "text: {contains: Ann}", ""},
		{json, "body: {contains: Bob}", `body: want something that contains "Bob", got "{\"id\": 7, \"name\": \"abc\", \"quantity\": \"3\", \"price\": 1.5, \"big\": 9…`},
		{json, "json.id: 7", ""},
		{json, "json.id: 7.0", ""},
		{json, "json.user.name: Ann", ""},
		{json, "json.items.1.name: two", ""},
		{json, "$.id: '7'", `$.id: want "7", got 7 (a number)`},
		{json, "$.id: {in: [5, 6]}", `$.id: want one of [5, 6], got 7`},
		{json, "$.quantity: {gt: 0}", `$.quantity: want > 0, got "3" (a string)`},
		{json, "$.name: {gt: 0}", `$.name: want > 0, got "abc" (a string)`},
		{json, "$.name: {gte: abb, lte: abd}", ""},
		{json, "$.big: 9007199254740993", ""},
		{json, "$.big: {ne: 9007199254740992}", ""},
		{json, "$.none: null", ""},
		{json, "$.none: {exists: true, empty: true, type: 'null'}", ""},
		{json, "$.missing: {eq: null}", "$.missing: want null, got nothing"},
		{json, "$.missing: {exists: true}", "$.missing: want something, got nothing"},
		{json, "$.missing: {empty: true}", ""},
		{json, "$.empty: {empty: true, len: 0, type: list}", ""},
		{json, "$.tags: {empty: true}", `$.tags: want it empty, got ["x", "y"]`},
		{json, "$.tags: [x, y]", ""},
		{json, "$.tags: [y, x]", `$.tags: want ["y", "x"], got ["x", "y"]`},
		{json, "$.tags: {contains: z}", `$.tags: want something that contains "z", got ["x", "y"]`},
		{json, "$.tags: {len: {gt: 2}}", "$.tags: want the length > 2, got the length 2"},
		{json, "$.tags: {not: {contains: z}}", ""},
		{json, "$.user: {name: Ann, age: 30}", ""},
		{json, "$.user: {contains: {age: 30}}", ""},
		{json, "$.user: {contains: age, type: map, len: 2}", ""},
		{json, "$.user: {contains: {age: 31}}", `$.user: want something that contains {"age": 31}, got {"age": 30, "name": "Ann"}`},
		{json, "$.price: {type: number}", ""},
		{json, "$.price: {type: integer}", "$.price: want the type integer, got 1.5 (a number)"},
		{json, "$.price: {type: [string, number]}", ""},
		{json, "$.yes: true", ""},
		{json, "$.yes: 1", "$.yes: want 1, got true (a boolean)"},
		{json, "$.items[*].id: [1, 2]", ""},
		{json, "$.items[*].id: {gt: 0}", ""},
		{json, "$.items[*].id: {gt: 1}", "$.items[*].id: want > 1, got 2 matches: [1, 2]"},
		{json, "$.items[*].name: {contains: two}", ""},
		{json, "$.items[*].name: {contains: wo}", ""},
		{json, "$.items[*]: {len: 2}", ""},
		{json, "$.items[?@.id == 2].name: two", ""},
		{json, "$.items[?@.id == 3].name: three", `$.items[?@.id == 3].name: want "three", got no match`},
		{json, "$.items[?@.id == 3]: {exists: false}", ""},
		{json, "json: {contains: {id: 7}}", ""},
		{html, "json: {exists: true}", `json: want something, got nothing: the body is not JSON: invalid character '<' at start of value at byte 0; it begins with "<html><body><h1>Herman Melvil…"`},
		{html, "$.id: 1", `$.id: want 1, got nothing: the body is not JSON: invalid character '<' at start of value at byte 0; it begins with "<html><body><h1>Herman Melvil…"`},
		{html, "css: {h1: {matches: '^Herman'}}", ""},
		{html, "css: {li: {len: 2}, li.a: 1}", ""},
		{html, "css: {li: {gt: 1}}", `li: want > 1, got 2 matches: ["1", "2"]`},
		{html, "css: {h2: {exists: true}}", "h2: want something, got no match"},
		{html, "xpath: {//h1: {contains: Melville}}", ""},
		{html, "xpath: {count(//li): 2, //a/@href: /next}", ""},
		{html, "xpath: {string(//h1): Ann}", `string(//h1): want "Ann", got "Herman Melville"`},
		{html, "sha256: aa", `sha256: want "aa", got "` + pageSum + `"`},
		{html, "sha256: {eq: " + pageSum + "}", ""},
		{html, "tls: {exists: false}", ""},
		{html, "tls: {version: 1.3}", "tls.version: want 1.3, got nothing: the connection has no TLS"},
		{json, "schema: {type: object, required: [id], properties: {id: {type: integer}}}", ""},
		{json, "schema: user.json", "schema: $: missing property 'nobody'"},
		{json, "schema: {required: [nope], properties: {id: {type: string}, name: {maxLength: 2}, price: {type: string}}}", "schema: $: missing property 'nope'; $.id: got number, want string; and 2 more"},
	} {
		got := run(t, c.block, c.of())
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		for i := range got {
			if len(want) == 1 && strings.HasSuffix(c.want, "…") && strings.HasPrefix(got[i], strings.TrimSuffix(c.want, "…")) {
				got[i] = c.want
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.block, diff)
		}
	}
}

const pageSum = "094f57a6018e3937ba48b21f0b869f6272f579ffbf1c2610e717b9160a1a2250"

func TestDefault(t *testing.T) {
	for block, want := range map[string][]string{
		"severity: warn":             {"status: want < 400, got 503"},
		"elapsed: {lt: 5s}":          {"status: want < 400, got 503"},
		"status: 503":                nil,
		"- {status: 5xx}\n- {}":      nil,
		"x-note: {anything: [goes]}": {"status: want < 400, got 503"},
	} {
		a := answer("text/plain", "")
		a.Response().Status = 503
		list, err := set(t, block+"\n").Run(a, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, messages(t, list)); diff != "" {
			t.Errorf("%s: %s", block, diff)
		}
		if want != nil && (!list[0].Default || !list[0].Broken()) {
			t.Errorf("%s: got %+v", block, list[0])
		}
	}
	list, err := expect.Compile(nil, "", nil).Run(answer("text/plain", ""), nil, nil)
	if err != nil || list != nil {
		t.Errorf("got %v, %v", list, err)
	}
}

func TestExpectation(t *testing.T) {
	list, err := set(t, "- {severity: warn, status: 201, $.id: {gt: 10, severity: stop}}\n- {reason: OK}").Run(answer("application/json", document), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []runtime.Expectation{
		{Subject: "status", Operator: "eq", Want: 201.0, Got: 200.0, Severity: runtime.SeverityWarn, Message: "status: want 201, got 200"},
		{Subject: "$.id", Operator: "gt", Want: 10.0, Got: 7.0, Severity: runtime.SeverityStop, Message: "$.id: want > 10, got 7"},
		{Subject: "reason", Operator: "eq", Want: "OK", Got: "OK", OK: true, Severity: runtime.SeverityFail},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
}

func TestMessagesAreShort(t *testing.T) {
	long := strings.Repeat("ä", 100_000)
	list, err := set(t, "status: 200\ntext: {eq: b}\n$.a: {len: 3}\njson: {eq: 1}\n$['"+long[:600]+"']: 1\n").Run(answer("application/json", `{"a": ["`+long+`"]}`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if n := len([]rune(e.Message)); n > 200 {
			t.Errorf("%s: %d characters", e.Subject, n)
		}
		if got, ok := e.Got.(string); ok && len(got) > 2000 {
			t.Errorf("%s: got has %d bytes", e.Subject, len(got))
		}
	}
}

func TestTLS(t *testing.T) {
	a := answer("text/plain", "")
	a.Response().Protocol = "HTTP/2.0"
	a.Response().TLS = &tls.ConnectionState{
		Version: tls.VersionTLS13, NegotiatedProtocol: "h2", CipherSuite: tls.TLS_AES_128_GCM_SHA256,
		PeerCertificates: []*x509.Certificate{{
			Issuer: pkix.Name{CommonName: "Root", Organization: []string{"Trust"}}, Subject: pkix.Name{CommonName: "a.test"},
			DNSNames: []string{"a.test", "b.test"}, NotAfter: time.Now().Add(48 * time.Hour), SerialNumber: big.NewInt(255),
		}},
	}
	if got := run(t, `
version: 2
tls:
  exists: true
  version: 1.3
  alpn: h2
  cipher: {contains: AES_128}
  issuer: {contains: O=Trust}
  subject: CN=a.test
  dns_names: {contains: b.test}
  serial: ff
  expires_in: {gt: 1d, lt: 3d}
tls.alpn: {in: [h2, http/1.1]}
`, a); got != nil {
		t.Errorf("got %q", got)
	}
	if got := run(t, "tls: {expires_in: {gt: 30d}}", a); len(got) != 1 || !strings.HasPrefix(got[0], `tls.expires_in: want > "30d", got 47h59m`) {
		t.Errorf("got %q", got)
	}
}

type stream struct{ runtime.Stream }

func (stream) Sizes() (body, wire int64) { return 42, 40 }

func TestStreamedBody(t *testing.T) {
	a := answer("application/json", "")
	a.Response().Content, a.Response().Stream = nil, stream{}
	want := []string{
		`text: want "a", got nothing: the body was not kept: it was streamed or saved`,
		"$.a: want 1, got nothing: the body was not kept: it was streamed or saved",
		`sha256: want "a", got nothing: the body was not kept: it was streamed or saved`,
		"h1: want something, got nothing: the body was not kept: it was streamed or saved",
	}
	if diff := cmp.Diff(want, run(t, "status: 200\nsize: 42\ntext: a\n$.a: 1\nsha256: a\ncss: {h1: {exists: true}}", a)); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"text", "body", "json"} {
		if _, err := a.Member(name); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
