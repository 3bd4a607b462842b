package shape

import "volley/specs/tree"

// Shape says what a node may be: the decoder checks nodes against it, and the
// JSON Schema is written from it. The zero Shape takes anything.
type Shape struct {
	Name string // of its definition in the schema, shared by all places that use it; "": in place
	Doc  string // one sentence
	// Kinds lists what it may be; none: anything.
	Kinds []tree.Kind
	// Template lets a text with ${{ }} stand for any of Kinds.
	Template bool
	Enum     []string // of a String
	// Format checks the text of a scalar.
	Format *Format
	Items  *Shape  // of a List; nil: anything
	Fields []Field // of a Map
	// Rest is the shape of a map's other members; nil: other names are
	// refused, but for x-…. A map shape without Fields and Rest takes any.
	Rest *Shape
	// OneOf: the node has to fit one of these; the first whose Kinds it has
	// (and, of maps, the one that knows most of its names) is the one that
	// problems are told from.
	OneOf []*Shape
	// Exclusive lists names of which a map may have one; Need of which it
	// must have at least one.
	Exclusive, Need [][]string
	// Elsewhere has hints for names that a user may know from other places, by
	// the unknown name.
	Elsewhere map[string]string
}

// Field is a named member of a map.
type Field struct {
	Name     string
	Doc      string
	Shape    *Shape
	Required bool
}

// Format is a notation of scalars: a duration, a size, a rate, an identifier.
type Format struct {
	Name    string // "duration"; "" when the example says it all
	Example string // "500ms"
	Pattern string // of the schema (ECMA 262, which Go's RE2 reads too); "": any text
	Check   func(text string) error
}
