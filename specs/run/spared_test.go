package run_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSpared tells what is skipped since a when left out what it needs from
// what is skipped since that failed.
func TestSpared(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
data: {d: {values: [{p: ok, go: true}, {p: fail, go: true}, {p: ok, go: false}]}}
requests:
  - {name: a, foreach: d, when: "${{ row.go }}", url: "${{ vars.base }}/${{ row.p }}"}
  - {name: b, foreach: d, needs: a, url: "${{ vars.base }}/b"}
  - {name: c, needs: b, url: "${{ vars.base }}/c"}
  - {name: e, foreach: d, url: "${{ vars.base }}/e"}
  - {name: both, needs: [b, e], url: "${{ vars.base }}/both"}
  - {name: all, foreach: [1], needs: {b: all}, url: "${{ vars.base }}/all"}
  - {name: f, foreach: [true, false], when: "${{ row.value }}", url: "${{ vars.base }}/f"}
  - {name: g, needs: f, url: "${{ vars.base }}/g"}
  - {name: h, foreach: d, needs: {g: all}, url: "${{ vars.base }}/h"}
  - {name: i, foreach: d, needs: [{g: all}, a], url: "${{ vars.base }}/i"}
`, options{vars: map[string]string{"base": s.URL}})
	if out.err != nil {
		t.Fatal(out.err)
	}
	var spared, mourned []string
	for _, r := range out.results {
		name := r.Request.Name
		if r.Row != nil {
			name += strconv.Itoa(r.Row.Index)
		}
		switch {
		case r.Spared:
			spared = append(spared, name)
		case r.Skipped == "need":
			mourned = append(mourned, name)
		}
	}
	slices.Sort(spared)
	slices.Sort(mourned)
	if diff := cmp.Diff([]string{"b3", "both3", "c3", "g2", "h1", "h2", "h3", "i1", "i3"}, spared); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"all", "b2", "both2", "c2", "i2"}, mourned); diff != "" {
		t.Errorf("after a failure (-want +got):\n%s", diff)
	}
}
