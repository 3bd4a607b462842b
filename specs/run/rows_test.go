package run_test

import (
	"fmt"
	"io"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"

	"volley/runtime"
)

// TestEachRowOnce sends the rows of a CSV, a failure and a skip among them, at
// several sizes.
func TestEachRowOnce(t *testing.T) {
	const rows = 300
	var csv strings.Builder
	csv.WriteString("id,path,send\n")
	for i := 1; i <= rows; i++ {
		path := "ok"
		if i%7 == 0 {
			path = "fail"
		}
		fmt.Fprintf(&csv, "%d,%s,%t\n", i, path, i%5 != 0)
	}
	for _, size := range []int{1, 7, 100} {
		s := newSite(t)
		out := execute(t, `
volley: 1
data: {orders: {csv: orders.csv, types: {send: bool}}}
requests:
  - {name: a, foreach: orders, when: "${{ row.send }}", url: "${{ vars.base }}/${{ row.path }}?id=${{ row.id }}"}
`, options{size: size, vars: map[string]string{"base": s.URL}, files: map[string]string{"orders.csv": csv.String()}})
		if out.err != nil {
			t.Fatal(out.err)
		}
		if got, want := out.tally(), "ok 206 failed 34 when 60"; got != want {
			t.Errorf("size %d: %s, want %s", size, got, want)
		}
		var seen []int
		for _, r := range out.results {
			seen = append(seen, r.Row.Index)
		}
		slices.Sort(seen)
		if len(slices.Compact(seen)) != rows {
			t.Errorf("size %d: %d rows have a result, want %d", size, len(seen), rows)
		}
		if sent := s.requests(); len(sent) != 240 {
			t.Errorf("size %d: %d requests were sent, want 240", size, len(sent))
		}
		out.once(t)
	}
}

// TestRowsStayFew holds a hundred thousand rows, which are mostly skipped,
// against the memory of a few.
func TestRowsStayFew(t *testing.T) {
	s := newSite(t)
	var results, most int64
	out := execute(t, `
volley: 1
data: {n: {range: [1, 100000]}}
requests:
  - {name: a, foreach: n, repeat: "${{ vars.times }}", when: "${{ vars.send }}", url: "${{ vars.base }}/ok"}
  - {name: b, needs: a, url: "${{ vars.base }}/ok"}
vars: {times: 1, send: false}
`, options{size: 10, vars: map[string]string{"base": s.URL}, drop: true, count: func(*runtime.Result) {
		if results++; results%50000 == 0 {
			var m goruntime.MemStats
			goruntime.GC()
			goruntime.ReadMemStats(&m)
			most = max(most, int64(m.HeapAlloc))
		}
	}})
	if out.err != nil {
		t.Fatal(out.err)
	}
	if results != 200_000 {
		t.Errorf("%d results, want 200000", results)
	}
	if most > 40<<20 {
		t.Errorf("the heap grew to %d MB", most>>20)
	}
}

func TestStandardInput(t *testing.T) {
	s := newSite(t)
	pr, pw := io.Pipe()
	go func() {
		for i := range 5 {
			_, _ = fmt.Fprintf(pw, "{\"id\": %d}\n", i)
		}
		_ = pw.Close()
	}()
	out := execute(t, `
volley: 1
data: {in: {stdin: jsonl}}
requests:
  - {name: a, foreach: in, url: "${{ vars.base }}/a/${{ row.id }}"}
  - {name: b, url: "${{ vars.base }}/b"}
`, options{vars: map[string]string{"base": s.URL}, stdin: pr})
	if out.err != nil || out.tally() != "ok 6" {
		t.Errorf("%s, %v; want ok 6", out.tally(), out.err)
	}
}

// TestFaultOfData ends a run whose file is broken, but not what was begun.
func TestFaultOfData(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
data: {d: {csv: d.csv}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/a/${{ row.id }}"}
  - {name: b, needs: a, url: "${{ vars.base }}/b"}
teardown:
  - {name: down, url: "${{ vars.base }}/down"}
`, options{vars: map[string]string{"base": s.URL}, files: map[string]string{"d.csv": "id,x\n1,2\n3\n"}})
	if out.err == nil || !strings.Contains(out.err.Error(), "d.csv:3") {
		t.Errorf("error %v, want one that names d.csv:3", out.err)
	}
	if got, want := out.tally(), "ok 3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
