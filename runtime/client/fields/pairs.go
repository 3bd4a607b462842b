package fields

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
)

// target takes names and values as pairs reads them.
type target struct {
	add        func(name, value string)
	drop       func(name string) // a name with null; nil: it is passed over
	falseDrops bool              // false is no text but drops as well
}

// pairs reads an object of names and values, or a list of pairs, in their
// order. A list as a value repeats its name.
func pairs(v jsontext.Value, into target) error {
	switch v.Kind() {
	case '{':
		return members(v, into.take)
	case '[':
		return items(v, func(item jsontext.Value) error { return pair(item, into.take) })
	default:
		return fmt.Errorf("must be an object of names and values, or a list of pairs, got %s", kindName(v.Kind()))
	}
}

// pair reads [name, value].
func pair(v jsontext.Value, f func(name string, v jsontext.Value) error) error {
	var parts []jsontext.Value
	err := items(v, func(part jsontext.Value) error {
		parts = append(parts, part.Clone())
		return nil
	})
	if err != nil || len(parts) != 2 {
		return errors.New("must hold pairs: [[name, value], …]")
	}
	name, err := scalar(parts[0])
	if err != nil {
		return fmt.Errorf("a pair's name %w", err)
	}
	return f(name, parts[1])
}

func (into target) take(name string, v jsontext.Value) error {
	switch k := v.Kind(); {
	case k == 'n' || k == 'f' && into.falseDrops:
		if into.drop != nil {
			into.drop(name)
		}
		return nil
	case k == '[':
		return items(v, func(item jsontext.Value) error { return into.one(name, item) })
	}
	return into.one(name, v)
}

func (into target) one(name string, v jsontext.Value) error {
	s, err := scalar(v)
	if err != nil {
		return fmt.Errorf("%q %w", name, err)
	}
	into.add(name, s)
	return nil
}

func appendTo(list *[]runtime.Field) func(name, value string) {
	return func(name, value string) { *list = append(*list, runtime.Field{Name: name, Value: value}) }
}

// fieldList collects what pairs reads.
func fieldList(v jsontext.Value) ([]runtime.Field, error) {
	var out []runtime.Field
	err := pairs(v, target{add: appendTo(&out)})
	return out, err
}

// textMap collects names that have one value each.
func textMap(v jsontext.Value) (map[string]string, error) {
	out := map[string]string{}
	err := pairs(v, target{add: func(name, value string) { out[name] = value }})
	return out, err
}
