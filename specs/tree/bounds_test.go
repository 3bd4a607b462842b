package tree_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"volley/specs/tree"
)

// bomb is levels of lists, each of which holds the one before several times.
func bomb(levels, times int) string {
	var b strings.Builder
	b.WriteString("l0: &l0 [x]\n")
	for i := 1; i < levels; i++ {
		alias := fmt.Sprintf("*l%d,", i-1)
		fmt.Fprintf(&b, "l%d: &l%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(alias, times), ","))
	}
	return b.String()
}

func TestBounds(t *testing.T) {
	wide := "a: &a [" + strings.Repeat("x,", 50_000) + "x]\n"
	for _, c := range []struct{ name, source, want string }{
		{"1 MiB", "a: " + strings.Repeat("x", 1<<20), "1 MiB"},
		{"100 levels of [", strings.Repeat("[", 101) + strings.Repeat("]", 101), "100 levels"},
		{"many levels of [", strings.Repeat("[", 200_000), "100 levels"},
		{"many levels of -", strings.Repeat("- ", 9_000) + "x", "100 levels"},
		{"levels by aliases", "a: &a " + strings.Repeat("[", 60) + strings.Repeat("]", 60) + "\nb: " +
			strings.Repeat("[", 60) + "*a" + strings.Repeat("]", 60), "100 levels"},
		{"alias bomb", bomb(12, 10), "expand more than 10000 times"},
		{"many aliases", "a: &a x\nb: [" + strings.Repeat("*a, ", 10_001) + "]", "expand more than 10000 times"},
		{"wide alias", wide + "b: [*a, *a, *a]", "repeat more than 100000"},
		{"merged bomb", "a: &a {" + strings.Repeat("k", 10) + ": 1}\nb: [" + strings.Repeat("{<<: *a},", 10_001) + "]", "expand more than"},
		{"braces on one line", "[" + strings.Repeat("{{a}: 1},", 100_000) + "]", "${{ }}, not {{ }}"},
		{"open templates on one line", "[" + strings.Repeat(`"é${{",`, 90_000) + "]", "${{ is not closed"},
		{"templates that YAML refuses", strings.Repeat("[${{,", 200_000), "has to be quoted"},
		{"one name 4000 times", strings.Repeat("name: x\n", 4_000), `"name" is written twice; first on line 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p tree.Problems
			start := time.Now()
			tree.Parse("f", []byte(c.source), &p)
			took := time.Since(start)
			if !strings.Contains(told(&p), c.want) {
				t.Errorf("problems: %.300q", told(&p))
			}
			t.Logf("refused in %v", took)
		})
	}
}

func TestWithinBounds(t *testing.T) {
	for _, c := range []struct{ name, source string }{
		{"100 levels", strings.Repeat("[", 100) + strings.Repeat("]", 100)},
		{"10 000 aliases", "a: &a x\nb: [" + strings.Repeat("*a, ", 10_000) + "]"},
		{"1 MiB", "a: " + strings.Repeat("x", 1<<20-3)},
	} {
		t.Run(c.name, func(t *testing.T) { parsed(t, c.source) })
	}
}

// BenchmarkParse reads a megabyte of requests.
func BenchmarkParse(b *testing.B) {
	entry := "  - {name: a, url: \"${{ vars.base }}/get\", params: {limit: 5}}\n"
	source := []byte("volley: 1\nrequests:\n" + strings.Repeat(entry, (1<<20-100)/len(entry)))
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		var p tree.Problems
		if tree.Parse("f", source, &p) == nil {
			b.Fatal(told(&p))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range faults {
		f.Add([]byte(c.source))
	}
	f.Add([]byte(bomb(12, 10)))
	f.Fuzz(func(t *testing.T, source []byte) {
		if len(source) > 4<<10 {
			return
		}
		start := time.Now()
		var p tree.Problems
		n := tree.Parse("f", source, &p)
		var out strings.Builder
		if err := p.Text(&out, false); err != nil {
			t.Fatal(err)
		}
		if n == nil && p.Err() == nil {
			t.Error("there is neither a root nor a problem")
		}
		if n != nil {
			tree.Merge(n, n)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
