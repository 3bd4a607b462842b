package report_test

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/runtime/report"
)

func TestWriteChecksAndMetrics(t *testing.T) {
	var checks report.Checks
	for i := range 1000 {
		checks.Check("status is 200", i%100 < 97)
		checks.Check("json", true)
		checks.Sample("items", float64(i%10))
	}
	checks.Sample("one", -2.5)
	s := (&report.Tally{}).Summary(time.Second)
	checks.AddTo(s)
	wantWritten(t, s, `
no requests
checks   json           100% (1,000 of 1,000)
         status is 200  97% (970 of 1,000)
metrics  items  1,000 samples  min 0  mean 4.5  p50 4  p95 9  p99 9  max 9
         one    1 sample  min -2.5  mean -2.5  p50 -2.5  p95 -2.5  p99 -2.5  max -2.5
`)
}

func TestShareIsNeverRoundedToAllOrNone(t *testing.T) {
	var checks report.Checks
	for i := range 100_000 {
		checks.Check("nearly all", i > 0)
		checks.Check("nearly none", i == 0)
	}
	s := &report.Summary{}
	checks.AddTo(s)
	text := written(s, false)
	for _, want := range []string{"99.99% (99,999 of 100,000)", "0.01% (1 of 100,000)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestEmpty(t *testing.T) {
	var checks report.Checks
	s := &report.Summary{}
	if checks.AddTo(s); !s.Empty() {
		t.Error("a run that did nothing is not empty")
	}
	checks.Sample("m", 1)
	if checks.AddTo(s); s.Empty() {
		t.Error("a run with a sample is empty")
	}
}

func TestNamesBeyondTheBoundAreOthers(t *testing.T) {
	var checks report.Checks
	for i := range 500 {
		checks.Check(fmt.Sprintf("c%03d", i), true)
		checks.Sample(fmt.Sprintf("m%03d", i), 1)
	}
	checks.Check("c000", false)
	checks.Check(strings.Repeat("x", 1<<20), true)
	s := &report.Summary{}
	checks.AddTo(s)
	if len(s.Checks) != 201 || len(s.Metrics) != 201 {
		t.Fatalf("%d checks and %d metrics, want 200 of each and the others", len(s.Checks), len(s.Metrics))
	}
	if first, want := s.Checks[0], (report.CheckCount{Name: "c000", Held: 1, Total: 2}); first != want {
		t.Errorf("first = %+v, want %+v", first, want)
	}
	if last, want := s.Checks[200], (report.CheckCount{Name: "others", Held: 301, Total: 301}); last != want {
		t.Errorf("last = %+v, want %+v", last, want)
	}
	if last := s.Metrics[200]; last.Name != "others" || last.Count != 300 {
		t.Errorf("last = %+v, want others with 300", last)
	}
	wantBroken(t, &checks, &report.Tally{}, "check:c400", ">1%", "check:c400 counted with the others, as there are more than 200 names, wanted >1%")
}

func TestMetricPercentiles(t *testing.T) {
	for name, c := range map[string]struct {
		at   func(i int) float64
		want [5]float64 // min p50 p95 p99 max
	}{
		"1 to 1000":      {func(i int) float64 { return float64(i) }, [5]float64{1, 500, 950, 990, 1000}},
		"-1000 to -1":    {func(i int) float64 { return float64(-i) }, [5]float64{-1000, -501, -51, -11, -1}},
		"about zero":     {func(i int) float64 { return float64(i - 501) }, [5]float64{-500, -1, 449, 489, 499}},
		"small":          {func(i int) float64 { return float64(i) / 1000 }, [5]float64{0.001, 0.5, 0.95, 0.99, 1}},
		"beyond range":   {func(i int) float64 { return float64(i) * 1e300 }, [5]float64{1e300, 1e300, 1e300, 1e300, 1e303}},
		"always 0":       {func(int) float64 { return 0 }, [5]float64{}},
		"whole below 99": {func(i int) float64 { return float64(i % 99) }, [5]float64{0, 48, 93, 97, 98}},
	} {
		t.Run(name, func(t *testing.T) {
			var checks report.Checks
			for i := range 1000 {
				checks.Sample("m", c.at(i+1))
			}
			s := &report.Summary{}
			checks.AddTo(s)
			m := s.Metrics[0]
			for i, got := range [5]float64{m.Min, m.P50, m.P95, m.P99, m.Max} {
				if math.Abs(got-c.want[i]) > math.Abs(c.want[i])/100 {
					t.Errorf("%+v: number %d is %v, want %v", m, i, got, c.want[i])
				}
			}
		})
	}
}

func TestMetricMeanDoesNotOverflow(t *testing.T) {
	var checks report.Checks
	for range 4 {
		checks.Sample("m", math.MaxFloat64)
		checks.Sample("m", -math.MaxFloat64)
	}
	s := &report.Summary{}
	checks.AddTo(s)
	if m := s.Metrics[0]; math.IsInf(m.Mean, 0) || math.IsNaN(m.Mean) {
		t.Errorf("the mean is %v", m.Mean)
	}
}

func TestChecksOfManyGoroutines(t *testing.T) {
	var checks report.Checks
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				checks.Check("c", true)
				checks.Sample("m", 2)
				checks.AddTo(&report.Summary{})
			}
		})
	}
	wg.Wait()
	s := &report.Summary{}
	checks.AddTo(s)
	if s.Checks[0].Total != 4000 || s.Metrics[0].Count != 4000 || s.Metrics[0].Mean != 2 {
		t.Errorf("counted %+v and %+v, want 4000 of each", s.Checks[0], s.Metrics[0])
	}
}

// hundred is a run of 98 answers of 1 to 98 ms and 2 failures in 2 s.
func hundred() *report.Tally {
	tally := &report.Tally{}
	for i := range 98 {
		tally.Add(answer(i+1, 200, time.Duration(i+1)*time.Millisecond))
	}
	for i := range 2 {
		tally.Add(failure(99+i, "http://a.test/", runtime.Errorf(runtime.KindDNS, "no such host")))
	}
	return tally
}

// wantBroken adds a threshold to checks and compares what is broken.
func wantBroken(t *testing.T, checks *report.Checks, tally *report.Tally, subject, condition string, want ...string) {
	t.Helper()
	threshold, err := report.ParseThreshold(subject, condition)
	if err != nil {
		t.Fatal(err)
	}
	if err := checks.Want(threshold); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, checks.Broken(tally.Summary(2*time.Second), tally.Percentile)); diff != "" {
		t.Errorf("%s %s (-want +got):\n%s", subject, condition, diff)
	}
}

func TestBroken(t *testing.T) {
	for _, c := range []struct{ subject, condition, broken string }{
		{"p50", "<60ms", ""},
		{"p50", " >= 10ms ", ""},
		{"p50", "<10ms", "p50 49.0ms, wanted <10ms"},
		{"p99.9", "<99ms", ""},
		{"p99.9", "<=0.05s", "p99.9 98.0ms, wanted <=0.05s"},
		{"max", "<=98ms", ""},
		{"max", "<98ms", "max 98.0ms, wanted <98ms"},
		{"max", ">98000µs", "max 98.0ms, wanted >98000µs"},
		{"avg", "<50ms", ""},
		{"avg", "<49ms", "avg 49.5ms, wanted <49ms"},
		{"error_rate", "<=2%", ""},
		{"error_rate", "<=0.02", ""},
		{"error_rate", "<2%", "error_rate 2% (2 of 100), wanted <2%"},
		{"rps", ">49", ""},
		{"rps", ">50", "rps 50/s, wanted >50"},
		{"checks", ">=75%", ""},
		{"checks", ">75%", "checks 75% (3 of 4), wanted >75%"},
		{"check:a", ">99%", ""},
		{"check:b", ">99%", "check:b 50% (1 of 2), wanted >99%"},
		{"check:nobody", "<99%", "check:nobody never checked, wanted <99%"},
		{"metric:m", "<=2", ""},
		{"metric:m", "<2", "metric:m avg 2, wanted <2"},
		{"metric:m", "p95 < 3", "metric:m p95 3, wanted p95 < 3"},
		{"metric:m", "min>=1", ""},
		{"metric:m", "max<3", "metric:m max 3, wanted max<3"},
		{"metric:m", "count>3", "metric:m count 3, wanted count>3"},
		{"metric:nobody", "<2", "metric:nobody no samples, wanted <2"},
	} {
		var checks report.Checks
		for i := range 3 {
			checks.Sample("m", float64(i+1))
		}
		for i := range 2 {
			checks.Check("a", true)
			checks.Check("b", i == 0)
		}
		var want []string
		if c.broken != "" {
			want = []string{c.broken}
		}
		wantBroken(t, &checks, hundred(), c.subject, c.condition, want...)
	}
}

// TestBrokenWithoutNumbers: what was not measured is not taken for good.
func TestBrokenWithoutNumbers(t *testing.T) {
	dead := &report.Tally{}
	dead.Add(failure(1, "http://a.test/", runtime.Errorf(runtime.KindDNS, "no such host")))
	for _, c := range []struct {
		tally                      *report.Tally
		subject, condition, broken string
	}{
		{&report.Tally{}, "p95", "<1s", "p95 no requests, wanted <1s"},
		{&report.Tally{}, "error_rate", "<1%", "error_rate no requests, wanted <1%"},
		{&report.Tally{}, "rps", "<1", "rps no requests, wanted <1"},
		{&report.Tally{}, "checks", "<1%", "checks no checks, wanted <1%"},
		{dead, "avg", "<1s", "avg no answers, wanted <1s"},
	} {
		wantBroken(t, &report.Checks{}, c.tally, c.subject, c.condition, c.broken)
	}
}

// TestBrokenTellsTheDifference: rounding does not hide why it is broken.
func TestBrokenTellsTheDifference(t *testing.T) {
	tally := &report.Tally{}
	tally.Add(answer(1, 200, 800*time.Millisecond+400*time.Microsecond))
	wantBroken(t, &report.Checks{}, tally, "max", "<=800ms", "max 800.4ms, wanted <=800ms")
}

func TestThresholdsAddUp(t *testing.T) {
	var checks report.Checks
	wantBroken(t, &checks, hundred(), "max", "<1ms", "max 98.0ms, wanted <1ms")
	wantBroken(t, &checks, hundred(), "max", "<1ms", "max 98.0ms, wanted <1ms") // the same once more
	wantBroken(t, &checks, hundred(), "max", "<2ms", "max 98.0ms, wanted <1ms", "max 98.0ms, wanted <2ms")
	var many []report.Threshold
	for i := range 199 {
		threshold, err := report.ParseThreshold("max", fmt.Sprintf("<%dh", i+1))
		if err != nil {
			t.Fatal(err)
		}
		many = append(many, threshold)
	}
	if err := checks.Want(many...); err == nil || !strings.Contains(err.Error(), "at most 200") {
		t.Errorf("201 thresholds: %v, want an error with the bound", err)
	}
	if err := checks.Want(many[:198]...); err != nil {
		t.Errorf("200 thresholds: %v", err)
	}
}

func TestParseThresholdRefuses(t *testing.T) {
	for _, c := range []struct{ subject, condition, want string }{
		{"eror_rate", "<1%", `unknown threshold "eror_rate"; did you mean "error_rate"?`},
		{"P95", "<1s", `unknown threshold "P95"; did you mean "p95"?`},
		{"p0", "<1s", `unknown threshold "p0"`},
		{"p100", "<1s", `unknown threshold "p100"`},
		{"chek:a", "<1%", `did you mean "check:"?`},
		{"check:", "<1%", `"check:" lacks the name: check:NAME`},
		{"metric:", "<1%", `"metric:" lacks the name: metric:NAME`},
		{"p95", "800ms", `did you mean "<800ms"?`},
		{"p95", "<800", `has no unit, such as ms, s or µs; did you mean "<800ms"?`},
		{"p95", "=<800ms", `did you mean "<=800ms"?`},
		{"p95", "==800ms", `did you mean "<=800ms"?`},
		{"p95", "=>1s", `did you mean ">=1s"?`},
		{"p95", "", `compares with nothing; did you mean "<800ms"?`},
		{"p95", "<", `no duration`},
		{"p95", "<-1s", `no duration`},
		{"p95", "<fast", `no duration`},
		{"p95", "max<1s", `does not begin with`},
		{"p95", "<1s\n<2s", `is no condition`},
		{"error_rate", "<1", `neither a percentage nor a fraction below 1; did you mean "<1%"?`},
		{"error_rate", "<101%", `not within 0% and 100%`},
		{"error_rate", "<-1%", `not within 0% and 100%`},
		{"error_rate", "<NaN", `no percentage`},
		{"checks", ">few", `no percentage behind the comparison; did you mean ">99%"?`},
		{"check:a", ">99", `did you mean ">99%"?`},
		{"rps", ">100/s", `no number behind the comparison; did you mean ">100"?`},
		{"metric:m", "<inf", `no number`},
		{"metric:m", "p95 5", `did you mean "p95<5"?`},
		{"metric:m", "maxx<5", `unknown statistic "maxx"; did you mean "max"?`},
	} {
		_, err := report.ParseThreshold(c.subject, c.condition)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: got %v, want …%s…", c.subject, c.condition, err, c.want)
		}
	}
}

// TestPercentagesAreExact: a share that equals its limit is not beyond it.
func TestPercentagesAreExact(t *testing.T) {
	for failed := range 1000 {
		var checks report.Checks
		for i := range 1000 {
			checks.Check("c", i < failed)
		}
		wantBroken(t, &checks, &report.Tally{}, "checks", fmt.Sprintf("<=%d.%d%%", failed/10, failed%10))
	}
}

func FuzzParseThreshold(f *testing.F) {
	for _, seed := range [][2]string{{"p95", "<800ms"}, {"error_rate", "<=1%"}, {"check:x", ">99%"}, {"metric:m", "p95<5"}, {"rps", ">1e3"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, subject, condition string) {
		threshold, err := report.ParseThreshold(subject, condition)
		if err != nil {
			return
		}
		var checks report.Checks
		if err := checks.Want(threshold); err != nil {
			t.Fatal(err)
		}
		for _, broken := range checks.Broken(&report.Summary{}, func(float64) time.Duration { return 0 }) {
			if strings.ContainsAny(broken, "\n\x1b") {
				t.Fatalf("%q would reach the terminal", broken)
			}
		}
	})
}
