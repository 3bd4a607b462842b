package sink

import (
	"encoding/json"
	"strings"

	"volley/runtime"
)

// Failed writes the rows of data whose requests failed, or were skipped since
// what they need failed or the run was stopped, once each and in the shape in
// which they were read: what is written can be the data of another run. They
// are the user's own data and written as they are, secrets included.
//
// The path's ending says the shape: .csv and .tsv have the columns of the
// first row, .jsonl and .ndjson an object for each, .txt the plain value, each
// also with .gz or .zst. A line that was read as it stands is written as it
// stands.
type Failed struct {
	buffer
	shape   func(f *Failed, b []byte, row *runtime.Row) []byte
	columns []string // of .csv and .tsv, once there was a row
	headed  bool
	seen    map[string]*indexes // by source
	rowless int
	cell    []byte
}

// NewFailed makes the file at path, which is there, if empty, also when nothing
// failed. An unknown ending is an error of kind invalid_argument.
func NewFailed(path string) (*Failed, error) {
	if err := CheckFailed(path); err != nil {
		return nil, err
	}
	f, err := CreateFile(path)
	if err != nil {
		return nil, err
	}
	return &Failed{buffer: newFileBuffer(f), shape: shapes[ending(path)], seen: map[string]*indexes{}}, nil
}

// CheckFailed reports a path whose ending NewFailed does not know: an error of
// kind invalid_argument.
func CheckFailed(path string) error {
	if shapes[ending(path)] == nil {
		return runtime.Errorf(runtime.KindInvalidArgument,
			"%s: its ending is no known shape of rows: use .csv, .tsv, .jsonl, .ndjson or .txt, each also with .gz or .zst", path)
	}
	return nil
}

var shapes = map[string]func(*Failed, []byte, *runtime.Row) []byte{
	".csv":    func(f *Failed, b []byte, row *runtime.Row) []byte { return f.table(b, row, ',') },
	".tsv":    func(f *Failed, b []byte, row *runtime.Row) []byte { return f.table(b, row, '\t') },
	".jsonl":  (*Failed).object,
	".ndjson": (*Failed).object,
	".txt":    (*Failed).line,
}

// Write implements runtime.Sink. The error is of kind io, and stays.
func (f *Failed) Write(r *runtime.Result) error {
	switch {
	case f.err != nil:
		return f.err
	case r.OK() || r.Spared || r.Skipped != "" && r.Skipped != "need" && r.Skipped != "stop":
		return nil
	case r.Row == nil:
		f.rowless++
		return nil
	}
	seen := f.seen[r.Row.Source]
	if seen == nil {
		seen = &indexes{}
		f.seen[r.Row.Source] = seen
	}
	if !seen.add(r.Row.Index) {
		return nil
	}
	return f.took(f.shape(f, f.text, r.Row))
}

// Rowless counts the failed requests that were made from no row.
func (f *Failed) Rowless() int { return f.rowless }

// table writes the row's values below the names of the first one's columns.
func (f *Failed) table(b []byte, row *runtime.Row, comma byte) []byte {
	if !f.headed {
		f.headed = true
		if f.columns = row.Names; f.columns == nil {
			f.columns = []string{"value"}
		}
		b = f.cells(b, comma, func(name string) []byte { return append(f.cell[:0], name...) })
	}
	return f.cells(b, comma, func(name string) []byte {
		v, _ := row.Lookup(name)
		f.cell = appendPlain(f.cell[:0], v, nil)
		return f.cell
	})
}

func (f *Failed) cells(b []byte, comma byte, text func(name string) []byte) []byte {
	from := len(b)
	for i, name := range f.columns {
		if i > 0 {
			b = append(b, comma)
		}
		b = appendSeparated(b, text(name), comma)
	}
	if len(b) == from {
		b = append(b, `""`...) // an empty line would be none
	}
	return append(b, '\n')
}

// appendSeparated quotes a cell if it has to be; a tab is only in the way where
// it separates.
func appendSeparated(b, cell []byte, comma byte) []byte {
	if comma != ',' && strings.IndexByte(string(cell), comma) >= 0 {
		b = append(b, '"')
		b = append(b, strings.ReplaceAll(string(cell), `"`, `""`)...)
		return append(b, '"')
	}
	return appendCell(b, cell)
}

// object writes the line that was read, else the columns as JSON.
func (f *Failed) object(b []byte, row *runtime.Row) []byte {
	if raw := oneLine(row.Raw); json.Valid([]byte(raw)) {
		b = append(b, raw...)
	} else {
		b = encoder{}.row(b, row)
	}
	return append(b, '\n')
}

// line writes the line that was read, else the plain value.
func (f *Failed) line(b []byte, row *runtime.Row) []byte {
	switch raw := oneLine(row.Raw); {
	case raw != "":
		b = append(b, raw...)
	case row.Names == nil && len(row.Values) == 1:
		b = appendPlain(b, row.Values[0], nil)
	default:
		b = encoder{}.row(b, row)
	}
	return append(b, '\n')
}

// oneLine returns a text without its end of line, "" if it is several lines.
func oneLine(raw string) string {
	raw = strings.TrimRight(raw, "\r\n")
	if strings.ContainsAny(raw, "\r\n") {
		return ""
	}
	return raw
}

// indexes is a set of numbers, kept by pages of bits.
type indexes struct {
	pages map[int]*[pageWords]uint64
}

const pageWords = 1 << 10 // of 64 bits

// add reports whether i is new.
func (s *indexes) add(i int) bool {
	if s.pages == nil {
		s.pages = map[int]*[pageWords]uint64{}
	}
	number := i / (pageWords * 64)
	page := s.pages[number]
	if page == nil {
		page = new([pageWords]uint64)
		s.pages[number] = page
	}
	word, bit := i/64%pageWords, uint64(1)<<(i%64)
	if page[word]&bit != 0 {
		return false
	}
	page[word] |= bit
	return true
}
