package run_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

func TestFailedSetup(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
data: {d: {values: [1, 2]}}
setup:
  - {name: s1, url: "${{ vars.base }}/s1"}
  - {name: s2, url: "${{ vars.base }}/fail"}
  - {name: s3, url: "${{ vars.base }}/s3"}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/a"}
  - {name: b, needs: a, url: "${{ vars.base }}/b"}
  - {name: end, defer: true, url: "${{ vars.base }}/end"}
teardown:
  - {name: t1, url: "${{ vars.base }}/fail"}
  - {name: t2, url: "${{ vars.base }}/t2"}
`, options{vars: map[string]string{"base": s.URL}})
	if out.err == nil || !strings.Contains(out.err.Error(), "setup: ") || !strings.Contains(out.err.Error(), "500") {
		t.Errorf("error %v, want that of the setup", out.err)
	}
	want := []string{"a[1]=stop", "a[2]=stop", "b[1]=stop", "b[2]=stop", "end=stop", "s1=ok", "s2=failed", "s3=stop", "t1=failed", "t2=ok"}
	if diff := cmp.Diff(want, out.states()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"GET /s1", "GET /fail", "GET /fail", "GET /t2"}, s.requests()); diff != "" {
		t.Error(diff)
	}
	out.once(t)
}

// TestStops ends a run by each of its ways: all rows are recorded, what was
// begun is cleaned up, and the teardown runs.
func TestStops(t *testing.T) {
	tests := []struct {
		name, expect, more string
		with               func(*runtime.Engine, *runtime.Result)
	}{
		{"severity", `, expect: {status: {lt: 400, severity: stop}}`, "", nil},
		{"abort_on", "", "thresholds: {abort_on: {error_rate: {gt: 0.01, after: 20}}}", nil},
		{"signal", "", "", func(e *runtime.Engine, r *runtime.Result) {
			if r.Request.Name == "a" && !r.OK() {
				e.Stop(&runtime.Error{Kind: runtime.KindCancelled, Message: "interrupted"})
			}
		}},
	}
	for _, test := range tests {
		for _, size := range []int{1, 7} {
			s := newSite(t)
			out := execute(t, `
volley: 1
data: {d: {csv: d.csv}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/${{ row.path }}"`+test.expect+`}
  - {name: b, needs: a, url: "${{ vars.base }}/b"}
  - {name: end, foreach: d, defer: true, url: "${{ vars.base }}/end/${{ row.path }}"}
  - {name: last, defer: true, url: "${{ vars.base }}/last"}
teardown:
  - {name: down, url: "${{ vars.base }}/down"}
`+test.more, options{
				size: size, vars: map[string]string{"base": s.URL}, with: test.with,
				files: map[string]string{"d.csv": "path\n" + strings.Repeat("ok\n", 10) + "fail\n" + strings.Repeat("ok\n", 89)},
			})
			if out.err != nil {
				t.Fatalf("%s: %v", test.name, out.err)
			}
			rows := map[string]int{}
			stopped, ended := 0, 0
			for _, r := range out.results {
				rows[r.Request.Name]++
				if r.Skipped == "stop" {
					stopped++
				}
				if r.Request.Name == "end" && r.OK() {
					ended++
				}
			}
			if diff := cmp.Diff(map[string]int{"a": 100, "b": 100, "end": 100, "last": 1, "down": 1}, rows); diff != "" {
				t.Errorf("%s, size %d: %s", test.name, size, diff)
			}
			begun := 0
			for _, text := range s.requests() {
				if text == "GET /ok" || text == "GET /fail" {
					begun++
				}
			}
			if ended != begun || stopped == 0 {
				t.Errorf("%s, size %d: %d rows were begun, %d ended; %d stopped", test.name, size, begun, ended, stopped)
			}
			if seen := s.requests(); !slices.Equal(seen[len(seen)-2:], []string{"GET /last", "GET /down"}) {
				t.Errorf("%s, size %d: the last requests were %v", test.name, size, seen[len(seen)-2:])
			}
			out.once(t)
		}
	}
}

// TestCancel ends a run whose requests hang, and one that polls for ever: all
// rows are recorded.
func TestCancel(t *testing.T) {
	s := newSite(t)
	s.handle("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s.handle("/never", answering(`{"done": false}`))
	for _, entry := range []string{
		`url: "${{ vars.base }}/hang"`,
		`url: "${{ vars.base }}/never", poll: {until: "${{ res.json.done }}", every: 1h, timeout: 9h}`,
	} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := len(s.requests()); len(s.requests()) < n+2; {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		out := execute(t, `
volley: 1
data: {d: {range: [1, 9]}}
requests:
  - {name: a, foreach: d, `+entry+`}
`, options{size: 2, ctx: ctx, vars: map[string]string{"base": s.URL}})
		<-done
		failed := 0
		for _, r := range out.results {
			if r.Err != nil && r.Err.Kind != runtime.KindCancelled {
				t.Errorf("row %d: %v, want cancelled", r.Row.Index, r.Err)
			}
			if r.Err != nil {
				failed++
			}
		}
		if out.err != nil || len(out.results) != 9 || failed < 2 {
			t.Errorf("%s: %s, %v; want nine results", entry, out.tally(), out.err)
		}
		out.once(t)
	}
}
