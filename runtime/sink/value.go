package sink

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// appendValue appends a plain value as JSON, the names of a map sorted.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return appendText(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendFloat(b, v)
	case []any:
		return appendList(b, v, appendValue)
	case []string:
		return appendList(b, v, appendText[string])
	case map[string]any:
		return appendMap(b, v, appendValue)
	case map[string]string:
		return appendMap(b, v, appendText[string])
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

func appendMap[T any](b []byte, m map[string]T, one func([]byte, T) []byte) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = one(b, m[name])
	}
	return append(b, '}')
}
