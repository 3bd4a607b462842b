package run_test

import (
	"os"
	"strings"
	"testing"

	"volley/specs"
	"volley/specs/run"
)

func TestCheck(t *testing.T) {
	const many = "are more than the 1000000 that may be made of one row"
	tests := []struct{ name, text, want string }{
		{"order", "requests: [{name: a, url: /}]", ""},
		{
			"product", "requests: [{url: /, matrix: {a: {range: [1, 2000]}, b: {range: [1, 2000]}, c: {range: [1, 2000]}}}]",
			"s.yaml:2:29: matrix: 8000000000 requests " + many,
		},
		{"axis", "requests: [{url: /, matrix: {a: {range: [1, 1e9]}}}]", "s.yaml:2:30: matrix.a: 1000000000 requests " + many},
		{"repeat", "requests: [{url: /, repeat: 1000001}]", "s.yaml:2:29: repeat: 1000001 requests " + many},
		{"together", "requests: [{url: /, repeat: 2000, matrix: {a: {range: [1, 2000]}}}]", "s.yaml:2:12: matrix and repeat: 4000000 requests " + many},
		{"teardown", "requests: [{url: /}]\nteardown: [{url: /, repeat: 1000000000}]", "s.yaml:3:29: repeat: 1000000000 requests " + many},
		{"as many as may be", "requests: [{url: /, repeat: 1000, matrix: {a: {range: [1, 1000]}}}]", ""},
		{"stdin shared", "data: {in: {stdin: lines}}\nrequests: [{foreach: in, url: /a}, {foreach: in, url: /b}]", ""},
		{
			"stdin in two lists", "data: {in: {stdin: lines}}\nsetup: [{foreach: in, url: /a}]\nrequests: [{foreach: in, url: /b}]",
			"s.yaml:4:22: the standard input can be read once, and data.in is read before this",
		},
		{
			"stdin behind a barrier", "data: {in: {stdin: lines}}\nrequests: [{name: a, foreach: in, url: /a}, {foreach: in, needs: {a: all}, url: /b}]",
			"s.yaml:3:55: the standard input can be read once",
		},
	}
	for _, test := range tests {
		spec, problems := specs.Load("s.yaml", []byte("volley: 1\n"+test.text+"\n"), specs.Options{ReadFile: os.ReadFile})
		if spec == nil {
			t.Errorf("%s: %v", test.name, problems.Err())
			continue
		}
		run.Check(spec, problems)
		var b strings.Builder
		if err := problems.Text(&b, false); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
