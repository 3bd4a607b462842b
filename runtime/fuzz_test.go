package runtime_test

import (
	"math"
	"testing"
	"time"

	"volley/runtime"
)

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"200", "200/s", "30/m", "1000/h", "2.5", "-1", "1e308/s", "5e-324/h", "0x1p-1074/m", "NaN", "/", "1/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := runtime.ParseRate(s)
		if err != nil {
			if r != 0 || err.Error() == "" {
				t.Errorf("%q: %v, %v", s, r, err)
			}
			return
		}
		if !(r > 0) || math.IsInf(float64(r), 0) {
			t.Errorf("%q became %v", s, r)
		}
	})
}

func FuzzParseRetryOn(f *testing.F) {
	for _, s := range []string{"429", "5xx", "500-599", "timeout", "connect_timeout", "599-500", "", "-", "+1-+2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		on, ok := runtime.ParseRetryOn(s)
		if !ok {
			return
		}
		if on.Kind != "" {
			if !on.Kind.Known() || string(on.Kind) != s || on.From != 0 || on.To != 0 {
				t.Errorf("%q became %+v", s, on)
			}
			return
		}
		if on.From < 100 || on.From > on.To || on.To > 999 || len(s) != 3 && len(s) != 7 {
			t.Errorf("%q became %+v", s, on)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"120", "0", "-1", "99999999999999999999", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"} {
		f.Add(s, int64(784111777))
	}
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", int64(-62135596800))
	f.Fuzz(func(t *testing.T, v string, now int64) {
		d, ok := runtime.RetryAfter(runtime.Header{{Name: "Retry-After", Value: v}}, time.Unix(now, 0))
		if d < 0 || !ok && d != 0 {
			t.Errorf("%q at %d: %v, %v", v, now, d, ok)
		}
	})
}
