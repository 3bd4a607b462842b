package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"volley/runtime"
	"volley/runtime/spell"
)

// table is a CSV or TSV text.
type table struct {
	file   file
	layout layout
}

// layout says how the fields of a table are cut and named.
type layout struct {
	delimiter string
	header    bool     // the first row has the names
	names     []string // given in the spec
	types     map[string]string
}

func (t *table) text() file { return t.file }

func (t *table) open(o *opening) (reader, error) {
	in, err := t.file.open(o)
	if err != nil {
		return nil, err
	}
	r := &tableReader{input: in, delimiter: t.layout.delimiter, names: t.layout.names}
	if t.layout.header {
		err = r.readHeader()
	}
	if err == nil {
		err = r.setTypes(t.layout.types)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return r, nil
}

// tableReader cuts lines into fields (RFC 4180). A row keeps its text; fields
// are parts of it, unless they hold doubled quotes.
type tableReader struct {
	*input
	delimiter string
	names     []string // nil: a row is the list of its fields
	parse     []cellParser
	width     int // of the first row; 0: not yet read
	first     int // line that the row began at
	buf       []byte
	fields    []string
	spans     []span
}

// span is a field of a row with quotes.
type span struct {
	from, to int
	doubled  bool // "" stands for a quote
}

func (r *tableReader) readHeader() error {
	_, err := r.record()
	if errors.Is(err, io.EOF) {
		return runtime.Errorf(runtime.KindIO, "%s: it is empty; the first line must have the names of the columns, or say header: false", r.name)
	}
	if err != nil {
		return err
	}
	if i, fault := checkNames(r.fields); fault != "" {
		return r.invalid(r.first, fmt.Sprintf("column %d of the header: %s; name it in the file, or list the names in header", i+1, fault))
	}
	r.names = slices.Clone(r.fields)
	return nil
}

// checkNames returns the first name that is empty or was there before.
func checkNames(names []string) (at int, fault string) {
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		switch {
		case name == "":
			return i, "the name is empty"
		case seen[name]:
			return i, "the name " + strconv.Quote(name) + " appears twice"
		}
		seen[name] = true
	}
	return 0, ""
}

func (r *tableReader) setTypes(types map[string]string) error {
	if r.names != nil {
		r.width = len(r.names)
	}
	if len(types) == 0 {
		return nil
	}
	r.parse = make([]cellParser, len(r.names))
	for name, of := range types {
		i := slices.Index(r.names, name)
		if i < 0 {
			return r.invalid(max(r.first, 1), fmt.Sprintf("there is no column %q, to which types gives a type%s", name, spell.Hint(name, r.names)))
		}
		r.parse[i] = cellParsers[of]
	}
	return nil
}

// next implements reader.
func (r *tableReader) next() (*runtime.Row, error) {
	raw, err := r.record()
	if err != nil {
		return nil, err
	}
	if r.width == 0 {
		r.width = len(r.fields)
	}
	if len(r.fields) != r.width {
		return nil, r.invalid(r.first, r.ragged())
	}
	if r.names == nil {
		list := make([]any, len(r.fields))
		for i, field := range r.fields {
			list[i] = field
		}
		return &runtime.Row{Values: []any{list}, Raw: raw}, nil
	}
	row := newTableRow(r.width)
	row.Names, row.Raw = r.names, raw
	for i, field := range r.fields {
		if r.parse == nil || r.parse[i] == nil {
			row.Values[i] = field
			continue
		}
		if row.Values[i], err = r.parse[i](field); err != nil {
			return nil, r.invalid(r.first, fmt.Sprintf("column %q: %s", r.names[i], err))
		}
	}
	return row, nil
}

// newTableRow makes a row and room for its values at once, if they are few.
func newTableRow(width int) *runtime.Row {
	if width > 8 {
		return &runtime.Row{Values: make([]any, width)}
	}
	r := &struct {
		runtime.Row
		values [8]any
	}{}
	r.Values = r.values[:width:width]
	return &r.Row
}

func (r *tableReader) ragged() string {
	of := "the first row"
	if r.names != nil {
		of = "the header"
	}
	return fmt.Sprintf("%d fields where %s has %d", len(r.fields), of, r.width)
}

// place implements reader.
func (r *tableReader) place() string { return r.name + ":" + strconv.Itoa(r.first) }

// record reads the next row that is not an empty line into fields, and returns
// its text without the line end.
func (r *tableReader) record() (string, error) {
	for {
		line, err := r.rawLine()
		if err != nil {
			return "", err
		}
		r.first = r.number
		text := trimEnd(line)
		if len(text) == 0 {
			continue
		}
		if bytes.IndexByte(text, '"') >= 0 {
			return r.quoted(line)
		}
		raw := string(text)
		r.cut(raw)
		return raw, nil
	}
}

// cut splits a line without quotes.
func (r *tableReader) cut(line string) {
	r.fields = r.fields[:0]
	if len(r.delimiter) == 1 {
		for c := r.delimiter[0]; ; {
			i := strings.IndexByte(line, c)
			if i < 0 {
				break
			}
			r.fields = append(r.fields, line[:i])
			line = line[i+1:]
		}
	} else {
		for {
			field, rest, found := strings.Cut(line, r.delimiter)
			if !found {
				break
			}
			r.fields = append(r.fields, field)
			line = rest
		}
	}
	r.fields = append(r.fields, line)
}

// quoted reads a row that holds quotes; it may go over several lines.
func (r *tableReader) quoted(line []byte) (string, error) {
	r.buf = append(r.buf[:0], line...)
	r.spans = r.spans[:0]
	end := 0
	for more := true; more; {
		var err error
		if end < len(r.buf) && r.buf[end] == '"' {
			end, err = r.quotedField(end + 1)
		} else {
			end, err = r.plainField(end)
		}
		if err != nil {
			return "", err
		}
		if more = bytes.HasPrefix(r.buf[end:], []byte(r.delimiter)); more {
			end += len(r.delimiter)
		}
	}
	raw := string(r.buf[:end])
	r.fields = r.fields[:0]
	for _, s := range r.spans {
		field := raw[s.from:s.to]
		if s.doubled {
			field = strings.ReplaceAll(field, `""`, `"`)
		}
		r.fields = append(r.fields, field)
	}
	return raw, nil
}

// plainField finds the end of a field without quotes around it.
func (r *tableReader) plainField(from int) (int, error) {
	text := r.buf[from : from+len(trimEnd(r.buf[from:]))]
	if i := bytes.Index(text, []byte(r.delimiter)); i >= 0 {
		text = text[:i]
	}
	if bytes.IndexByte(text, '"') >= 0 {
		return 0, r.invalid(r.number, fmt.Sprintf(`field %d has a quote in it but does not begin with one; put the field in quotes and write "" for the quote`, len(r.spans)+1))
	}
	r.spans = append(r.spans, span{from: from, to: from + len(text)})
	return from + len(text), nil
}

// quotedField finds the end of a field whose first quote is before from, and
// reads more lines as needed. It returns where the closing quote ends.
func (r *tableReader) quotedField(from int) (int, error) {
	opened := r.number
	s := span{from: from}
	for at := from; ; {
		i := bytes.IndexByte(r.buf[at:], '"')
		if i < 0 {
			at = len(r.buf)
			if err := r.more(opened); err != nil {
				return 0, err
			}
			continue
		}
		at += i + 1
		if at < len(r.buf) && r.buf[at] == '"' {
			s.doubled = true
			at++
			continue
		}
		s.to = at - 1
		r.spans = append(r.spans, s)
		if rest := r.buf[at:]; len(trimEnd(rest)) > 0 && !bytes.HasPrefix(rest, []byte(r.delimiter)) {
			return 0, r.invalid(r.number, fmt.Sprintf(`field %d goes on after its closing quote; write "" for a quote`, len(r.spans)))
		}
		return at, nil
	}
}

// more adds the next line to a row whose quote is open.
func (r *tableReader) more(opened int) error {
	line, err := r.rawLine()
	switch {
	case errors.Is(err, io.EOF):
		return r.invalid(opened, "the quote that opens here is never closed")
	case err != nil:
		return err
	case len(r.buf)+len(line) > maxRecord:
		return r.invalid(opened, "the quote that opens here is not closed within "+strconv.Itoa(maxRecord>>20)+" MiB")
	}
	r.buf = append(r.buf, line...)
	return nil
}
