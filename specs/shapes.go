package specs

import (
	"sync"

	"volley/specs/data"
	"volley/specs/expect"
	"volley/specs/shape"
	"volley/specs/tree"
)

// SchemaID names the schema of specs.
const SchemaID = "https://volley.dev/schema/spec-1.json"

// Schema returns the JSON Schema (draft 2020-12) of specs, for editors. It is
// written from what Load checks specs against.
func Schema() []byte { return shape.Schema(rootShape(), SchemaID, "volley spec") }

var rootShape = sync.OnceValue(func() *shape.Shape {
	s := &shapes{expect: expect.Shape(), capture: expect.CaptureShape(), source: data.Shape()}
	s.fields = requestFieldShapes()
	s.session = sessionShape(s.fields)
	s.request = s.requestShape("request", nil)
	s.step = s.requestShape("step", []string{"needs", "defer"})
	s.defaults = s.defaultsShape()
	body := s.bodyFields()
	profile := &shape.Shape{
		Name: "profile", Doc: "What --profile NAME lays over the file: maps are merged, lists replaced, and null takes away.",
		Kinds: []tree.Kind{tree.Map}, Fields: body,
	}
	return &shape.Shape{Kinds: []tree.Kind{tree.Map}, Fields: append([]shape.Field{
		{Name: "volley", Doc: "The version of the notation: 1.", Shape: versionShape(), Required: true},
		{Name: "include", Doc: "Specs to put below this one.", Shape: includesShape()},
		{Name: "profiles", Doc: "Changes by name, for --profile.", Shape: mapOf(profile)},
	}, body...), Elsewhere: map[string]string{"clients": "pools, TLS and proxies are those of sessions:"}}
})

// requestNames are the names of a request's fields.
var requestNames = sync.OnceValue(func() map[string]bool {
	s := &shapes{fields: requestFieldShapes()}
	names := map[string]bool{}
	for _, f := range s.requestShape("request", nil).Fields {
		names[f.Name] = true
	}
	return names
})

// shapes are those that several places share.
type shapes struct {
	fields                  []shape.Field // of requests in the Lua API
	request, step, defaults *shape.Shape
	session                 *shape.Shape
	expect, capture, source *shape.Shape
}

// bodyFields are the members of a spec that a profile may change.
func (s *shapes) bodyFields() []shape.Field {
	return []shape.Field{
		{Name: "name", Doc: "Of the spec, for reports.", Shape: word("")},
		{Name: "description", Doc: "For people.", Shape: word("")},
		{Name: "tags", Doc: "Words for people and reports.", Shape: listOf(word(""))},
		{Name: "vars", Doc: "Values by name for ${{ vars.NAME }}; they may refer to each other.", Shape: varsShape()},
		{Name: "env", Doc: "The environment variables that ${{ env.NAME }} may read.", Shape: listOf(environmentShape())},
		{Name: "secrets", Doc: "Values by name for ${{ secrets.NAME }} that no output shows.", Shape: secretsShape()},
		{Name: "sessions", Doc: "Connections, cookies and settings by name; requests pick one with session.", Shape: mapOf(s.session)},
		{Name: "defaults", Doc: "Fields for every request that does not have them; setup has none of them.", Shape: s.defaults},
		{Name: "limits", Doc: "Bounds of the whole run.", Shape: limitsShape()},
		{Name: "data", Doc: "Sources of rows by name, for foreach.", Shape: mapOf(s.source)},
		{Name: "handlers", Doc: "A Lua file of hooks, and functions of it for every request.", Shape: handlersShape()},
		{Name: "setup", Doc: "Requests to send first, one after the other.", Shape: listOf(s.step)},
		{Name: "requests", Doc: "The requests; they run at once unless needs or captures order them.", Shape: listOf(s.request)},
		{Name: "teardown", Doc: "Requests to send last, one after the other, whatever happened.", Shape: listOf(s.step)},
		{Name: "thresholds", Doc: "What the run's numbers have to be (exit code 5), and when to abort.", Shape: thresholdsShape()},
		{Name: "outputs", Doc: "Files to write.", Shape: listOf(outputShape())},
		{Name: "run", Doc: "Settings of the run.", Shape: runShape()},
	}
}

func versionShape() *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.Int}, Format: versionOne}
}

// texts are the kinds that go out as text.
var texts = []tree.Kind{tree.String, tree.Int, tree.Float, tree.Bool}

// text is anything that goes out as text, and templates.
func text() *shape.Shape { return &shape.Shape{Kinds: texts, Template: true} }

// word is a text without templates.
func word(doc string) *shape.Shape {
	return &shape.Shape{Doc: doc, Kinds: []tree.Kind{tree.String, tree.Int, tree.Float}, Format: plainText}
}

func formatted(doc string, f *shape.Format) *shape.Shape {
	return &shape.Shape{Doc: doc, Kinds: []tree.Kind{tree.String}, Format: f}
}

// numeric is a number, or a text in the notation f.
func numeric(f *shape.Format) *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.Int, tree.Float, tree.String}, Format: f}
}

func whole(low int64) *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.Int}, Format: shape.Whole(low)}
}

func boolean() *shape.Shape { return &shape.Shape{Kinds: []tree.Kind{tree.Bool}} }

// off is false, which switches something off.
func off() *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.Bool}, Format: onlyFalse}
}

// templated lets a template stand for s.
func templated(s *shape.Shape) *shape.Shape {
	s.Template = true
	return s
}

// condition is an expression that holds or not.
func condition() *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.Bool}, Template: true}
}

func enum(words ...string) *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.String}, Enum: words}
}

func either(of ...*shape.Shape) *shape.Shape { return &shape.Shape{OneOf: of} }

func listOf(s *shape.Shape) *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.List}, Items: s}
}

func mapOf(s *shape.Shape) *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.Map}, Rest: s}
}

func record(fields ...shape.Field) *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.Map}, Fields: fields}
}

func anything() *shape.Shape { return &shape.Shape{} }
