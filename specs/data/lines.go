package data

import (
	"bytes"
	"fmt"

	"volley/runtime"
)

// textLines is a text each line of which is a row.
type textLines struct{ file file }

func (t *textLines) text() file { return t.file }

func (t *textLines) open(o *opening) (reader, error) {
	in, err := t.file.open(o)
	if err != nil {
		return nil, err
	}
	return &lineReader{input: in}, nil
}

// lineReader holds empty lines back until it knows that they are not the last
// ones.
type lineReader struct {
	*input
	empty int    // lines held back
	text  string // the line that follows them
	held  bool   // there is one
}

// next implements reader.
func (r *lineReader) next() (*runtime.Row, error) {
	for !r.held {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			r.empty++
			continue
		}
		r.text, r.held = string(line), true
	}
	if r.empty > 0 {
		r.empty--
		return &runtime.Row{Values: []any{""}}, nil
	}
	r.held = false
	return &runtime.Row{Values: []any{r.text}, Raw: r.text}, nil
}

// place implements reader. Empty lines that were held back are before the line
// read last.
func (r *lineReader) place() string {
	number := r.number
	if r.held {
		number -= r.empty + 1
	}
	return fmt.Sprintf("%s:%d", r.name, number)
}

// jsonLines is a text with a JSON value on each line that is not blank.
type jsonLines struct{ file file }

func (t *jsonLines) text() file { return t.file }

func (t *jsonLines) open(o *opening) (reader, error) {
	in, err := t.file.open(o)
	if err != nil {
		return nil, err
	}
	return &jsonLineReader{input: in, json: newJSONReader()}, nil
}

type jsonLineReader struct {
	*input
	json *jsonReader
}

// next implements reader.
func (r *jsonLineReader) next() (*runtime.Row, error) {
	for {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		row, err := r.json.row(line)
		if err != nil {
			offset, reason := jsonFault(err)
			if offset >= 0 {
				return nil, runtime.Errorf(runtime.KindIO, "%s:%d:%d: %s", r.name, r.number, offset+1, reason)
			}
			return nil, r.invalid(r.number, reason)
		}
		row.Raw = string(line)
		return row, nil
	}
}
