package tree_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs/tree"
)

func TestMerge(t *testing.T) {
	for _, c := range []struct{ name, under, over, want string }{
		{"maps", "{a: {x: 1, y: 2}}", "{a: {y: 3, z: 4}, b: 5}", `{"a":{"x":1,"y":3,"z":4},"b":5}`},
		{"lists replace", "{a: [1, 2]}", "{a: [3]}", `{"a":[3]}`},
		{"a map over text", "{a: x}", "{a: {b: 1}}", `{"a":{"b":1}}`},
		{"null deletes", "{a: {x: 1, y: 2}, b: 1}", "{a: {x: null}, b: ~}", `{"a":{"y":2}}`},
		{"null over nothing stays", "{a: 1}", "{b: null}", `{"a":1,"b":null}`},
		{"text over text", "x", "y", `"y"`},
	} {
		under, over := parsed(t, c.under), parsed(t, c.over)
		before, _ := json.Marshal([]any{under.Plain(), over.Plain()})
		got, _ := json.Marshal(tree.Merge(under, over).Plain())
		if string(got) != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if after, _ := json.Marshal([]any{under.Plain(), over.Plain()}); string(after) != string(before) {
			t.Errorf("%s: the arguments changed from %s to %s", c.name, before, after)
		}
	}
	n := parsed(t, "a: 1")
	if tree.Merge(nil, n) != n || tree.Merge(n, nil) != n {
		t.Error("merged with nothing, a node is another one")
	}
}

func TestMergeOrderAndPositions(t *testing.T) {
	var p tree.Problems
	under := tree.Parse("under", []byte("a: 1\nb: 2\nc: 3\n"), &p)
	over := tree.Parse("over", []byte("d: 4\n\nc: 5\na: 6\n"), &p)
	var got []string
	for _, m := range tree.Merge(under, over).Members {
		got = append(got, m.Name+" "+m.Pos.String()+" "+m.Value.Pos.String())
	}
	want := []string{"a over:4:1 over:4:4", "b under:2:1 under:2:4", "c over:3:1 over:3:4", "d over:1:1 over:1:4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMergeOfManyNames(t *testing.T) {
	var under, over strings.Builder
	for i := range 20_000 {
		under.WriteString("a" + strconv.Itoa(i) + ": 1\n")
		over.WriteString("a" + strconv.Itoa(i+10_000) + ": 2\n")
	}
	merged := tree.Merge(parsed(t, under.String()), parsed(t, over.String()))
	if len(merged.Members) != 30_000 || merged.Members[9_999].Value.Text != "1" || merged.Members[10_000].Value.Text != "2" {
		t.Errorf("%d members", len(merged.Members))
	}
}
