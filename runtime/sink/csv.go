package sink

import (
	"io"

	"volley/runtime"
)

// maxWithoutRow is how many bytes of results may wait for the first row, which
// tells the columns, before the file goes without them.
const maxWithoutRow = 1 << 20

// CSV writes one line of comma-separated values for each Result below a line
// of names (RFC 4180, but for lines that end with LF). Values stand as they
// are: a text that a spreadsheet would take for a formula, since it begins with
// = + - @, a tab or a CR, is data here. Who opens a file of answers that others
// wrote in a spreadsheet imports its columns as text.
type CSV struct {
	buffer
	opts    Options
	columns []column
	given   bool     // the columns are; else those of the first row go in front
	headed  bool     // the line of names is written
	waiting [][]byte // lines from before the first row, without its columns
	size    int      // of waiting
	cell    []byte
}

// NewCSV returns a sink into w, which stays the caller's to close. fields are
// paths into the record: status, error, elapsed, row.id, captures.token,
// headers.X-Request-Id (of the response), timings.ttfb, size.body, meta.x,
// tags.team, body and whatever else the record has. The error of a request that
// only broke an expectation is that one's message. Without fields it is every
// column of the row, then index, ok, status, error, kind, elapsed, attempts and
// url. An unknown field is an error of kind invalid_argument.
func NewCSV(w io.Writer, fields []string, opts Options) (*CSV, error) {
	columns, err := parseColumns(fields)
	if err != nil {
		return nil, err
	}
	if opts.Name == "" {
		opts.Name = "the results"
	}
	return newCSV(newBuffer(w, opts.Name), columns, opts), nil
}

var defaultFields = []string{"index", "ok", "status", "error", "kind", "elapsed", "attempts", "url"}

// newCSV takes nil for the default columns.
func newCSV(b buffer, columns []column, opts Options) *CSV {
	c := &CSV{buffer: b, opts: opts, columns: columns, given: columns != nil}
	if !c.given {
		c.columns, _ = parseColumns(defaultFields) // they are known
	}
	return c
}

// Write implements runtime.Sink. The error is of kind io, and stays.
func (c *CSV) Write(r *runtime.Result) error {
	if c.err != nil {
		return c.err
	}
	if !c.headed && !c.given && r.Row == nil {
		line := c.line(nil, r)
		c.waiting = append(c.waiting, line)
		if c.size += len(line); c.size < maxWithoutRow {
			return nil
		}
		return c.took(c.head(c.text, nil))
	}
	b := c.text
	if !c.headed {
		b = c.head(b, r.Row)
	}
	return c.took(c.line(b, r))
}

// head writes the line of names, and those that waited for it.
func (c *CSV) head(b []byte, row *runtime.Row) []byte {
	c.headed = true
	blanks := 0
	if !c.given && row != nil {
		own := rowColumns(row)
		blanks = len(own)
		c.columns = append(own, c.columns...)
	}
	for i := range c.columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCell(b, []byte(c.columns[i].name))
	}
	b = append(b, '\n')
	for _, line := range c.waiting {
		for range blanks {
			b = append(b, ',')
		}
		b = append(b, line...)
	}
	c.waiting = nil
	return b
}

// line appends the cells of a Result.
func (c *CSV) line(b []byte, r *runtime.Result) []byte {
	for i := range c.columns {
		if i > 0 {
			b = append(b, ',')
		}
		c.cell = c.columns[i].append(c.cell[:0], r, &c.opts)
		b = appendCell(b, c.cell)
	}
	if len(c.columns) == 1 && len(c.cell) == 0 {
		b = append(b, `""`...) // an empty line would be none
	}
	return append(b, '\n')
}

// Close implements runtime.Sink. Without any Result the file has names only.
func (c *CSV) Close() error {
	if !c.headed && c.err == nil {
		c.text = c.head(c.text, nil)
	}
	return c.buffer.Close()
}

// appendCell quotes a cell if it has to be.
func appendCell(b, cell []byte) []byte {
	plain := true
	for i, ch := range cell {
		if ch == ',' || ch == '"' || ch == '\n' || ch == '\r' || (ch == ' ' || ch == '\t') && (i == 0 || i == len(cell)-1) {
			plain = false
			break
		}
	}
	if plain {
		return append(b, cell...)
	}
	b = append(b, '"')
	for _, ch := range cell {
		if ch == '"' {
			b = append(b, '"')
		}
		b = append(b, ch)
	}
	return append(b, '"')
}
