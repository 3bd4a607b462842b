package jsonpath

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
)

// Equal compares plain values: numbers by value (1 and 1.0 are equal, whole
// json.Numbers exactly), texts byte by byte, lists and objects deeply.
func Equal(a, b any) bool { return equal(a, b, func() {}) }

func equal(a, b any, step func()) bool {
	step()
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i], step) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name := range a {
			other, ok := b[name]
			if !ok || !equal(a[name], other, step) {
				return false
			}
		}
		return true
	case float64, json.Number:
		order, ok := Order(a, b)
		return ok && order == 0
	case string:
		b, ok := b.(string)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	}
	return a == nil && b == nil
}

// Order compares two numbers or two texts; ok is false for anything else.
func Order(a, b any) (order int, ok bool) {
	if x, isText := a.(string); isText {
		y, isText := b.(string)
		return strings.Compare(x, y), isText
	}
	x, isNumber := Number(a)
	y, alsoNumber := Number(b)
	if !isNumber || !alsoNumber || x != x || y != y {
		return 0, false
	}
	if order := cmp.Compare(x, y); order != 0 {
		return order, true
	}
	return orderDigits(a, b), true
}

// Number returns a number as a float64.
func Number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		return f, err == nil || f != 0 // out of range: infinite
	}
	return 0, false
}

// orderDigits tells whole numbers apart that are one float64.
func orderDigits(a, b any) int {
	x, xNegative, ok := digits(a)
	y, _, also := digits(b)
	if !ok || !also {
		return 0
	}
	order := cmp.Compare(len(x), len(y))
	if order == 0 {
		order = strings.Compare(x, y)
	}
	if xNegative {
		return -order
	}
	return order
}

// digits returns the digits of a whole number beyond what a float64 tells
// apart.
func digits(v any) (text string, negative, ok bool) {
	switch v := v.(type) {
	case float64:
		if v < maxExact && v > -maxExact {
			return "", false, false
		}
		text = strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		text = string(v)
	}
	text, negative = strings.CutPrefix(text, "-")
	text = strings.TrimLeft(text, "0")
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return "", false, false
		}
	}
	return text, negative, text != ""
}
