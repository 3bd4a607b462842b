package specs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"volley/specs"
	"volley/specs/template"
	"volley/specs/tree"
)

// TestInlineLua: what is wrong with code in place is told along with all else
// that is wrong, once where many requests have it.
func TestInlineLua(t *testing.T) {
	const text = `volley: 1
handlers: {on_error: {lua: "bad 1"}}
data: {d: {lua: "bad place"}, f: {csv: f.csv}}
requests:
  - {url: "http://a.test/", on_request: {lua: "good"}}
  - {url: "http://a.test/", on_response: {lua: "bad 2"}, expect: {staus: 200}}
`
	compiled := 0
	_, problems := specs.Load("s.yaml", []byte(text), specs.Options{Inline: func(source string, pos tree.Pos) error {
		compiled++
		switch {
		case source == "good":
			return nil
		case strings.HasSuffix(source, "place"):
			pos.Column += 4
			return &template.SyntaxError{Pos: pos, Message: source}
		}
		return errors.New(source)
	}})
	var got []string
	for _, p := range problems.All() {
		got = append(got, fmt.Sprintf("%s %s", p.Pos, p.Message))
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{"s.yaml:2:29 bad 1", "s.yaml:3:22 bad place", "s.yaml:6:49 bad 2", "staus"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not told:\n%s", want, all)
		}
	}
	if compiled != 4 || len(got) != 4 {
		t.Errorf("%d pieces of code were compiled, %d problems told", compiled, len(got))
	}
}

// TestInputs: the files that a spec reads are known by their places.
func TestInputs(t *testing.T) {
	const text = `volley: 1
vars: {n: a}
data: {d: {csv: d.csv}, g: {glob: "in/*.json"}, v: {values: [1]}}
sessions: {s: {cookies: jar.txt, cert: {cert: c.pem, key: k.pem}, verify: ca.pem}, t: {cookies: {a: b}, verify: true}}
requests:
  - {url: "http://a.test/", method: POST, files: {f: {path: "${{ vars.n }}.bin"}, g: text, h: {content: x}}}
  - {url: "http://a.test/", method: POST, files: [[f, {path: /b.bin}]]}
`
	spec, problems := specs.Load("dir/s.yaml", []byte(text), specs.Options{})
	if spec == nil {
		t.Fatal(problems.Err())
	}
	var got []string
	for _, in := range spec.Inputs {
		got = append(got, fmt.Sprintf("%s %s %v %v", in.Name, in.Place(in.Path.Node().Text), in.Rows, in.Glob))
	}
	want := `sessions.s.cookies dir/jar.txt false false
sessions.s.verify dir/ca.pem false false
sessions.s.cert dir/c.pem false false
sessions.s.cert dir/k.pem false false
data.d dir/d.csv true false
data.g dir/in/*.json true true
requests[0].files dir/${{ vars.n }}.bin false false
requests[1].files /b.bin false false`
	if strings.Join(got, "\n") != want {
		t.Errorf("the inputs are\n%s", strings.Join(got, "\n"))
	}
}
