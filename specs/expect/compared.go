package expect

import (
	"fmt"
	"regexp"
	"strings"

	"volley/runtime"
	"volley/specs/expect/jsonpath"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

func wrongPath(what, text string, err error) error {
	return fmt.Errorf("%s is no %s: %w", shortText(text, longestValue), what, err)
}

// expectation adds one that is no operator of a subject.
func (r *running) expectation(e runtime.Expectation) {
	e.OK = e.Message == ""
	e.Message = shorten(e.Message, longestMessage)
	r.out = append(r.out, e)
}

// luaCheck wants an expression or a function of the handler script to be true.
type luaCheck struct {
	source   string
	severity runtime.Severity
	call     luaCall
}

// luaCall is lua: an expression, or the name of a function of the handler
// script.
type luaCall struct {
	function   string
	expression *template.Value
}

// functionName is what makes lua: the name of a function.
var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (c *compiling) luaCall(n *tree.Node, path string) (luaCall, bool) {
	if n.Kind != tree.String || strings.TrimSpace(n.Text) == "" {
		c.problem(n.Pos, path, "lua must be a Lua expression or the name of a function of the handler script", `lua: "res.json.version == 2"`)
		return luaCall{}, false
	}
	text := strings.TrimSpace(n.Text)
	if functionName.MatchString(text) && text != "true" && text != "false" && text != "nil" {
		c.uses.Functions = append(c.uses.Functions, Name{text, n.Pos})
		return luaCall{function: text}, true
	}
	v := c.c.Expression(n, path)
	c.uses.Values = append(c.uses.Values, v)
	return luaCall{expression: v}, true
}

func (l luaCall) value(a *Answer, scope template.Scope, o Others) (any, error) {
	if l.expression != nil {
		return l.expression.Any(scope)
	}
	if o == nil {
		return nil, &runtime.Error{Kind: runtime.KindScript, Message: "there is no handler script with a function " + l.function}
	}
	return o.Call(l.function, scope, a)
}

func (b *blocks) lua(n *tree.Node, path string) {
	if call, ok := b.luaCall(n, path); ok {
		b.checks = append(b.checks, &luaCheck{strings.TrimSpace(n.Text), b.severity, call})
	}
}

func (c *luaCheck) run(r *running) error {
	v, err := c.call.value(r.a, r.scope, r.others)
	if err != nil {
		return err
	}
	e := runtime.Expectation{Subject: "lua", Operator: "lua", Want: c.source, Got: record(v), Severity: c.severity}
	if v == nil || v == false {
		e.Message = "lua: " + shorten(c.source, 2*longestValue) + " does not hold: it is " + choose(v == nil, "nil", "false")
	}
	r.expectation(e)
	return nil
}

// sameCheck wants an answer to equal another one.
type sameCheck struct {
	request  string
	severity runtime.Severity
	ignore   []*jsonpath.Path
	status   bool
}

func (b *blocks) sameAs(n *tree.Node, path string) {
	check := &sameCheck{severity: b.severity, status: true}
	name := n
	if n.Kind == tree.Map {
		if name = n.Get("request"); name == nil {
			b.problem(n.Pos, path, "request is missing: the name of the request to compare with", "same_as: {request: read}")
			return
		}
		check.severity = b.severityOf(n, path, b.severity)
		b.sameOptions(check, n, path)
	}
	if name.Kind != tree.String || template.Has(name.Text) {
		b.problem(name.Pos, path, "must be the name of a request", "same_as: {request: read}")
		return
	}
	check.request = name.Text
	b.status = b.status || check.status
	b.uses.Requests = append(b.uses.Requests, Name{name.Text, name.Pos})
	b.checks = append(b.checks, check)
}

func (b *blocks) sameOptions(check *sameCheck, n *tree.Node, path string) {
	for _, m := range n.Members {
		at := shape.Member(path, m.Name)
		switch {
		case m.Name == "request" || m.Name == "severity" || shape.Ignored(m.Name):
		case m.Name == "status" && m.Value.Kind == tree.Bool:
			check.status = m.Value.Plain() == true
		case m.Name == "ignore":
			check.ignore = b.ignored(m.Value, at)
		case m.Name == "status":
			b.problem(m.Value.Pos, at, "status must be true or false", "")
		default:
			b.problem(m.Pos, at, "unknown field "+shortText(m.Name, longestValue), "there is request, ignore, status, severity")
		}
	}
}

func (b *blocks) ignored(n *tree.Node, path string) []*jsonpath.Path {
	items := n.Items
	if n.Kind == tree.String {
		items = []*tree.Node{n}
	} else if n.Kind != tree.List {
		b.problem(n.Pos, path, "ignore must be a list of JSONPaths", `ignore: ["$.updated_at"]`)
	}
	var out []*jsonpath.Path
	for i, item := range items {
		p, err := jsonPath(item.Text)
		if err != nil || item.Kind != tree.String {
			b.problem(item.Pos, tree.Item(path, i), wrongPath("JSONPath", item.Text, err).Error(), "")
			continue
		}
		out = append(out, p)
	}
	return out
}

func (c *sameCheck) run(r *running) error {
	e := runtime.Expectation{Subject: "same_as " + c.request, Operator: "eq", Severity: c.severity}
	var other *Answer
	if r.others != nil {
		other = r.others.Answer(c.request)
	}
	if difference := c.difference(r.a, other); difference != "" {
		e.Message = e.Subject + ": " + difference
	}
	r.expectation(e)
	return nil
}
