package runtime_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"volley/runtime"
)

// fields makes a Header of "Name: value" lines.
func fields(text string) runtime.Header {
	var h runtime.Header
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			h = append(h, runtime.Field{Name: name, Value: strings.TrimSpace(value)})
		}
	}
	return h
}

var rateLimits = []struct {
	header string
	want   time.Duration // 0: none
}{
	{"", 0},
	{`RateLimit: "default";r=0;t=30`, 30 * time.Second},
	{`ratelimit: "default"; r=0; t=30`, 30 * time.Second},
	{`RateLimit: "default";r=1;t=30`, 0},
	{`RateLimit: "default";r=0;t=300`, 60 * time.Second},
	{`RateLimit: "a,b;r=9";r=0;t=3, "day";r=5;t=50, "hour";r=0;t=7`, 7 * time.Second},
	{"RateLimit: \"a\";r=0;t=3\nRateLimit: \"b\";r=0;t=4", 4 * time.Second},
	{"RateLimit: \"burst\";r=0\nRateLimit-Policy: \"day\";q=9;w=50, \"burst\";q=10;w=9", 9 * time.Second},
	{`RateLimit: "burst";r=0`, 0},
	{`RateLimit: limit=10, remaining=0, reset=5`, 5 * time.Second},
	{`RateLimit: limit=10, remaining=1, reset=5`, 0},
	{`RateLimit: reset=5`, 0},
	{"RateLimit-Remaining: 0\nRateLimit-Reset: 12", 12 * time.Second},
	{"x-ratelimit-remaining: 0\nx-ratelimit-reset: 1.5", 1500 * time.Millisecond},
	{"X-RateLimit-Remaining: 3\nX-RateLimit-Reset: 9", 0},
	{"X-RateLimit-Remaining: 0", 0},
	{"X-Rate-Limit-Remaining: 0\nX-Rate-Limit-Reset: 1600000000", 0}, // long ago
	{"X-Rate-Limit-Remaining: 0\nX-Rate-Limit-Reset: 1700000020", 20 * time.Second},
	{"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000020500", 20500 * time.Millisecond},
	{"X-RateLimit-Remaining: none\nX-RateLimit-Reset: 9", 0},
	{"X-RateLimit-Remaining: -1\nX-RateLimit-Reset: 9", 0},
	{"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1e3", 0},
	{"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: soon", 0},
	{`RateLimit: "open;r=0;t=5`, 0},
	{`RateLimit: ;;;,,=,"`, 0},
}

func TestRateLimited(t *testing.T) {
	now := time.Unix(1700000000, 0)
	for _, c := range rateLimits {
		got, ok := runtime.RateLimited(fields(c.header), now)
		if got.Round(time.Millisecond) != c.want || ok != (c.want > 0) {
			t.Errorf("%q: %v, %v, want %v", c.header, got, ok, c.want)
		}
	}
}

func FuzzRateLimited(f *testing.F) {
	for _, c := range rateLimits {
		f.Add(c.header)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wait, ok := runtime.RateLimited(fields(text), time.Unix(1700000000, 0))
		if wait < 0 || wait > time.Minute || ok != (wait > 0) {
			t.Errorf("%q: %v, %v", text, wait, ok)
		}
	})
}

// A host that says that nothing is left is left alone until its reset, unless
// a policy ignores such words.
func TestRateLimitParksTheHost(t *testing.T) {
	for _, c := range []struct {
		policy *runtime.Retry
		want   []time.Duration
	}{
		{nil, []time.Duration{0, 30 * time.Second, 60 * time.Second}},
		{&runtime.Retry{IgnoreRetryAfter: true}, []time.Duration{0, 0, 0}},
	} {
		synctest.Test(t, func(t *testing.T) {
			exec := newClocked(0)
			exec.do = func(*runtime.Request) *runtime.Response {
				return &runtime.Response{Status: 200, Header: fields(`RateLimit: "x";r=0;t=30`)}
			}
			e, done := newEngine(t, runtime.EngineOptions{Executor: exec, Retry: c.policy})
			defer done()
			var inbox runtime.Inbox
			if _, err := all(e.Batch(&inbox, runtime.List(gets(3)), runtime.BatchOptions{Size: 1}), &inbox); err != nil {
				t.Fatal(err)
			}
			near(t, "starts", c.want, exec.begun["a.test"])
		})
	}
}
