package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/runtime/report"
)

func written(s *report.Summary, color bool) string {
	var b bytes.Buffer
	s.Write(&b, color)
	return b.String()
}

func wantWritten(t *testing.T, s *report.Summary, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), written(s, false)); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}

func large() *report.Summary {
	return &report.Summary{
		Counts:  report.Counts{Done: 10000, OK: 9950, Failed: 47, Skipped: 3, Unhandled: 45},
		Elapsed: 12300 * time.Millisecond,
		Codes: []report.CodeCount{
			{Code: 200, Count: 9900},
			{Code: 204, Count: 8},
			{Code: 301, Count: 12},
			{Code: 401, Count: 1},
			{Code: 403, Count: 1},
			{Code: 404, Count: 18},
			{Code: 410, Count: 2},
			{Code: 503, Count: 8},
		},
		Kinds: []report.KindCount{
			{Kind: runtime.KindReadTimeout, Count: 46, First: report.Example{Batch: 1, Index: 17, Method: "GET", URL: "https://api.example.com/orders/17", Message: "no byte came for 30s"}},
			{Kind: runtime.KindDNS, Count: 1, First: report.Example{Batch: 2, Index: 412, Method: "GET", URL: "https://nohost.example/", Message: "no such host nohost.example"}},
		},
		Names: []report.NameCount{
			{Name: "order", Counts: report.Counts{Done: 9000, OK: 8953, Failed: 47}, P50: 12100 * time.Microsecond, P99: 182 * time.Millisecond},
			{Name: "login", Counts: report.Counts{Done: 1000, OK: 1000}, P50: 3200 * time.Microsecond, P99: 9 * time.Millisecond},
		},
		Latency:     report.Latency{P50: 12 * time.Millisecond, P90: 40200 * time.Microsecond, P99: 180 * time.Millisecond, Max: 1204 * time.Millisecond},
		Received:    47_400_000,
		Connections: report.Connections{Opened: 100, Exchanges: 9997, Reused: 9897},
	}
}

func TestWriteLargeRun(t *testing.T) {
	wantWritten(t, large(), `
10,000 done = 9,950 ok + 47 failed + 3 skipped, in 12.3s, 813/s
status   2xx 9,908   3xx 12   4xx 22 (404: 18, 410: 2, 401: 1, …)   5xx 8 (503: 8)
latency  p50 12.0ms   p90 40.2ms   p99 180ms   max 1.20s
traffic  45.2 MiB received, 100 connections opened, 99.0% of requests on a reused one
failed   46 read_timeout  first: #17 GET https://api.example.com/orders/17: no byte came for 30s
          1 dns           batch 2 #412 GET https://nohost.example/: no such host nohost.example
         2 handled by the script, 45 not
names    order  9,000 done  47 failed  p50 12.1ms  p99 182ms
         login  1,000 done   0 failed  p50 3.20ms  p99 9.00ms
`)
}

func TestWriteSingleRequest(t *testing.T) {
	var tally report.Tally
	tally.Add(answer(1, 200, 130*time.Millisecond))
	s := tally.Summary(134 * time.Millisecond)
	s.Connections = report.Connections{Opened: 1, Exchanges: 1}
	wantWritten(t, s, `
1 done = 1 ok + 0 failed + 0 skipped, in 134ms
status   200
latency  130ms
`)
	tally = report.Tally{}
	tally.Add(failure(1, "http://a.test/", runtime.Errorf(runtime.KindConnect, "connection refused")))
	wantWritten(t, tally.Summary(2*time.Millisecond), `
1 done = 0 ok + 1 failed + 0 skipped, in 2.00ms
failed   1 connect  #1 GET http://a.test/: connection refused
`)
}

func TestWriteNoRequests(t *testing.T) {
	wantWritten(t, (&report.Tally{}).Summary(time.Second), "no requests\n")
}

func TestColorOnlyAddsCodes(t *testing.T) {
	plain, colored := written(large(), false), written(large(), true)
	if strings.Contains(plain, "\x1b") {
		t.Errorf("control codes without colour:\n%q", plain)
	}
	if !strings.Contains(colored, "\x1b[31m47 failed\x1b[0m") {
		t.Errorf("failures are not red:\n%q", colored)
	}
	stripped := strings.NewReplacer("\x1b[0m", "", "\x1b[2m", "", "\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "").Replace(colored)
	if diff := cmp.Diff(plain, stripped); diff != "" {
		t.Errorf("colour changed the text:\n%s", diff)
	}
}

func TestNetworkTextCannotReachTheTerminal(t *testing.T) {
	var tally report.Tally
	hostile := "\x1b]0;owned\x07\r\x1b[2K\u202ecod.exe\u009b31m\xff\n"
	r := failure(1, "http://a.test/"+hostile, runtime.Errorf(runtime.KindInvalidResponse, "got %s", hostile+strings.Repeat("x", 5000)))
	r.Request.Name = "n" + hostile
	tally.Add(r)
	text := written(tally.Summary(time.Second), false)
	for _, r := range text {
		if r != '\n' && (r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == 0x202e || r == utf8.RuneError) {
			t.Fatalf("%q reached the output:\n%q", r, text)
		}
	}
	if n := strings.Count(text, "\n"); n != 3 {
		t.Errorf("%d lines, want 3: a line break of the network's got through\n%s", n, text)
	}
	if !strings.Contains(text, `\x1b]0;owned\a\r\x1b[2K\u202ecod.exe\u009b31m\xff\n`) {
		t.Errorf("the text is not shown escaped:\n%s", text)
	}
	if len(text) > 1000 {
		t.Errorf("%d bytes: a long message is not clipped", len(text))
	}
}

func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"plain", "größe 世界", "\x1b[31m", "\u202e", "\xff\xfe", "\ufffd", "a\tb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Escape(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Escape(%q) = %q, no UTF-8", s, got)
		}
		for _, r := range got {
			if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
				t.Fatalf("Escape(%q) = %q lets %q through", s, got, r)
			}
		}
		if again := report.Escape(got); again != got {
			t.Fatalf("Escape of its own %q = %q", got, again)
		}
	})
}
