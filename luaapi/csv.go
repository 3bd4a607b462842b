package luaapi

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
)

// csvOptions say how a CSV file is read.
type csvOptions struct {
	plain     bool // no header
	delimiter rune
}

var csvOptionTable = index([]option[csvOptions]{
	{Option: Option{Name: "header", Type: "boolean"}, set: func(_ call, o *csvOptions, v lua.LValue) error {
		header, err := boolean(v)
		o.plain = !header
		return err
	}},
	{Option: Option{Name: "delimiter", Type: "string"}, set: func(_ call, o *csvOptions, v lua.LValue) error {
		s, err := text(v)
		if err != nil {
			return err
		}
		r, n := utf8.DecodeRuneInString(s)
		if n == 0 || n != len(s) || r == utf8.RuneError || strings.ContainsRune("\"\r\n", r) {
			return fmt.Errorf("must be one character other than a quote or a line end, got %q", s)
		}
		o.delimiter = r
		return nil
	}},
})

func csvModule() Module {
	params := []Param{
		{"path", "string", "A relative path starts at the working directory."},
		{"opts", "{header?: boolean, delimiter?: string}?", `header = false: rows are lists; default true. delimiter: default ","; "\t" reads TSV.`},
	}
	const shape = "A row is a table by the names in the first line, or, with header = false, a list; values are strings. Quotes as in RFC 4180, a byte order mark is " +
		"skipped. A row with a wrong number of fields raises, with its line."
	return Module{
		Name: "volley.csv",
		Doc:  "CSV files.",
		Functions: []Function{
			{
				Name: "read", Params: params, Returns: "table[]",
				Doc: "All rows in a list. " + shape,
				Example: `volley.write("users.csv", "id,name\n1,ada\n2,\"b, c\"\n")
local rows = volley.csv.read("users.csv")
assert(#rows == 2 and rows[2].name == "b, c")`,
				call: readCSV,
			},
			{
				Name: "rows", Params: params, Returns: "fun(): table?, integer?",
				Doc: "An iterator of rows and their line numbers that holds one row at a time, however long the file is. " + shape,
				Example: `volley.write("urls.tsv", "GET\t/get\nGET\t/ip\n")
for row, line in volley.csv.rows("urls.tsv", {header = false, delimiter = "\t"}) do
  print(line, row[1], row[2])
end`,
				call: func(c call) int {
					rows := c.csvRows()
					return c.push(c.s.iterator(rows.in, rows.next))
				},
			},
		},
	}
}

// readCSV collects all rows. When the script is stopped it returns early: the
// host ends the script at its next instruction.
func readCSV(c call) int {
	rows := c.csvRows()
	defer rows.in.close()
	out := c.L.CreateTable(64, 0)
	stopped := c.L.Context().Done
	for {
		row, err := rows.next(c.L)
		if errors.Is(err, io.EOF) {
			return c.push(out)
		}
		if err != nil {
			c.raise(err)
		}
		out.Append(row)
		select {
		case <-stopped():
			return c.push(out)
		default:
		}
	}
}

// csvRows reads the rows of one file.
type csvRows struct {
	in     *input
	reader *csv.Reader
	limit  *recordLimit
	steps  vm.Steps
	plain  bool
	header []string
}

func (c call) csvRows() *csvRows {
	options := csvOptions{delimiter: ','}
	if t := c.tableOr(2); t != nil {
		apply(c, "csv options", csvOptionTable, t, &options)
	}
	in := c.input(1)
	limit := &recordLimit{source: in.reader}
	reader := csv.NewReader(limit)
	reader.Comma = options.delimiter
	reader.ReuseRecord = true
	return &csvRows{in: in, reader: reader, limit: limit, plain: options.plain}
}

// next returns a row as a table; io.EOF after the last.
func (r *csvRows) next(L *lua.LState) (lua.LValue, error) {
	if !r.plain && r.header == nil {
		if err := r.readHeader(L); err != nil {
			return nil, err
		}
	}
	record, err := r.record(L)
	if err != nil {
		return nil, err
	}
	if r.plain {
		t := L.CreateTable(len(record), 0)
		for _, field := range record {
			if err := r.steps.Next(L); err != nil {
				return nil, err
			}
			t.Append(lua.LString(field))
		}
		return t, nil
	}
	t := L.CreateTable(0, len(record))
	for i, field := range record {
		t.RawSetString(r.header[i], lua.LString(field))
	}
	return t, nil
}

func (r *csvRows) readHeader(L *lua.LState) error {
	record, err := r.record(L)
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(record))
	for _, name := range record {
		if seen[name] {
			return r.in.invalid(r.in.number, fmt.Sprintf("the column %q appears twice; rename one, or read with header = false", name))
		}
		seen[name] = true
		r.header = append(r.header, strings.Clone(name))
	}
	return nil
}

func (r *csvRows) record(L *lua.LState) ([]string, error) {
	r.limit.left = maxRecord
	record, err := apart(call{L: L}, r.long(), r.reader.Read)
	var fault *csv.ParseError
	switch {
	case err == nil:
		r.in.number, _ = r.reader.FieldPos(0)
		return record, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, errRecordSize):
		return nil, r.in.invalid(r.in.number+1, "a row is longer than 64 MiB; is a quote left open?")
	case errors.As(err, &fault) && errors.Is(err, csv.ErrFieldCount):
		return nil, r.in.invalid(fault.StartLine, fmt.Sprintf("%d fields where the first row has %d", len(record), r.reader.FieldsPerRecord))
	case errors.As(err, &fault):
		return nil, r.in.invalid(fault.Line, fmt.Sprintf("column %d: %s", fault.Column, fault.Err.Error()))
	}
	return nil, r.in.fault(err)
}

// long reports whether no line ends in what is there of the file.
func (r *csvRows) long() bool {
	ahead, _ := r.in.reader.Peek(r.in.reader.Buffered()) // nothing is read for it
	return len(ahead) > 0 && bytes.IndexByte(ahead, '\n') < 0
}

var errRecordSize = errors.New("row too long")

// recordLimit fails a row that never ends before it fills the memory.
type recordLimit struct {
	source io.Reader
	left   int
}

// Read implements io.Reader.
func (l *recordLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errRecordSize
	}
	n, err := l.source.Read(p)
	l.left -= n
	return n, err
}
