package specs

import (
	"slices"

	"volley/specs/expect"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// place says what the templates of one part of a spec may refer to.
type place struct {
	what  string // in words
	roots []string
}

var (
	atStart    = &place{"before the run", []string{"vars", "env", "secrets", "run"}}
	inSource   = &place{"in a data source", []string{"vars", "env", "secrets", "run", "row"}}
	beforeRows = &place{"in foreach", []string{"vars", "env", "secrets", "run", "captures"}}
	beforeUnit = &place{"in matrix and repeat", []string{"vars", "env", "secrets", "run", "captures", "row"}}
	inRequest  = &place{"before the answer", []string{"vars", "env", "secrets", "run", "captures", "row", "matrix"}}
	inAnswer   = &place{"", []string{"vars", "env", "secrets", "run", "captures", "row", "matrix", "res"}}
)

// members of run and res.
var (
	runMembers = setOf("id", "name", "started", "ok", "failed", "skipped", "elapsed")
	resMembers = setOf("status", "reason", "headers", "cookies", "text", "body", "json", "elapsed", "url", "timings")
)

// use is a template whose names are checked when all of them are known.
type use struct {
	ref   template.Reference
	path  string
	place *place
	owner *Request // nil: of no request
}

// comparison is a request that same_as names.
type comparison struct {
	name expect.Name
	path string
}

// compile compiles a node for a place; nil gives nil.
func (d *decoder) compile(n *tree.Node, path string, at *place, owner *Request) *template.Value {
	if n == nil {
		return nil
	}
	v := d.values[n]
	if v == nil {
		v = d.compiler.Compile(n, path)
		d.values[n] = v
	}
	d.use(v, path, at, owner)
	return v
}

// condition compiles an expression that holds or not.
func (d *decoder) condition(r *Request, n *tree.Node, field, path string, at *place) *template.Value {
	v := present(n, field)
	if v == nil {
		return nil
	}
	return d.compile(v, shape.Member(path, field), at, r)
}

// use notes the names that a value refers to.
func (d *decoder) use(v *template.Value, path string, at *place, owner *Request) {
	if v == nil {
		return
	}
	if v.NeedsLua() {
		d.spec.lua = true
	}
	for _, ref := range v.References() {
		d.uses = append(d.uses, use{ref, path, at, owner})
	}
}

// references checks every name that a template uses.
func (d *decoder) references() {
	for i := range d.uses {
		d.reference(&d.uses[i])
	}
}

func (d *decoder) reference(u *use) {
	root, name := u.ref.Root, u.ref.Name
	if !slices.Contains(u.place.roots, root) {
		if slices.Contains(inAnswer.roots, root) {
			d.add(u.ref.Pos, u.path, root+" is not known "+u.place.what, "")
		}
		return
	}
	if root == "row" && u.owner != nil && !d.lineage.hasRow(u.owner) {
		d.add(u.ref.Pos, u.path, "there is no row: the request has no foreach, and nothing it needs has one", "")
		return
	}
	if name == "" {
		return
	}
	switch root {
	case "vars":
		d.known(u, "variable", d.names.vars, "give it under vars:, or with --var "+name+"=…")
	case "env":
		d.known(u, "environment variable", d.names.env, "list it: env: ["+name+"]")
	case "secrets":
		d.known(u, "secret", d.names.secrets, "give it under secrets:")
	case "captures":
		d.known(u, "capture", d.names.captures, "no request has it under capture:")
	case "matrix":
		if u.owner != nil {
			d.known(u, "value of the matrix", d.lineage.axes(u.owner), "neither the request nor what it needs has it under matrix:")
		}
	case "run":
		d.known(u, "member of run", runMembers, "")
	case "res":
		d.known(u, "member of res", resMembers, "")
	}
}

// nameSet is the names that may follow one root.
type nameSet map[string]bool

func setOf(names ...string) nameSet {
	set := nameSet{}
	for _, name := range names {
		set[name] = true
	}
	return set
}

// knownNames are those of the whole spec.
type knownNames struct {
	vars, env, secrets, captures nameSet
}

func (d *decoder) gatherNames() {
	d.names = knownNames{
		vars:     nameSet{},
		env:      setOf(d.spec.Env...),
		secrets:  setOf(namesOf(present(d.root, "secrets"))...),
		captures: setOf(sortedNames(d.captured)...),
	}
	for _, v := range d.spec.Vars {
		d.names.vars[v.Name] = true
	}
}

// known notes a name that is not in the set, with the nearest one or else.
func (d *decoder) known(u *use, what string, set nameSet, otherwise string) {
	name := u.ref.Name
	if set[name] || u.ref.Root == "vars" && u.owner != nil && hasVar(u.owner.Vars, name) {
		return
	}
	hint := d.near(name, sortedNames(set))
	if hint == "" {
		hint = otherwise
	}
	d.add(u.ref.Pos, u.path, "unknown "+what+" "+quote(name), hint)
}

func hasVar(list []Var, name string) bool {
	return slices.ContainsFunc(list, func(v Var) bool { return v.Name == name })
}

// Bounds of the search for names that were meant: nobody reads more hints.
const (
	mostHints = 100
	mostNames = 1000
)

// near is the hint for a name that is nearly one of a list.
func (d *decoder) near(name string, list []string) string {
	if d.hints++; d.hints > mostHints || len(list) > mostNames {
		return ""
	}
	return nearest(name, list)
}

// oneOf is a hint for a name that is not among those known.
func (d *decoder) oneOf(name string, known []string) string {
	if d.hints++; d.hints > mostHints || len(known) > mostNames {
		return ""
	}
	return oneOf(name, known)
}
