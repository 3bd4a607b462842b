package expect

import (
	"slices"

	"volley/specs/shape"
	"volley/specs/tree"
)

var (
	anyScalar = []tree.Kind{tree.Null, tree.Bool, tree.Int, tree.Float, tree.String}
	texts     = &shape.Shape{Kinds: []tree.Kind{tree.String}}
	booleans  = &shape.Shape{Kinds: []tree.Kind{tree.Bool}}
)

// Shape returns the shape of an expect block or a list of them.
func Shape() *shape.Shape {
	block := blockShape()
	return &shape.Shape{
		Doc:   "What an answer must be like. Without it, its status must be below 400.",
		OneOf: []*shape.Shape{block, {Kinds: []tree.Kind{tree.List}, Items: block}},
	}
}

func severityShape() *shape.Shape {
	return &shape.Shape{Name: "severity", Kinds: []tree.Kind{tree.String}, Enum: severities, Doc: "warn: it is told only; fail: the request failed; stop: and nothing new starts."}
}

// operatorDocs say what the operators want.
var operatorDocs = map[string]string{
	"eq": "Equal: numbers by value, text exactly, lists and maps deeply.", "ne": "Not equal.",
	"gt": "Greater.", "gte": "Greater or equal.", "lt": "Less.", "lte": "Less or equal.",
	"in": "One of a list.", "not_in": "None of a list.",
	"contains":    "A text in a text, an element of a list, a name or members of a map.",
	"starts_with": "The text begins so.", "ends_with": "The text ends so.", "matches": "A regular expression (RE2) matches somewhere.",
	"exists": "There is such a value.", "empty": "It is nothing, or has no length.",
	"type":   "null, boolean, number, integer, string, list or map.",
	"len":    "Characters of a text, items of a list or map, matches of a path: a number or operators.",
	"any_of": "One of these values and operators holds.", "all_of": "All of these values and operators hold.", "not": "The value or the operators do not hold.",
}

func operatorsShape() *shape.Shape {
	s := &shape.Shape{Name: "operators", Kinds: []tree.Kind{tree.Map}, Doc: "What is wanted of a value."}
	for _, name := range operators {
		field := shape.Field{Name: name, Doc: operatorDocs[name], Shape: &shape.Shape{}}
		switch name {
		case "exists", "empty":
			field.Shape = &shape.Shape{Kinds: []tree.Kind{tree.Bool}, Template: true}
		case "in", "not_in":
			field.Shape = &shape.Shape{Kinds: []tree.Kind{tree.List}, Template: true}
		case "any_of", "all_of":
			field.Shape = &shape.Shape{Kinds: []tree.Kind{tree.List}}
		case "gt", "gte", "lt", "lte":
			field.Shape = &shape.Shape{Kinds: []tree.Kind{tree.Int, tree.Float, tree.String}, Template: true}
		}
		s.Fields = append(s.Fields, field)
	}
	s.Fields = append(s.Fields, shape.Field{Name: "severity", Shape: severityShape()})
	return s
}

func blockShape() *shape.Shape {
	anything := &shape.Shape{}
	wanted := &shape.Shape{Name: "wanted", OneOf: []*shape.Shape{{Kinds: anyScalar, Template: true}, operatorsShape()}}
	list := &shape.Shape{Kinds: []tree.Kind{tree.List}}
	status := &shape.Shape{OneOf: append(slices.Clone(wanted.OneOf), list)}
	group := &shape.Shape{Kinds: []tree.Kind{tree.Map}, Rest: wanted}
	field := func(name, doc string, s *shape.Shape) shape.Field { return shape.Field{Name: name, Doc: doc, Shape: s} }
	return &shape.Shape{
		Name: "expect", Kinds: []tree.Kind{tree.Map}, Doc: "Subjects of an answer and what is wanted of them.",
		Fields: []shape.Field{
			field("status", `The status: 200, "5xx", "200-299", a list of these, or operators.`, status),
			field("reason", "The reason phrase.", wanted),
			field("headers", "Headers by name; headers.NAME is the same.", group),
			field("cookies", "The cookies that the answer sets, by name.", group),
			field("body", "The body's bytes.", wanted),
			field("text", "The body as text.", wanted),
			field("json", "The body as JSON: a value to equal, or operators. Parts are json.a.b or $.path.", anything),
			field("xpath", "Texts by XPath 1.0, of HTML or XML.", group),
			field("css", "Texts by CSS selector.", group),
			field("schema", "A JSON Schema (draft 2020-12), or the path of one.", &shape.Shape{Kinds: []tree.Kind{tree.Map, tree.String, tree.Bool}}),
			field("elapsed", "From the request's start to the headers.", wanted),
			field("ttfb", "From the request's start to the first byte.", wanted),
			field("url", "The URL of the last hop.", wanted),
			field("redirects", "How many redirects were followed.", wanted),
			field("size", "The bytes of the decoded body.", wanted),
			field("version", "The HTTP version: 1.1 or 2.", wanted),
			field("tls", "The connection's TLS.", tlsShape(wanted)),
			field("sha256", "The decoded body's SHA-256, hexadecimal.", wanted),
			field("same_as", "Another request whose answer this one must equal.", sameShape()),
			field("lua", "A Lua expression, or a function of the handler script, that must be true.", texts),
			field("severity", "What follows when it does not hold.", severityShape()),
		},
		Rest: anything,
	}
}

func tlsShape(wanted *shape.Shape) *shape.Shape {
	s := &shape.Shape{Kinds: []tree.Kind{tree.Map}, Fields: []shape.Field{{Name: "exists", Doc: "The connection is secure.", Shape: booleans}}}
	for _, name := range tlsNames() {
		one := wanted
		if name == "dns_names" {
			one = &shape.Shape{}
		}
		s.Fields = append(s.Fields, shape.Field{Name: name, Doc: tlsMembers[name].doc, Shape: one})
	}
	return s
}

func sameShape() *shape.Shape {
	ignore := &shape.Shape{OneOf: []*shape.Shape{texts, {Kinds: []tree.Kind{tree.List}, Items: texts}}}
	return &shape.Shape{OneOf: []*shape.Shape{texts, {Kinds: []tree.Kind{tree.Map}, Fields: []shape.Field{
		{Name: "request", Doc: "The name of the other request.", Shape: texts, Required: true},
		{Name: "ignore", Doc: "JSONPaths to leave out.", Shape: ignore},
		{Name: "status", Doc: "false leaves the status out.", Shape: booleans},
		{Name: "severity", Shape: severityShape()},
	}}}}
}

// CaptureShape returns the shape of a capture block.
func CaptureShape() *shape.Shape {
	text := func(doc string) func(string) shape.Field {
		return func(name string) shape.Field { return shape.Field{Name: name, Doc: doc, Shape: texts} }
	}
	yes := func(doc string) func(string) shape.Field {
		return func(name string) shape.Field { return shape.Field{Name: name, Doc: doc, Shape: booleans} }
	}
	one := &shape.Shape{
		Kinds: []tree.Kind{tree.Map}, Doc: "Where a value is, and what becomes of it.",
		Fields: []shape.Field{
			text("A JSONPath.")("json"), text("A header; the first of repeats.")("header"), text("A cookie that the answer sets.")("cookie"),
			text("A regular expression (RE2) over the text.")("regex"), text("An XPath 1.0 expression, over HTML or XML.")("xpath"), text("A CSS selector.")("css"),
			yes("The body's bytes.")("body"), yes("The body as text.")("text"), yes("The status.")("status"), yes("The URL of the last hop.")("url"),
			text("A Lua expression, or a function of the handler script, called with res.")("lua"),
			{Name: "group", Doc: "The group of regex: a number or a name.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.Int, tree.String}}},
			text("The attribute of what css finds, instead of its text.")("attr"),
			{Name: "default", Doc: "The value where there is none.", Shape: &shape.Shape{}},
			yes("No output shows it.")("secret"),
			{Name: "scope", Doc: "How far it is seen.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.String}, Enum: scopes}},
			yes("Gather the values of all answers in a list.")("append"),
			yes("All matches as a list.")("all"),
		},
		Exclusive: [][]string{sources}, Need: [][]string{sources},
	}
	return &shape.Shape{
		Name: "capture", Kinds: []tree.Kind{tree.Map}, Doc: "Values to take from the answer, by the names that captures.NAME has.",
		Rest: &shape.Shape{OneOf: []*shape.Shape{{Kinds: []tree.Kind{tree.String}, Template: true}, one}},
	}
}
