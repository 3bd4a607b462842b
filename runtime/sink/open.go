package sink

import (
	"io"
	"path/filepath"
	"strings"

	"volley/runtime"
)

// Output is a Sink into a file of its own, or into standard output.
type Output interface {
	runtime.Sink
	// Flush hands what was written to the file; see NDJSON.Flush.
	Flush() error
	// Discard gives up an output that was opened and not written to, as when
	// another one could not be: what stood there before stays. Instead of
	// Close.
	Discard()
}

// Format is what an output's lines are.
type Format string

// The formats. "" goes by the path's ending.
const (
	FormatNDJSON Format = "ndjson"
	FormatCSV    Format = "csv"
)

// OpenOptions set up an output. The zero value works, but for "-".
type OpenOptions struct {
	Options        // Name is the path
	Run     Run    // of NDJSON
	Format  Format // whatever the path's ending says; .gz and .zst compress all the same
	// Fields are the columns of CSV; nil: see NewCSV.
	Fields []string
	Stdout io.Writer // what "-" writes to
}

// Open makes an output of path: .ndjson, .jsonl or .csv, each also with .gz or
// .zst behind it, or standard output for "-", where it is NDJSON unless Format
// says CSV. Missing folders are made; an older file is replaced with the first bytes that are written. An
// unknown ending or field is an error of kind invalid_argument, a file that
// cannot be made one of kind io.
func Open(path string, o OpenOptions) (Output, error) {
	if path == "-" {
		o.Name = "standard output"
		if o.Format == FormatCSV {
			return NewCSV(o.Stdout, o.Fields, o.Options)
		}
		return NewNDJSON(o.Stdout, o.Run, o.Options), nil
	}
	if o.Format == "" {
		o.Format = formats[ending(path)]
	}
	var columns []column
	switch o.Format {
	case FormatNDJSON:
	case FormatCSV:
		var err error
		if columns, err = parseColumns(o.Fields); err != nil {
			return nil, err
		}
	default:
		return nil, runtime.Errorf(runtime.KindInvalidArgument,
			"%s: its ending is no known format: use .ndjson, .jsonl or .csv, each also with .gz or .zst, or - for standard output", path)
	}
	f, err := CreateFile(path)
	if err != nil {
		return nil, err
	}
	if o.Format == FormatCSV {
		return newCSV(newFileBuffer(f), columns, o.Options), nil
	}
	return newNDJSON(newFileBuffer(f), o.Run, o.Options), nil
}

var formats = map[string]Format{".ndjson": FormatNDJSON, ".jsonl": FormatNDJSON, ".csv": FormatCSV}

// ending is the part of a path that tells the format, in lower case.
func ending(path string) string {
	path = strings.ToLower(path)
	path = strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".zst")
	return filepath.Ext(path)
}
