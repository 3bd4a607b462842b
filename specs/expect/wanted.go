package expect

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"volley/specs/expect/jsonpath"
	"volley/specs/shape"
)

// operators are the names in the order in which they are listed.
var operators = []string{
	"eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "starts_with", "ends_with", "matches",
	"exists", "empty", "type", "len", "any_of", "all_of", "not",
}

var typeNames = []string{"null", "boolean", "bool", "number", "integer", "string", "list", "array", "map", "object"}

// wanted is a condition with its operand at hand.
type wanted struct {
	op      string
	kind    valueKind
	want    any // the operand as it is written
	operand any // the operand as it is compared
	pattern *regexp.Regexp
	subs    []wanted // of any_of, all_of, not, and of len with operators
}

// statusRange is an operand such as "5xx".
type statusRange struct{ from, to float64 }

// newWanted checks an operand. The errors say what is wrong with it.
func newWanted(op string, kind valueKind, v any) (w wanted, err error) {
	w = wanted{op: op, kind: kind, want: v}
	switch op {
	case "eq", "ne":
		w.operand, err = kind.operand(v, true)
	case "gt", "gte", "lt", "lte":
		w.operand, err = kind.ordered(v)
	case "in", "not_in":
		w.operand, err = kind.list(v)
	case "contains":
		w.operand = v
	case "starts_with", "ends_with", "matches":
		text, ok := scalarText(v)
		if !ok {
			return w, errors.New("must be text, got " + show(v, longestValue))
		}
		w.operand = text
		if op == "matches" {
			w.pattern, err = compilePattern(text)
		}
	case "exists", "empty":
		if _, ok := v.(bool); !ok {
			err = errors.New("must be true or false, got " + show(v, longestValue))
		}
	case "type":
		w.operand, err = typeOperand(v)
	case "len":
		w.operand, err = lengthOperand(v)
	}
	return w, err
}

func compilePattern(text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("is no regular expression (RE2): %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

func typeOperand(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, one := range list {
		name, ok := one.(string)
		if !ok && one != nil {
			return nil, errors.New("must be the name of a type, got " + show(one, longestValue))
		}
		if ok && !slices.Contains(typeNames, name) {
			return nil, fmt.Errorf("there is no type %s: null, boolean, number, integer, string, list and map are known", shortText(name, longestValue))
		}
	}
	return list, nil
}

func lengthOperand(v any) (any, error) {
	n, ok := jsonpath.Number(v)
	if !ok || n < 0 || n != math.Trunc(n) {
		return nil, errors.New("must be a whole number of at least 0, or a map of operators; got " + show(v, longestValue))
	}
	return n, nil
}

// operand reads what a value of the kind is compared with. equality lets a
// status be a class or a range.
func (k valueKind) operand(v any, equality bool) (any, error) {
	text, isText := v.(string)
	switch {
	case k == kindAny:
		return v, nil
	case v == nil:
		return nil, nil
	case k == kindText || k == kindVersion:
		if _, ok := scalarText(v); !ok {
			return nil, errors.New("must be text or a number, got " + show(v, longestValue) + "; write in: […] for one of several")
		}
		if k == kindVersion {
			return version(v), nil
		}
		return v, nil
	}
	if _, ok := jsonpath.Number(v); ok {
		return v, nil
	}
	if !isText {
		return nil, errors.New("must be a number, got " + show(v, longestValue))
	}
	return k.textOperand(text, equality)
}

func (k valueKind) textOperand(text string, equality bool) (any, error) {
	switch k {
	case kindStatus:
		from, to, err := shape.ParseStatus(text)
		switch {
		case err != nil:
			return nil, err
		case from == to:
			return float64(from), nil
		case !equality:
			return nil, fmt.Errorf("must be one status, got %s", shortText(text, longestValue))
		}
		return statusRange{float64(from), float64(to)}, nil
	case kindDuration:
		d, err := shape.ParseDuration(text)
		return d.Seconds(), err
	case kindSize:
		n, err := shape.ParseSize(text)
		return float64(n), err
	default:
		return text, nil
	}
}

func (k valueKind) ordered(v any) (any, error) {
	switch v.(type) {
	case nil, bool, []any, map[string]any:
		return nil, errors.New("must be a number or text, got " + show(v, longestValue))
	}
	return k.operand(v, false)
}

func (k valueKind) list(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New("must be a list, got " + show(v, longestValue))
	}
	out := make([]any, len(list))
	for i := range list {
		var err error
		if out[i], err = k.operand(list[i], true); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// version returns "1.1" of "HTTP/1.1", and "2" of "2.0".
func version(v any) any {
	text, _ := scalarText(v)
	return strings.TrimSuffix(strings.TrimPrefix(strings.ToUpper(text), "HTTP/"), ".0")
}
