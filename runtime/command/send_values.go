package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/spell"
)

// newJSONDecoder reads one JSON text; a name that an object has twice is an
// error.
func newJSONDecoder(data []byte) *jsontext.Decoder { return jsontext.NewDecoder(bytes.NewBuffer(data)) }

// describeJSON says what is wrong with a JSON text, and where.
func describeJSON(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the JSON text is cut short")
	case errors.As(err, &syntax):
		return fmt.Errorf("%w at byte %d", syntax.Err, syntax.ByteOffset+1)
	}
	return err
}

// jsonMembers calls f for each member of an object, in order.
func jsonMembers(v jsontext.Value, f func(name string, v jsontext.Value) error) error {
	return jsonEach(v, '{', func(d *jsontext.Decoder) error {
		name, err := d.ReadToken()
		if err != nil {
			return describeJSON(err)
		}
		text := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return describeJSON(err)
		}
		return f(text, value)
	})
}

// jsonItems calls f for each item of a list.
func jsonItems(v jsontext.Value, f func(item jsontext.Value) error) error {
	return jsonEach(v, '[', func(d *jsontext.Decoder) error {
		item, err := d.ReadValue()
		if err != nil {
			return describeJSON(err)
		}
		return f(item)
	})
}

// jsonEach reads one object or list, and what follows it: nothing.
func jsonEach(v jsontext.Value, open jsontext.Kind, one func(*jsontext.Decoder) error) error {
	if v.Kind() != open {
		return fmt.Errorf("must be %s, got %s", kindName(open), kindName(v.Kind()))
	}
	d := newJSONDecoder(v)
	if _, err := d.ReadToken(); err != nil {
		return describeJSON(err)
	}
	for k := d.PeekKind(); k != '}' && k != ']'; k = d.PeekKind() {
		if err := one(d); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return describeJSON(err)
	}
	end := d.InputOffset()
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows the JSON object at byte %d", end+1)
	}
	return nil
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '[':
		return "a list"
	case '{':
		return "an object"
	default:
		return "no JSON"
	}
}

// isOff reports the two ways to switch something off.
func isOff(v jsontext.Value) bool { return v.Kind() == 'f' || v.Kind() == 'n' }

func jsonString(v jsontext.Value) (string, error) {
	if v.Kind() != '"' {
		return "", fmt.Errorf("must be a string, got %s", kindName(v.Kind()))
	}
	text, err := jsontext.AppendUnquote(nil, v)
	return string(text), err
}

// jsonScalar reads what goes out as text: a string, a number as it is
// written, a boolean.
func jsonScalar(v jsontext.Value) (string, error) {
	switch v.Kind() {
	case '"':
		return jsonString(v)
	case '0', 't', 'f':
		return string(v), nil
	default:
		return "", fmt.Errorf("must be a string, a number or a boolean, got %s", kindName(v.Kind()))
	}
}

func jsonSwitch(v jsontext.Value, into *runtime.Switch) error {
	if k := v.Kind(); k != 't' && k != 'f' {
		return fmt.Errorf("must be true or false, got %s", kindName(k))
	}
	*into = runtime.SwitchOf(v.Kind() == 't')
	return nil
}

func jsonNumber(v jsontext.Value) (float64, error) {
	if v.Kind() != '0' {
		return 0, fmt.Errorf("must be a number, got %s", kindName(v.Kind()))
	}
	return strconv.ParseFloat(string(v), 64)
}

func jsonWhole(v jsontext.Value, low int64) (int64, error) {
	f, err := jsonNumber(v)
	if err == nil && (f != math.Trunc(f) || f < float64(low) || f > 1<<53) {
		err = fmt.Errorf("must be a whole number of at least %d, got %s", low, v)
	}
	return int64(f), err
}

// jsonSeconds reads a positive number of seconds; false and null are no limit,
// which is a negative duration.
func jsonSeconds(v jsontext.Value) (time.Duration, error) {
	if isOff(v) {
		return -1, nil
	}
	f, err := jsonNumber(v)
	switch {
	case err != nil:
		return 0, err
	case f <= 0:
		return 0, fmt.Errorf("must be more than 0 seconds, got %s; false switches it off", v)
	case f*float64(time.Second) >= math.MaxInt64:
		return -1, nil
	}
	return max(1, time.Duration(f*float64(time.Second))), nil // 0 would be no limit
}

// jsonTimeout reads a number for connect and read, or an object of parts.
func jsonTimeout(v jsontext.Value) (*runtime.Timeout, error) {
	var t runtime.Timeout
	if v.Kind() != '{' {
		d, err := jsonSeconds(v)
		return &runtime.Timeout{Connect: d, Read: d}, err
	}
	parts := map[string]*time.Duration{"connect": &t.Connect, "read": &t.Read, "total": &t.Total}
	err := jsonMembers(v, func(name string, v jsontext.Value) error {
		part := parts[name]
		if part == nil {
			return fmt.Errorf("takes connect, read and total, got %q", name)
		}
		d, err := jsonSeconds(v)
		if err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
		*part = d
		return nil
	})
	return &t, err
}

// fieldTarget takes names and values as jsonFields reads them.
type fieldTarget struct {
	add        func(name, value string)
	drop       func(name string) // a name with null; nil: it is passed over
	falseDrops bool              // false is no text but drops as well
}

// jsonFields reads an object of names and values, or a list of pairs, in their
// order. A list as a value repeats its name.
func jsonFields(v jsontext.Value, into fieldTarget) error {
	switch v.Kind() {
	case '{':
		return jsonMembers(v, into.take)
	case '[':
		return jsonItems(v, into.pair)
	default:
		return fmt.Errorf("must be an object of names and values, or a list of pairs, got %s", kindName(v.Kind()))
	}
}

func (into fieldTarget) pair(v jsontext.Value) error {
	var parts []jsontext.Value
	err := jsonItems(v, func(part jsontext.Value) error {
		parts = append(parts, part.Clone())
		return nil
	})
	if err != nil || len(parts) != 2 {
		return errors.New("must hold pairs: [[name, value], …]")
	}
	name, err := jsonScalar(parts[0])
	if err != nil {
		return fmt.Errorf("a pair's name %w", err)
	}
	return into.take(name, parts[1])
}

func (into fieldTarget) take(name string, v jsontext.Value) error {
	switch k := v.Kind(); {
	case k == 'n' || k == 'f' && into.falseDrops:
		if into.drop != nil {
			into.drop(name)
		}
		return nil
	case k == '[':
		return jsonItems(v, func(item jsontext.Value) error { return into.one(name, item) })
	}
	return into.one(name, v)
}

func (into fieldTarget) one(name string, v jsontext.Value) error {
	text, err := jsonScalar(v)
	if err != nil {
		return fmt.Errorf("%q %w", name, err)
	}
	into.add(name, text)
	return nil
}

// retryFields are the long form of retry.
var retryFields = map[string]func(*runtime.Retry, jsontext.Value) error{
	"total": func(r *runtime.Retry, v jsontext.Value) error {
		n, err := jsonWhole(v, 0)
		r.Total = int(n)
		return err
	},
	"on": func(r *runtime.Retry, v jsontext.Value) error {
		return jsonItems(v, func(item jsontext.Value) error {
			token, err := jsonScalar(item)
			if err != nil {
				return err
			}
			on, ok := runtime.ParseRetryOn(token)
			if !ok {
				return fmt.Errorf(`%q is no status, class ("5xx"), range ("500-599") or kind ("timeout")`, token)
			}
			r.On = append(r.On, on)
			return nil
		})
	},
	"methods": func(r *runtime.Retry, v jsontext.Value) error {
		if string(v) == `"all"` {
			r.Methods = []string{"*"}
			return nil
		}
		return jsonItems(v, func(item jsontext.Value) error {
			method, err := jsonString(item)
			r.Methods = append(r.Methods, method)
			return err
		})
	},
	"backoff":   func(r *runtime.Retry, v jsontext.Value) (err error) { r.Backoff, err = jsonSeconds(v); return err },
	"max_delay": func(r *runtime.Retry, v jsontext.Value) (err error) { r.Max, err = jsonSeconds(v); return err },
	"jitter": func(r *runtime.Retry, v jsontext.Value) error {
		var on runtime.Switch
		err := jsonSwitch(v, &on)
		r.NoJitter = on == runtime.No
		return err
	},
	"respect_retry_after": func(r *runtime.Retry, v jsontext.Value) error {
		var on runtime.Switch
		err := jsonSwitch(v, &on)
		r.IgnoreRetryAfter = on == runtime.No
		return err
	},
}

// jsonRetry reads a number of further tries, or an object that says more;
// false is none.
func jsonRetry(v jsontext.Value) (*runtime.Retry, error) {
	if isOff(v) {
		return &runtime.Retry{}, nil
	}
	if v.Kind() != '{' {
		n, err := jsonWhole(v, 0)
		return &runtime.Retry{Total: int(n)}, err
	}
	r := &runtime.Retry{Total: 3}
	err := jsonMembers(v, func(name string, v jsontext.Value) error {
		set := retryFields[name]
		if set == nil {
			return fmt.Errorf("unknown field %q%s", name, spell.Hint(name, namesOf(retryFields)))
		}
		if err := set(r, v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	return r, err
}
