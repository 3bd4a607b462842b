package specs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"volley/specs/shape"
	"volley/specs/tree"
)

// Bounds of include.
const (
	deepestInclude = 20
	mostIncludes   = 100
)

// includeShape is that of an entry of include.
func includeShape() *shape.Shape {
	return &shape.Shape{Name: "include", OneOf: []*shape.Shape{
		word("A file, relative to the one it is written in."),
		{Kinds: []tree.Kind{tree.Map}, Fields: []shape.Field{
			{Name: "file", Doc: "The file, relative to this one.", Shape: word(""), Required: true},
			{Name: "vars", Doc: "Variables for it; with as, for its requests alone.", Shape: varsShape()},
			{Name: "as", Doc: "Its requests are called as.name, also in its needs, extends and same_as.", Shape: formatted("", shape.Identifier)},
		}},
	}}
}

func includesShape() *shape.Shape {
	return &shape.Shape{OneOf: []*shape.Shape{listOf(includeShape()), includeShape()}}
}

// lists are the members of a spec that includes add to; of others the
// including file's win.
var lists = []string{"setup", "requests", "teardown"}

// including puts included files under those that include them.
type including struct {
	read     func(path string) ([]byte, error)
	problems *tree.Problems
	overlays map[*tree.Node]*tree.Node // request → the vars of the include it came with
	stack    []string                  // files being read, outermost first
	done     []string                  // files read without as and vars: they are not read twice
	count    int
}

// include returns root with everything it includes merged below it.
func (in *including) include(root *tree.Node, file string) *tree.Node {
	entries := present(root, "include")
	if entries == nil {
		return root
	}
	in.stack = append(in.stack, filepath.Clean(file))
	defer func() { in.stack = in.stack[:len(in.stack)-1] }()
	list := []*tree.Node{entries}
	if entries.Kind == tree.List {
		list = entries.Items
	}
	var under *tree.Node
	for i, entry := range list {
		path := shape.Item("include", i)
		if entries.Kind != tree.List {
			path = "include"
		}
		if included := in.entry(entry, path, file); included != nil {
			under = lay(under, included)
		}
	}
	return lay(under, root)
}

// lay merges over onto under; lists of requests follow one another.
func lay(under, over *tree.Node) *tree.Node {
	if under == nil {
		return over
	}
	merged := tree.Merge(under, over)
	for _, name := range lists {
		a, b := under.Get(name), over.Get(name)
		if a == nil || b == nil || a.Kind != tree.List || b.Kind != tree.List {
			continue
		}
		both := *b
		both.Items = append(slices.Clip(a.Items), b.Items...)
		merged = withMember(merged, tree.Member{Name: name, Pos: b.Pos, Value: &both})
	}
	return merged
}

// entry reads one entry of include; nil when that is not possible.
func (in *including) entry(n *tree.Node, path, from string) *tree.Node {
	fileNode, vars, as := n, (*tree.Node)(nil), ""
	if n.Kind == tree.Map {
		fileNode, vars, as = n.Get("file"), present(n, "vars"), textOf(present(n, "as"))
	}
	if fileNode == nil || fileNode.Kind != tree.String {
		return nil // the check of the whole says so
	}
	file := filepath.Join(filepath.Dir(from), filepath.FromSlash(fileNode.Text))
	if filepath.IsAbs(fileNode.Text) {
		file = filepath.Clean(fileNode.Text)
	}
	if !in.may(fileNode, path, file) {
		return nil
	}
	if vars == nil && as == "" {
		if slices.Contains(in.done, file) {
			return nil
		}
		in.done = append(in.done, file)
	}
	root := in.file(fileNode, path, file)
	if root == nil {
		return nil
	}
	return in.bind(root, vars, as)
}

// may refuses cycles and too many files.
func (in *including) may(n *tree.Node, path, file string) bool {
	in.count++
	switch {
	case in.count > mostIncludes:
		if in.count == mostIncludes+1 {
			in.problems.Add(n.Pos, path, fmt.Sprintf("more than %d files are included", mostIncludes), "")
		}
	case in.read == nil:
		in.problems.Add(n.Pos, path, "include is not possible here", "")
	case slices.Contains(in.stack, file):
		round := append(slices.Clone(in.stack[slices.Index(in.stack, file):]), file)
		in.problems.Add(n.Pos, path, "the include goes round in a circle: "+strings.Join(round, " → "), "take one of them out")
	case len(in.stack) >= deepestInclude:
		in.problems.Add(n.Pos, path, fmt.Sprintf("more than %d includes within one another", deepestInclude), "")
	default:
		return true
	}
	return false
}

// file reads a file and what it includes itself.
func (in *including) file(n *tree.Node, path, file string) *tree.Node {
	src, err := in.read(file)
	if err != nil {
		in.problems.Add(n.Pos, path, "cannot be included: "+err.Error(), "paths are relative to the file they are written in")
		return nil
	}
	root := tree.Parse(file, src, in.problems)
	if root == nil {
		return nil
	}
	if root.Kind != tree.Map {
		in.problems.Add(root.Pos, "", "a spec is a map, got "+root.Kind.String(), "")
		return nil
	}
	root = shape.Clean(root, rootShape())
	if v := root.Get("volley"); v != nil {
		shape.Check(v, versionShape(), "volley", in.problems)
	}
	if v := present(root, "include"); v != nil {
		shape.Check(v, includesShape(), "include", in.problems)
	}
	root = in.include(root, file)
	return without(root, func(name string) bool { return name == "volley" || name == "include" })
}

// bind gives an included file its vars and its requests their names.
func (in *including) bind(root, vars *tree.Node, as string) *tree.Node {
	if vars != nil && as == "" {
		merged := vars
		if own := present(root, "vars"); own != nil {
			merged = tree.Merge(own, vars)
		}
		return withMember(root, tree.Member{Name: "vars", Pos: vars.Pos, Value: merged})
	}
	if as == "" {
		return root
	}
	names := map[string]string{}
	eachRequest(root, func(r *tree.Node) {
		if name := textOf(r.Get("name")); name != "" {
			names[name] = as + "." + name
		}
	})
	for _, list := range lists {
		n := root.Get(list)
		if n == nil || n.Kind != tree.List {
			continue
		}
		renamed := *n
		renamed.Items = make([]*tree.Node, len(n.Items))
		for i, r := range n.Items {
			renamed.Items[i] = renameRequest(r, names)
			in.overlays[renamed.Items[i]] = overlay(in.overlays[r], vars)
		}
		root = withMember(root, tree.Member{Name: list, Value: &renamed})
	}
	return root
}

// overlay lays the vars of an outer include over those of an inner one.
func overlay(inner, outer *tree.Node) *tree.Node {
	switch {
	case inner == nil:
		return outer
	case outer == nil:
		return inner
	}
	return tree.Merge(inner, outer)
}

// eachRequest calls f for every entry of setup, requests and teardown.
func eachRequest(root *tree.Node, f func(r *tree.Node)) {
	for _, list := range lists {
		n := root.Get(list)
		if n == nil {
			continue
		}
		for _, r := range n.Items {
			f(r)
		}
	}
}
