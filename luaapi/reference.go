package luaapi

import (
	"fmt"
	"slices"
	"strings"
)

// topic is one name of the API in the reference.
type topic struct {
	name  string // "volley.json.decode", "Response.json", "RequestOptions.timeout"
	title string // how it is written in Lua, with its type
	short string // the title in lists
	doc   string
	body  []string // what follows: parameters, members, an example
}

// last is the part of the name behind its last dot.
func (t *topic) last() string { return t.name[strings.LastIndexByte(t.name, '.')+1:] }

// is reports whether a user who writes name means this topic.
func (t *topic) is(name string) bool { return t.name == name || t.name == "volley."+name }

// line is the topic in a list: one line of the terminal.
func (t *topic) line(width int) string {
	line := []rune(strings.TrimRight(fmt.Sprintf("  %-*s  %s", width, t.short, firstSentence(t.doc)), " "))
	if len(line) > lineWidth {
		line = append(line[:lineWidth-1], '…')
	}
	return string(line)
}

// Names returns every name that Text knows, sorted.
func (r *Registry) Names() []string {
	var out []string
	for _, t := range r.topics() {
		out = append(out, t.name)
	}
	slices.Sort(out)
	return out
}

// Text explains a name: a module, function, class, member or option, written
// in full ("volley.json.decode", "Response.json", "RequestOptions.timeout") or
// by its last part, which may mean several: the function of volley comes first
// and the others are listed. "" is the overview. ok is false
// for a name that is not there.
func (r *Registry) Text(name string) (text string, ok bool) {
	if name == "" {
		return r.overview(), true
	}
	name = strings.TrimSuffix(strings.ReplaceAll(name, ":", "."), "()")
	if rest, isVolley := strings.CutPrefix(name, "volley."); isVolley && r.isClass(rest) {
		name = rest
	}
	topics := r.topics()
	for _, match := range []func(*topic) bool{
		func(t *topic) bool { return t.is(name) },
		func(t *topic) bool { return t.last() == name },
		func(t *topic) bool { return strings.EqualFold(t.name, name) || strings.EqualFold(t.last(), name) },
	} {
		var found []string
		for i := range topics {
			if match(&topics[i]) {
				found = append(found, topics[i].text())
			}
		}
		if found != nil {
			return strings.Join(found, "\n") + namesakes(topics, name), true
		}
	}
	return "", false
}

// namesakes lists the other topics that end in a name which is a topic itself.
func namesakes(topics []topic, name string) string {
	var others []topic
	exact := false
	for i := range topics {
		t := topics[i]
		switch {
		case t.is(name):
			exact = true
		case t.last() == name:
			t.short = t.name
			others = append(others, t)
		}
	}
	if !exact || len(others) == 0 {
		return ""
	}
	text := "\nSee also\n"
	for i := range others {
		text += others[i].line(titleWidth(others)) + "\n"
	}
	return text
}

// isClass reports whether name is a class or options table, or begins with one.
func (r *Registry) isClass(name string) bool {
	name, _, _ = strings.Cut(name, ".")
	return slices.ContainsFunc(r.Classes, func(c Class) bool { return c.Name == name }) ||
		slices.ContainsFunc(r.Options, func(o Options) bool { return o.Name == name })
}

// Widths of what is written for a terminal, in characters.
const (
	textWidth  = 88
	lineWidth  = 112
	titleLimit = 44 // longer titles push their line's text to the right
)

// text is the topic in full.
func (t *topic) text() string {
	var b strings.Builder
	b.WriteString(t.title + "\n")
	if t.doc != "" {
		b.WriteString("\n")
		for _, line := range wrap(t.doc, textWidth-2) {
			b.WriteString("  " + line + "\n")
		}
	}
	for _, line := range t.body {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// overview lists everything by group, one line each.
func (r *Registry) overview() string {
	var b strings.Builder
	b.WriteString("The Lua API. `volley api NAME` explains a name: get, json.decode, Response, Response.json, timeout.\n")
	for _, g := range r.groups() {
		b.WriteString("\n" + g.head.title + "\n")
		width := titleWidth(g.members)
		for i := range g.members {
			b.WriteString(g.members[i].line(width) + "\n")
		}
	}
	return b.String()
}

// group is a module, class or options table with its members.
type group struct {
	head    topic
	members []topic
}

// topics returns the groups and all their members.
func (r *Registry) topics() []topic {
	var out []topic
	for _, g := range r.groups() {
		head := g.head
		head.body = []string{""}
		width := titleWidth(g.members)
		for i := range g.members {
			head.body = append(head.body, g.members[i].line(width))
		}
		out = append(out, head)
		out = append(out, g.members...)
	}
	return out
}

func (r *Registry) groups() []group {
	var out []group
	for i := range r.Modules {
		m := &r.Modules[i]
		g := group{head: topic{name: m.Name, title: m.Name, doc: m.Doc}}
		for j := range m.Functions {
			g.members = append(g.members, functionTopic(m.Name, ".", &m.Functions[j]))
		}
		for _, v := range m.Values {
			name := m.Name + "." + v.Name
			g.members = append(g.members, plainTopic(name, name+": "+v.Type, v.Doc))
		}
		out = append(out, g)
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		g := group{head: topic{name: c.Name, title: c.Name, doc: c.Doc}}
		for _, f := range c.Fields {
			name := c.Name + "." + f.Name
			g.members = append(g.members, plainTopic(name, name+": "+f.Type, f.Doc))
		}
		for j := range c.Methods {
			g.members = append(g.members, functionTopic(c.Name, ":", &c.Methods[j]))
		}
		out = append(out, g)
	}
	for _, o := range r.Options {
		g := group{head: topic{name: o.Name, title: o.Name, doc: o.Doc}}
		for _, option := range o.List {
			g.members = append(g.members, plainTopic(o.Name+"."+option.Name, option.Name+" = "+option.Type, option.Doc))
		}
		out = append(out, g)
	}
	return out
}

func plainTopic(name, title, doc string) topic {
	return topic{name: name, title: title, short: title, doc: doc}
}

func functionTopic(in, separator string, f *Function) topic {
	t := plainTopic(in+"."+f.Name, in+separator+signature(f), f.Doc)
	if f.Returns != "" {
		t.title += " → " + f.Returns
	}
	if len(f.Params) > 0 {
		t.body = append(t.body, "")
	}
	width := 0
	for _, p := range f.Params {
		width = max(width, len(p.Name))
	}
	for _, p := range f.Params {
		lines := wrap(strings.TrimSuffix(p.Type, "?")+". "+p.Doc, textWidth-width-4)
		for i, line := range lines {
			label := p.Name
			if i > 0 {
				label = ""
			}
			t.body = append(t.body, strings.TrimRight(fmt.Sprintf("  %-*s  %s", width, label, line), " "))
		}
	}
	if f.Example != "" {
		t.body = append(t.body, "")
		for line := range strings.SplitSeq(f.Example, "\n") {
			t.body = append(t.body, strings.TrimRight("    "+line, " "))
		}
	}
	return t
}

// signature is a call: name(a, b?).
func signature(f *Function) string {
	params := make([]string, len(f.Params))
	for i, p := range f.Params {
		params[i] = p.Name
		if strings.HasSuffix(p.Type, "?") {
			params[i] += "?"
		}
	}
	return f.Name + "(" + strings.Join(params, ", ") + ")"
}

// titleWidth is the width of a column of titles.
func titleWidth(topics []topic) int {
	width := 0
	for i := range topics {
		width = max(width, len([]rune(topics[i].short)))
	}
	return min(width, titleLimit)
}

func firstSentence(doc string) string {
	if i := strings.Index(doc, ". "); i >= 0 {
		return doc[:i+1]
	}
	return doc
}

// wrap breaks text into lines of at most width characters, where words allow.
func wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		if length > 0 && length+1+n > width {
			lines = append(lines, line)
			line, length = "", 0
		}
		if length > 0 {
			line += " "
			length++
		}
		line += word
		length += n
	}
	return append(lines, line)
}
