package expect

import (
	"strconv"
	"strings"
)

// message says what was wanted of a subject and what was there.
func (w *wanted) message(subject string, f found) string {
	return shorten(shorten(subject, longestValue)+": want "+w.text()+", got "+w.got(f), longestMessage)
}

// text says what is wanted.
func (w *wanted) text() string {
	operand := w.kind.show(w.want)
	switch w.op {
	case "eq":
		return operand
	case "ne":
		return "not " + operand
	case "gt":
		return "> " + operand
	case "gte":
		return ">= " + operand
	case "lt":
		return "< " + operand
	case "lte":
		return "<= " + operand
	case "in":
		return "one of " + operand
	case "not_in":
		return "none of " + operand
	case "contains":
		return "something that contains " + operand
	case "starts_with":
		return "something that starts with " + operand
	case "ends_with":
		return "something that ends with " + operand
	case "matches":
		return "a match of " + operand
	case "type":
		return "the type " + strings.Trim(strings.ReplaceAll(operand, `"`, ""), "[]")
	case "exists":
		return choose(w.want == true, "something", "nothing")
	case "empty":
		return choose(w.want == true, "it empty", "it not empty")
	}
	return w.compositeText(operand)
}

func (w *wanted) compositeText(operand string) string {
	parts := make([]string, len(w.subs))
	for i := range w.subs {
		parts[i] = w.subs[i].text()
	}
	switch w.op {
	case "len":
		if w.subs == nil {
			return "the length " + operand
		}
		return "the length " + strings.Join(parts, " and ")
	case "not":
		return "not (" + strings.Join(parts, " and ") + ")"
	case "any_of":
		return strings.Join(parts, " or ")
	default: // all_of
		return strings.Join(parts, " and ")
	}
}

func choose(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

// got says what was found.
func (w *wanted) got(f found) string {
	switch {
	case f.why != nil:
		return "nothing: " + f.why.Error()
	case f.many && len(f.list) == 0:
		return "no match"
	case f.many && len(f.list) == 1:
		return w.gotOne(f.list[0])
	case f.many:
		return strconv.Itoa(len(f.list)) + " matches: " + show(f.list, longestValue)
	case !f.ok:
		return "nothing"
	}
	if n, ok := length(f); ok && w.op == "len" {
		return "the length " + showNumber(n)
	}
	return w.gotOne(f.value)
}

// gotOne shows a value, with its type where that is what is wrong.
func (w *wanted) gotOne(v any) string {
	text := w.kind.show(v)
	is := typeName(v)
	switch w.op {
	case "type":
		return text + article(is)
	case "eq", "gt", "gte", "lt", "lte":
		if is != "null" && typeName(w.comparable(v, w.operand)) != wantedType(w.operand) {
			return text + article(is)
		}
	}
	return text
}

func wantedType(operand any) string {
	if _, ok := operand.(statusRange); ok {
		return "number"
	}
	return typeName(operand)
}

func article(typeName string) string {
	if typeName == "null" {
		return ""
	}
	return " (a " + typeName + ")"
}
