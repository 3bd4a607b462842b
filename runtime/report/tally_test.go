package report_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/runtime/report"
)

func answer(index, status int, took time.Duration) *runtime.Result {
	return &runtime.Result{
		Batch: 1, Index: index,
		Request: &runtime.Request{Method: "GET", URL: "http://a.test/"},
		Response: &runtime.Response{
			Status:  status,
			Timings: runtime.Timings{Total: took},
			Size:    runtime.Size{Headers: 100, Body: 4000, Wire: 1000},
		},
	}
}

func failure(index int, url string, err *runtime.Error) *runtime.Result {
	return &runtime.Result{Batch: 1, Index: index, Request: &runtime.Request{Method: "GET", URL: url}, Err: err}
}

func skipped(index int) *runtime.Result {
	return &runtime.Result{Batch: 1, Index: index, Request: &runtime.Request{Method: "GET", URL: "http://a.test/"}, Skipped: "when"}
}

func TestTallyCounts(t *testing.T) {
	var tally report.Tally
	for i := range 100 {
		tally.Add(answer(i+1, 200, time.Duration(i+1)*time.Millisecond))
	}
	tally.Add(answer(101, 404, 10*time.Millisecond))
	tally.Add(answer(102, 4711, 10*time.Millisecond))
	tally.Add(failure(103, "http://u:p@b.test/x", runtime.Errorf(runtime.KindDNS, "no such host")))
	tally.Add(failure(104, "http://c.test/", runtime.Errorf(runtime.KindDNS, "another text")))
	handled := failure(105, "http://d.test/", runtime.Errorf(runtime.KindReadTimeout, "no answer"))
	handled.Handled = true
	tally.Add(handled)
	tally.Add(skipped(106))

	s := tally.Summary(3 * time.Second)
	if want := (report.Counts{Done: 106, OK: 102, Failed: 3, Skipped: 1, Unhandled: 2}); s.Counts != want {
		t.Errorf("Counts = %+v, want %+v", s.Counts, want)
	}
	wantKinds := []report.KindCount{
		{Kind: runtime.KindDNS, Count: 2, First: report.Example{Batch: 1, Index: 103, Method: "GET", URL: "http://***@b.test/x", Message: "no such host"}},
		{Kind: runtime.KindReadTimeout, Count: 1, First: report.Example{Batch: 1, Index: 105, Method: "GET", URL: "http://d.test/", Message: "no answer"}},
	}
	if diff := cmp.Diff(wantKinds, s.Kinds); diff != "" {
		t.Errorf("Kinds (-want +got):\n%s", diff)
	}
	wantCodes := []report.CodeCount{{Code: 0, Count: 1}, {Code: 200, Count: 100}, {Code: 404, Count: 1}}
	if diff := cmp.Diff(wantCodes, s.Codes); diff != "" {
		t.Errorf("Codes (-want +got):\n%s", diff)
	}
	if s.Received != 102*1100 {
		t.Errorf("Received = %d, want %d", s.Received, 102*1100)
	}
	if s.Latency.Max != 100*time.Millisecond {
		t.Errorf("Max = %v, want 100ms", s.Latency.Max)
	}
	near(t, "p50", s.Latency.P50, 49*time.Millisecond)
	near(t, "p99", s.Latency.P99, 99*time.Millisecond)
	snap := tally.Snapshot()
	if snap.Counts != s.Counts || snap.P50 != s.Latency.P50 || snap.P99 != s.Latency.P99 {
		t.Errorf("Snapshot = %+v, want the Summary's numbers", snap)
	}
}

// near allows a step of one in a hundred: the rank and the third digit.
func near(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if diff := (got - want).Abs(); diff > want/50 {
		t.Errorf("%s = %v, want about %v", what, got, want)
	}
}

func TestTallyOfFailuresCountsTheirBytes(t *testing.T) {
	var tally report.Tally
	e := runtime.Errorf(runtime.KindHTTP, "404 Client Error: Not Found")
	e.Response = &runtime.Response{Status: 404, Size: runtime.Size{Headers: 10, Wire: 5}}
	tally.Add(failure(1, "http://a.test/", e))
	s := tally.Summary(time.Second)
	if s.Received != 15 || len(s.Codes) != 0 {
		t.Errorf("Received %d, Codes %v; want 15 bytes, and the failure counted by kind only", s.Received, s.Codes)
	}
}

func TestLatencyBounds(t *testing.T) {
	var tally report.Tally
	tally.Add(answer(1, 200, 5*time.Hour))
	tally.Add(answer(2, 200, 0))
	l := tally.Summary(time.Second).Latency
	if l.Max != 5*time.Hour {
		t.Errorf("Max = %v, want 5h", l.Max)
	}
	near(t, "p50", l.P50, time.Hour)
}

func TestNames(t *testing.T) {
	var tally report.Tally
	for i := range 60 {
		for range 60 - i {
			r := answer(1, 200, 20*time.Millisecond)
			r.Request.Name = fmt.Sprintf("n%02d", i)
			tally.Add(r)
		}
	}
	failed := failure(1, "http://a.test/", runtime.Errorf(runtime.KindDNS, "x"))
	failed.Request.Name = "n01"
	tally.Add(failed)
	names := tally.Summary(time.Second).Names
	if len(names) != 51 {
		t.Fatalf("%d names, want 50 and the others", len(names))
	}
	if names[0].Name != "n00" || names[0].Done != 60 {
		t.Errorf("first = %+v, want n00 with 60", names[0])
	}
	if names[1].Name != "n01" || names[1].Failed != 1 || names[1].OK != 59 {
		t.Errorf("second = %+v, want n01 with 59 ok and 1 failed", names[1])
	}
	near(t, "p99 of n00", names[0].P99, 20*time.Millisecond)
	last := names[50]
	if last.Name != "others" || last.Done != 55 {
		t.Errorf("last = %+v, want others with 10+9+…+1", last)
	}
}

func TestAccountCloses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var tally report.Tally
	for i := range 1000 {
		switch rng.IntN(4) {
		case 0:
			tally.Add(failure(i, "http://a.test/", runtime.Errorf(runtime.KindClosed, "x")))
		case 1:
			tally.Add(skipped(i))
		case 2:
			tally.Add(&runtime.Result{Index: i, Value: "from a handler"})
		default:
			tally.Add(answer(i, 100+rng.IntN(500), time.Millisecond))
		}
		c := tally.Snapshot().Counts
		if c.Done != int64(i+1) || c.Done != c.OK+c.Failed+c.Skipped || c.Unhandled > c.Failed {
			t.Fatalf("after %d: %+v", i+1, c)
		}
	}
}

func TestAddAllocatesNothing(t *testing.T) {
	var tally report.Tally
	r := answer(1, 200, 3*time.Millisecond)
	r.Request.Name = "login"
	tally.Add(r)
	if n := testing.AllocsPerRun(100, func() { tally.Add(r) }); n != 0 {
		t.Errorf("Add allocates %v times, want 0", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	for _, name := range []string{"", "login"} {
		b.Run("name="+name, func(b *testing.B) {
			var tally report.Tally
			r := answer(1, 200, 3*time.Millisecond)
			r.Request.Name = name
			b.ReportAllocs()
			for b.Loop() {
				tally.Add(r)
			}
		})
	}
}

// TestWarnings: an expectation that only warns fails nothing and is told.
func TestWarnings(t *testing.T) {
	var tally report.Tally
	for range 2 {
		tally.Add(&runtime.Result{
			Index: 3, Request: &runtime.Request{Method: "GET", URL: "http://a.test/"}, Response: &runtime.Response{Status: 404},
			Expect: []runtime.Expectation{{Subject: "status", Severity: runtime.SeverityWarn, Message: "status: want < 400, got 404"}},
		})
	}
	s := tally.Summary(time.Second)
	if s.OK != 2 || s.Failed != 0 || s.Warned.Count != 2 {
		t.Errorf("counts %+v, warned %+v", s.Counts, s.Warned)
	}
	var out strings.Builder
	s.Write(&out, false)
	if want := "warned   2 expectation  first: #3 GET http://a.test/: status: want < 400, got 404"; !strings.Contains(out.String(), want) {
		t.Errorf("no %q in\n%s", want, out.String())
	}
}
