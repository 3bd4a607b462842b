package run_test

import (
	"slices"
	"strings"
	"testing"
)

func TestCaptureScopes(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
data: {d: {values: [1, 2]}}
requests:
  - {name: unit, foreach: d, matrix: {m: [x, y]}, url: "${{ vars.base }}/${{ row.value }}${{ matrix.m }}", capture: {u: $.path, r: {json: $.path, scope: row, append: true}, all: {json: $.path, append: true}}}
  - {name: child, needs: unit, url: "${{ vars.base }}/child${{ captures.u }}"}
  - {name: row, foreach: d, needs: unit, matrix: {n: "${{ captures.r }}"}, url: "${{ vars.base }}/row/${{ row.value }}${{ matrix.n }}"}
  - {name: all, needs: {unit: all}, foreach: "${{ captures.all }}", url: "${{ vars.base }}/all${{ row.value }}"}
`, options{size: 1, vars: map[string]string{"base": s.URL}})
	if out.err != nil || strings.Contains(out.tally(), "failed") {
		t.Fatalf("%s, %v", out.tally(), out.err)
	}
	seen := s.requests()
	for _, want := range []string{"GET /child/1x", "GET /child/2y", "GET /row/1/1x", "GET /row/2/2y", "GET /all/1x", "GET /all/2y"} {
		if !slices.Contains(seen, want) {
			t.Errorf("%q was not sent", want)
		}
	}
	for _, never := range []string{"GET /row/1/2x", "GET /row/2/1x"} {
		if slices.Contains(seen, never) {
			t.Errorf("%q: a row saw another one's captures", never)
		}
	}
	out.once(t)
}

func TestVarsOfIncludes(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
vars: {who: main}
include: [{file: part.yaml, vars: {who: part}, as: p}]
requests:
  - {name: a, url: "${{ vars.base }}/${{ vars.who }}"}
`, options{vars: map[string]string{"base": s.URL}, files: map[string]string{"part.yaml": `
volley: 1
requests:
  - {name: b, url: "${{ vars.base }}/${{ vars.who }}"}
`}})
	if out.err != nil {
		t.Fatal(out.err)
	}
	seen := s.requests()
	slices.Sort(seen)
	if !slices.Equal(seen, []string{"GET /main", "GET /part"}) {
		t.Errorf("the requests were %v", seen)
	}
}

// TestPagesBreakOff skips what needs a list whose second page failed.
func TestPagesBreakOff(t *testing.T) {
	s := newSite(t)
	s.handle("/list", answering(`{"next": "/fail"}`))
	out := execute(t, `
volley: 1
requests:
  - {name: list, url: "${{ vars.base }}/list", paginate: {next: "${{ res.json.next }}"}, capture: {ids: {json: $.next, append: true}}}
  - {name: item, needs: {list: all}, foreach: "${{ captures.ids }}", url: "${{ vars.base }}/item"}
  - {name: free, url: "${{ vars.base }}/free"}
`, options{vars: map[string]string{"base": s.URL}})
	if out.err != nil || !slices.Equal(out.states(), []string{"free=ok", "item=need", "list=failed", "list=ok"}) {
		t.Errorf("%v, %v", out.states(), out.err)
	}
}
