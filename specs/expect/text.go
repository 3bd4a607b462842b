package expect

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	longestMessage = 200 // characters
	longestValue   = 80  // of a value in a message
	longestGot     = 500 // of a value in a record
)

// valueKind is what a subject's values are, for reading operands and showing
// values.
type valueKind int

const (
	kindAny      valueKind = iota // as JSON has it: types count
	kindText                      // text, compared as a number where a number is wanted
	kindStatus                    // operands may be "5xx" and "500-599"
	kindDuration                  // seconds; operands may be "800ms"
	kindSize                      // bytes; operands may be "10KB"
	kindVersion                   // "1.1"
)

// show writes a value for a message.
func (k valueKind) show(v any) string {
	f, isNumber := v.(float64)
	switch {
	case k == kindDuration && isNumber:
		return time.Duration(f * float64(time.Second)).Round(time.Microsecond).String()
	case k == kindSize && isNumber:
		return showNumber(f) + " bytes"
	}
	return show(v, longestValue)
}

// show writes a plain value as JSON, at most about limit bytes of it.
func show(v any, limit int) string {
	return shorten(string(appendShort(nil, v, limit)), limit)
}

// shortText is a text in quotes, shortened.
func shortText(text string, limit int) string {
	return strconv.Quote(shorten(text, limit))
}

// shorten cuts a text to limit characters.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	n := 0
	for i := range text {
		if n++; n == limit {
			if utf8.RuneCountInString(text[i:]) == 1 {
				return text
			}
			return text[:i] + "…"
		}
	}
	return text
}

// appendShort stops soon after limit bytes.
func appendShort(dst []byte, v any, limit int) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case float64:
		return append(dst, showNumber(v)...)
	case json.Number:
		return append(dst, v...)
	case string:
		return strconv.AppendQuote(dst, shorten(v, limit))
	case []any:
		return appendShortList(dst, v, limit)
	case map[string]any:
		return appendShortMap(dst, v, limit)
	}
	return append(dst, "?"...)
}

func appendShortList(dst []byte, v []any, limit int) []byte {
	dst = append(dst, '[')
	for i, item := range v {
		if len(dst) > limit {
			break
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendShort(dst, item, limit)
	}
	return append(dst, ']')
}

func appendShortMap(dst []byte, v map[string]any, limit int) []byte {
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(v)) {
		if len(dst) > limit {
			break
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(strconv.AppendQuote(dst, name), ": "...)
		dst = appendShort(dst, v[name], limit)
	}
	return append(dst, '}')
}

func showNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// record shortens a value for an Expectation: lists and maps that are too big
// become text.
func record(v any) any {
	switch v := v.(type) {
	case string:
		return shorten(v, longestGot)
	case []any, map[string]any:
		if text := appendShort(nil, v, longestGot); len(text) > longestGot {
			return shorten(string(text), longestGot)
		}
	}
	return v
}

// typeName is the type operator's word for a value.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64, json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "list"
	}
	return "map"
}

// scalarText returns the text of a value that text operators look at.
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return showNumber(v), true
	case json.Number:
		return string(v), true
	}
	return "", false
}

// numericText reads a text that is a number in decimal notation.
func numericText(text string) (any, bool) {
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, "xXpP_iInN") {
		return nil, false
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return nil, false
	}
	return number(text), true
}
