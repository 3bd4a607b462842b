package specs

import (
	"maps"
	"slices"

	"volley/specs/expect"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// Options say how Load reads a spec. The zero value takes a spec that
// includes nothing.
type Options struct {
	ReadFile func(path string) ([]byte, error) // for include; nil: none may be
	Profile  string                            // "": none
	Vars     map[string]string                 // over everything the files say; plain text
	Lua      template.Lua                      // nil: expressions are not compiled
	// Inline compiles Lua that stands in place of a function; nil: nobody
	// does. Its error may be a *template.SyntaxError.
	Inline func(source string, pos tree.Pos) error
}

// Load reads src, which is named file in messages, and all it includes. The
// Spec is nil when there is any problem that is not a warning. The order of
// what wins is: what is included, the file, the profile, Options.Vars.
func Load(file string, src []byte, o Options) (*Spec, *tree.Problems) {
	p := &tree.Problems{}
	root := tree.Parse(file, src, p)
	if root == nil {
		return nil, p
	}
	if root.Kind != tree.Map {
		p.Add(root.Pos, "", "a spec is a map, got "+root.Kind.String(), `begin with "volley: 1" and "requests:"`)
		return nil, p
	}
	root = shape.Clean(root, rootShape())
	in := &including{read: o.ReadFile, problems: p, overlays: map[*tree.Node]*tree.Node{}}
	root = in.include(root, file)
	root = withProfile(root, o.Profile, p)
	shape.Check(root, rootShape(), "", p)

	d := newDecoder(file, root, o, p)
	d.overlays = in.overlays
	spec := d.decode()
	d.hand(p)
	if p.Err() != nil {
		return nil, p
	}
	return spec, p
}

// withProfile lays the profile of that name over root.
func withProfile(root *tree.Node, name string, p *tree.Problems) *tree.Node {
	if name == "" {
		return root
	}
	profiles := root.Get("profiles")
	profile := profiles.Get(name)
	if profile == nil {
		pos := root.Pos
		if profiles != nil {
			pos = profiles.Pos
		}
		p.Add(pos, "profiles", "there is no profile "+quote(name), oneOf(name, namesOf(profiles)))
		return root
	}
	if profile.Kind != tree.Map {
		return root // the check of the whole says so
	}
	return tree.Merge(root, profile)
}

// namesOf lists the names of a map's members.
func namesOf(n *tree.Node) []string {
	if n == nil {
		return nil
	}
	names := make([]string, len(n.Members))
	for i, m := range n.Members {
		names[i] = m.Name
	}
	return names
}

// decoder makes a Spec of a checked root. What it finds is kept apart, so
// that nothing is told twice of one place.
type decoder struct {
	root     *tree.Node
	spec     *Spec
	given    map[string]string // Options.Vars
	overlays map[*tree.Node]*tree.Node
	told     map[tree.Pos]bool // places that the check of the shape has spoken of
	problems *tree.Problems
	compiler *template.Compiler
	inline   func(source string, pos tree.Pos) error
	inlined  map[tree.Pos]bool // what inline has seen
	uses     []use
	handlers hooks // of handlers:, for requests without their own
	captured map[string][]capturer
	compared []comparison
	values   map[*tree.Node]*template.Value // compiled, by what they come from
	sets     map[*tree.Node]*expect.Set
	hints    int                 // how many names were looked for
	halved   map[*tree.Node]bool // requests that extend what is not there
	lineage  lineage
	names    knownNames
}

func newDecoder(file string, root *tree.Node, o Options, p *tree.Problems) *decoder {
	own := &tree.Problems{}
	d := &decoder{
		root:     root,
		spec:     &Spec{File: file},
		given:    o.Vars,
		told:     map[tree.Pos]bool{},
		problems: own,
		compiler: &template.Compiler{Lua: o.Lua, Problems: own, ReadFile: o.ReadFile},
		inline:   o.Inline,
		inlined:  map[tree.Pos]bool{},
		captured: map[string][]capturer{},
		values:   map[*tree.Node]*template.Value{},
		sets:     map[*tree.Node]*expect.Set{},
		halved:   map[*tree.Node]bool{},
	}
	for _, problem := range p.All() {
		d.told[problem.Pos] = true
	}
	return d
}

// hand adds what was found to p: once each, although defaults are compiled
// for every request.
func (d *decoder) hand(p *tree.Problems) {
	type place struct {
		pos     tree.Pos
		message string
	}
	seen := map[place]bool{}
	for _, found := range d.problems.All() {
		here := place{found.Pos, found.Message}
		if d.told[found.Pos] || seen[here] {
			continue
		}
		seen[here] = true
		if found.Warning {
			p.Warn(found.Pos, found.Path, found.Message, found.Hint)
		} else {
			p.Add(found.Pos, found.Path, found.Message, found.Hint)
		}
	}
}

func (d *decoder) decode() *Spec {
	s := d.spec
	s.Name = textOf(d.root.Get("name"))
	s.Description = textOf(d.root.Get("description"))
	s.Tags = textsOf(d.root.Get("tags"))
	s.Env = textsOf(d.root.Get("env"))
	d.decodeVars()
	d.decodeSecrets()
	d.decodeSessions()
	d.decodeLimits()
	d.decodeData()
	d.decodeHandlers()
	d.decodeRequests()
	d.decodeThresholds()
	d.decodeOutputs()
	d.decodeRun()
	d.link()
	return s
}

// add notes a problem.
func (d *decoder) add(pos tree.Pos, path, message, hint string) {
	d.problems.Add(pos, path, message, hint)
}

// sortedNames lists the names of a map of given values.
func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
