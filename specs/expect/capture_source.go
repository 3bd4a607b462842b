package expect

import (
	"regexp"
	"strconv"

	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// source compiles where the value is. of is the map that has it.
func (b *captures) source(m tree.Member, of *tree.Node, path string) bool {
	if !b.suits(m.Name, of, path) {
		return false
	}
	switch m.Name {
	case "lua":
		return b.lua(m.Value, path)
	case "body", "text", "status", "url":
		return b.word(m, path)
	}
	if m.Value.Kind != tree.String || m.Value.Text == "" {
		b.problem(m.Value.Pos, path, m.Name+" must be text, got "+m.Value.Kind.String(), "")
		return false
	}
	switch m.Name {
	case "json":
		return b.json(m.Value, path)
	case "regex":
		return b.regex(m.Value, of, path)
	case "header":
		name := m.Value.Text
		b.take(func(a *Answer) found {
			if !b.all {
				return optional(a.resp.Header.Lookup(name))
			}
			return several(anyList(a.resp.Header.Values(name)))
		})
	case "cookie":
		b.take(readCookie(m.Value.Text))
	case "xpath":
		read, err := compileXPath(m.Value.Text)
		return b.compiled(read, err, m.Value, path)
	case "css":
		attr := ""
		if n := of.Get("attr"); n != nil {
			attr = n.Text
		}
		read, err := compileCSS(m.Value.Text, attr)
		return b.compiled(read, err, m.Value, path)
	}
	return true
}

// suits refuses group and attr beside a source that has none.
func (b *captures) suits(source string, of *tree.Node, path string) bool {
	for _, option := range []struct{ name, source string }{{"group", "regex"}, {"attr", "css"}} {
		if n := of.Get(option.name); n != nil && source != option.source {
			b.problem(n.Pos, path, option.name+" belongs to "+option.source+", not to "+source, "")
			return false
		}
	}
	return true
}

func anyList(texts []string) []any {
	out := make([]any, len(texts))
	for i, text := range texts {
		out[i] = text
	}
	return out
}

func (b *captures) compiled(read reader, err error, n *tree.Node, path string) bool {
	if err != nil {
		b.problem(n.Pos, path, err.Error(), "")
		return false
	}
	b.take(read)
	return true
}

// take makes a reader the capture's source: of several matches the first, or
// all of them.
func (b *captures) take(read reader) {
	all := b.all
	b.capture.Many = all
	b.capture.take = func(a *Answer, _ template.Scope, _ Others) (any, bool, error) {
		f := read(a)
		switch {
		case !f.exists():
			return nil, false, nil
		case all && f.many:
			return f.list, true, nil
		case all:
			return []any{f.value}, true, nil
		case f.many:
			return f.list[0], true, nil
		}
		return f.value, true, nil
	}
}

// json takes what a JSONPath finds. One with several matches yields their
// list even without all.
func (b *captures) json(n *tree.Node, path string) bool {
	query, err := jsonPath(n.Text)
	if err != nil {
		b.problem(n.Pos, path, wrongPath("JSONPath", n.Text, err).Error(), "")
		return false
	}
	read := readJSON(query)
	b.take(read)
	if query.Singular() || b.all {
		return true
	}
	gather := b.capture.Append
	b.capture.Many = gather
	b.capture.take = func(a *Answer, _ template.Scope, _ Others) (any, bool, error) {
		f := read(a)
		switch {
		case !f.exists():
			return nil, false, nil
		case len(f.list) == 1 && !gather:
			return f.list[0], true, nil
		}
		return f.list, true, nil
	}
	return true
}

// word takes body, text, status or url, which are written with true.
func (b *captures) word(m tree.Member, path string) bool {
	on := false
	if !b.yes(m.Value, path, &on) {
		return false
	}
	if !on {
		b.problem(m.Value.Pos, path, m.Name+" must be true, or left out", "")
		return false
	}
	b.take(plainSubjects[m.Name].read)
	return true
}

func (b *captures) lua(n *tree.Node, path string) bool {
	call, ok := b.luaCall(n, path)
	b.capture.Many = b.all
	all := b.all
	b.capture.take = func(a *Answer, scope template.Scope, o Others) (any, bool, error) {
		v, err := call.value(a, scope, o)
		if _, isList := v.([]any); all && !isList && v != nil {
			v = []any{v}
		}
		return v, err == nil && v != nil, err
	}
	return ok
}

// regex takes a group of a match: the one that is asked for, else the first
// there is, else all of the match.
func (b *captures) regex(n, of *tree.Node, path string) bool {
	re, err := compilePattern(n.Text)
	if err != nil {
		b.problem(n.Pos, path, shortText(n.Text, longestValue)+" "+err.Error(), operatorHints["matches"])
		return false
	}
	group := min(re.NumSubexp(), 1)
	if g := of.Get("group"); g != nil {
		if group = groupOf(re, g); group < 0 {
			b.problem(g.Pos, shape.Member(path, "group"), "the regular expression has no group "+shortText(g.Text, longestValue), "groups are numbers from 1, or names: (?P<name>…)")
			return false
		}
	}
	limit := 1
	if b.all {
		limit = -1
	}
	b.take(func(a *Answer) found {
		text, err := a.Text()
		if err != nil {
			return nothing(err)
		}
		var list []any
		for _, at := range re.FindAllStringSubmatchIndex(text, limit) {
			if from, to := at[2*group], at[2*group+1]; from >= 0 {
				list = append(list, text[from:to])
			}
		}
		return several(list)
	})
	return true
}

// groupOf returns the number of a group, -1 when there is none.
func groupOf(re *regexp.Regexp, n *tree.Node) int {
	if n.Kind == tree.String {
		return re.SubexpIndex(n.Text)
	}
	i, err := strconv.Atoi(n.Text)
	if err != nil || n.Kind != tree.Int || i < 0 || i > re.NumSubexp() {
		return -1
	}
	return i
}
