package expect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxExact is the largest whole number below which every one is a float64.
const maxExact = 1 << 53

// notJSON says why a body is no JSON.
func notJSON(text string, err error) error {
	var fault *jsontext.SyntacticError
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("the body is not JSON: it is empty")
	case errors.As(err, &fault):
		return fmt.Errorf("the body is not JSON: %w at byte %d; it begins with %s", fault.Err, fault.ByteOffset, shortText(text, 30))
	}
	return fmt.Errorf("the body is not JSON: %w", err)
}

// decodeJSON reads one document into plain values.
func decodeJSON(text string) (any, error) {
	d := jsonDecoder{jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))}
	v, err := d.next()
	if err != nil {
		return nil, notJSON(text, err)
	}
	switch _, err := d.dec.ReadToken(); {
	case err == nil:
		return nil, notJSON(text, errors.New("something follows the document"))
	case !errors.Is(err, io.EOF):
		return nil, notJSON(text, err)
	}
	return v, nil
}

type jsonDecoder struct{ dec *jsontext.Decoder }

func (d jsonDecoder) next() (any, error) {
	token, err := d.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	return d.value(token)
}

// value reads the rest of the value that a token begins. The decoder bounds
// its depth.
func (d jsonDecoder) value(token jsontext.Token) (any, error) {
	switch token.Kind() {
	case '"':
		return token.String(), nil
	case '0':
		return number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	case '[':
		return d.list()
	case '{':
		return d.object()
	default: // the decoder lets nothing but null be left
		return nil, nil
	}
}

func (d jsonDecoder) list() (any, error) {
	list := []any{}
	for {
		token, err := d.dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if token.Kind() == ']' {
			return list, nil
		}
		v, err := d.value(token)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

func (d jsonDecoder) object() (any, error) {
	object := map[string]any{}
	for {
		token, err := d.dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if token.Kind() == '}' {
			return object, nil
		}
		name := token.String()
		if object[name], err = d.next(); err != nil {
			return nil, err
		}
	}
}

// number returns a number of JSON as a float64, or as it is written where
// that loses digits of a whole number or is out of range.
func number(text string) any {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f >= maxExact || f <= -maxExact {
		return json.Number(text)
	}
	return f
}
