package command

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"volley/runtime/secret"
	expr "volley/specs/template"
)

// concealed is what a plan shows for what Lua made of secrets: no output could
// find it there by its text.
const concealed = "***"

// watch is a scope that notices when a secret is read, or anything that holds
// one.
type watch struct {
	expr.Scope
	secrets *secret.Set
	touched bool
}

// Lookup implements template.Scope.
func (w *watch) Lookup(root string) (any, bool) {
	v, ok := w.Scope.Lookup(root)
	switch v := v.(type) {
	case expr.Namespace:
		return &watchedNames{v, w}, ok
	case map[string]any:
		return &watchedNames{membersOf(v), w}, ok
	}
	return w.seen(v), ok
}

// seen notes a value that was read, and returns it.
func (w *watch) seen(v any) any {
	w.touched = w.touched || w.holds(v)
	return v
}

// holds reports a value with a secret somewhere in it.
func (w *watch) holds(v any) bool {
	switch v := v.(type) {
	case string:
		return w.secrets.Mask(v) != v
	case json.Number:
		return w.holds(v.String())
	case float64:
		return w.holds(strconv.FormatFloat(v, 'f', -1, 64))
	case []any:
		return slices.ContainsFunc(v, w.holds)
	case map[string]any:
		for name, item := range v {
			if w.holds(name) || w.holds(item) {
				return true
			}
		}
	}
	return false
}

// conceal hides v if it may come of a secret: its texts and numbers. What
// holds or not, and how many there are, is what a plan counts by.
func (w *watch) conceal(v any) any {
	if !w.touched {
		return v
	}
	switch v := v.(type) {
	case nil, bool:
		return v
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = w.conceal(v[i])
		}
		return list
	case map[string]any:
		named := make(map[string]any, len(v))
		for name, item := range v {
			named[name] = w.conceal(item)
		}
		return named
	}
	return concealed
}

// watchedNames is a Namespace whose members are watched.
type watchedNames struct {
	expr.Namespace
	w *watch
}

// Member implements template.Namespace.
func (n *watchedNames) Member(name string) (any, error) {
	v, err := n.Namespace.Member(name)
	if inner, ok := v.(expr.Namespace); ok {
		return &watchedNames{inner, n.w}, err
	}
	return n.w.seen(v), err
}

// membersOf is a map as a Namespace.
type membersOf map[string]any

// Member implements template.Namespace.
func (m membersOf) Member(name string) (any, error) { return m[name], nil }

// Names implements template.Namespace.
func (m membersOf) Names() []string { return slices.Sorted(maps.Keys(m)) }
