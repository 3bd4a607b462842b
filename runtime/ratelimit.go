package runtime

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// maxRateLimit caps the pause that RateLimit fields ask for.
const maxRateLimit = 60 * time.Second

// epochs are the least values of a reset that count from 1970, in seconds and
// in milliseconds; a smaller one counts from now.
const (
	epochSeconds = 1e9
	epochMillis  = 1e12
)

// limitFields are the pairs of fields with which servers say how many requests
// are left, and when there will be more.
var limitFields = []struct{ remaining, reset string }{
	{"RateLimit-Remaining", "RateLimit-Reset"},
	{"X-RateLimit-Remaining", "X-RateLimit-Reset"},
	{"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
}

// mentionsLimit tells quickly whether RateLimited has anything to read.
func mentionsLimit(h Header) bool {
	for i := range h {
		name := h[i].Name
		if len(name) < len("RateLimit") {
			continue
		}
		switch name[0] {
		case 'R', 'r':
			if EqualFold(name[:len("RateLimit")], "RateLimit") {
				return true
			}
		case 'X', 'x':
			if EqualFold(name[:len("X-Rate")], "X-Rate") {
				return true
			}
		}
	}
	return false
}

// RateLimited reports whether a response says that no request is left, and
// after which time there will be more, at most a minute. It reads the fields
// RateLimit and RateLimit-Policy of the IETF's draft, its older forms, and
// X-RateLimit-Remaining with X-RateLimit-Reset in seconds from now or from
// 1970. What is malformed is as good as not sent.
func RateLimited(h Header, now time.Time) (time.Duration, bool) {
	var wait time.Duration
	if v, ok := h.Joined("RateLimit"); ok {
		policies, _ := h.Joined("RateLimit-Policy")
		wait = quotaWait(v, policies)
	}
	for _, f := range limitFields {
		remaining, ok := h.Lookup(f.remaining)
		if !ok {
			continue
		}
		left, ok := limitNumber(remaining)
		if !ok || left > 0 {
			continue
		}
		if reset, ok := limitNumber(h.Get(f.reset)); ok {
			wait = max(wait, untilReset(reset, now))
		}
	}
	return wait, wait > 0
}

// quotaWait reads `"name";r=0;t=30`, a list of quotas, or the older
// `limit=10, remaining=0, reset=30`. The longest wait of a quota that is used
// up counts; one without a time lasts for its policy's window.
func quotaWait(field, policies string) time.Duration {
	var wait time.Duration
	older := map[string]float64{}
	for item := range listItems(field) {
		name, params := splitItem(item)
		if key, value, ok := strings.Cut(name, "="); ok {
			if n, ok := limitNumber(value); ok {
				older[strings.ToLower(strings.TrimSpace(key))] = n
			}
			continue
		}
		left, ok := params["r"]
		if !ok || left > 0 {
			continue
		}
		t, ok := params["t"]
		if !ok {
			t = windowOf(name, policies)
		}
		wait = max(wait, seconds(t))
	}
	if left, ok := older["remaining"]; ok && left == 0 {
		wait = max(wait, seconds(older["reset"]))
	}
	return wait
}

// windowOf returns the seconds w of a policy of that name, 0 if unknown.
func windowOf(name, policies string) float64 {
	for item := range listItems(policies) {
		if policy, params := splitItem(item); policy == name {
			return params["w"]
		}
	}
	return 0
}

// listItems cuts a list at commas outside of quotes.
func listItems(list string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for list != "" {
			var item string
			item, list = CutUnquoted(list, ',')
			if item = strings.TrimSpace(item); item != "" && !yield(item) {
				return
			}
		}
	}
}

// splitItem returns the item and its numeric parameters; others are left out.
func splitItem(item string) (name string, params map[string]float64) {
	params = map[string]float64{}
	name, rest := CutUnquoted(item, ';')
	for rest != "" {
		var param string
		param, rest = CutUnquoted(rest, ';')
		key, value, _ := strings.Cut(param, "=")
		if n, ok := limitNumber(value); ok {
			params[strings.ToLower(strings.TrimSpace(key))] = n
		}
	}
	return strings.TrimSpace(name), params
}

// CutUnquoted splits at the first sep outside a quoted string (RFC 9110 section
// 5.6.4, RFC 9651 section 3.3.3).
func CutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// limitNumber reads a number of digits, with or without a fraction.
func limitNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

func untilReset(reset float64, now time.Time) time.Duration {
	switch {
	case reset >= epochMillis:
		return seconds((reset - float64(now.UnixMilli())) / 1e3)
	case reset >= epochSeconds:
		return seconds(reset - float64(now.UnixMicro())/1e6)
	default:
		return seconds(reset)
	}
}

// seconds is n seconds, at least none and at most maxRateLimit.
func seconds(n float64) time.Duration {
	n = min(max(n, 0), maxRateLimit.Seconds())
	return time.Duration(n * float64(time.Second))
}
