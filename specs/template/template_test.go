package template_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/specs/template"
	"volley/specs/tree"
)

// scope is a Scope of plain values.
type scope map[string]any

func (s scope) Lookup(root string) (any, bool) {
	v, ok := s[root]
	return v, ok
}

// space is a Namespace whose members have the order of their names.
type space []string

func (s space) Names() []string { return s }

func (s space) Member(name string) (any, error) {
	for i, n := range s {
		if n == name {
			return float64(i), nil
		}
	}
	return nil, fmt.Errorf("there is no %q", name)
}

// fakeLua takes every expression for Lua; each evaluates to the table's value
// for its source.
type fakeLua map[string]any

func (l fakeLua) Compile(source string, pos tree.Pos) (template.Expression, error) {
	v, ok := l[source]
	if err, bad := v.(error); bad {
		return nil, err
	}
	if !ok {
		return nil, &template.SyntaxError{Pos: pos, Message: "not Lua"}
	}
	return fakeExpression{v}, nil
}

type fakeExpression struct{ value any }

func (e fakeExpression) Eval(template.Scope) (any, error) {
	if f, ok := e.value.(func() error); ok {
		return nil, f()
	}
	return e.value, nil
}

var lua = fakeLua{
	"1 + 1":     2.0,
	"1 > 2":     false,
	"nil":       nil,
	"{1}":       []any{1.0},
	"big()":     json.Number("9007199254740993"),
	"odd()":     json.Number("1x"),
	"inf()":     math.Inf(1),
	"latin()":   "\xff",
	"raise()":   func() error { return errors.New("it broke") },
	"timeout()": func() error { return runtime.Errorf(runtime.KindScriptDeadline, "too long") },
	"placed()":  func() error { return runtime.Errorf(runtime.KindScript, "f:9:9: here") },
	"hash(1)":   1.0,
	"a-b":       1.0,
}

var values = scope{
	"vars": map[string]any{"base": "http://h", "n": 3.0, "big": json.Number("1.10"), "yes": true, "null": nil, "list": []any{"a", nil}, "whole": 1e21},
	"row":  space{"id", "name"},
	"env":  map[string]any{},
}

// compiled returns the Value of the member v of a source, and its problems.
func compiled(source string) (*template.Value, *tree.Problems) {
	p := &tree.Problems{}
	c := template.Compiler{Lua: lua, Problems: p}
	n := tree.Parse("f", []byte(source), p)
	return c.Compile(n.Get("v"), "v"), p
}

func TestRendering(t *testing.T) {
	for _, c := range []struct {
		source                      string
		value                       any
		text, json, literal, faults string
	}{
		{source: "v: x", value: "x", text: "x", json: `"x"`},
		{source: "v: 1.10", value: json.Number("1.10"), text: "1.10", json: "1.10"},
		{source: "v: 0x1F", value: 31.0, text: "0x1F", json: "31", literal: `"0x1F"`},
		{source: "v: 1_000", value: 1000.0, text: "1_000", json: "1000", literal: `"1_000"`},
		{source: "v: 010", value: 8.0, text: "010", json: "8", literal: `"010"`},
		{source: "v: 2024-01-02", value: "2024-01-02", text: "2024-01-02", json: `"2024-01-02"`},
		{source: "v: True", value: true, text: "true", json: "true"},
		{source: "v: 12345678901234567890", value: json.Number("12345678901234567890"), text: "12345678901234567890", json: "12345678901234567890"},
		{source: `v: "a\"\\\n\t\r\u0001é<>"`, value: "a\"\\\n\t\r\x01é<>", text: "a\"\\\n\t\r\x01é<>", json: `"a\"\\\n\t\r\u0001é<>"`},
		{source: "v: ${{ vars.base }}", value: "http://h", text: "http://h", json: `"http://h"`},
		{source: "v: ${{ vars.n }}", value: 3.0, text: "3", json: "3"},
		{source: "v: ${{ vars.big }}", value: json.Number("1.10"), text: "1.10", json: "1.10"},
		{source: "v: ${{ vars.whole }}", value: 1e21, text: "1000000000000000000000", json: "1000000000000000000000"},
		{source: "v: ${{ vars.yes }}", value: true, text: "true", json: "true"},
		{source: "v: ${{ row.name }}", value: 1.0, text: "1", json: "1"},
		{source: "v: ${{ vars.list[1] }}", value: "a", text: "a", json: `"a"`},
		{source: "v: ${{ vars[\"base\"] }}", value: "http://h", text: "http://h", json: `"http://h"`},
		{source: "v: ${{ 1 + 1 }}", value: 2.0, text: "2", json: "2"},
		{source: "v: ${{ big() }}", value: json.Number("9007199254740993"), text: "9007199254740993", json: "9007199254740993", faults: "unknown reference"},
		{source: "v: a ${{ vars.base }}/${{ row.id }} ${{ vars.big }}${{ vars.yes }}", value: "a http://h/0 1.10true", text: "a http://h/0 1.10true", json: `"a http://h/0 1.10true"`},
		{source: "v: |\n  a ${{\n    vars.n\n  }}\n", value: "a 3\n", text: "a 3\n", json: `"a 3\n"`},
		{source: "v: $ {{ x }} $${{ vars.n }}", value: "$ {{ x }} $3", text: "$ {{ x }} $3", json: `"$ {{ x }} $3"`},
	} {
		v, p := compiled(c.source)
		if got := fmt.Sprint(p.Err()); c.faults == "" && p.Err() != nil || !strings.Contains(got, c.faults) {
			t.Errorf("%s: %v", c.source, p.Err())
		}
		value, err := v.Any(values)
		if diff := cmp.Diff(c.value, value); diff != "" || err != nil {
			t.Errorf("%s: the value differs (%v): %s", c.source, err, diff)
		}
		if text, err := v.Text(values); text != c.text || err != nil {
			t.Errorf("%s: the text is %q, %v", c.source, text, err)
		}
		if text, err := v.AppendJSON([]byte("x"), values, false); string(text) != "x"+c.json || err != nil {
			t.Errorf("%s: the JSON is %s, %v", c.source, text, err)
		}
		literal := c.literal
		if literal == "" {
			literal = c.json
		}
		if text, err := v.AppendJSON(nil, values, true); string(text) != literal || err != nil {
			t.Errorf("%s: the literal JSON is %s, %v", c.source, text, err)
		}
	}
}

func TestTrees(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"v: {z: 1, a: [x, ~, {}], m: '${{ vars.n }}'}", `{"z":1,"a":["x",null,{}],"m":3}`},
		{"v: {'${{ vars.n }}': 1, 'x${{ row.id }}': 2}", `{"3":1,"x0":2}`},
		{"v: '${{ row }}'", `{"id":0,"name":1}`},
		{"v: '${{ vars }}'", `{"base":"http://h","big":1.10,"list":["a",null],"n":3,"null":null,"whole":1000000000000000000000,"yes":true}`},
		{"v: [[], '${{ {1} }}']", `[[],[1]]`},
		{"v: ['${{ vars.null }}', '${{ vars.missing }}', '${{ vars.list[9] }}', '${{ vars.list.x }}']", `[null,null,null,null]`},
	} {
		v, p := compiled(c.source)
		text, err := v.AppendJSON(nil, values, false)
		if string(text) != c.want || err != nil || p.Err() != nil {
			t.Errorf("%s: %s, %v, %v", c.source, text, err, p.Err())
		}
		value, err := v.Any(values)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Error(err)
		}
		again, _ := json.Marshal(value)
		var got any
		if err := json.Unmarshal(again, &got); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: value and JSON differ: %s", c.source, diff)
		}
	}
}

func TestRenderingFaults(t *testing.T) {
	const script, invalid = runtime.KindScript, runtime.KindInvalidArgument
	for _, c := range []struct {
		source, want string
		kind         runtime.Kind
		how          string // "text", "any" or "json"
	}{
		{"v: a ${{ vars.null }}", `f:1:10: ${{ vars.null }}: is nil; with "or" it can have another value: ${{ vars.null or "" }}`, invalid, "json"},
		{"v: ${{ nil }}", `f:1:8: ${{ nil }}: is nil; with "or"`, invalid, "text"},
		{"v: a${{ vars.list }}", "f:1:9: ${{ vars.list }}: is a list, which has no text", invalid, "any"},
		{"v: ${{ row }}x", "is a map, which has no text", invalid, "text"},
		{"v: ${{ inf() }}x", "is not a finite number", invalid, "text"},
		{"v: ${{ inf() }}", "JSON has no +Inf", invalid, "json"},
		{"v: .inf", "f:1:4: JSON has no +Inf; quote it if it is text", invalid, "json"},
		{"v: ${{ odd() }}", `"1x" is not a number of JSON`, invalid, "json"},
		{"v: ${{ latin() }}", "the text is not UTF-8", invalid, "json"},
		{"v: x${{ latin() }}", "f:1:4: the text is not UTF-8", invalid, "json"},
		{"v: ${{ res.status }}", "f:1:8: ${{ res.status }}: there is no res here", invalid, "any"},
		{"v: ${{ row.none }}", `f:1:8: ${{ row.none }}: there is no "none"`, invalid, "any"},
		{"v: ${{ vars.a.b }}", "${{ vars.a.b }}: vars.a is nil", invalid, "any"},
		{"v: ${{ vars.base.b }}", "vars.base is text, which has nothing in it", invalid, "any"},
		{"v: ${{ vars.list[1].b }}", "vars.list[1] is text, which has nothing in it", invalid, "any"},
		{"v: ${{ vars[1] }}", "vars has names, not items", invalid, "any"},
		{"v: ${{ row[1] }}", "row has names, not items", invalid, "any"},
		{"v: ${{ raise() }}", "f:1:8: ${{ raise() }}: it broke", script, "any"},
		{"v: ${{ timeout() }}", "f:1:8: ${{ timeout() }}: too long", runtime.KindScriptDeadline, "any"},
		{"v: ${{ placed() }}", "f:9:9: here", script, "any"},
		{"v: {'${{ vars.n }}': 1, '3': 2}", `f:1:30: the name "3" is there twice in its map`, invalid, "json"},
		{"v: {'${{ vars.n }}': 1, '3': 2}", `the name "3" is there twice in its map`, invalid, "any"},
		{"v: [1]", "f:1:4: text is wanted here, got a list", invalid, "text"},
		{"v:", "f:1:3: text is wanted here, got null", invalid, "text"},
	} {
		v, _ := compiled(c.source)
		var err error
		switch c.how {
		case "text":
			_, err = v.Text(values)
		case "any":
			_, err = v.Any(values)
		case "json":
			_, err = v.AppendJSON(nil, values, false)
		}
		var fault *runtime.Error
		if !errors.As(err, &fault) || fault.Kind != c.kind || !strings.HasPrefix(fault.Message, "f:") || !strings.Contains(fault.Message, c.want) {
			t.Errorf("%s: got %v, want %s: %s", c.source, err, c.kind, c.want)
		}
	}
}

func TestTruth(t *testing.T) {
	for _, c := range []struct {
		source string
		want   bool
		fault  string
	}{
		{"v: true", true, ""},
		{"v: false", false, ""},
		{"v: 0", true, ""},
		{"v:", false, ""},
		{"v: ${{ vars.yes }}", true, ""},
		{"v: ${{ vars.null }}", false, ""},
		{"v: ${{ 1 > 2 }}", false, ""},
		{"v: ${{ vars.n }}", true, ""},
		{"v: ${{ vars.list }}", true, ""},
		{"v: row.active", false, "f:1:4: the condition is text"},
		{"v: ${{ vars.n }} == 3", false, "f:1:4: the condition is text"},
	} {
		v, _ := compiled(c.source)
		got, err := v.Truth(values)
		if got != c.want || c.fault == "" && err != nil || !strings.Contains(fmt.Sprint(err), c.fault) {
			t.Errorf("%s: %v, %v", c.source, got, err)
		}
	}
}
