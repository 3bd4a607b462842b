package expect_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs/expect"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// scope is a Scope of plain values.
type scope map[string]any

func (s scope) Lookup(root string) (any, bool) {
	v, ok := s[root]
	return v, ok
}

// lua knows the status, and a comparison with 200.
type lua struct{}

func (lua) Compile(source string, _ tree.Pos) (template.Expression, error) {
	return expression(source), nil
}

type expression string

func (e expression) Eval(s template.Scope) (any, error) {
	res, ok := s.Lookup("res")
	if !ok {
		return nil, nil
	}
	status, err := res.(*expect.Answer).Member("status")
	if strings.Contains(string(e), "==") {
		return status == 200.0, err
	}
	return status, err
}

func captures(t testing.TB, text string) ([]*expect.Capture, []string) {
	t.Helper()
	var problems tree.Problems
	n := tree.Parse("spec.yaml", []byte(text), &problems)
	list := expect.CompileCaptures(n, "capture", &template.Compiler{Lua: lua{}, Problems: &problems})
	return list, told(&problems)
}

func TestCapture(t *testing.T) {
	json := func() *expect.Answer { return answer("application/json", document) }
	html := func() *expect.Answer { return answer("text/html", page) }
	xml := func() *expect.Answer {
		return answer("application/xml; charset=utf-8", `<?xml version="1.0"?><a><B n="1">x</B><B n="2">y</B></a>`)
	}
	for _, c := range []struct {
		of   func() *expect.Answer
		form string
		want any // "none": nothing found
	}{
		{json, "$.user.name", "Ann"},
		{json, "$.tags", []any{"x", "y"}},
		{json, "$.none", nil},
		{json, "$.missing", "none"},
		{json, "$.items[*].id", []any{1.0, 2.0}},
		{json, "$.items[?@.id == 2].id", 2.0},
		{json, "{json: '$.items[?@.id == 2].id', all: true}", []any{2.0}},
		{json, "{json: '$.items[?@.id == 2].id', append: true}", []any{2.0}},
		{json, "{json: $.id, all: true}", []any{7.0}},
		{json, "{json: user.age}", 30.0},
		{json, "{json: $.missing, default: 5}", 5.0},
		{json, "{json: $.missing, default: '${{ vars.d }}'}", "fallback"},
		{json, "{header: x-count}", "12"},
		{json, "{header: Vary}", "Accept"},
		{json, "{header: Vary, all: true}", []any{"Accept", "Origin"}},
		{json, "{header: X-None}", "none"},
		{json, "{cookie: sid, secret: true, scope: run}", "abc"},
		{json, `{regex: '"name": "(\w+)"'}`, "abc"},
		{json, `{regex: '"name": "\w+"'}`, `"name": "abc"`},
		{json, `{regex: '"(?P<key>na\w+)": "(?P<value>\w+)"', group: value}`, "abc"},
		{json, `{regex: '"(name)": "(\w+)"', group: 2, all: true}`, []any{"abc", "Ann", "one", "two"}},
		{json, `{regex: '"(name)": "(\w+)"', group: 0}`, `"name": "abc"`},
		{json, "{regex: nothing}", "none"},
		{json, "{status: true}", 200.0},
		{json, "{url: true}", "http://example.test/a?b=1"},
		{json, "{lua: res.status}", 200.0},
		{json, "{lua: 'res.status + 0', all: true}", []any{200.0}},
		{json, "{lua: twice}", "http://example.test/a?b=1"},
		{json, "${{ res.status }}", 200.0},
		{json, "${{ vars.d }}/${{ res.reason }}", "fallback/OK"},
		{json, "${{ res.json.user }}", map[string]any{"name": "Ann", "age": 30.0}},
		{html, "{css: li}", "1"},
		{html, "{css: li, all: true}", []any{"1", "2"}},
		{html, "{css: a, attr: href}", "/next"},
		{html, "{css: a, attr: rel}", "none"},
		{html, "{xpath: //a/@href}", "/next"},
		{html, "{xpath: count(//li)}", 2.0},
		{html, "{json: $.a}", "none"},
		{html, "{text: true}", page},
		{xml, "{xpath: '//B[@n=2]'}", "y"},
		{xml, "{xpath: //B/@n, all: true}", []any{"1", "2"}},
	} {
		list, problems := captures(t, "x: "+c.form)
		if len(list) != 1 || problems != nil {
			t.Errorf("%s: %q", c.form, problems)
			continue
		}
		o := others{functions: map[string]func(*expect.Answer) (any, error){
			"twice": func(a *expect.Answer) (any, error) { return a.Response().URL, nil },
		}}
		v, found, err := list[0].Take(c.of(), scope{"vars": map[string]any{"d": "fallback"}}, o)
		if err != nil {
			t.Errorf("%s: %v", c.form, err)
			continue
		}
		if !found && v == nil {
			v = "none"
		}
		if diff := cmp.Diff(c.want, v); diff != "" {
			t.Errorf("%s: %s", c.form, diff)
		}
	}
}

func TestCaptureOptions(t *testing.T) {
	list, problems := captures(t, `
a: {json: "$.l[*]", append: true}
b: {json: $.l, append: true, secret: true, scope: row}
c: {regex: x, all: true}
d: {lua: make}
x-e: anything
`)
	if problems != nil || len(list) != 4 {
		t.Fatalf("got %d, %q", len(list), problems)
	}
	type options struct {
		Name, Scope          string
		Append, Secret, Many bool
	}
	var got []options
	for _, c := range list {
		got = append(got, options{c.Name, c.Scope, c.Append, c.Secret, c.Many})
	}
	want := []options{{"a", "", true, false, true}, {"b", "row", true, true, false}, {"c", "", false, false, true}, {"d", "", false, false, false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := list[0].Gather([]any{1.0}, []any{2.0, 3.0}); !cmp.Equal(got, []any{1.0, 2.0, 3.0}) {
		t.Errorf("got %v", got)
	}
	if got := list[1].Gather(nil, []any{2.0}); !cmp.Equal(got, []any{[]any{2.0}}) {
		t.Errorf("got %v", got)
	}
	if u := list[3].Uses(); len(u.Functions) != 1 || u.Functions[0].Text != "make" {
		t.Errorf("got %+v", u)
	}
}

func TestCaptureProblems(t *testing.T) {
	for form, want := range map[string]string{
		"x: name":                       `1:4 "name" is neither a JSONPath nor ${{ }}`,
		"x: 3":                          "1:4 a capture must be a JSONPath, ${{ }} or a map, got a whole number | x: $.data.id",
		"x: $.a[":                       `1:4 "$.a[" is no JSONPath`,
		"a b: $.a":                      `1:1 "a b" is no name`,
		"x: {default: 1}":               "1:4 the capture does not say where its value is",
		"x: {json: $.a, header: b}":     "1:16 header and json exclude each other",
		"x: {jsn: $.a}":                 `1:5 unknown field "jsn" | did you mean "json"?`,
		"x: {json: 3}":                  "1:11 json must be text, got a whole number",
		"x: {regex: '('}":               `1:12 "(" is no regular expression`,
		"x: {regex: a, group: 1}":       `1:22 the regular expression has no group "1"`,
		"x: {regex: a, group: n}":       `1:22 the regular expression has no group "n"`,
		"x: {json: $.a, group: 1}":      "1:23 group belongs to regex, not to json",
		"x: {header: a, attr: href}":    "1:22 attr belongs to css, not to header",
		"x: {xpath: '//['}":             "1:12",
		"x: {css: '['}":                 "1:10",
		"x: {status: 3}":                "1:13 must be true or false",
		"x: {body: false}":              "1:11 body must be true, or left out",
		"x: {json: $.a, scope: all}":    "1:23 scope must be request, row or run",
		"x: {json: $.a, secret: 'yes'}": "1:24 must be true or false, got text",
		"- a":                           "1:1 capture must be a map of names, got a list",
		"x: {lua: ''}":                  "1:10 lua must be a Lua expression",
	} {
		list, problems := captures(t, form)
		if len(list) != 0 || len(problems) != 1 || !strings.HasPrefix(problems[0], want) {
			t.Errorf("%s: got %d, %q", form, len(list), problems)
		}
	}
}

func TestCaptureShape(t *testing.T) {
	var problems tree.Problems
	shape.Check(tree.Parse("spec.yaml", []byte("a: $.a\nb: {regex: a, group: 1, default: [1], secret: true, scope: run, append: true, all: true}\nc: ${{ res.status }}"), &problems), expect.CaptureShape(), "capture", &problems)
	if got := told(&problems); got != nil {
		t.Errorf("%q", got)
	}
	shape.Check(tree.Parse("spec.yaml", []byte("a: {json: $.a, css: b}\nb: {attr: c}\nc: {jsn: $.b}"), &problems), expect.CaptureShape(), "capture", &problems)
	if got := told(&problems); len(got) < 3 {
		t.Errorf("%q", got)
	}
}

// TestTemplates has operands that are known only when the answer is there.
func TestTemplates(t *testing.T) {
	var problems tree.Problems
	n := tree.Parse("spec.yaml", []byte(`
status: ${{ vars.code }}
elapsed: {lt: "${{ vars.max }}"}
headers.X-Count: {any_of: [1, "${{ vars.count }}"]}
$.user: {eq: {name: "${{ vars.name }}", age: 30}}
text: {matches: "${{ vars.pattern }}"}
$.name: "a${{ vars.rest }}"
lua: res.status == 200
`), &problems)
	s := expect.Compile(n, "expect", &template.Compiler{Lua: lua{}, Problems: &problems})
	if got := told(&problems); got != nil {
		t.Fatal(got)
	}
	if got := len(s.Uses().Values); got < 7 {
		t.Errorf("got %d values", got)
	}
	vars := map[string]any{"code": 200.0, "max": "5s", "count": 12.0, "name": "Ann", "pattern": "^{", "rest": "bc"}
	list, err := s.Run(answer("application/json", document), scope{"vars": vars}, nil)
	if err != nil || len(list) != 7 {
		t.Fatalf("got %d, %v", len(list), err)
	}
	if got := messages(t, list); got != nil {
		t.Error(got)
	}
	vars["count"], vars["max"] = 13.0, "1s"
	list, err = s.Run(answer("application/json", document), scope{"vars": vars}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`elapsed: want < "1s", got 1.2s`, `headers.X-Count: want 1 or 13, got "12"`}
	if diff := cmp.Diff(want, messages(t, list)); diff != "" {
		t.Error(diff)
	}
	vars["pattern"] = "("
	if _, err = s.Run(answer("application/json", document), scope{"vars": vars}, nil); err == nil || !strings.HasPrefix(err.Error(), "invalid_argument: spec.yaml:6:") {
		t.Errorf("got %v", err)
	}
}
