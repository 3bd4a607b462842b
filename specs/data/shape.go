package data

import (
	"volley/specs/shape"
	"volley/specs/tree"
)

// encodings by the names that a spec may give them.
var encodingNames = []string{"utf-8", "latin1", "iso-8859-1", "windows-1252", "utf-16", "utf-16le", "utf-16be"}

var cellTypeNames = []string{"int", "float", "bool", "json", "string"}

var kindNames = []string{"csv", "tsv", "jsonl", "json", "lines", "glob", "range", "values", "lua", "stdin"}

// Shape returns the shape of one data source.
func Shape() *shape.Shape {
	return &shape.Shape{
		Name:      "data_source",
		Doc:       "Where rows come from: one of csv, tsv, jsonl, json, lines, glob, range, values, lua and stdin, and what is done with them.",
		Kinds:     []tree.Kind{tree.Map},
		Fields:    append(kindFields(), optionFields()...),
		Exclusive: [][]string{kindNames},
		Need:      [][]string{kindNames},
	}
}

func kindFields() []shape.Field {
	file := func(doc string) *shape.Shape {
		return &shape.Shape{Doc: doc, Kinds: []tree.Kind{tree.String}, Template: true}
	}
	return []shape.Field{
		{Name: "csv", Doc: "A CSV file (RFC 4180); a row has the names of its first line.", Shape: file("Path.")},
		{Name: "tsv", Doc: "As csv, with tabs between the fields.", Shape: file("Path.")},
		{Name: "jsonl", Doc: "A file with one JSON value on each line.", Shape: file("Path.")},
		{Name: "json", Doc: "A JSON file that is a list, or holds one at path.", Shape: file("Path.")},
		{Name: "lines", Doc: "A text file; each line is row.value. Empty lines at its end do not count.", Shape: file("Path.")},
		{Name: "glob", Doc: "The files that a pattern matches (** crosses folders), in the order of their names; as says what a row is.", Shape: file("Pattern.")},
		{Name: "range", Doc: "Numbers [from, to] or [from, to, step]; to is one of them.", Shape: &shape.Shape{
			Kinds: []tree.Kind{tree.List},
			Items: &shape.Shape{Kinds: []tree.Kind{tree.Int, tree.Float}, Template: true},
		}},
		{Name: "values", Doc: "A list in place: plain values are row.value, maps are rows.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.List}, Template: true}},
		{Name: "lua", Doc: "A function of the handler script, or code, that returns an iterator.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.String}}},
		{Name: "stdin", Doc: "The standard input, in this format.", Shape: &shape.Shape{
			Kinds: []tree.Kind{tree.String}, Enum: []string{"csv", "tsv", "jsonl", "lines"},
		}},
	}
}

func optionFields() []shape.Field {
	text := func(enum ...string) *shape.Shape { return &shape.Shape{Kinds: []tree.Kind{tree.String}, Enum: enum} }
	expression := &shape.Shape{Name: "expression", Kinds: []tree.Kind{tree.String, tree.Bool}}
	count := &shape.Shape{Kinds: []tree.Kind{tree.Int}, Template: true, Format: shape.Whole(0)}
	return []shape.Field{
		{Name: "delimiter", Doc: "One character between the fields of csv; a comma if not set.", Shape: text()},
		{Name: "header", Doc: "true: the first line has the names; false: there are none and row.value is the list of fields; a list: the names.", Shape: &shape.Shape{
			OneOf: []*shape.Shape{{Kinds: []tree.Kind{tree.Bool}}, {Kinds: []tree.Kind{tree.List}, Items: text()}},
		}},
		{Name: "types", Doc: "Types of columns; the others are text. An empty field of a type but string is null.", Shape: &shape.Shape{
			Kinds: []tree.Kind{tree.Map}, Rest: text(cellTypeNames...),
		}},
		{Name: "encoding", Doc: "Of the file; utf-8 if not set, or UTF-16 when it begins with its mark.", Shape: text(encodingNames...)},
		{Name: "path", Doc: "Of json: where its list is, such as $.items.", Shape: text()},
		{Name: "as", Doc: "Of glob: path, a row is the file's path; text or json, what is in the file, with its path as row.path.", Shape: text("path", "json", "text")},
		{Name: "where", Doc: "Expression over row; rows for which it is false or nil are left out.", Shape: expression},
		{Name: "sample", Doc: "Rows at random, in their order: a fraction such as 0.1 or 10%, or so many.", Shape: &shape.Shape{
			Kinds: []tree.Kind{tree.Int, tree.Float, tree.String}, Template: true, Format: sampleFormat,
		}},
		{Name: "shuffle", Doc: "true, a seed, or {seed, window}: rows at random, from within a window of rows, which is all of them if not set.", Shape: &shape.Shape{
			OneOf: []*shape.Shape{{Kinds: []tree.Kind{tree.Bool, tree.Int}}, {Kinds: []tree.Kind{tree.Map}, Fields: []shape.Field{
				{Name: "seed", Doc: "The same seed gives the same order.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.Int}, Template: true}},
				{Name: "window", Doc: "How many rows are held in memory.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.Int}, Template: true, Format: shape.Whole(1)}},
			}}},
		}},
		{Name: "skip", Doc: "How many rows to leave out at the start.", Shape: count},
		{Name: "limit", Doc: "How many rows there are at most.", Shape: count},
		{Name: "seed", Doc: "Of sample and shuffle; that of the run if not set.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.Int}, Template: true}},
		{Name: "key", Doc: "Expression over row that names it in messages; a fraction in sample takes rows by it.", Shape: expression},
	}
}

// sampleFormat is a count, or a fraction from 0 to 1.
var sampleFormat = &shape.Format{
	Name: "sample", Example: "0.1, 10% or 500",
	Pattern: `^[0-9_]*\.?[0-9]*([eE]-?[0-9]+)?\s*%?$`,
	Check: func(text string) error {
		_, err := parseSample(text)
		return err
	},
}
