package expect

import (
	"slices"
	"strings"

	"volley/runtime/spell"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// Capture is a value to take from an answer. It is immutable.
type Capture struct {
	Name   string
	Pos    tree.Pos
	Scope  string // "request", "row", "run"; "": not said
	Append bool   // gather the values of all answers in a list
	Secret bool   // no output shows it
	Many   bool   // Take returns the list of all matches; see Gather

	take     taker
	fallback *template.Value // the default; nil: none
	uses     Uses
}

// taker reads a capture's value. ok is false where there is none.
type taker func(a *Answer, scope template.Scope, o Others) (v any, ok bool, err error)

// CompileCaptures reads a capture block: a map of name to where the value is
// found. What is wrong goes to c.Problems.
func CompileCaptures(n *tree.Node, path string, c *template.Compiler) []*Capture {
	if n == nil || n.Kind == tree.Null {
		return nil
	}
	reading := compiling{c: c}
	if n.Kind != tree.Map {
		reading.problem(n.Pos, path, "capture must be a map of names, got "+n.Kind.String(), "capture: {id: $.data.id}")
		return nil
	}
	var out []*Capture
	for _, m := range n.Members {
		if shape.Ignored(m.Name) {
			continue
		}
		if capture := compileCapture(m, shape.Member(path, m.Name), c); capture != nil {
			out = append(out, capture)
		}
	}
	return out
}

func compileCapture(m tree.Member, path string, c *template.Compiler) *Capture {
	b := captures{compiling: compiling{c: c}, capture: &Capture{Name: m.Name, Pos: m.Pos}}
	if err := shape.Identifier.Check(m.Name); err != nil {
		b.problem(m.Pos, path, err.Error(), "")
		return nil
	}
	ok := false
	switch m.Value.Kind {
	case tree.String:
		ok = b.short(m.Value, path)
	case tree.Map:
		ok = b.long(m.Value, path)
	default:
		b.problem(m.Value.Pos, path, "a capture must be a JSONPath, ${{ }} or a map, got "+m.Value.Kind.String(), m.Name+": $.data.id")
	}
	if !ok {
		return nil
	}
	b.capture.uses = b.uses
	return b.capture
}

// Uses returns what the capture needs from outside.
func (c *Capture) Uses() Uses { return c.uses }

// Take returns the value, plain. found is false when the answer has none and
// the capture no default. An error is that of a template or a Lua function.
// scope need not know res.
func (c *Capture) Take(a *Answer, scope template.Scope, o Others) (value any, found bool, err error) {
	within := answerScope{scope, a}
	v, ok, err := c.take(a, within, o)
	if err != nil || ok {
		return v, ok, err
	}
	if c.fallback == nil {
		return nil, false, nil
	}
	v, err = c.fallback.Any(within)
	return v, err == nil, err
}

// Gather appends a value that Take returned to the list of a capture with
// Append: all matches one by one, anything else as it is.
func (c *Capture) Gather(list []any, value any) []any {
	if matches, ok := value.([]any); ok && c.Many {
		return append(list, matches...)
	}
	return append(list, value)
}

// captures reads one capture.
type captures struct {
	compiling
	capture *Capture
	all     bool
}

// sources are the members that say where a value is; options the others.
var (
	sources        = []string{"json", "header", "cookie", "regex", "xpath", "css", "body", "text", "status", "url", "lua"}
	captureOptions = []string{"group", "attr", "default", "secret", "scope", "append", "all"}
	scopes         = []string{"request", "row", "run"}
)

// short reads a JSONPath or a template.
func (b *captures) short(n *tree.Node, path string) bool {
	switch {
	case template.Has(n.Text):
		v := b.template(n, path)
		b.capture.take = func(_ *Answer, scope template.Scope, _ Others) (any, bool, error) {
			value, err := v.Any(scope)
			return value, value != nil && err == nil, err
		}
		return true
	case strings.HasPrefix(n.Text, "$"):
		return b.json(n, path)
	}
	b.problem(n.Pos, path, shortText(n.Text, longestValue)+" is neither a JSONPath nor ${{ }}", "write $.path, or a map such as {header: X-Token} or {regex: 'id=(\\d+)'}")
	return false
}

// long reads a map: one source and its options.
func (b *captures) long(n *tree.Node, path string) bool {
	var source tree.Member
	ok := true
	for _, m := range n.Members {
		at := shape.Member(path, m.Name)
		switch {
		case shape.Ignored(m.Name):
		case slices.Contains(sources, m.Name):
			if source.Name != "" {
				b.problem(m.Pos, at, m.Name+" and "+source.Name+" exclude each other", "a capture takes its value from one place")
				ok = false
			}
			source = m
		case slices.Contains(captureOptions, m.Name):
			ok = b.option(m, at) && ok
		default:
			b.unknown(m, at)
			ok = false
		}
	}
	if source.Name == "" {
		if ok {
			b.problem(n.Pos, path, "the capture does not say where its value is", "give one of "+strings.Join(sources, ", "))
		}
		return false
	}
	return b.source(source, n, shape.Member(path, source.Name)) && ok
}

func (b *captures) unknown(m tree.Member, path string) {
	names := slices.Concat(sources, captureOptions)
	hint := "there is " + strings.Join(names, ", ")
	if near := spell.Nearest(m.Name, names); near != "" {
		hint = `did you mean "` + near + `"?`
	}
	b.problem(m.Pos, path, "unknown field "+shortText(m.Name, longestValue), hint)
}

func (b *captures) option(m tree.Member, path string) bool {
	switch m.Name {
	case "default":
		b.capture.fallback = b.template(m.Value, path)
	case "scope":
		if !slices.Contains(scopes, m.Value.Text) {
			b.problem(m.Value.Pos, path, "scope must be request, row or run", "")
			return false
		}
		b.capture.Scope = m.Value.Text
	case "secret":
		return b.yes(m.Value, path, &b.capture.Secret)
	case "append":
		return b.yes(m.Value, path, &b.capture.Append)
	case "all":
		return b.yes(m.Value, path, &b.all)
	}
	return true
}

func (b *captures) yes(n *tree.Node, path string, to *bool) bool {
	if n.Kind != tree.Bool {
		b.problem(n.Pos, path, "must be true or false, got "+n.Kind.String(), "")
		return false
	}
	*to = n.Plain() == true
	return true
}
