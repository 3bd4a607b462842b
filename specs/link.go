package specs

import (
	"slices"
	"strings"

	"volley/specs/shape"
)

// link checks the names that requests have for each other, and what their
// templates refer to.
func (d *decoder) link() {
	requests := map[string]*Request{}
	for _, r := range d.spec.Requests {
		if r.Name != "" && requests[r.Name] == nil {
			requests[r.Name] = r
		}
	}
	sessions := setOf("", "default")
	for _, s := range d.spec.Sessions {
		sessions[s.Name] = true
	}
	all := slices.Concat(d.spec.Setup, d.spec.Requests, d.spec.Teardown)
	for _, r := range all {
		if !sessions[r.Session] {
			names := append(namesOf(present(d.root, "sessions")), "default")
			d.add(r.sessionPos, shape.Member(r.Path, "session"), "there is no session "+quote(r.Session), d.oneOf(r.Session, names))
		}
	}
	d.implied(requests)
	setup := nameSet{}
	for _, r := range d.spec.Setup {
		setup[r.Name] = true
	}
	for _, r := range d.spec.Requests {
		d.needed(r, requests, setup)
	}
	d.circles(requests)
	d.lineage = lineage{requests: requests, rows: map[*Request]bool{}}
	d.gatherNames()
	d.comparisons(all)
	d.references()
}

// implied adds the need that follows from a capture: of the one request that
// takes it, where nothing else is said.
func (d *decoder) implied(requests map[string]*Request) {
	inRequests := map[*Request]bool{}
	for _, r := range d.spec.Requests {
		inRequests[r] = true
	}
	said := map[*Request]bool{}
	for _, r := range d.spec.Requests {
		said[r] = len(r.Needs) > 0
	}
	for _, u := range d.uses {
		if u.owner == nil || !inRequests[u.owner] || said[u.owner] || u.ref.Root != "captures" {
			continue
		}
		from := d.captured[u.ref.Name]
		if len(from) != 1 || from[0].list != "requests" || from[0].request == u.owner {
			continue
		}
		other := from[0].request
		if other.Name == "" {
			d.add(u.ref.Pos, u.path, "captures."+u.ref.Name+" comes from a request without a name, "+other.Path, "give that request a name")
			continue
		}
		if requests[other.Name] == other && !slices.ContainsFunc(u.owner.Needs, func(n Need) bool { return n.Name == other.Name }) {
			u.owner.Needs = append(u.owner.Needs, Need{Name: other.Name, Pos: u.ref.Pos, Implicit: true})
		}
	}
}

// needed checks what one request needs.
func (d *decoder) needed(r *Request, requests map[string]*Request, setup nameSet) {
	at := shape.Member(r.Path, "needs")
	for _, need := range r.Needs {
		other := requests[need.Name]
		switch {
		case other == nil && setup[need.Name]:
			d.add(need.Pos, at, quote(need.Name)+" is part of setup, which is done before all requests", "leave the need out")
		case other == nil:
			d.add(need.Pos, at, "there is no request "+quote(need.Name), d.oneOf(need.Name, sortedNames(requests)))
		case other.Defer && !r.Defer:
			d.add(need.Pos, at, quote(need.Name)+" is deferred: it runs after this one", "")
		}
	}
}

// circles finds requests that need each other.
func (d *decoder) circles(requests map[string]*Request) {
	g := graph{}
	for i, r := range d.spec.Requests {
		if r.Name != "" && requests[r.Name] == r {
			g.add(r.Name, i)
		}
	}
	for _, name := range g.names {
		for _, need := range requests[name].Needs {
			g.edge(name, need.Name)
		}
	}
	_, circle := g.sort()
	if circle == nil {
		return
	}
	r := requests[circle[0]]
	pos := r.Pos
	for _, need := range r.Needs {
		if need.Name == circle[1] {
			pos = need.Pos
		}
	}
	d.add(pos, shape.Member(r.Path, "needs"), "the requests need each other in a circle: "+strings.Join(circle, " → "), "")
}

// comparisons checks the requests that same_as names.
func (d *decoder) comparisons(all []*Request) {
	names := nameSet{}
	for _, r := range all {
		if r.Name != "" {
			names[r.Name] = true
		}
	}
	for _, c := range d.compared {
		if !names[c.name.Text] {
			d.add(c.name.Pos, c.path, "there is no request "+quote(c.name.Text)+" to compare with", d.oneOf(c.name.Text, sortedNames(names)))
		}
	}
}

// lineage tells what a request sees of those it needs.
type lineage struct {
	requests map[string]*Request
	rows     map[*Request]bool // what hasRow found out; false while it looks
}

// hasRow reports a request that has rows: its own, or of what it needs.
func (l *lineage) hasRow(r *Request) bool {
	if has, known := l.rows[r]; known {
		return has
	}
	l.rows[r] = r.Foreach != nil
	for _, other := range l.followed(r) {
		if l.hasRow(other) {
			l.rows[r] = true
		}
	}
	return l.rows[r]
}

// axes lists the names that matrix has for a request.
func (l *lineage) axes(r *Request) nameSet {
	names, seen := nameSet{}, map[*Request]bool{}
	var visit func(r *Request)
	visit = func(r *Request) {
		if seen[r] {
			return
		}
		seen[r] = true
		if r.Matrix != nil {
			for _, a := range r.Matrix.Axes {
				names[a.Name] = true
			}
		}
		for _, other := range l.followed(r) {
			visit(other)
		}
	}
	visit(r)
	return names
}

// followed are the requests for each of whose units r is sent.
func (l *lineage) followed(r *Request) []*Request {
	if r.Foreach != nil {
		return nil
	}
	var list []*Request
	for _, n := range r.Needs {
		if other := l.requests[n.Name]; other != nil && !n.All {
			list = append(list, other)
		}
	}
	return list
}
