package expect_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs/expect"
	"volley/specs/template"
	"volley/specs/tree"
)

// others answers for the requests and functions of a run.
type others struct {
	answers   map[string]*expect.Answer
	functions map[string]func(*expect.Answer) (any, error)
}

func (o others) Answer(request string) *expect.Answer { return o.answers[request] }

func (o others) Call(function string, scope template.Scope, a *expect.Answer) (any, error) {
	if res, ok := scope.Lookup("res"); !ok || res != any(a) {
		return nil, errors.New("the scope has no res")
	}
	return o.functions[function](a)
}

func TestSameAs(t *testing.T) {
	missing := answer("application/json", `{"a": 1}`)
	missing.Response().Status = 404
	o := others{answers: map[string]*expect.Answer{
		"read":    answer("application/json", `{"a": 1.0, "at": "now", "l": [{"x": 1, "y": 2}, {"x": 2}], "only": 1}`),
		"text":    answer("text/plain", "one two"),
		"missing": missing,
	}}
	for _, c := range []struct{ block, body, want string }{
		{"same_as: read", `{"only": 1, "l": [{"x": 1, "y": 2}, {"x": 2}], "at": "now", "a": 1}`, ""},
		{"same_as: {request: read, ignore: [$.at, '$.l[*].x', $.only]}", `{"a": 1, "at": "then", "l": [{"x": 9, "y": 2}, {}]}`, ""},
		{"same_as: {request: read, ignore: [at]}", `{"a": 2}`, "same_as read: $['a']: want 1, got 2"},
		{"same_as: {request: read, ignore: [$.l]}", `{"a": 1, "at": "now", "new": true}`, "same_as read: $['new']: want nothing, got true"},
		{"same_as: {request: read}", `{"a": 1, "at": "now", "l": []}`, "same_as read: $['l']: want the length 2, got 0"},
		{"same_as: read", "<p>", `same_as read: want JSON, got: the body is not JSON: invalid character '<' at start of value at byte 0; it begins with "<p>"`},
		{"same_as: text", "one two", ""},
		{"same_as: text", "one three", `same_as text: the bodies differ from byte 5 on: want "wo", got "hree"`},
		{"same_as: text", "1", "same_as text: want what is no JSON, got JSON"},
		{"same_as: missing", `{"a": 1}`, "same_as missing: want the status 404, got 200"},
		{"same_as: {request: missing, status: false}", `{"a": 1}`, ""},
		{"same_as: nobody", `{}`, "same_as nobody: there is no answer to nobody to compare with"},
	} {
		s := set(t, c.block)
		list, err := s.Run(answer("application/json", c.body), nil, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(messages(t, list), "\n"); got != c.want {
			t.Errorf("%s: got %s", c.block, got)
		}
		if u := s.Uses(); len(u.Requests) != 1 || u.Requests[0].Pos.Line != 1 {
			t.Errorf("%s: uses %+v", c.block, u)
		}
	}
}

func TestLuaFunction(t *testing.T) {
	o := others{functions: map[string]func(*expect.Answer) (any, error){
		"good": func(a *expect.Answer) (any, error) { return a.Response().Status == 200, nil },
		"none": func(*expect.Answer) (any, error) { return nil, nil },
		"bad":  func(*expect.Answer) (any, error) { return nil, errors.New("raised") },
	}}
	for name, want := range map[string][]string{"good": nil, "none": {"lua: none does not hold: it is nil"}} {
		s := set(t, "lua: "+name)
		list, err := s.Run(answer("text/plain", ""), nil, o)
		if diff := cmp.Diff(want, messages(t, list)); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		if diff := cmp.Diff([]expect.Name{{Text: name, Pos: tree.Pos{File: "spec.yaml", Line: 1, Column: 6}}}, s.Uses().Functions); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := set(t, "lua: bad").Run(answer("text/plain", ""), nil, o); err == nil || err.Error() != "raised" {
		t.Errorf("got %v", err)
	}
}
