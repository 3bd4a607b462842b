package shape

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"volley/runtime"
)

// The formats of specs.
var (
	Duration   = &Format{Name: "duration", Example: "500ms", Pattern: durationPattern, Check: checks(ParseDuration)}
	Size       = &Format{Name: "size", Example: "10MB", Pattern: sizePattern, Check: checks(ParseSize)}
	Rate       = &Format{Name: "rate", Example: "200/s", Pattern: `^\s*[0-9.eE+]+\s*(/\s*(s|sec|second|m|min|minute|h|hour)\s*)?$`, Check: checks(runtime.ParseRate)}
	Status     = &Format{Name: "status", Example: `200, "5xx" or "500-599"`, Pattern: `^([1-9][0-9]{2}(-[1-9][0-9]{2})?|[1-5][xX]{2})$`, Check: checkStatus}
	Identifier = &Format{Name: "name", Example: "user_id", Pattern: identifierPattern, Check: checkIdentifier}
	Method     = &Format{Name: "method", Example: "POST", Pattern: methodPattern, Check: checkMethod}
)

const (
	identifierPattern = `^[A-Za-z_][A-Za-z0-9_-]*$`
	methodPattern     = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
	durationPattern   = `^\s*\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)((ns|us|µs|μs|ms|s|m|h|d)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d))*)?\s*$`
	sizePattern       = `^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtT]?[iI]?[bB]?)\s*$`
)

func checks[T any](parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		_, err := parse(text)
		return err
	}
}

var dayRE = regexp.MustCompile(`([0-9]+(?:\.[0-9]*)?|\.[0-9]+)d`)

// ParseDuration reads a number of seconds, or a duration as Go writes it with
// d for days: 1.5, 500ms, 1d12h. It is never negative.
func ParseDuration(text string) (time.Duration, error) {
	s := strings.TrimSpace(text)
	if v, err := parseNumber(s); err == nil {
		return seconds(v, text)
	}
	s = dayRE.ReplaceAllStringFunc(s, func(days string) string {
		v, _ := strconv.ParseFloat(strings.TrimSuffix(days, "d"), 64) // it is a number
		return strconv.FormatFloat(v*24, 'f', -1, 64) + "h"
	})
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration, such as 500ms, 30s, 2m or a number of seconds", clip(text))
	case d < 0:
		return 0, fmt.Errorf("the duration %q is negative", clip(text))
	}
	return d, nil
}

func seconds(v float64, text string) (time.Duration, error) {
	switch {
	case v < 0:
		return 0, fmt.Errorf("the duration %q is negative", clip(text))
	case v*float64(time.Second) >= math.MaxInt64:
		return 0, fmt.Errorf("the duration %q is too long", clip(text))
	}
	return time.Duration(v * float64(time.Second)), nil
}

// parseNumber reads a finite number, with the underscores that YAML allows.
func parseNumber(s string) (float64, error) {
	if strings.ContainsAny(s, "xXpPnN") { // no hexadecimal, inf or nan
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
}

// units of sizes, in lower case.
var units = map[string]float64{
	"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
}

// ParseSize reads a number of bytes, or one with a unit: 512, 10MB, 1.5GiB.
func ParseSize(text string) (int64, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	number := strings.TrimRight(s, "bkmgi ")
	unit := strings.TrimSpace(s[len(number):])
	v, err := parseNumber(number)
	factor, known := units[unit]
	switch {
	case err != nil || !known || v < 0:
		return 0, fmt.Errorf("%q is no size, such as 512, 64KB, 10MB or 1GiB", clip(text))
	case v*factor >= math.MaxInt64:
		return 0, fmt.Errorf("the size %q is too big", clip(text))
	}
	return int64(v * factor), nil
}

// ParseStatus reads a status, a class or a range: 200, 5xx, 500-599.
func ParseStatus(text string) (from, to int, err error) {
	on, ok := runtime.ParseRetryOn(text)
	if !ok || on.Kind != "" {
		return 0, 0, fmt.Errorf(`%q is no status, such as 200, "5xx" or "500-599"`, clip(text))
	}
	return on.From, on.To, nil
}

func checkStatus(text string) error {
	_, _, err := ParseStatus(text)
	return err
}

var identifierRE = regexp.MustCompile(identifierPattern)

func checkIdentifier(text string) error {
	if !identifierRE.MatchString(text) {
		return fmt.Errorf("%q is no name: it takes letters, digits, _ and -, and begins with a letter", clip(text))
	}
	return nil
}

var methodRE = regexp.MustCompile(methodPattern)

func checkMethod(text string) error {
	if !methodRE.MatchString(text) {
		return fmt.Errorf("%q is no method, such as GET or POST", clip(text))
	}
	return nil
}

// Whole returns a Format of whole numbers from low on.
func Whole(low int64) *Format {
	return &Format{Name: "whole number", Example: strconv.FormatInt(max(low, 1), 10), Pattern: `^[0-9_]+$`, Check: func(text string) error {
		n, err := ParseWhole(text)
		if err != nil || n < low {
			return fmt.Errorf("must be a whole number of at least %d, got %s", low, clip(text))
		}
		return nil
	}}
}

// ParseWhole reads a whole number in any notation of YAML: 10, 1_000, 0x1F.
func ParseWhole(text string) (int64, error) {
	s := strings.ReplaceAll(strings.TrimPrefix(text, "+"), "_", "")
	base := 10
	if len(s) > 2 && s[0] == '0' && strings.ContainsRune("xXoObB", rune(s[1])) {
		base = 0
	}
	n, err := strconv.ParseInt(s, base, 64)
	if err != nil {
		return 0, errors.New("is no whole number")
	}
	return n, nil
}
