package run_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFaultSkips ends runs by rows that cannot be read or made: what was begun
// is sent, and every other request is recorded as skipped.
func TestFaultSkips(t *testing.T) {
	const a, u = `{name: a, foreach: d, url: "${{ vars.base }}/a"}`, `url: "${{ vars.base }}/u"`
	tests := []struct {
		name, spec, fault string
		want              []string
	}{
		{
			"a row behind others", `
requests:
  - ` + a + `
  - {name: row, needs: a, ` + u + `}
  - {name: end, foreach: d, defer: true, ` + u + `}
  - {name: all, needs: {a: all}, ` + u + `}
  - {name: more, needs: {all: all}, foreach: e, ` + u + `}
  - {name: last, defer: true, ` + u + `}
`, "d.jsonl:2", []string{"a[1]=ok", "all=need", "end[1]=ok", "last=ok", "more[1]=need", "more[2]=need", "row[1]=ok"},
		},
		{
			"the first row", `
requests:
  - {name: a, foreach: bad, url: "${{ vars.base }}/a/${{ row.id }}"}
  - {name: row, needs: a, ` + u + `}
  - {name: end, foreach: bad, defer: true, url: "${{ vars.base }}/end/${{ row.id }}"}
  - {name: all, needs: {a: all}, ` + u + `}
`, "bad.csv", []string{"a=stop", "all=need", "end=stop", "row=stop"},
		},
		{
			"others that were not begun", `
requests:
  - {name: a, foreach: bad, ` + u + `}
  - {name: other, ` + u + `}
  - {name: theirs, foreach: e, ` + u + `}
  - {name: next, needs: {theirs: all}, ` + u + `}
`, "bad.csv", []string{"a=stop", "next=need", "other=stop", "theirs[1]=stop", "theirs[2]=stop"},
		},
		{
			"a list that is none", `
requests:
  - {name: first, ` + u + `, capture: {x: $.path}}
  - {name: a, needs: {first: all}, foreach: "${{ captures.x }}", ` + u + `}
  - {name: two, foreach: [1, 2], needs: {a: all}, ` + u + `}
`, ":5:45: foreach must be a list", []string{"a=stop", "first=ok", "two=need"},
		},
		{
			"in the setup", `
setup:
  - {name: s1, foreach: bad, ` + u + `}
  - {name: s2, ` + u + `, capture: {made: $.items}}
requests:
  - {name: b, foreach: e, ` + u + `}
  - {name: c, foreach: "${{ captures.made }}", ` + u + `}
`, "bad.csv", []string{"b[1]=stop", "b[2]=stop", "c=stop", "s1=stop", "s2=stop"},
		},
		{
			"in the teardown", `
requests:
  - {name: a, ` + u + `}
teardown:
  - {name: t1, foreach: bad, ` + u + `}
  - {name: t2, ` + u + `}
`, "bad.csv", []string{"a=ok", "t1=stop", "t2=ok"},
		},
	}
	for _, test := range tests {
		for _, size := range []int{1, 7} {
			s := newSite(t)
			out := execute(t, "volley: 1\ndata: {d: {jsonl: d.jsonl}, e: {values: [1, 2]}, bad: {csv: bad.csv}}"+test.spec, options{
				size: size, vars: map[string]string{"base": s.URL},
				files: map[string]string{"d.jsonl": "{\"id\":1}\nxx\n{\"id\":3}\n", "bad.csv": ""},
			})
			if out.err == nil || !strings.Contains(out.err.Error(), test.fault) {
				t.Errorf("%s, size %d: error %v, want one with %s", test.name, size, out.err, test.fault)
			}
			if diff := cmp.Diff(test.want, out.states()); diff != "" {
				t.Errorf("%s, size %d (-want +got):\n%s", test.name, size, diff)
			}
			out.once(t)
		}
	}
}

// A fault ends rows that would come for ever.
func TestFaultEndsStreams(t *testing.T) {
	s := newSite(t)
	pr, pw := io.Pipe()
	defer func() { _ = pw.Close() }()
	out := execute(t, `
volley: 1
data: {in: {stdin: jsonl}, d: {jsonl: d.jsonl}}
requests:
  - {name: a, foreach: in, url: "${{ vars.base }}/a"}
  - {name: b, foreach: d, url: "${{ vars.base }}/b"}
  - {name: c, needs: {b: all}, url: "${{ vars.base }}/c"}
`, options{stdin: pr, vars: map[string]string{"base": s.URL}, files: map[string]string{"d.jsonl": "xx\n"}})
	if out.err == nil || out.tally() != "need 1 stop 1" {
		t.Errorf("%s, %v; want b and c skipped", out.tally(), out.err)
	}
}

// A list whose maker a stop kept from being sent is one thing skipped, whatever
// the order in which the spec has the steps.
func TestListNeverMade(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
requests:
  - {name: user, needs: a, url: "${{ vars.base }}/user/${{ row.value }}"}
  - {name: list, url: "${{ vars.base }}/fail", capture: {items: $.items}}
  - {name: a, needs: {list: all}, foreach: "${{ captures.items }}", url: "${{ vars.base }}/a/${{ row.value }}"}
`, options{vars: map[string]string{"base": s.URL}})
	if diff := cmp.Diff([]string{"a=need", "list=failed", "user=need"}, out.states()); diff != "" || out.err != nil {
		t.Error(out.err, diff)
	}
}
