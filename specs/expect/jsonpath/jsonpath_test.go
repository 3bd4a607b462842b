package jsonpath_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs/expect/jsonpath"
)

const store = `{"store": {"book": [
	{"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
	{"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
	{"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99},
	{"category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings", "isbn": "0-395-19395-8", "price": 22.99}],
	"bicycle": {"color": "red", "price": 399}}}`

// filters is the document of RFC 9535, section 2.3.5.3, and comparisons that
// of section 2.3.5.3's first table.
const (
	filters     = `{"a": [3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}], "o": {"p": 1, "q": 2, "r": 3, "s": 5, "t": {"u": 6}}, "e": "f"}`
	comparisons = `{"obj": {"x": "y"}, "arr": [2, 3]}`
	odd         = `{"o": {"j j": {"k.k": 3}}, "'": {"@": 2}, "\"": 1, "ü": 4, "": 5, "n": null, "a": [{"b": 0}, {"b": 1}, {"c": 2}]}`
	nested      = `{"o": {"j": 1, "k": 2}, "a": [5, 3, [{"j": 4}, {"k": 6}]]}`
	letters     = `["a", "b", "c", "d", "e", "f", "g"]`
)

func decode(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSelect(t *testing.T) {
	for _, c := range []struct{ doc, path, want string }{
		// RFC 9535, section 1.5.
		{store, "$.store.book[*].author", `["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"]`},
		{store, "$..author", `["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"]`},
		{store, "$.store..price", `[399, 8.95, 12.99, 8.99, 22.99]`},
		{store, "$..book[2].author", `["Herman Melville"]`},
		{store, "$..book[2].publisher", `[]`},
		{store, "$..book[-1].title", `["The Lord of the Rings"]`},
		{store, "$..book[0,1].price", `[8.95, 12.99]`},
		{store, "$..book[:2].price", `[8.95, 12.99]`},
		{store, "$..book[?@.isbn].price", `[8.99, 22.99]`},
		{store, "$..book[?@.price<10].price", `[8.95, 8.99]`},
		{store, "$..book[?(@.price < $.store.bicycle.price && @.category == 'fiction')].price", `[12.99, 8.99, 22.99]`},
		// Section 2.3: names, wildcards, indexes, slices.
		{odd, "$.o['j j']['k.k']", `[3]`},
		{odd, `$.o["j j"]["k.k"]`, `[3]`},
		{odd, `$["'"]["@"]`, `[2]`},
		{odd, `$['\'']['@']`, `[2]`},
		{odd, `$['"']`, `[1]`},
		{odd, "$.ü", `[4]`},
		{odd, `$['\u00fc']`, `[4]`},
		{odd, "$['']", `[5]`},
		{odd, "$.n", `[null]`},
		{odd, "$.n[0]", `[]`},
		{odd, "$.a.b", `[]`},
		{`{"☺": 1, "😀": 2}`, `$['\uD83D\uDE00']`, `[2]`},
		{`{"☺": 1}`, "$.☺", `[1]`},
		{nested, "$", `[{"a": [5, 3, [{"j": 4}, {"k": 6}]], "o": {"j": 1, "k": 2}}]`},
		{nested, "$.o[*]", `[1, 2]`},
		{nested, "$.o[*, *]", `[1, 2, 1, 2]`},
		{nested, "$.a[*]", `[5, 3, [{"j": 4}, {"k": 6}]]`},
		{nested, "$..j", `[4, 1]`},
		{nested, "$..[0]", `[5, {"j": 4}]`},
		{nested, "$.a..[0, 1]", `[5, 3, {"j": 4}, {"k": 6}]`},
		{nested, "$.o..*", `[1, 2]`},
		{nested, "$ .o\n\t['j']", `[1]`},
		{nested, "$.o.j.x", `[]`},
		{letters, "$[1]", `["b"]`},
		{letters, "$[-2]", `["f"]`},
		{letters, "$[7]", `[]`},
		{letters, "$[-8]", `[]`},
		{letters, "$[1:3]", `["b", "c"]`},
		{letters, "$[5:]", `["f", "g"]`},
		{letters, "$[1:5:2]", `["b", "d"]`},
		{letters, "$[5:1:-2]", `["f", "d"]`},
		{letters, "$[::-1]", `["g", "f", "e", "d", "c", "b", "a"]`},
		{letters, "$[-2:]", `["f", "g"]`},
		{letters, "$[:-5]", `["a", "b"]`},
		{letters, "$[3:1]", `[]`},
		{letters, "$[::0]", `[]`},
		{letters, "$[ 1 : 5 : 2 ]", `["b", "d"]`},
		{letters, "$[0, 3]", `["a", "d"]`},
		{letters, "$[0:2, 5]", `["a", "b", "f"]`},
		{letters, "$[0, 0]", `["a", "a"]`},
		{letters, "$[-9007199254740991:9007199254740991]", `["a", "b", "c", "d", "e", "f", "g"]`},
		// Section 2.3.5: filters.
		{filters, "$.a[?@.b == 'kilo']", `[{"b": "kilo"}]`},
		{filters, "$.a[?(@.b == 'kilo')]", `[{"b": "kilo"}]`},
		{filters, "$.a[?@>3.5]", `[5, 4, 6]`},
		{filters, "$.a[?@.b]", `[{"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}]`},
		{filters, "$[?@.*]", `[[3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}], {"p": 1, "q": 2, "r": 3, "s": 5, "t": {"u": 6}}]`},
		{filters, "$[?@[?@.b]]", `[[3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}]]`},
		{filters, "$.o[?@<3, ?@<3]", `[1, 2, 1, 2]`},
		{filters, `$.a[?@<2 || @.b == "k"]`, `[1, {"b": "k"}]`},
		{filters, `$.a[?match(@.b, "[jk]")]`, `[{"b": "j"}, {"b": "k"}]`},
		{filters, `$.a[?search(@.b, "[jk]")]`, `[{"b": "j"}, {"b": "k"}, {"b": "kilo"}]`},
		{filters, "$.o[?@>1 && @<4]", `[2, 3]`},
		{filters, "$.o[?@.u || @.x]", `[{"u": 6}]`},
		{filters, "$.a[?@.b == $.x]", `[3, 5, 1, 2, 4, 6]`},
		{filters, "$.a[?@ == @]", `[3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}]`},
		{filters, "$.a[?!@.b]", `[3, 5, 1, 2, 4, 6]`},
		{filters, "$.a[?!(@.b == 'j') && @.b]", `[{"b": "k"}, {"b": {}}, {"b": "kilo"}]`},
		{filters, "$.a[?@.b == 'j' || @.b == 'k' && @.b == 'x']", `[{"b": "j"}]`},
		// Section 2.4: functions.
		{filters, "$.a[?length(@.b) == 4]", `[{"b": "kilo"}]`},
		{filters, "$.a[?length(@.b) == 0]", `[{"b": {}}]`},
		{filters, "$[?count(@.*) == 5].t", `[{"u": 6}]`},
		{filters, "$[?value(@..u) == 6].p", `[1]`},
		{filters, "$.a[?match(@.b, $.e)]", `[]`},
		{filters, "$.a[?search(@.b, '(')]", `[]`},
		{filters, "$.a[?match(@.b, 'k.*')]", `[{"b": "k"}, {"b": "kilo"}]`},
		{`["a\nb", "a.b"]`, "$[?match(@, 'a.b')]", `["a.b"]`},
		{`["a\nb", "a.b"]`, `$[?match(@, 'a\\.b')]`, `["a.b"]`},
		{`[1, 1.0, 1e0, "1"]`, "$[?@ == 1]", `[1, 1, 1]`},
		{`[{"d": "2024-01-02"}, {"d": "2023-12-31"}]`, "$[?@.d >= '2024'].d", `["2024-01-02"]`},
		{`[[1, {"a": [2]}], 0]`, "$[?@ == $[0]]", `[[1, {"a": [2]}]]`},
		{`[true, false, null, 0]`, "$[?@ == true || @ == null]", `[true, null]`},
	} {
		path, err := jsonpath.Parse(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		got, err := path.Select(decode(t, c.doc))
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if got == nil {
			got = []any{}
		}
		if diff := cmp.Diff(decode(t, c.want), any(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.path, diff)
		}
	}
}

// TestComparisons is the table of RFC 9535, section 2.3.5.3.
func TestComparisons(t *testing.T) {
	for comparison, want := range map[string]bool{
		"$.absent1 == $.absent2": true, "$.absent1 <= $.absent2": true, "$.absent == 'g'": false,
		"$.absent1 != $.absent2": false, "$.absent != 'g'": true, "1 <= 2": true, "1 > 2": false,
		"13 == '13'": false, "'a' <= 'b'": true, "'a' > 'b'": false, "$.obj == $.arr": false,
		"$.obj != $.arr": true, "$.obj == $.obj": true, "$.obj != $.obj": false, "$.arr == $.arr": true,
		"$.arr != $.arr": false, "$.obj == 17": false, "$.obj != 17": true, "$.obj <= $.arr": false,
		"$.obj < $.arr": false, "$.obj <= $.obj": true, "$.arr <= $.arr": true, "1 <= $.arr": false,
		"1 >= $.arr": false, "1 > $.arr": false, "1 < $.arr": false, "true <= true": true, "true > true": false,
		"9007199254740993 > 9007199254740992": true, "-1e400 < 1e400": true, "null == null": true, "$.absent == null": false,
	} {
		path, err := jsonpath.Parse("$[?" + comparison + "]")
		if err != nil {
			t.Errorf("%s: %v", comparison, err)
			continue
		}
		got, err := path.Select(decode(t, comparisons))
		if err != nil || (len(got) == 2) != want {
			t.Errorf("%s: got %v, %v", comparison, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for path, want := range map[string]string{
		"":                         "begins with $, at character 1",
		"a":                        "begins with $",
		" $":                       "begins with $",
		"$ ":                       `" " is not expected here`,
		"$.":                       "a name has to follow the dot",
		"$. a":                     "a name has to follow the dot",
		"$.2":                      "a name has to follow the dot",
		"$.a-b":                    `"-" is not expected here, at character 4`,
		"$..":                      "a name has to follow the dot",
		"$[":                       "has to stand in the brackets",
		"$[]":                      "has to stand in the brackets",
		"$[a]":                     "has to stand in the brackets",
		"$['a":                     "the closing ' is missing",
		"$['a'":                    `"]" or "," is missing`,
		"$[01]":                    "no leading zeros",
		"$[-0]":                    "no leading zeros",
		"$[9007199254740992]":      "out of range",
		"$[1.0]":                   `"]" or "," is missing`,
		`$["\'"]`:                  "is no escape",
		`$["\uD800"]`:              "surrogate",
		`$["\u12"]`:                "hexadecimal",
		"$[\"\n\"]":                "control character",
		"$[?]":                     "a query, a literal or a function",
		"$[?1]":                    "neither true nor false",
		"$[?@.a == @.*]":           "not one value",
		"$[?@..a == 1]":            "not one value",
		"$[?count(@.a)]":           "neither true nor false",
		"$[?count(1) > 0]":         "count takes a query",
		"$[?length(@.*) > 0]":      "single values",
		"$[?length(@, @) > 0]":     "takes 1 arguments",
		"$[?match(@, 'a') == 1]":   "not one value",
		"$[?foo(@)]":               `no function "foo"`,
		"$[?true]":                 "neither true nor false",
		"$[?@.a == TRUE]":          "a query, a literal or a function",
		"$[?@.a == nil]":           "neither a literal nor a function",
		"$[?@.a === 1]":            "a query, a literal or a function",
		"$[?(@.a]":                 `")" is missing`,
		"$[?@.a == 01]":            "is no number",
		"$[?@.a == .5]":            "a query, a literal or a function",
		"$[?!1 == 1]":              "neither true nor false",
		"$" + deep("[?@", "]"):     "nested more than",
		"$[?" + deep("(", ")"):     "nested more than",
		"$\xff":                    "not UTF-8",
		"$[?" + deep("!(@&&", ")"): "nested more than",
	} {
		_, err := jsonpath.Parse(path)
		var fault *jsonpath.SyntaxError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", path, err, want)
		}
	}
}

func deep(open, closing string) string {
	return strings.Repeat(open, 5000) + strings.Repeat(closing, 5000)
}

func TestSingular(t *testing.T) {
	for path, want := range map[string]bool{
		"$": true, "$.a": true, "$.a[0]['b'][-1]": true, "$.a[*]": false, "$..a": false, "$.a[0,1]": false, "$[0:1]": false, "$[?@]": false,
	} {
		p, err := jsonpath.Parse(path)
		if err != nil || p.Singular() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestLocate(t *testing.T) {
	path, err := jsonpath.Parse(`$..['j', "it's\n\u0001", 0]`)
	if err != nil {
		t.Fatal(err)
	}
	doc := map[string]any{"a": []any{map[string]any{"j": 1.0}}, "it's\n\u0001": 2.0}
	nodes, err := path.Locate(doc)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range nodes {
		got = append(got, n.Location())
	}
	want := []string{`$['it\'s\n\u0001']`, "$['a'][0]", "$['a'][0]['j']"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, n := range nodes {
		again, err := jsonpath.Parse(n.Location())
		if err != nil {
			t.Fatalf("%s: %v", n.Location(), err)
		}
		values, err := again.Select(doc)
		if err != nil || len(values) != 1 || !cmp.Equal(values[0], n.Value) {
			t.Errorf("%s: got %v, %v", n.Location(), values, err)
		}
	}
}

func TestDotted(t *testing.T) {
	doc := decode(t, `{"a": [{"b c": 1}], "2": {"x": 3}}`)
	for path, want := range map[string][]any{"a.0.b c": {1.0}, "2.x": {3.0}, "a.-1.b c": {1.0}, "a.1": nil, "a.b": nil} {
		p, err := jsonpath.Dotted(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Select(doc)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: got %v, %v", path, got, err)
		}
	}
	for _, path := range []string{"", "a..b", "a."} {
		if _, err := jsonpath.Dotted(path); err == nil {
			t.Errorf("%q: no error", path)
		}
	}
}

// TestBounds asks for descendants of descendants of a deep document.
func TestBounds(t *testing.T) {
	var doc any = 1.0
	for range 600 {
		doc = []any{doc}
	}
	path, err := jsonpath.Parse("$..*..*..*..*")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := path.Select(doc); err == nil || !strings.Contains(err.Error(), "make it narrower") {
		t.Errorf("got %v", err)
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{1.0, json.Number("1.0"), true},
		{json.Number("9007199254740993"), json.Number("9007199254740992"), false},
		{json.Number("9007199254740993"), json.Number("9007199254740993"), true},
		{float64(1 << 53), json.Number("9007199254740993"), false},
		{json.Number("-18446744073709551617"), json.Number("-18446744073709551616"), false},
		{json.Number("1.10"), 1.1, true},
		{"1", 1.0, false},
		{nil, false, false},
		{nil, nil, true},
		{[]any{1.0}, []any{1.0, 2.0}, false},
		{map[string]any{"a": nil}, map[string]any{"b": nil}, false},
		{map[string]any{"a": []any{1.0}}, map[string]any{"a": []any{json.Number("1")}}, true},
	} {
		if got := jsonpath.Equal(c.a, c.b); got != c.want {
			t.Errorf("%v, %v: got %v", c.a, c.b, got)
		}
	}
}

// FuzzParse looks for paths that panic, or whose own text is not accepted.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"$", "$..a[?@.b == 'x' && !(@.c > 1)]", "$[1:2:-1, *]['\\u00e4']", "$[?match(@.a, 'b') || count($..*) > 2]", "$[?length(value(@..a)) < 1e3]"} {
		f.Add(seed, `{"a": [1, {"b": "x"}, [null]]}`)
	}
	f.Fuzz(func(t *testing.T, text, document string) {
		path, err := jsonpath.Parse(text)
		if err != nil {
			var fault *jsonpath.SyntaxError
			if !errors.As(err, &fault) {
				t.Fatalf("%T", err)
			}
			return
		}
		var doc any
		if json.Unmarshal([]byte(document), &doc) != nil {
			return
		}
		values, err := path.Select(doc)
		if err != nil {
			return
		}
		nodes, err := path.Locate(doc)
		if err != nil || len(nodes) != len(values) || path.Singular() && len(values) > 1 {
			t.Fatalf("%q: %d values, %d nodes, %v", text, len(values), len(nodes), err)
		}
	})
}

func BenchmarkSelect(b *testing.B) {
	doc := decode(b, store)
	for _, text := range []string{"$.store.book[1].price", "$..book[?@.price < 10].title"} {
		path, err := jsonpath.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := path.Select(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
