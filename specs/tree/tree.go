package tree

import "strconv"

// Pos is a place in a file. Line and Column count from 1.
type Pos struct {
	File         string
	Line, Column int
}

// String returns "file:line:col", or the file alone when there is no line.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Kind is what a node is.
type Kind int

// The kinds. Anything in quotes or a block scalar is a String; dates are too.
const (
	Null Kind = iota
	Bool
	Int   // whole in any notation of YAML 1.1 or 1.2: 10, 010, 0x1F, 1_000
	Float // 1.10, 1e3, .inf
	String
	List
	Map
)

// String returns the kind in words: "null", "true or false", "a whole number",
// "a number", "text", "a list", "a map".
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "true or false"
	case Int:
		return "a whole number"
	case Float:
		return "a number"
	case String:
		return "text"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Node is a value of a spec with its place. Aliases and merge keys have been
// resolved. It must not be changed once Parse or Merge returned it.
type Node struct {
	Pos     Pos
	Kind    Kind
	Text    string // of a scalar: as it is written, quotes resolved
	Quoted  bool   // written in quotes or as a block
	Items   []*Node
	Members []Member // in order; no name twice

	source *source // of Pos; nil when it was not parsed
}

// Member is one entry of a map.
type Member struct {
	Name  string
	Pos   Pos // of the name
	Value *Node
}

// Get returns the value of a member, nil when there is none.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Members {
		if n.Members[i].Name == name {
			return n.Members[i].Value
		}
	}
	return nil
}

// Name returns the path of a member: "requests[1]" and "url" make
// "requests[1].url".
func Name(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Item returns the path of a list's item; i counts from 0.
func Item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
