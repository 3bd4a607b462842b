package data

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/specs/expect/jsonpath"
)

// maxDocument bounds a JSON document that is read as a whole.
const maxDocument = 256 << 20

// document is a JSON text with a list of rows in it.
type document struct {
	file    file
	at      string         // path, as written; "": the document is the list
	query   *jsonpath.Path // of at
	chain   []string       // names that lead to the list
	streams bool           // chain is all of at
}

func (t *document) text() file { return t.file }

func (t *document) open(o *opening) (reader, error) {
	in, err := t.file.open(o)
	if err != nil {
		return nil, err
	}
	var r reader
	if t.at == "" || t.streams {
		r, err = t.stream(in)
	} else {
		r, err = t.whole(in)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return r, nil
}

var (
	chainRE = regexp.MustCompile(`^\$((?:\.[A-Za-z_][A-Za-z0-9_]*|\['[^'\\]*'\]|\["[^"\\]*"\])*)(?:\[\*\]|\.\*)?$`)
	linkRE  = regexp.MustCompile(`\.[A-Za-z_][A-Za-z0-9_]*|\['[^']*'\]|\["[^"]*"\]`)
)

// memberChain returns the names of a path that is nothing else, such as
// $.data.items or $.items[*].
func memberChain(path string) (names []string, ok bool) {
	m := chainRE.FindStringSubmatch(path)
	if m == nil {
		return nil, false
	}
	for _, link := range linkRE.FindAllString(m[1], -1) {
		if name, dotted := strings.CutPrefix(link, "."); dotted {
			names = append(names, name)
		} else {
			names = append(names, link[2:len(link)-2])
		}
	}
	return names, true
}

// whole reads all of a document and selects the rows in it.
func (t *document) whole(in *input) (reader, error) {
	text, err := io.ReadAll(io.LimitReader(in.reader, maxDocument+1))
	switch {
	case err != nil:
		return nil, in.fault(err)
	case len(text) > maxDocument:
		return nil, runtime.Errorf(runtime.KindIO, "%s: it is larger than the %d MiB that are read for the path %s; a path of names alone, such as $.items, has no bound", in.name, maxDocument>>20, t.at)
	}
	lines := newLineCounter(nil)
	lines.note(text)
	doc, err := newJSONReader().value(text)
	if err != nil {
		return nil, lines.invalid(in, err)
	}
	rows, err := t.query.Select(doc)
	if err != nil {
		return nil, runtime.Errorf(runtime.KindIO, "%s: %s: %w", in.name, t.at, err)
	}
	if len(rows) == 0 {
		return nil, runtime.Errorf(runtime.KindIO, "%s: there is nothing at %s", in.name, t.at)
	}
	if items, ok := rows[0].([]any); ok && t.query.Singular() {
		rows = items
	}
	in.close()
	return &listReader{values: rows, name: in.name}, nil
}

// documentReader reads the items of a list one by one.
type documentReader struct {
	*input
	json  *jsonReader
	lines *lineCounter
	line  int // of the last row
}

// stream goes to the list at the end of the chain.
func (t *document) stream(in *input) (reader, error) {
	lines := newLineCounter(in.reader)
	r := &documentReader{input: in, lines: lines, json: &jsonReader{
		dec: jsontext.NewDecoder(lines, jsontext.AllowDuplicateNames(true)),
	}}
	for i, name := range t.chain {
		if err := r.enter(name, t.chain[:i]); err != nil {
			return nil, r.fault(err)
		}
	}
	switch r.json.dec.PeekKind() {
	case '[':
		if _, err := r.json.dec.ReadToken(); err != nil {
			return nil, r.fault(err)
		}
		return r, nil
	case '{':
		return nil, r.misfit(t.chain, "an object; path tells where in it the list is, such as $.items")
	case jsontext.KindInvalid:
		_, err := r.json.dec.ReadToken()
		return nil, r.fault(err)
	default:
		return nil, r.misfit(t.chain, "no list")
	}
}

// enter goes to a member of the object that comes next.
func (r *documentReader) enter(name string, above []string) error {
	dec := r.json.dec
	if kind := dec.PeekKind(); kind != '{' && kind != jsontext.KindInvalid {
		return r.misfit(above, "no object, and has no member "+strconv.Quote(name))
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	var names []string
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if token.String() == name {
			return nil
		}
		if len(names) < 10 {
			names = append(names, token.String())
		}
		if err := dec.SkipValue(); err != nil {
			return err
		}
	}
	return r.misfit(above, fmt.Sprintf("an object without the member %q; it has %s", name, strings.Join(names, ", ")))
}

// misfit says that what is at a path is not what is looked for.
func (r *documentReader) misfit(chain []string, is string) error {
	at := "the document"
	if len(chain) > 0 {
		at = "$." + strings.Join(chain, ".")
	}
	return r.invalid(r.lines.at(r.json.dec.InputOffset()), at+" is "+is)
}

// next implements reader.
func (r *documentReader) next() (*runtime.Row, error) {
	if r.json.dec.PeekKind() == ']' {
		if err := r.rest(); err != nil {
			return nil, r.fault(err)
		}
		return nil, io.EOF
	}
	row, err := r.json.nextRow()
	if err != nil {
		return nil, r.fault(err)
	}
	r.line = r.lines.at(r.json.dec.InputOffset())
	return row, nil
}

// rest reads what follows the list: a document cut short is no short list.
func (r *documentReader) rest() error {
	for {
		_, err := r.json.dec.ReadToken()
		if err == nil && r.json.dec.StackDepth() == 0 {
			return r.json.end()
		}
		if err != nil {
			return short(err)
		}
	}
}

// place implements reader.
func (r *documentReader) place() string { return r.name + ":" + strconv.Itoa(max(r.line, 1)) }

func (r *documentReader) fault(err error) error {
	var known *runtime.Error
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, errJSONMore):
		return r.lines.invalid(r.input, err)
	}
	r.number = r.lines.at(r.json.dec.InputOffset())
	return r.input.fault(err)
}

// lineCounter passes a text on and knows the lines of what is still to come.
type lineCounter struct {
	from  io.Reader
	read  int64
	ends  []int64 // offsets of line ends not yet passed
	count int     // of those passed
}

func newLineCounter(from io.Reader) *lineCounter { return &lineCounter{from: from} }

// Read implements io.Reader.
func (c *lineCounter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.note(p[:n])
	return n, err
}

func (c *lineCounter) note(text []byte) {
	for i, b := range text {
		if b == '\n' {
			c.ends = append(c.ends, c.read+int64(i))
		}
	}
	c.read += int64(len(text))
}

// at returns the line, from 1, of an offset that is not before the last one
// asked for.
func (c *lineCounter) at(offset int64) int {
	passed, _ := slices.BinarySearch(c.ends, offset)
	c.count += passed
	c.ends = append(c.ends[:0], c.ends[passed:]...)
	return c.count + 1
}

// invalid names the line of a fault of JSON; of a text cut short, the last.
func (c *lineCounter) invalid(in *input, err error) error {
	offset, reason := jsonFault(err)
	switch {
	case errors.Is(err, io.EOF):
		reason = errJSONEmpty.Error()
	case offset < 0:
		offset = c.read
	}
	return in.invalid(c.at(offset), reason)
}
