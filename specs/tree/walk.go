package tree

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"volley/specs/template/lualex"
)

const (
	maxExpansions = 10_000  // aliases, counted each time they are reached
	maxRepeated   = 100_000 // nodes that aliases bring in again
)

// walker makes Nodes of yaml.v3's.
type walker struct {
	source   *source
	problems *Problems
	anchors  map[*yaml.Node]*anchor

	expansions, repeated int
	refused              bool // a bound was met: nothing more is told of it
}

// built is a Node with what it takes to bound the places that repeat it.
type built struct {
	node    *Node
	height  int // levels of lists and maps in it
	size    int // nodes, with those that aliases brought
	aliases int // expansions
}

// anchor is an anchored node: each alias shares what was built of it once.
type anchor struct {
	built
	done bool // false while it is being walked: an alias to it is a cycle
}

// node builds n and everything below it. depth is the level it stands on.
func (w *walker) node(n *yaml.Node, path string, depth int) built {
	if n.Kind == yaml.AliasNode {
		return w.alias(n, path, depth)
	}
	var a *anchor
	if n.Anchor != "" {
		a = &anchor{}
		w.anchors[n] = a
	}
	b := w.fresh(n, path, depth)
	if a != nil {
		a.built, a.done = b, true
	}
	return b
}

func (w *walker) fresh(n *yaml.Node, path string, depth int) built {
	pos := w.pos(n)
	b := built{node: &Node{Pos: pos, Kind: Null, source: w.source}, size: 1}
	if n.Kind != yaml.ScalarNode {
		if depth == maxDepth {
			w.refuse(pos, path, "lists and maps are nested deeper than 100 levels")
			return b
		}
		b.height = 1
	}
	w.tag(n, path)
	switch n.Kind {
	case yaml.ScalarNode:
		w.scalar(b.node, n, path)
	case yaml.SequenceNode:
		b.node.Kind = List
		b.node.Items = make([]*Node, 0, len(n.Content))
		for i, content := range n.Content {
			item := w.node(content, Item(path, i), depth+1)
			b.node.Items = append(b.node.Items, item.node)
			b.add(item)
		}
	default: // a map: aliases do not come here
		b.node.Kind = Map
		w.members(&b, n, path, depth)
	}
	return b
}

// add counts what went below b.
func (b *built) add(below built) {
	b.height = max(b.height, below.height+1)
	b.size += below.size
	b.aliases += below.aliases
}

// alias returns what n stands for, shared with its anchor.
func (w *walker) alias(n *yaml.Node, path string, depth int) built {
	pos := w.pos(n)
	empty := built{node: &Node{Pos: pos, Kind: Null, source: w.source}, size: 1}
	a := w.anchors[n.Alias]
	if a == nil || !a.done {
		w.problems.Add(pos, path, "*"+n.Value+" stands inside of &"+n.Value+": it would contain itself", "")
		return empty
	}
	w.expansions += 1 + a.aliases
	w.repeated += a.size
	switch {
	case w.expansions > maxExpansions:
		w.refuse(pos, path, "the aliases expand more than 10000 times")
		return empty
	case w.repeated > maxRepeated:
		w.refuse(pos, path, "the aliases repeat more than 100000 values")
		return empty
	case depth+a.height > maxDepth:
		w.refuse(pos, path, "lists and maps are nested deeper than 100 levels")
		return empty
	}
	b := a.built
	b.aliases++
	return b
}

// refuse tells of the first bound that is met.
func (w *walker) refuse(pos Pos, path, message string) {
	if !w.refused {
		w.problems.Add(pos, path, message, "move data into a file of its own")
	}
	w.refused = true
}

func (w *walker) pos(n *yaml.Node) Pos {
	return Pos{File: w.source.name, Line: n.Line, Column: n.Column}
}

// scalar fills in a scalar, as it is written.
func (w *walker) scalar(to *Node, n *yaml.Node, path string) {
	const quotes = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	to.Text = n.Value
	to.Quoted = n.Style&quotes != 0
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		w.taggedScalar(to, n, path)
	case to.Quoted:
		to.Kind = String
	default:
		to.Kind = kindOf(n.Value)
	}
	w.unclosed(to, path)
}

// taggedScalar fills in the kind of a scalar with one of YAML's own tags.
func (w *walker) taggedScalar(to *Node, n *yaml.Node, path string) {
	is := kindOf(n.Value)
	fits := true
	switch n.Tag {
	case "!!null":
		fits = is == Null
	case "!!bool":
		fits = is == Bool
	case "!!int":
		fits = is == Int
	case "!!float":
		fits = is == Float || is == Int
		if fits {
			is = Float
		}
	default:
		is, to.Quoted = String, true
	}
	if !fits {
		w.problems.Add(to.Pos, path, strconv.Quote(clip(n.Value))+" does not go with the tag "+n.Tag, "leave the tag out")
	}
	to.Kind = is
}

// tag refuses tags that are not YAML's own: what looks like one is an operator
// or text without quotes.
func (w *walker) tag(n *yaml.Node, path string) {
	switch n.Tag {
	case "", "!!null", "!!bool", "!!int", "!!float", "!!str", "!!seq", "!!map":
		return
	}
	if n.Style&yaml.TaggedStyle == 0 {
		return // a date, or <<, as yaml.v3 resolved it
	}
	message := "the tag " + clip(n.Tag) + " is not known"
	switch {
	case strings.HasPrefix(n.Tag, "!="):
		w.problems.Add(w.pos(n), path, message, "operators are names, as in {ne: "+clip(n.Value)+"}; text that begins with ! has to be quoted")
	case n.Kind == yaml.ScalarNode:
		w.problems.Add(w.pos(n), path, message, "specs have no tags; text that begins with ! has to be quoted")
	default:
		w.problems.Add(w.pos(n), path, message, "specs have no tags: leave it out")
	}
}

// unclosed tells of a template without its end.
func (w *walker) unclosed(n *Node, path string) {
	nth := 0
	for rest := n.Text; ; nth++ {
		start := strings.Index(rest, lualex.Open)
		if start < 0 {
			return
		}
		rest = rest[start+len(lualex.Open):]
		end := lualex.End(rest)
		if end < 0 {
			break
		}
		nth += strings.Count(rest[:end], lualex.Open)
		rest = rest[end+len(lualex.Close):]
	}
	pos := n.Places(n.Pos, lualex.Open, nth+1)[nth]
	hint := "end it with }}"
	if _, tail, ok := strings.Cut(w.source.line(pos.Line), lualex.Open); ok && !n.Quoted && strings.Contains(tail, " #") {
		hint = `quote the whole text: " #" starts a comment`
	}
	w.problems.Add(pos, path, "${{ is not closed", hint)
}

// clip shortens text for a message.
func clip(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}
