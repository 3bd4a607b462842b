package shape_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"volley/specs/shape"
	"volley/specs/tree"
)

var sample = &shape.Shape{
	Kinds: []tree.Kind{tree.Map},
	Fields: []shape.Field{
		{Name: "name", Doc: "The name.", Required: true, Shape: &shape.Shape{Kinds: []tree.Kind{tree.String}, Format: shape.Identifier}},
		{Name: "wait", Shape: &shape.Shape{Kinds: []tree.Kind{tree.Int, tree.Float, tree.String}, Format: shape.Duration, Template: true}},
		{Name: "mode", Shape: &shape.Shape{Kinds: []tree.Kind{tree.String}, Enum: []string{"fast", "slow"}}},
		{Name: "on", Shape: &shape.Shape{Kinds: []tree.Kind{tree.Bool}}},
		{Name: "free", Shape: &shape.Shape{Kinds: []tree.Kind{tree.Map}, Rest: &shape.Shape{Kinds: []tree.Kind{tree.Int}}}},
		{Name: "list", Shape: &shape.Shape{Kinds: []tree.Kind{tree.List}, Items: &shape.Shape{Kinds: []tree.Kind{tree.Int}}}},
		{Name: "a"},
		{Name: "b"},
		{Name: "pick", Shape: &shape.Shape{OneOf: []*shape.Shape{
			{Kinds: []tree.Kind{tree.Int}},
			{Kinds: []tree.Kind{tree.Map}, Fields: []shape.Field{{Name: "x"}, {Name: "y"}}},
			{Kinds: []tree.Kind{tree.Map}, Fields: []shape.Field{{Name: "pear"}, {Name: "quince"}}},
		}}},
	},
	Exclusive: [][]string{{"a", "b"}},
	Need:      [][]string{{"a", "b", "on"}},
}

func parse(t *testing.T, src string) *tree.Node {
	t.Helper()
	p := &tree.Problems{}
	n := tree.Parse("f", []byte(src), p)
	if n == nil {
		t.Fatal(p.Err())
	}
	return n
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"{name: a, on: true}", ""},
		{"{name: a, on: true, x-more: [1], wait: null}", ""},
		{"{name: a, on: true, wait: '${{ vars.x }}', free: {x-a: 1}}", ""},
		{"{on: true}", "1:1 name: name is missing (The name)"},
		{"{name: null, on: true}", `1:8 name: must be a name such as user_id, got nothing ()`},
		{"{name: '1a', on: true}", `1:8 name: "1a" is no name: it takes letters, digits, _ and -, and begins with a letter ()`},
		{"{name: a, on: yes}", `1:15 on: must be true or false, got "yes" (write true)`},
		{"{name: a, on: '${{ x }}'}", `1:15 on: must be true or false, got "${{ x }}" (${{ }} is not possible here)`},
		{"{name: a, on: true, mode: slwo}", `1:27 mode: must be fast or slow, got "slwo" (did you mean "slow"?)`},
		{"{name: a, on: true, moed: slow}", `1:21 moed: unknown field "moed" (did you mean "mode"?)`},
		{"{name: a, on: true, zzzzz: 1}", `1:21 zzzzz: unknown field "zzzzz" (there is name, wait, mode, on, free, list, a, b, pick)`},
		{"{name: a, a: 1, b: 2}", "1:17 b: b and a exclude each other (keep one of them)"},
		{"{name: a, a: null, b: 2}", ""},
		{"{name: a}", "1:1 : a, b or on is missing ()"},
		{"{name: a, on: true, wait: [1]}", "1:27 wait: must be a duration such as 500ms or ${{ }}, got a list ()"},
		{"{name: a, on: true, wait: -1}", `1:27 wait: the duration "-1" is negative ()`},
		{"{name: a, on: true, free: {a b: x}}", `1:33 free["a b"]: must be a whole number, got "x" ()`},
		{"{name: a, on: true, list: [1, x, {}]}", `1:31 list[1]: must be a whole number, got "x" ()` + "\n1:34 list[2]: must be a whole number, got a map ()"},
		{"{name: a, on: true, pick: {pear: 1, z: 2}}", `1:37 pick.z: unknown field "z" (there is pear, quince)`},
		{"{name: a, on: true, pick: word}", `1:27 pick: must be a whole number or a map, got "word" ()`},
		{"[1]", "1:1 : must be a map, got a list ()"},
	} {
		p := &tree.Problems{}
		n := parse(t, c.src)
		shape.Check(n, sample, "", p)
		var got []string
		for _, q := range p.All() {
			got = append(got, strings.TrimPrefix(q.Pos.String(), "f:")+" "+q.Path+": "+q.Message+" ("+q.Hint+")")
		}
		if diff := cmp.Diff(c.want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s:\n%s", c.src, diff)
		}
		if fits := shape.Fits(n, sample); fits != (c.want == "") {
			t.Errorf("Fits(%s) = %v", c.src, fits)
		}
	}
}

func TestClean(t *testing.T) {
	got := shape.Clean(parse(t, "{x-a: 1, name: n, free: {x-b: 1}, pick: {pear: {x-c: 1}, x-d: 1}, list: [{x-e: 1}]}"), sample)
	want := map[string]any{
		"name": "n", "free": map[string]any{"x-b": 1.0},
		"pick": map[string]any{"pear": map[string]any{"x-c": 1.0}}, "list": []any{map[string]any{"x-e": 1.0}},
	}
	if diff := cmp.Diff(want, got.Plain()); diff != "" {
		t.Error(diff)
	}
}

func TestSchemaAgreesWithCheck(t *testing.T) {
	text := shape.Schema(sample, "https://example.test/sample.json", "sample")
	if !bytes.Equal(text, shape.Schema(sample, "https://example.test/sample.json", "sample")) {
		t.Error("two schemas differ")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://example.test/sample.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("https://example.test/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []string{
		"{name: a, on: true}", "{name: a, on: true, x-more: [1], wait: null}", "{name: a, on: true, wait: '${{ vars.x }}', free: {x-a: 1}}",
		"{on: true}", "{name: null, on: true}", "{name: '1a', on: true}", "{name: a, on: 'yes'}", "{name: a, on: true, mode: slwo}",
		"{name: a, on: true, moed: slow}", "{name: a, a: 1, b: 2}", "{name: a, a: null, b: 2}", "{name: a}", "{name: a, on: true, wait: [1]}",
		"{name: a, on: true, wait: soon}", "{name: a, on: true, wait: 1m30s}", "{name: a, on: true, free: {a b: x}}", "{name: a, on: true, list: [1, x]}",
		"{name: a, on: true, pick: {pear: 1, z: 2}}", "{name: a, on: true, pick: {pear: 1, quince: 2}}", "{name: a, on: true, pick: word}", "[1]",
	} {
		n := parse(t, src)
		var plain any
		if err := json.Unmarshal([]byte(must(json.Marshal(n.Plain()))), &plain); err != nil {
			t.Fatal(err)
		}
		if fits, valid := shape.Fits(n, sample), schema.Validate(plain) == nil; fits != valid {
			t.Errorf("%s: the check says %v, the schema %v", src, fits, valid)
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5": 5 * time.Second, "1.5": 1500 * time.Millisecond, "500ms": 500 * time.Millisecond, "1d12h": 36 * time.Hour,
		"0.5d": 12 * time.Hour, "2m30s": 150 * time.Second, "0": 0, "1_000": 1000 * time.Second,
	} {
		if got, err := shape.ParseDuration(text); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "-1s", "-1", "1x", "inf", "NaN", "1e300", "0x10", "1 s", "99999999999d"} {
		if got, err := shape.ParseDuration(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"512": 512, "10MB": 10e6, "64KiB": 65536, "1.5 kb": 1500, "2GiB": 2 << 30, "7b": 7, "0": 0} {
		if got, err := shape.ParseSize(text); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MB", "10 apples", "-1", "10XB", "1e30", "10M", "nan", "99999999999GiB"} {
		if got, err := shape.ParseSize(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestParseStatus(t *testing.T) {
	for text, want := range map[string][2]int{"200": {200, 200}, "5xx": {500, 599}, "500-599": {500, 599}} {
		if from, to, err := shape.ParseStatus(text); from != want[0] || to != want[1] || err != nil {
			t.Errorf("%q is %d-%d, %v", text, from, to, err)
		}
	}
	for _, text := range []string{"", "20", "6xx", "timeout", "599-500", "0x1"} {
		if from, to, err := shape.ParseStatus(text); err == nil {
			t.Errorf("%q is %d-%d", text, from, to)
		}
	}
}

func TestParseWhole(t *testing.T) {
	for text, want := range map[string]int64{"10": 10, "1_000": 1000, "0x1F": 31, "-5": -5, "+7": 7} {
		if got, err := shape.ParseWhole(text); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	if _, err := shape.ParseWhole("1.5"); err == nil {
		t.Error("1.5 is a whole number")
	}
}
