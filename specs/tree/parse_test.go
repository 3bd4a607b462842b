package tree_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs/tree"
)

// parsed returns the root of a source without problems.
func parsed(t *testing.T, source string) *tree.Node {
	t.Helper()
	var p tree.Problems
	n := tree.Parse("f", []byte(source), &p)
	if n == nil || len(p.All()) > 0 {
		t.Fatalf("%q: %s", source, told(&p))
	}
	return n
}

func TestScalars(t *testing.T) {
	for _, c := range []struct {
		text string
		kind tree.Kind
		want any
	}{
		{"", tree.Null, nil},
		{"~", tree.Null, nil},
		{"null", tree.Null, nil},
		{`"null"`, tree.String, "null"},
		{"true", tree.Bool, true},
		{"False", tree.Bool, false},
		{"no", tree.String, "no"},
		{"yes", tree.String, "yes"},
		{"on", tree.String, "on"},
		{"off", tree.String, "off"},
		{"10", tree.Int, 10.0},
		{"-7", tree.Int, -7.0},
		{"+7", tree.Int, 7.0},
		{"010", tree.Int, 8.0},
		{"-010", tree.Int, -8.0},
		{"08", tree.Int, 8.0},
		{"0o10", tree.Int, 8.0},
		{"0x1F", tree.Int, 31.0},
		{"0b11", tree.Int, 3.0},
		{"1_000", tree.Int, 1000.0},
		{"9007199254740992", tree.Int, 9007199254740992.0},
		{"9007199254740993", tree.Int, json.Number("9007199254740993")},
		{"123456789012345678901234567890", tree.Int, json.Number("123456789012345678901234567890")},
		{"1_0000000000000000000000", tree.Int, json.Number("10000000000000000000000")},
		{"0xFFFFFFFFFFFFFFFF", tree.Int, json.Number("18446744073709551615")},
		{"0xFFFFFFFFFFFFFFFFF", tree.String, "0xFFFFFFFFFFFFFFFFF"},
		{"1.5", tree.Float, 1.5},
		{"1.10", tree.Float, json.Number("1.10")},
		{"1e3", tree.Float, json.Number("1e3")},
		{".5", tree.Float, 0.5},
		{"5.", tree.Float, 5.0},
		{"1_0.5", tree.Float, 10.5},
		{".inf", tree.Float, math.Inf(1)},
		{"-.Inf", tree.Float, math.Inf(-1)},
		{"12e4567", tree.String, "12e4567"},
		{"1.2.3", tree.String, "1.2.3"},
		{"22:22", tree.String, "22:22"},
		{"2024-01-02", tree.String, "2024-01-02"},
		{"2024-01-02T03:04:05Z", tree.String, "2024-01-02T03:04:05Z"},
		{"<<", tree.String, "<<"},
		{"0x", tree.String, "0x"},
		{"-", tree.List, []any{nil}},
		{"< 500ms", tree.String, "< 500ms"},
		{"== 3", tree.String, "== 3"},
		{`'\d+'`, tree.String, `\d+`},
		{`\d+`, tree.String, `\d+`},
		{"'10'", tree.String, "10"},
		{"!!str 10", tree.String, "10"},
		{"!!float 10", tree.Float, 10.0},
		{"Bearer ${{ x }}", tree.String, "Bearer ${{ x }}"},
		{"${{ {a={1}} }}", tree.String, "${{ {a={1}} }}"},
	} {
		n := parsed(t, "a:\n  "+c.text).Get("a")
		if got := n.Plain(); n.Kind != c.kind || !cmp.Equal(got, c.want) {
			t.Errorf("%q is %s %#v, want %s %#v", c.text, n.Kind, got, c.kind, c.want)
		}
	}
	if f, ok := parsed(t, "a: .nan").Get("a").Plain().(float64); !ok || !math.IsNaN(f) {
		t.Error(".nan is no NaN")
	}
}

func TestWhatIsAllowed(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"byte order mark", "\uFEFFa: 1", `{"a":1}`},
		{"CRLF", "a: 1\r\nb:\r\n  - x\r\n", `{"a":1,"b":["x"]}`},
		{"end mark", "---\na: 1\n...\n", `{"a":1}`},
		{"names that are no text", "200: ok\ntrue: a\n1.0: b\nnull: c\n", `{"1.0":"b","200":"ok","null":"c","true":"a"}`},
		{"alias", "a: &x [1]\nb: *x\n", `{"a":[1],"b":[1]}`},
		{"alias of text as a name", "a: &x b\n*x : c\n", `{"a":"b","b":"c"}`},
		{"merge", "x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}\n", `{"x":{"a":1,"b":2},"y":{"a":1,"b":3}}`},
		{"the first merged wins", "y: {<<: [{a: 1}, {a: 2, b: 3}]}\n", `{"y":{"a":1,"b":3}}`},
		{"merge in quotes", `{"<<": {a: 1}}`, `{"\u003c\u003c":{"a":1}}`},
		{"x- names stay", "x-a: 1", `{"x-a":1}`},
		{"scalar", "just text", `"just text"`},
	} {
		got, err := json.Marshal(parsed(t, c.source).Plain())
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPositionsAndOrder(t *testing.T) {
	n := parsed(t, "x: &x {m: 1, k: 2}\né:\n  b: [1, 'q']\n  <<: *x\n  k: |\n    text\n")
	var got []string
	var walk func(path string, n *tree.Node)
	walk = func(path string, n *tree.Node) {
		got = append(got, path+" "+n.Pos.String())
		for _, m := range n.Members {
			walk(tree.Name(path, m.Name), m.Value)
		}
		for i, item := range n.Items {
			walk(tree.Item(path, i), item)
		}
	}
	walk("", n.Get("é"))
	want := []string{" f:3:3", "b f:3:6", "b[0] f:3:7", "b[1] f:3:10", "m f:1:11", "k f:5:6"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if k := n.Get("é").Members[2]; k.Pos.Line != 5 || k.Pos.Column != 3 || !k.Value.Quoted || n.Get("é").Get("b").Quoted {
		t.Errorf("the member k is %+v", k)
	}
}

func TestPlaces(t *testing.T) {
	n := parsed(t, "a: |\n  é ${{ x }} ${{ y }}\n\n  ${{ z }}\nb: \"\\u0024{{ q }}\"\n")
	var got []string
	for _, p := range n.Get("a").Places(n.Get("a").Pos, "${{", 3) {
		got = append(got, p.String())
	}
	if text := strings.Join(got, " "); text != "f:2:5 f:2:14 f:4:3" {
		t.Errorf("the places are %s", text)
	}
	b := n.Get("b")
	if p := b.Places(b.Pos, "${{", 1); len(p) != 1 || p[0] != b.Pos {
		t.Errorf("an escaped template stands at %v, want %v", p, b.Pos)
	}
}
