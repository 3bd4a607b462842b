package run

import (
	"io"

	"volley/runtime"
	"volley/specs/data"
	"volley/specs/template"
)

// rows yields the instances of a group.
type rows struct {
	source *data.Source // of read and of each list's rows; nil: a list
	read   *data.Rows   // nil: list
	list   []any
	at     int
	lone   bool // one instance without a row, as rows that are not known are one thing skipped
	err    error
}

// rowsOf begins to read the rows of a group. What is wrong is the error of the
// first row.
func (p *phase) rowsOf(g *group) *rows {
	switch {
	case g.source != "":
		return p.sourceRows(g.source)
	case g.list == nil || g.lister().blocked():
		return &rows{lone: true}
	}
	return p.listRows(g)
}

func (p *phase) listRows(g *group) *rows {
	if p.run.placeholders && usesAnswers(g.list.List) {
		return &rows{list: []any{"<row.value>"}}
	}
	v, err := g.list.List.Any(&scope{run: p.run, unit: &unit{step: g.lister(), at: &instance{}}})
	list, ok := v.([]any)
	switch {
	case ok:
	case p.late():
		return &rows{lone: true} // what makes the list may not have been sent
	case err != nil:
		return &rows{err: invalid(err)}
	case v != nil:
		return &rows{err: runtime.Errorf(runtime.KindInvalidArgument, "%s: foreach must be a list or the name of a data source, got %s", g.list.Pos, typeName(v))}
	}
	return &rows{list: list}
}

func (p *phase) sourceRows(name string) *rows {
	r := p.run
	source := r.spec.Source(name)
	read, err := source.Open(data.Open{
		Base: r.config.Base, OpenFile: r.config.OpenFile, Readable: r.config.Readable, Stdin: r.config.Stdin,
		Later: func() { r.config.Consumer.Deliver(p.rowCame) },
		Scope: &scope{run: r}, Lua: r.generator, Seed: r.seed, Enough: p.enough,
	})
	if err != nil {
		e := *runtime.AsError(err)
		e.Message = source.Pos.String() + ": data " + name + ": " + e.Message
		return &rows{err: &e}
	}
	return &rows{source: source, read: read}
}

// rowCame runs on the consumer's goroutine, when a row came or the run was
// stopped. The row is read where the phase waits, since expressions may belong
// to it.
func (p *phase) rowCame() {
	p.come = true
	if p.parked {
		p.run.config.Waiter.Wake()
	}
}

// next returns the next instance, io.EOF after the last.
func (r *rows) next() (*instance, error) {
	switch {
	case r.err != nil:
		return nil, r.err
	case r.read != nil:
		row, err := r.read.Next()
		if err != nil {
			return nil, err
		}
		return &instance{row: row, view: r.source.View(row)}, nil
	case r.lone:
		r.lone = false
		return &instance{}, nil
	case r.at == len(r.list):
		return nil, io.EOF
	}
	r.at++
	row := data.NewRow("", r.at, r.list[r.at-1])
	return &instance{row: row, view: (*data.Source)(nil).View(row)}, nil
}

// cut reports that the source may have more rows than were read.
func (r *rows) cut() bool { return r.read != nil && r.read.Cut() }

func (r *rows) close() {
	if r.read != nil {
		r.read.Close()
	}
}

// generator starts the Lua function of a data source.
func (r *Run) generator(f data.Function, later func()) (data.Generator, error) {
	if r.config.Hooks == nil {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "%s: a data source of kind lua needs Lua", f.Pos)
	}
	function, err := r.config.Hooks.Function(f.Source, f.Inline, f.Pos)
	if err != nil {
		return nil, err
	}
	return function.Iterate(&scope{run: r}, later)
}

// typeName says what a plain value is, for messages.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case bool:
		return "true or false"
	case string:
		return "a text"
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case template.Namespace:
		return "a map"
	default:
		return "a number"
	}
}
