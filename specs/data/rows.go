package data

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"volley/runtime"
	"volley/runtime/spell"
	"volley/specs/template"
)

// Rows are the rows of an open source, in order. One goroutine uses them: the
// consumer's, where expressions are evaluated.
type Rows struct {
	source *Source
	scope  template.Scope
	in     reader
	index  int // of the row read last
	pick   picker
	enough func(stream bool) bool // nil: never
	cut    bool                   // it said so
	err    error                  // how it ended
}

// opening is a source being opened.
type opening struct {
	Open
	source *Source
	name   string // of the one text that is read, for messages
	path   string // "": the standard input
}

// Open starts reading. An error is of kind io when the file cannot be read or
// has no header, denied when it must not be, or that of a template. Expressions
// of where and key are evaluated by Next, on the goroutine that calls it.
func (s *Source) Open(o Open) (*Rows, error) {
	at := &opening{Open: o, source: s}
	r := &Rows{source: s, scope: at.scope(), enough: o.Enough}
	var err error
	if r.pick, err = s.choice.open(at, r); err != nil {
		return nil, err
	}
	waits, err := at.locate()
	if err != nil {
		return nil, err
	}
	if o.Later != nil && waits {
		r.in = readAhead(at.name, func() (reader, error) { return s.origin.open(at) }, o.Later)
		return r, nil
	}
	r.in, err = s.origin.open(at)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Next returns the next row, io.EOF after the last one, and runtime.ErrLater
// when there will be one later. Any other error ends the rows: a fault of the
// file, which names its line, or of an expression.
func (r *Rows) Next() (*runtime.Row, error) {
	if r.err != nil {
		return nil, r.err
	}
	row, err := r.pick.next()
	if err != nil && !errors.Is(err, runtime.ErrLater) {
		r.err = err
		r.in.close()
	}
	return row, err
}

// Close closes what the rows are read from. Next returns io.EOF then, or the
// error that ended the rows before.
func (r *Rows) Close() {
	if r.err == nil {
		r.err = io.EOF
		r.in.close()
	}
}

// Cut reports that Enough ended the rows: there may be more.
func (r *Rows) Cut() bool { return r.cut }

// Read counts the rows of the source that were read so far.
func (r *Rows) Read() int { return r.index }

// Key returns the text of the source's key for a row, "" when it has none.
func (r *Rows) Key(row *runtime.Row) (string, error) {
	if r.source.choice.key == nil {
		return "", nil
	}
	return r.source.choice.key.Text(r.over(row))
}

// read returns the next row of the source for which where holds, numbered.
func (r *Rows) read() (*runtime.Row, error) {
	for {
		if err := r.cutShort(); err != nil {
			return nil, err
		}
		row, err := r.in.next()
		if err != nil {
			return nil, err
		}
		r.index++
		row.Source, row.Index = r.source.Name, r.index
		if r.source.choice.where == nil {
			return row, nil
		}
		holds, err := r.source.choice.where.Truth(r.over(row))
		if err != nil {
			return nil, r.failed("where", row, err)
		}
		if holds {
			return row, nil
		}
	}
}

// cutShort returns io.EOF when no further row is to be read.
func (r *Rows) cutShort() error {
	if r.enough == nil {
		return nil
	}
	in, isStream := r.in.(stream)
	if !r.cut && r.enough(isStream) {
		r.cut = true
		if isStream {
			in.stop()
		}
	}
	if r.cut && !isStream {
		return io.EOF
	}
	return nil
}

// failed adds to an expression's error the row it was evaluated for.
func (r *Rows) failed(option string, row *runtime.Row, err error) error {
	label := "row " + strconv.Itoa(row.Index)
	if option != "key" {
		if key, keyErr := r.Key(row); keyErr == nil && key != "" {
			label += ", key " + strconv.Quote(key)
		}
	}
	out := &runtime.Error{Kind: runtime.KindInvalidArgument}
	var known *runtime.Error
	if errors.As(err, &known) {
		c := *known
		out = &c
	} else {
		out.Message, out.Cause = err.Error(), err
	}
	out.Message = fmt.Sprintf("%s (%s): %s: %s", r.in.place(), label, option, out.Message)
	return out
}

// scope answers the templates of paths and numbers.
func (o *opening) scope() template.Scope {
	if o.Scope == nil {
		return nothing{}
	}
	return o.Scope
}

// nothing is the Scope that knows no names.
type nothing struct{}

func (nothing) Lookup(string) (any, bool) { return nil, false }

// over is the scope of where and key.
func (r *Rows) over(row *runtime.Row) template.Scope {
	return rowScope{under: r.scope, row: r.source.View(row)}
}

type rowScope struct {
	under template.Scope
	row   template.Namespace
}

// Lookup implements template.Scope.
func (s rowScope) Lookup(root string) (any, bool) {
	if root == "row" {
		return s.row, true
	}
	return s.under.Lookup(root)
}

// View returns a row as expressions see it. A name that a table has no column
// for is an error; rows of other sources, and those of no source (nil), may
// differ, and what they have not is nil.
func (s *Source) View(row *runtime.Row) template.Namespace {
	return &view{row: row, columns: s != nil && s.columns}
}

type view struct {
	row     *runtime.Row
	columns bool
}

// Member implements template.Namespace.
func (v *view) Member(name string) (any, error) {
	value, found := v.row.Lookup(name)
	if !found && v.columns {
		return nil, fmt.Errorf("the data source %s has no column %q%s", v.row.Source, name, spell.Hint(name, v.row.Names))
	}
	return value, nil
}

// Names implements template.Namespace.
func (v *view) Names() []string {
	if v.row.Names == nil {
		return []string{"value", "index"}
	}
	return v.row.Names
}

// NewRow makes a row of a plain value: a map's members are its columns, sorted
// by name; anything else is row.value.
func NewRow(source string, index int, value any) *runtime.Row {
	row := rowOf(value, nil)
	row.Source, row.Index = source, index
	return row
}

// rowOf makes a row that shares names if they are those of the map.
func rowOf(value any, names []string) *runtime.Row {
	m, ok := value.(map[string]any)
	if !ok {
		return &runtime.Row{Values: []any{value}}
	}
	if !namesOf(m, names) {
		names = slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m))
		slices.Sort(names)
	}
	row := &runtime.Row{Names: names, Values: make([]any, len(names))}
	for i, name := range names {
		row.Values[i] = m[name]
	}
	return row
}

func namesOf(m map[string]any, names []string) bool {
	if len(m) != len(names) || names == nil {
		return false
	}
	for _, name := range names {
		if _, ok := m[name]; !ok {
			return false
		}
	}
	return true
}
