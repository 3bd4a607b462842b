package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

func TestParseRate(t *testing.T) {
	for s, want := range map[string]runtime.Rate{
		"200": 200, "200/s": 200, " 2.5 / s ": 2.5, "30/m": 0.5, "30/min": 0.5, "1800/h": 0.5, "1/second": 1,
		"90/minute": 1.5, "36000/hour": 10, "1e3": 1000, "0.1": 0.1, "7/sec": 7,
		"5e-324/h": runtime.Rate(math.SmallestNonzeroFloat64),
	} {
		if got, err := runtime.ParseRate(s); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "-1", "0/s", "inf", "NaN", "fast", "1/d", "1/s/s", "/s", "1 2", "1e999"} {
		if got, err := runtime.ParseRate(s); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", s)) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func TestParseRetryOn(t *testing.T) {
	for s, want := range map[string]runtime.RetryOn{
		"429": {From: 429, To: 429}, "100": {From: 100, To: 100}, "999": {From: 999, To: 999},
		"5xx": {From: 500, To: 599}, "4XX": {From: 400, To: 499}, "1xx": {From: 100, To: 199},
		"500-599": {From: 500, To: 599}, "503-503": {From: 503, To: 503},
		"timeout": {Kind: runtime.KindTimeout}, "connect": {Kind: runtime.KindConnect}, "request_error": {Kind: runtime.KindRequest},
	} {
		if got, ok := runtime.ParseRetryOn(s); !ok || got != want {
			t.Errorf("%q: %+v, %v, want %+v", s, got, ok, want)
		}
	}
	for _, s := range []string{
		"", "99", "1000", "000", "099", "0429", "+429", "-429", " 429", "6xx", "0xx", "xxx", "5x", "5xxx", "599-500", "500-", "-", "500-5xx",
		"500-+599", "500 - 599", "Timeout", "timeouts", "time out", "٤٢٩",
	} {
		if got, ok := runtime.ParseRetryOn(s); ok {
			t.Errorf("%q was taken for %+v", s, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(1994, 11, 6, 8, 49, 30, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, " 5 ": 5 * time.Second, "007": 7 * time.Second,
		"Sun, 06 Nov 1994 08:49:37 GMT":  7 * time.Second,
		"Sunday, 06-Nov-94 08:49:37 GMT": 7 * time.Second,
		"Sun Nov  6 08:49:37 1994":       7 * time.Second,
		"Sun, 06 Nov 1994 08:49:20 GMT":  0,
		"9223372036":                     9223372036 * time.Second,
		"9223372037":                     math.MaxInt64,
		strings.Repeat("9", 50):          math.MaxInt64,
	} {
		if got, ok := runtime.RetryAfter(runtime.Header{{Name: "retry-AFTER", Value: v}}, now); !ok || got != want {
			t.Errorf("%q: %v, %v, want %v", v, got, ok, want)
		}
	}
	for _, v := range []string{"", " ", "-1", "1.5", "soon", "1 2", "+5", "0x5", "Sun, 06 Nov 1994"} {
		if got, ok := runtime.RetryAfter(runtime.Header{{Name: "Retry-After", Value: v}}, now); ok {
			t.Errorf("%q was taken for %v", v, got)
		}
	}
	if _, ok := runtime.RetryAfter(nil, now); ok {
		t.Error("no header was taken for one")
	}
}

func TestHostOf(t *testing.T) {
	for url, want := range map[string]string{
		"http://Example.COM/a": "example.com", "https://h:8443": "h:8443", "http://u:p@h:1/x@y": "h:1", "http://u@p@h?q": "h",
		"http://[::1]:80/": "[::1]:80", "HTTP://H#f": "h", "http://": "", "/relative": "", "h/path": "", "": "",
		"/login?next=http://other/": "", "h?u=http://other/": "", "h#http://other/": "",
	} {
		if got := runtime.HostOf(url); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
}

func TestMaskURL(t *testing.T) {
	for url, want := range map[string]string{
		"http://h/a?b#c":                   "http://h/a?b#c",
		"http://user:secret@h/a":           "http://***@h/a",
		"http://secret@h":                  "http://***@h",
		"http://user:se@cret@h:80/a@b":     "http://***@h:80/a@b",
		"http://user:secret@h?x@y":         "http://***@h?x@y",
		"http://h/me@x?to=a@b":             "http://h/me@x?to=a@b",
		"user:secret@h/a":                  "***@h/a",
		"user:secret@h/?u=http://x":        "***@h/?u=http://x",
		"http:/user:secret@h/a":            "http:/***@h/a",
		"http:///user:secret@h/a":          "http:///***@h/a",
		"//user:secret@h/a":                "//***@h/a",
		"http:user:secret@h":               "***@h",
		"http://user:sec/ret@h/a":          "http://***@h/a",
		"http://user:sec?token#ret@h":      "http://***@h",
		"http://h:80/me@x":                 "http://h:80/me@x",
		"http://[::1]/me@x":                "http://[::1]/me@x",
		"http://:/me@x":                    "http://:/me@x",
		"/me@x":                            "/me@x",
		"":                                 "",
		"http://us er:sec%zzret@h:port/":   "http://***@h:port/",
		"http://user:secret@[::1]:80/path": "http://***@[::1]:80/path",

		"http://h/?a=1&token=s&b=2":                       "http://h/?a=1&token=***&b=2",
		"http://u:p@h/?Access_Token=s#ID_token=":          "http://***@h/?Access_Token=***#ID_token=",
		"/cb?code=s;x=1&sig=s?key=s#a":                    "/cb?code=***&sig=***#a",
		"http://h#/p?auth=s#s&c=d":                        "http://h#/p?auth=***&c=d",
		"http://h?u=http://o/?pwd=s":                      "http://h?u=http://o/?pwd=***",
		"http://h?%74oken=s&client%5fsecret=s":            "http://h?%74oken=***&client%5fsecret=***",
		"http://h?a=1;key=a=b&c":                          "http://h?a=1;key=***&c",
		"?refresh_token=s&api_key=s&apikey=s&signature=s": "?refresh_token=***&api_key=***&apikey=***&signature=***",
		"?X-Amz-Signature=s&X-Amz-Security-Token=s&a=1":   "?X-Amz-Signature=***&X-Amz-Security-Token=***&a=1",
		"?password=s&passwd=s&secret=s":                   "?password=***&passwd=***&secret=***",
		"http://h/token=a?monkey=1&tokens=2&keys[key]=3&refresh_token_at=4&%7=5&%zz=6#code": "http://h/token=a?monkey=1&tokens=2&keys[key]=3&refresh_token_at=4&%7=5&%zz=6#code",
	} {
		if got := runtime.MaskURL(url); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
}

func TestMaskURLWithoutSecretsAllocatesNothing(t *testing.T) {
	url := "https://example.com/a/b?page=2&sort=name&%71=1#part=3"
	if n := testing.AllocsPerRun(100, func() { _ = runtime.MaskURL(url) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestEscape(t *testing.T) {
	for s, want := range map[string]string{
		"plain é 世": "plain é 世", "": "", "a\x1b[31m\r\n\x00": `a\x1b[31m\r\n\x00`, "\u202e\u009b": `\u202e\u009b`, "\xff": `\xff`, `a\b`: `a\b`,
	} {
		if got := runtime.Escape(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestHeader(t *testing.T) {
	var h runtime.Header
	h.Add("B", "1")
	h.Add("a", "2")
	h.Add("b", "3")
	if h.Get("b") != "1" || h.Get("A") != "2" || h.Get("c") != "" || h.Has("c") || !h.Has("A") {
		t.Errorf("look-ups in %v", h)
	}
	if diff := cmp.Diff([]string{"1", "3"}, h.Values("b")); diff != "" {
		t.Error(diff)
	}
	if v, ok := h.Joined("B"); v != "1, 3" || !ok {
		t.Errorf("joined: %q, %v", v, ok)
	}
	if v, ok := h.Joined("a"); v != "2" || !ok {
		t.Errorf("joined: %q, %v", v, ok)
	}
	if v, ok := h.Joined("c"); v != "" || ok {
		t.Errorf("joined: %q, %v", v, ok)
	}

	before := h.Clone()
	h.Set("b", "9")
	h.Set("d", "4")
	if diff := cmp.Diff(runtime.Header{{"b", "9"}, {"a", "2"}, {"d", "4"}}, h); diff != "" {
		t.Errorf("set: %s", diff)
	}
	h.Del("A")
	if diff := cmp.Diff(runtime.Header{{"b", "9"}, {"d", "4"}}, h); diff != "" {
		t.Errorf("del: %s", diff)
	}
	if diff := cmp.Diff(runtime.Header{{"B", "1"}, {"a", "2"}, {"b", "3"}}, before); diff != "" {
		t.Errorf("the clone changed: %s", diff)
	}
	after := before.Clone()
	after.Add("x", "y")
	if len(before) != 3 || len(after) != 4 || runtime.Header(nil).Clone() != nil {
		t.Error("clones share")
	}
}

func TestEqualFold(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Content-Type", "content-tYPE", true},
		{"", "", true},
		{"a", "ab", false},
		{"a-b", "a_b", false},
		{"@", "`", false},
		{"[", "{", false},
		{"K", "\u212a", false},
		{"Ä", "ä", false},
		{"É", "É", true}, // ASCII alone folds
	} {
		if got := runtime.EqualFold(c.a, c.b); got != c.want || runtime.EqualFold(c.b, c.a) != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func TestErrorText(t *testing.T) {
	e := runtime.Errorf(runtime.KindReadTimeout, "no byte for %v", time.Second)
	if got := e.Error(); got != "read_timeout: no byte for 1s" || e.Cause != nil {
		t.Errorf("%q, cause %v", got, e.Cause)
	}
	e.Request = &runtime.Request{Method: "GET", URL: "https://u:secret@h/x"}
	if got := e.Error(); got != "GET https://***@h/x: read_timeout: no byte for 1s" {
		t.Errorf("%q", got)
	}
	e.Request.URL = "http://h/\x1b]0;title\a?key=secret"
	if got := e.Error(); got != `GET http://h/\x1b]0;title\a?key=***: read_timeout: no byte for 1s` {
		t.Errorf("%q", got)
	}
}

func TestErrorChain(t *testing.T) {
	cause := errors.New("boom")
	e := runtime.Errorf(runtime.KindConnectTimeout, "dial: %w", cause)
	if !errors.Is(e, cause) || e.Message != "dial: boom" {
		t.Errorf("%v does not hold its cause", e)
	}
	for kind, want := range map[runtime.Kind]bool{
		runtime.KindConnectTimeout: true, runtime.KindTimeout: true, runtime.KindConnection: true, runtime.KindRequest: true,
		runtime.KindReadTimeout: false, runtime.KindDNS: false,
	} {
		if errors.Is(fmt.Errorf("around: %w", e), &runtime.Error{Kind: kind}) != want {
			t.Errorf("errors.Is %s is not %v", kind, want)
		}
	}
	if e.In(runtime.PhaseDNS).In(runtime.PhaseBody).Phase != runtime.PhaseDNS {
		t.Errorf("the first phase does not hold: %s", e.Phase)
	}
	if runtime.AsError(nil) != nil || runtime.AsError(fmt.Errorf("around: %w", e)) != e {
		t.Error("AsError lost the error")
	}
	if got := runtime.AsError(cause); got.Kind != runtime.KindInternal || !errors.Is(got, cause) || got.Message != "boom" {
		t.Errorf("%+v", got)
	}
}

func TestCancelled(t *testing.T) {
	given := &runtime.Error{Kind: runtime.KindBatchTimeout, Message: "late"}
	ctx, cancel := context.WithCancelCause(context.Background())
	child, cancelChild := context.WithCancel(ctx)
	defer cancelChild()
	cancel(fmt.Errorf("around: %w", given))
	got := runtime.Cancelled(child)
	if got == given || got.Kind != runtime.KindBatchTimeout || got.Message != "late" {
		t.Errorf("%+v", got)
	}
	got.Index = 7
	if given.Index != 0 || runtime.Cancelled(child).Index != 0 {
		t.Error("the cause is shared")
	}

	plain, cancelPlain := context.WithCancel(context.Background())
	cancelPlain()
	if got := runtime.Cancelled(plain); got.Kind != runtime.KindCancelled || !errors.Is(got, context.Canceled) {
		t.Errorf("%+v", got)
	}
}

func TestTimeoutOver(t *testing.T) {
	got := runtime.Timeout{Connect: 1, Read: -1}.Over(runtime.Timeout{Connect: 5, Read: 6, Total: 7})
	if want := (runtime.Timeout{Connect: 1, Read: -1, Total: 7}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestSwitch(t *testing.T) {
	for _, otherwise := range []bool{true, false} {
		if !runtime.Yes.On(otherwise) || runtime.No.On(otherwise) || runtime.Unset.On(otherwise) != otherwise {
			t.Errorf("switches with %v otherwise", otherwise)
		}
	}
	if runtime.SwitchOf(true) != runtime.Yes || runtime.SwitchOf(false) != runtime.No {
		t.Error("SwitchOf")
	}
}
