package expect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/antchfx/xpath"

	"volley/runtime"
	"volley/runtime/spell"
	"volley/specs/shape"
	"volley/specs/tree"
)

// blocks reads expect blocks.
type blocks struct {
	compiling
	checks   []check
	status   bool             // something is said of the status
	severity runtime.Severity // of the block being read
}

var severities = []string{string(runtime.SeverityWarn), string(runtime.SeverityFail), string(runtime.SeverityStop)}

func (b *blocks) read(n *tree.Node, path string) {
	switch {
	case n == nil || n.Kind == tree.Null:
	case n.Kind == tree.List:
		for i, item := range n.Items {
			b.block(item, tree.Item(path, i))
		}
	default:
		b.block(n, path)
	}
}

func (b *blocks) block(n *tree.Node, path string) {
	if n.Kind != tree.Map {
		b.problem(n.Pos, path, "an expect block must be a map, got "+n.Kind.String(), "expect: {status: 200}")
		return
	}
	b.severity = b.severityOf(n, path, runtime.SeverityFail)
	for _, m := range n.Members {
		if m.Name != "severity" && !shape.Ignored(m.Name) && m.Value.Kind != tree.Null {
			b.entry(m, shape.Member(path, m.Name))
		}
	}
}

// severityOf reads the member severity.
func (b *blocks) severityOf(n *tree.Node, path string, otherwise runtime.Severity) runtime.Severity {
	v := n.Get("severity")
	switch {
	case v == nil:
		return otherwise
	case v.Kind != tree.String || !slices.Contains(severities, v.Text):
		b.problem(v.Pos, shape.Member(path, "severity"), "severity must be warn, fail or stop", "")
		return otherwise
	}
	return runtime.Severity(v.Text)
}

// groups are the subjects that are maps of subjects, and compared the entries
// that have no conditions.
var (
	groups   = []string{"headers", "cookies", "xpath", "css", "tls"}
	compared = []string{"schema", "same_as", "lua"}
)

func (b *blocks) entry(m tree.Member, path string) {
	if m.Name == "status" {
		b.status = true
	}
	if s, ok := plainSubjects[m.Name]; ok {
		b.subject(m.Name, s.kind, s.read, m.Value, path)
		return
	}
	switch m.Name {
	case "json":
		b.subject("json", kindAny, readWholeJSON, m.Value, path)
	case "schema":
		b.schema(m.Value, path)
	case "same_as":
		b.sameAs(m.Value, path)
	case "lua":
		b.lua(m.Value, path)
	default:
		b.named(m, path)
	}
}

// named reads the subjects that hold the name of what they look at: in their
// own name, or as the members of a map.
func (b *blocks) named(m tree.Member, path string) {
	if strings.HasPrefix(m.Name, "$") {
		b.one("json", m.Name, m, path)
		return
	}
	group, name, dotted := strings.Cut(m.Name, ".")
	switch {
	case dotted && name != "" && (group == "json" || slices.Contains(groups, group) && group != "xpath" && group != "css"):
		b.one(group, name, m, path)
	case dotted || !slices.Contains(groups, group):
		b.unknown(m, path)
	case m.Value.Kind != tree.Map:
		b.problem(m.Value.Pos, path, group+" must be a map, got "+m.Value.Kind.String(), groupHints[group])
	default:
		for _, inner := range m.Value.Members {
			b.one(group, inner.Name, inner, shape.Member(path, inner.Name))
		}
	}
}

var groupHints = map[string]string{
	"headers": "headers: {Content-Type: {starts_with: text/}}",
	"cookies": "cookies: {session: {exists: true}}",
	"xpath":   `xpath: {"//h1": Welcome}`,
	"css":     "css: {h1: Welcome}",
	"tls":     "tls: {version: 1.3, expires_in: {gt: 7d}}",
}

func (b *blocks) unknown(m tree.Member, path string) {
	names := slices.Concat(subjectNames(), []string{"severity"})
	hint := "there is " + strings.Join(names, " ") + `, headers.NAME, cookies.NAME, json.PATH and "$.path"`
	if near := spell.Nearest(m.Name, names); near != "" {
		hint = "did you mean " + strconv.Quote(near) + "?"
	}
	b.problem(m.Pos, path, "unknown subject "+shortText(m.Name, longestValue), hint)
}

// subjectNames lists the subjects that are one word.
func subjectNames() []string {
	names := slices.Concat(groups, compared, []string{"json"})
	for name := range plainSubjects {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// one reads a subject of a group.
func (b *blocks) one(group, name string, m tree.Member, path string) {
	shown, kind := group+"."+name, kindText
	var read reader
	var err error
	switch group {
	case "headers":
		read = readHeader(name)
	case "cookies":
		read = readCookie(name)
	case "tls":
		b.tls(m, name, path)
		return
	case "json":
		kind = kindAny
		if strings.HasPrefix(name, "$") {
			shown = name
		}
		read, err = compileJSON(name)
	case "xpath":
		shown = name
		read, err = compileXPath(name)
	case "css":
		shown = name
		read, err = compileCSS(name, "")
	}
	if err != nil {
		b.problem(m.Pos, path, err.Error(), "")
		return
	}
	b.subject(shown, kind, read, m.Value, path)
}

func (b *blocks) tls(m tree.Member, name, path string) {
	member, ok := tlsMembers[name]
	switch {
	case name == "exists":
		c := b.operator("exists", m.Value, kindAny, path)
		b.checks = append(b.checks, &subjectCheck{"tls", b.severity, readSecure, c})
	case !ok:
		b.problem(m.Pos, path, "tls has no "+shortText(name, longestValue)+spell.Hint(name, tlsNames()), "there is "+strings.Join(tlsNames(), ", "))
	default:
		b.subject("tls."+name, member.kind, readTLS(member.read), m.Value, path)
	}
}

// subject adds the conditions for one subject.
func (b *blocks) subject(name string, kind valueKind, read reader, n *tree.Node, path string) {
	severity := b.severity
	if n.Kind == tree.Map && (kind != kindAny || slices.ContainsFunc(n.Members, func(m tree.Member) bool { return slices.Contains(operators, m.Name) })) {
		severity = b.severityOf(n, path, severity)
	}
	if list := b.conditions(n, kind, path); len(list) > 0 {
		b.checks = append(b.checks, &subjectCheck{name, severity, read, list})
	}
}

func compileJSON(text string) (reader, error) {
	path, err := jsonPath(text)
	if err != nil {
		return nil, wrongPath("JSONPath", text, err)
	}
	return readJSON(path), nil
}

func compileXPath(text string) (reader, error) {
	expr, err := xpath.Compile(text)
	if err != nil {
		return nil, wrongPath("XPath expression", text, err)
	}
	return readXPath(expr), nil
}

func compileCSS(text, attr string) (reader, error) {
	matcher, err := cascadia.Compile(text)
	if err != nil {
		return nil, wrongPath("CSS selector", text, err)
	}
	return readCSS(matcher, attr), nil
}
