package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// cellParser gives a field of a table its type. An empty field is null.
type cellParser func(text string) (any, error)

// cellParsers by the names of the types.
var cellParsers = map[string]cellParser{
	"int":    orNull(parseInt),
	"float":  orNull(parseFloat),
	"bool":   orNull(parseBool),
	"json":   orNull(parseJSON),
	"string": nil,
}

func orNull(parse cellParser) cellParser {
	return func(text string) (any, error) {
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		return parse(text)
	}
}

// parseInt reads digits with or without a sign. What a float64 cannot hold
// stays text, as a json.Number.
func parseInt(text string) (any, error) {
	s := strings.TrimSpace(text)
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return nil, notA("whole number", text)
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= -maxExact && n <= maxExact {
		return float64(n), nil
	}
	digits = strings.TrimLeft(digits, "0")
	if s[0] == '-' {
		digits = "-" + digits
	}
	return json.Number(digits), nil
}

// maxExact is the largest integer below which every integer is a float64.
const maxExact = 1 << 53

func parseFloat(text string) (any, error) {
	s := strings.TrimSpace(text)
	f, err := strconv.ParseFloat(s, 64)
	if strings.Trim(s, "0123456789.eE+-") != "" || errors.Is(err, strconv.ErrSyntax) {
		return nil, notA("number", text)
	}
	if err != nil {
		return nil, fmt.Errorf("the number %s is out of range", clip(text))
	}
	return f, nil
}

func parseBool(text string) (any, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return nil, notA("truth value (true, false, yes, no, 1, 0)", text)
}

func parseJSON(text string) (any, error) {
	v, err := newJSONReader().value([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s is no JSON: %w", clip(text), err)
	}
	return v, nil
}

func notA(what, text string) error { return fmt.Errorf("%s is no %s", clip(text), what) }

// clip quotes the beginning of a text.
func clip(text string) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(strings.ToValidUTF8(text[:most], "")) + "…"
	}
	return strconv.Quote(text)
}
