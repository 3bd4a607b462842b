package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs/run"
	"volley/specs/tree"
)

// TestShapes runs each shape of dependencies, with the states of its results.
func TestShapes(t *testing.T) {
	tests := []struct {
		name, spec string
		want       []string
		order      []string // requests that have to come one after the other
	}{
		{
			"alone", `
requests:
  - {name: a, url: "${{ vars.base }}/ok"}`,
			[]string{"a=ok"},
			nil,
		},
		{
			"need per row", `
data: {d: {values: [1, 2, 3]}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/a/${{ row.value }}"}
  - {name: b, foreach: d, needs: a, url: "${{ vars.base }}/b/${{ row.value }}"}`,
			[]string{"a[1]=ok", "a[2]=ok", "a[3]=ok", "b[1]=ok", "b[2]=ok", "b[3]=ok"},
			[]string{"GET /a/2", "GET /b/2"},
		},
		{
			"need without foreach sees the row", `
data: {d: {values: [1, 2]}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/a/${{ row.value }}"}
  - {name: b, needs: a, url: "${{ vars.base }}/b/${{ row.value }}"}`,
			[]string{"a[1]=ok", "a[2]=ok", "b[1]=ok", "b[2]=ok"},
			[]string{"GET /a/1", "GET /b/1"},
		},
		{
			"a failed need skips its row only", `
data: {d: {values: [ok, fail]}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/${{ row.value }}"}
  - {name: b, needs: a, url: "${{ vars.base }}/b/${{ row.value }}"}
  - {name: c, needs: b, url: "${{ vars.base }}/c/${{ row.value }}"}`,
			[]string{"a[1]=ok", "a[2]=failed", "b[1]=ok", "b[2]=need", "c[1]=ok", "c[2]=need"},
			nil,
		},
		{
			"barrier", `
data: {d: {range: [1, 5]}}
requests:
  - {name: last, needs: {a: all}, url: "${{ vars.base }}/last"}
  - {name: a, foreach: d, url: "${{ vars.base }}/a/${{ row.value }}"}`,
			[]string{"a[1]=ok", "a[2]=ok", "a[3]=ok", "a[4]=ok", "a[5]=ok", "last=ok"},
			[]string{"GET /a/5", "GET /last"},
		},
		{
			"a failed barrier skips", `
data: {d: {values: [ok, fail]}, e: {values: [1, 2]}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/${{ row.value }}"}
  - {name: b, foreach: e, needs: a, url: "${{ vars.base }}/b"}`,
			[]string{"a[1]=ok", "a[2]=failed", "b[1]=need", "b[2]=need"},
			nil,
		},
		{
			"diamond", `
data: {d: {values: [1, 2]}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/a/${{ row.value }}"}
  - {name: b, needs: a, url: "${{ vars.base }}/b/${{ row.value }}"}
  - {name: c, needs: a, url: "${{ vars.base }}/c/${{ row.value }}"}
  - {name: d, needs: [b, c], url: "${{ vars.base }}/d/${{ row.value }}"}`,
			[]string{"a[1]=ok", "a[2]=ok", "b[1]=ok", "b[2]=ok", "c[1]=ok", "c[2]=ok", "d[1]=ok", "d[2]=ok"},
			[]string{"GET /b/2", "GET /d/2"},
		},
		{
			"diamond over a matrix", `
requests:
  - {name: a, matrix: {m: [x, y]}, url: "${{ vars.base }}/a/${{ matrix.m }}"}
  - {name: b, needs: a, url: "${{ vars.base }}/b/${{ matrix.m }}"}
  - {name: c, needs: a, url: "${{ vars.base }}/c/${{ matrix.m }}"}
  - {name: d, needs: [b, c], url: "${{ vars.base }}/d/${{ matrix.m }}"}`,
			[]string{"a=ok", "a=ok", "b=ok", "b=ok", "c=ok", "c=ok", "d=ok", "d=ok"},
			[]string{"GET /a/y", "GET /c/y", "GET /d/y"},
		},
		{
			"a need without rows is done once for all rows", `
data: {d: {values: [1, 2]}}
requests:
  - {name: b, needs: [a, login], url: "${{ vars.base }}/b/${{ row.value }}"}
  - {name: a, foreach: d, url: "${{ vars.base }}/a"}
  - {name: login, url: "${{ vars.base }}/login"}`,
			[]string{"a[1]=ok", "a[2]=ok", "b[1]=ok", "b[2]=ok", "login=ok"},
			[]string{"GET /login", "GET /b/1"},
		},
		{
			"the same source again after a barrier", `
data: {d: {values: [1, 2]}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/a/${{ row.value }}"}
  - {name: all, needs: {a: all}, url: "${{ vars.base }}/all"}
  - {name: b, foreach: d, needs: {all: all}, url: "${{ vars.base }}/b/${{ row.value }}"}`,
			[]string{"a[1]=ok", "a[2]=ok", "all=ok", "b[1]=ok", "b[2]=ok"},
			[]string{"GET /a/2", "GET /all", "GET /b/1"},
		},
		{
			"when", `
data: {d: {values: [true, false]}}
requests:
  - {name: a, foreach: d, when: "${{ row.value }}", url: "${{ vars.base }}/a"}
  - {name: b, needs: a, url: "${{ vars.base }}/b"}
  - {name: c, needs: {a: all}, url: "${{ vars.base }}/c"}`,
			[]string{"a[1]=ok", "a[2]=when", "b[1]=ok", "b[2]=need", "c=ok"},
			nil,
		},
		{
			"matrix and repeat", `
requests:
  - {name: a, repeat: 2, matrix: {x: [1, 2], y: [1, 2], exclude: [{x: 1, y: 2}]}, url: "${{ vars.base }}/${{ matrix.x }}/${{ matrix.y }}"}`,
			[]string{"a=ok", "a=ok", "a=ok", "a=ok", "a=ok", "a=ok"},
			nil,
		},
		{
			"a list in place", `
requests:
  - {name: a, foreach: [{id: x}, {id: y}], url: "${{ vars.base }}/${{ row.id }}"}`,
			[]string{"a[1]=ok", "a[2]=ok"},
			nil,
		},
		{
			"rows of a capture", `
requests:
  - {name: list, url: "${{ vars.base }}/items", capture: {items: $.items}}
  - {name: a, needs: {list: all}, foreach: "${{ captures.items }}", url: "${{ vars.base }}/item/${{ row.value }}"}`,
			[]string{"a[1]=ok", "a[2]=ok", "list=ok"},
			[]string{"GET /items", "GET /item/7"},
		},
		{
			"a capture is a need", `
data: {d: {values: [5, 6]}}
requests:
  - {name: b, foreach: d, url: "${{ vars.base }}/b/${{ captures.p }}"}
  - {name: a, foreach: d, url: "${{ vars.base }}/a/${{ row.value }}", capture: {p: $.path}}`,
			[]string{"a[1]=ok", "a[2]=ok", "b[1]=ok", "b[2]=ok"},
			[]string{"GET /a/6", "GET /b//a/6"},
		},
		{
			"defer of a row", `
data: {d: {values: [ok, fail]}}
requests:
  - {name: end1, foreach: d, defer: true, url: "${{ vars.base }}/end1/${{ row.value }}"}
  - {name: end2, foreach: d, defer: true, url: "${{ vars.base }}/end2/${{ row.value }}"}
  - {name: a, foreach: d, url: "${{ vars.base }}/${{ row.value }}"}
  - {name: b, needs: a, url: "${{ vars.base }}/b/${{ row.value }}"}`,
			[]string{"a[1]=ok", "a[2]=failed", "b[1]=ok", "b[2]=need", "end1[1]=ok", "end1[2]=ok", "end2[1]=ok", "end2[2]=ok"},
			[]string{"GET /b/ok", "GET /end2/ok", "GET /end1/ok"},
		},
		{
			"defer of the run", `
data: {d: {values: [1, 2]}}
requests:
  - {name: end, defer: true, url: "${{ vars.base }}/end"}
  - {name: a, foreach: d, url: "${{ vars.base }}/a/${{ row.value }}"}
teardown:
  - {name: down, url: "${{ vars.base }}/down"}`,
			[]string{"a[1]=ok", "a[2]=ok", "down=ok", "end=ok"},
			[]string{"GET /a/2", "GET /end", "GET /down"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{1, 7} {
				s := newSite(t)
				s.handle("/items", answering(`{"items": [3, 7]}`))
				out := execute(t, "volley: 1\n"+strings.TrimSpace(test.spec), options{size: size, vars: map[string]string{"base": s.URL}})
				if out.err != nil {
					t.Fatal(out.err)
				}
				if diff := cmp.Diff(test.want, out.states()); diff != "" {
					t.Errorf("size %d (-want +got):\n%s", size, diff)
				}
				out.once(t)
				seen := s.requests()
				last := -1
				for _, want := range test.order {
					at := slices.Index(seen, want)
					if at <= last {
						t.Errorf("size %d: %q is not after what it waits for: %v", size, want, seen)
					}
					last = at
				}
			}
		})
	}
}

func TestOrderThatCannotBeKept(t *testing.T) {
	spec := load(t, `
volley: 1
data: {d: {values: [1]}}
requests:
  - {name: a, foreach: d, url: http://a.test/}
  - {name: sum, needs: {a: all}, url: http://a.test/}
  - {name: b, foreach: d, needs: [a, sum], url: http://a.test/}
`, options{})
	var problems tree.Problems
	run.Check(spec, &problems)
	if err := problems.Err(); err == nil || !strings.Contains(err.Error(), "spec.yaml:") {
		t.Errorf("error %v, want one with the place: b goes row by row with a and waits for all of it", err)
	}
}
