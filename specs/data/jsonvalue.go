package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/specs/tree"
)

// jsonReader turns JSON into plain values. Members of an object that are there
// twice count once, the last one.
type jsonReader struct {
	dec   *jsontext.Decoder
	names []string // of the last row that was an object
	found []string // names of the row being read, when they differ
}

func newJSONReader() *jsonReader {
	return &jsonReader{dec: jsontext.NewDecoder(new(bytes.Buffer), jsontext.AllowDuplicateNames(true))}
}

var (
	errJSONMore  = errors.New("something follows the value")
	errJSONEmpty = errors.New("there is no JSON")
)

// value reads a text that is one value.
func (j *jsonReader) value(text []byte) (any, error) {
	j.reset(text)
	v, err := j.any()
	if err == nil {
		err = j.end()
	}
	return v, err
}

// row reads a text that is one value as a row.
func (j *jsonReader) row(text []byte) (*runtime.Row, error) {
	j.reset(text)
	row, err := j.nextRow()
	if err == nil {
		err = j.end()
	}
	return row, err
}

func (j *jsonReader) reset(text []byte) {
	j.dec.Reset(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
}

// end makes sure that nothing follows.
func (j *jsonReader) end() error {
	_, err := j.dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return errJSONMore
	}
	return err
}

// nextRow reads the next value as a row. An object's members keep their order
// and are the columns; names are shared with the row before where they are
// the same.
func (j *jsonReader) nextRow() (*runtime.Row, error) {
	if j.dec.PeekKind() != '{' {
		v, err := j.any()
		return &runtime.Row{Values: []any{v}}, err
	}
	if _, err := j.dec.ReadToken(); err != nil {
		return nil, err
	}
	values := make([]any, 0, len(j.names))
	same := true // so far the names are those of the row before
	for {
		token, err := j.dec.ReadToken()
		if err != nil {
			return nil, short(err)
		}
		if token.Kind() == '}' {
			break
		}
		i := len(values)
		if same && (i == len(j.names) || token.String() != j.names[i]) {
			same = false
			j.found = append(j.found[:0], j.names[:i]...)
		}
		if !same {
			j.found = append(j.found, token.String())
		}
		v, err := j.any()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if !same || len(values) < len(j.names) || j.names == nil {
		if same {
			j.found = append(j.found[:0], j.names[:len(values)]...)
		}
		j.names, values = unique(j.found[:len(values)], values)
	}
	return &runtime.Row{Names: j.names, Values: values}, nil
}

// unique returns copies in which each name is once, with its last value.
func unique(names []string, values []any) ([]string, []any) {
	at := make(map[string]int, len(names))
	once, kept := make([]string, 0, len(names)), values[:0]
	for i, name := range names {
		if first, seen := at[name]; seen {
			kept[first] = values[i]
			continue
		}
		at[name] = len(once)
		once, kept = append(once, name), append(kept, values[i])
	}
	return once, kept
}

// any reads the next value. Numbers that a float64 would change, or write
// otherwise, are json.Number.
func (j *jsonReader) any() (any, error) {
	switch j.dec.PeekKind() {
	case '0':
		text, err := j.dec.ReadValue()
		if err != nil {
			return nil, short(err)
		}
		return number(text), nil
	case '[':
		return j.list()
	case '{':
		return j.object()
	default:
		return j.scalar()
	}
}

// scalar reads a text, a truth value or null.
func (j *jsonReader) scalar() (any, error) {
	token, err := j.dec.ReadToken()
	if err != nil {
		return nil, short(err)
	}
	switch token.Kind() {
	case '"':
		return token.String(), nil
	case 't', 'f':
		return token.Bool(), nil
	default:
		return nil, nil
	}
}

func (j *jsonReader) list() (any, error) {
	_, err := j.dec.ReadToken()
	list := []any{}
	for err == nil && j.dec.PeekKind() != ']' {
		var v any
		if v, err = j.any(); err == nil {
			list = append(list, v)
		}
	}
	if err == nil {
		_, err = j.dec.ReadToken()
	}
	return list, short(err)
}

func (j *jsonReader) object() (any, error) {
	_, err := j.dec.ReadToken()
	members := map[string]any{}
	for err == nil && j.dec.PeekKind() != '}' {
		var name jsontext.Token
		if name, err = j.dec.ReadToken(); err != nil {
			break
		}
		key := name.String()
		members[key], err = j.any()
	}
	if err == nil {
		_, err = j.dec.ReadToken()
	}
	return members, short(err)
}

// short makes an end within a value what it is, a fault.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// number returns a float64 if it is written as the text is.
func number(text []byte) any {
	if len(text) <= 15 && (text[0] != '0' || len(text) == 1) {
		n := 0.0
		for _, c := range text {
			if c < '0' || c > '9' {
				n = -1
				break
			}
			n = n*10 + float64(c-'0')
		}
		if n >= 0 {
			return n
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	var room [32]byte
	if err != nil || math.Abs(f) > maxExact || !bytes.Equal(tree.AppendNumber(room[:0], f), text) {
		return json.Number(text)
	}
	return f
}

// jsonFault tells where in a text, from 0, a value is wrong and why.
func jsonFault(err error) (offset int64, reason string) {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		reason = syntax.Err.Error()
		if errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
			reason = "the text ends in the middle of a value"
		}
		return syntax.ByteOffset, reason
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return -1, "the text ends in the middle of a value"
	}
	return -1, err.Error()
}
