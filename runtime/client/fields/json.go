package fields

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
)

// Fault says where data is not one JSON text, nil if it is.
func Fault(data []byte) error {
	if jsontext.Value(data).IsValid() {
		return nil
	}
	d := newDecoder(data)
	for {
		if _, err := d.ReadToken(); err != nil {
			return describe(err)
		}
		if d.StackDepth() == 0 {
			return fmt.Errorf("something follows the value at byte %d", d.InputOffset()+1)
		}
	}
}

// newDecoder reads one JSON text; a name that an object has twice is an error.
func newDecoder(data []byte) *jsontext.Decoder { return jsontext.NewDecoder(bytes.NewBuffer(data)) }

// describe says what is wrong with a JSON text, and where.
func describe(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the JSON text is cut short")
	case errors.As(err, &syntax):
		return fmt.Errorf("%w at byte %d", syntax.Err, syntax.ByteOffset+1)
	}
	return err
}

// members calls f for each member of an object, in order. v is valid until f
// returns.
func members(v jsontext.Value, f func(name string, v jsontext.Value) error) error {
	return each(v, '{', func(d *jsontext.Decoder) error {
		name, err := d.ReadToken()
		if err != nil {
			return describe(err)
		}
		text := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return describe(err)
		}
		return f(text, value)
	})
}

// items calls f for each item of a list. item is valid until f returns.
func items(v jsontext.Value, f func(item jsontext.Value) error) error {
	return each(v, '[', func(d *jsontext.Decoder) error {
		item, err := d.ReadValue()
		if err != nil {
			return describe(err)
		}
		return f(item)
	})
}

// each reads one object or list, and what follows it: nothing.
func each(v jsontext.Value, open jsontext.Kind, one func(*jsontext.Decoder) error) error {
	if v.Kind() != open {
		return fmt.Errorf("must be %s, got %s", kindName(open), kindName(v.Kind()))
	}
	d := newDecoder(v)
	if _, err := d.ReadToken(); err != nil {
		return describe(err)
	}
	for k := d.PeekKind(); k != '}' && k != ']'; k = d.PeekKind() {
		if err := one(d); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return describe(err)
	}
	end := d.InputOffset()
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows the JSON %s at byte %d", map[jsontext.Kind]string{'{': "object", '[': "list"}[open], end+1)
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

// inside names the member that an error is about; one with a kind keeps it.
func inside(name string, err error) error {
	var e *runtime.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return &runtime.Error{Kind: e.Kind, Message: name + ": " + e.Message, Cause: e.Cause}
	}
	return fmt.Errorf("%s: %w", name, err)
}
