package sink

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime/secret"
)

// encoder writes JSON in which secrets are masked.
type encoder struct {
	secrets *secret.Set // nil: none
}

// text appends s as a JSON string.
func (e encoder) text(b []byte, s string) []byte { return appendText(b, e.secrets.Mask(s)) }

func (e encoder) textOrNull(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return e.text(b, s)
}

// bytes appends text that nobody shares, such as a body, as a JSON string.
func (e encoder) bytes(b, text []byte) []byte {
	if e.secrets.Empty() {
		return appendText(b, text)
	}
	return appendText(b, e.secrets.MaskBytes(nil, text))
}

// value appends a plain value as JSON, the names of a map sorted.
func (e encoder) value(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return e.text(b, v)
	case []any:
		return appendList(b, v, e.value)
	case []string:
		return appendList(b, v, e.text)
	case map[string]any:
		return appendMap(b, v, e.text, e.value)
	case map[string]string:
		return appendMap(b, v, e.text, e.text)
	}
	if e.secrets.Empty() {
		return appendOther(b, v)
	}
	other := appendOther(nil, v)
	if masked := e.secrets.MaskBytes(nil, other); string(masked) != string(other) {
		return e.maskedOther(b, other, masked)
	}
	return append(b, other...)
}

// maskedOther keeps the shape of what holds a secret as far as it can: a number
// becomes a text, and text in JSON stays where it is.
func (e encoder) maskedOther(b, other, masked []byte) []byte {
	if other[0] == '"' || jsontext.Value(masked).IsValid() {
		return append(b, masked...)
	}
	return appendText(b, masked)
}

// appendOther appends a number, JSON as it is, and the text of anything else.
func appendOther(b []byte, v any) []byte {
	switch v := v.(type) {
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendFloat(b, v)
	case json.Number:
		if jsontext.Value(v).IsValid() {
			return append(b, v...)
		}
	case jsontext.Value:
		if out, err := jsontext.AppendFormat(b, v); err == nil {
			return out
		}
	}
	return appendText(b, fmt.Sprint(v))
}

// appendFloat appends null for what JSON has no number for.
func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	return jsontext.AppendFloat(b, f, 64)
}

func appendList[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

func appendMap[T any](b []byte, m map[string]T, text func([]byte, string) []byte, one func([]byte, T) []byte) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(text(b, name), ':')
		b = one(b, m[name])
	}
	return append(b, '}')
}
