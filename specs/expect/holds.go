package expect

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"volley/specs/expect/jsonpath"
)

// holds says whether the condition holds for what was found. See the package
// for what several matches mean.
func (w *wanted) holds(f found) bool {
	switch w.op {
	case "exists":
		return f.exists() == (w.want == true)
	case "empty":
		return f.empty() == (w.want == true)
	case "any_of":
		return slices.ContainsFunc(w.subs, func(sub wanted) bool { return sub.holds(f) })
	case "all_of":
		return allHold(w.subs, f)
	case "not":
		return !allHold(w.subs, f)
	case "len":
		n, ok := length(f)
		if w.subs != nil {
			return ok && allHold(w.subs, single(n))
		}
		return ok && n == w.operand
	}
	if f.many {
		return w.holdsMany(f.list)
	}
	if !f.ok {
		return w.negative()
	}
	return w.one(f.value)
}

func allHold(list []wanted, f found) bool {
	for i := range list {
		if !list[i].holds(f) {
			return false
		}
	}
	return true
}

// negative reports an operator that holds where there is nothing.
func (w *wanted) negative() bool { return w.op == "ne" || w.op == "not_in" }

func (w *wanted) holdsMany(list []any) bool {
	switch w.op {
	case "eq", "ne":
		if want, ok := w.operand.([]any); ok {
			return jsonpath.Equal(list, want) == (w.op == "eq")
		}
	case "contains":
		return slices.ContainsFunc(list, func(v any) bool { return w.equal(v, w.operand) || w.one(v) })
	}
	if len(list) == 0 {
		return w.negative()
	}
	for _, v := range list {
		if !w.one(v) {
			return false
		}
	}
	return true
}

// one says whether a single value holds the condition.
func (w *wanted) one(v any) bool {
	switch w.op {
	case "eq":
		return w.equal(v, w.operand)
	case "ne":
		return !w.equal(v, w.operand)
	case "gt", "gte", "lt", "lte":
		return w.inOrder(v)
	case "in":
		return w.among(v)
	case "not_in":
		return !w.among(v)
	case "contains":
		return w.contains(v, w.operand)
	case "type":
		return w.hasType(v)
	}
	text, ok := scalarText(v)
	if !ok {
		return false
	}
	want, _ := w.operand.(string)
	switch w.op {
	case "starts_with":
		return strings.HasPrefix(text, want)
	case "ends_with":
		return strings.HasSuffix(text, want)
	default: // matches
		return w.pattern.MatchString(text)
	}
}

// comparable returns a text as a number where a number is wanted of it.
func (w *wanted) comparable(v, want any) any {
	text, isText := v.(string)
	if _, wantsNumber := jsonpath.Number(want); w.kind == kindText && isText && wantsNumber {
		if n, ok := numericText(text); ok {
			return n
		}
	}
	return v
}

func (w *wanted) equal(v, want any) bool {
	switch want := want.(type) {
	case statusRange:
		n, ok := jsonpath.Number(v)
		return ok && want.from <= n && n <= want.to
	case bool:
		if text, ok := v.(string); ok && w.kind == kindText {
			return want && text == "true" || !want && text == "false"
		}
	}
	return jsonpath.Equal(w.comparable(v, want), want)
}

func (w *wanted) among(v any) bool {
	list, _ := w.operand.([]any)
	return slices.ContainsFunc(list, func(want any) bool { return w.equal(v, want) })
}

func (w *wanted) inOrder(v any) bool {
	order, ok := jsonpath.Order(w.comparable(v, w.operand), w.operand)
	if !ok {
		return false
	}
	switch w.op {
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	default: // lte
		return order <= 0
	}
}

// contains: a text in a text, an element of a list, a name of a map, the
// members of a map in another.
func (w *wanted) contains(v, want any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return w.equal(item, want) })
	case map[string]any:
		switch want := want.(type) {
		case string:
			_, ok := v[want]
			return ok
		case map[string]any:
			return w.containsMembers(v, want)
		}
		return false
	}
	text, ok := v.(string)
	part, also := scalarText(want)
	return ok && also && strings.Contains(text, part)
}

func (w *wanted) containsMembers(v, want map[string]any) bool {
	for name := range want {
		have, ok := v[name]
		if !ok {
			return false
		}
		if inner, isMap := want[name].(map[string]any); isMap {
			if outer, ok := have.(map[string]any); !ok || !w.containsMembers(outer, inner) {
				return false
			}
		} else if !w.equal(have, want[name]) {
			return false
		}
	}
	return true
}

func (w *wanted) hasType(v any) bool {
	list, _ := w.operand.([]any)
	is := typeName(v)
	return slices.ContainsFunc(list, func(one any) bool {
		switch one {
		case nil:
			return is == "null"
		case "bool":
			return is == "boolean"
		case "array":
			return is == "list"
		case "object":
			return is == "map"
		case "integer":
			return isWhole(v)
		}
		return is == one
	})
}

func isWhole(v any) bool {
	switch v := v.(type) {
	case float64:
		return v == math.Trunc(v)
	case json.Number:
		f, ok := jsonpath.Number(v)
		return ok && f == math.Trunc(f) && !math.IsInf(f, 0)
	}
	return false
}

// length counts the characters of a text, the items of a list or map, the
// matches where there may be several.
func length(f found) (float64, bool) {
	v := f.value
	if f.many {
		v = f.list
	}
	return jsonpath.Length(v)
}
