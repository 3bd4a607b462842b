package data

import (
	"io"
	"os"

	"volley/runtime"
	"volley/specs/template"
	"volley/specs/tree"
)

// Kind says what a Source reads.
type Kind string

// The kinds of sources.
const (
	KindCSV    Kind = "csv"
	KindTSV    Kind = "tsv"
	KindJSONL  Kind = "jsonl"
	KindJSON   Kind = "json"
	KindLines  Kind = "lines"
	KindGlob   Kind = "glob"
	KindRange  Kind = "range"
	KindValues Kind = "values"
	KindLua    Kind = "lua"
	KindStdin  Kind = "stdin"
)

// Source is a data source of a spec. It is immutable and may be opened often,
// but for the standard input.
type Source struct {
	Name string
	Pos  tree.Pos
	Kind Kind

	origin  origin
	choice  choice
	values  []*template.Value
	columns bool // all rows have the same names
}

// Function is the Lua code of a source of kind lua.
type Function struct {
	Source string   // a name in the handler script, or code
	Inline bool     // it is code
	Pos    tree.Pos // of Source
}

// Values returns every template of the source, for the loader to check. They
// may refer to vars, env, secrets and run; those of where and key to row too.
func (s *Source) Values() []*template.Value { return s.values }

// Generator returns the Lua function that makes the rows, nil when the source
// is of another kind.
func (s *Source) Generator() *Function {
	if g, ok := s.origin.(*generator); ok {
		return &g.function
	}
	return nil
}

// Open says where a source is read from. The zero value reads files below the
// folder of the spec.
type Open struct {
	// Base is the folder that relative paths start at; "" is that of the file
	// the path is written in.
	Base string
	// OpenFile opens a regular file for reading, and Readable tells whether
	// that is allowed; nil: everything is.
	OpenFile func(path string) (*os.File, error)
	Readable func(path string) error
	Stdin    io.Reader // of kind stdin
	// Later makes reading a stream wait for nobody: Next returns
	// runtime.ErrLater when there is no row yet, and Later is called once, on
	// any goroutine, when Next is worth calling again. nil: Next waits.
	Later func()
	// Enough is asked before each row; true: no further one is read. Next hands
	// out what was read already, then io.EOF, and Cut tells it. stream says that
	// nobody knows where the source ends. nil: everything is read.
	Enough func(stream bool) bool
	// Scope answers vars, env, secrets and run in templates.
	Scope template.Scope
	// Lua starts a generator, which calls later as Later is called; nil: it
	// waits.
	Lua func(f Function, later func()) (Generator, error)
	// Seed is that of sample and shuffle when the source has none itself.
	Seed int64
}

// Generator makes the values of a source of kind lua.
type Generator interface {
	// Next returns one plain value, ok false at the end. The error may be
	// runtime.ErrLater.
	Next() (value any, ok bool, err error)
	// Stop ends it, whatever it is doing; further calls do nothing.
	Stop()
}

// origin is what a kind of source is made from.
type origin interface {
	open(o *opening) (reader, error)
}

// reader reads the rows of an open source, all of them. The rows have no
// Index and no Source yet.
type reader interface {
	// next returns io.EOF after the last row.
	next() (*runtime.Row, error)
	// place returns where the last row was read, "users.csv:17".
	place() string
	close()
}

// stream is a reader whose rows come when they come, and may never end.
type stream interface {
	reader
	// stop reads nothing more: next hands out what was read, then io.EOF.
	stop()
}
