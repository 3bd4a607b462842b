package specs

import (
	"slices"

	"volley/specs/shape"
	"volley/specs/tree"
)

// requestShape is that of a request, less the fields that its list has not.
func (s *shapes) requestShape(name string, less []string) *shape.Shape {
	fields := append(s.ownFields(), s.fields...)
	fields = slices.DeleteFunc(fields, func(f shape.Field) bool { return slices.Contains(less, f.Name) })
	return &shape.Shape{
		Name: name, Kinds: []tree.Kind{tree.Map}, Fields: fields,
		Need: [][]string{{"url", "extends"}}, Exclusive: exclusiveBodies(), Elsewhere: luaNames,
	}
}

// luaNames are fields that only requests in Lua have, and what does their work
// here.
var luaNames = map[string]string{
	"callback":          "that is on_response: the name of a function in the handler script, or {lua: …}",
	"exception_handler": "that is on_error: the name of a function in the handler script, or {lua: …}",
	"hooks":             "those are on_request, on_response and on_error",
}

// exclusiveBodies: of the bodies only data and files go together.
func exclusiveBodies() [][]string { return [][]string{{"json", "data"}, {"json", "files"}} }

// defaultsShape is that of defaults: what names or orders a request has no
// place there.
func (s *shapes) defaultsShape() *shape.Shape {
	never := []string{"name", "url", "id", "needs", "foreach", "matrix", "repeat", "extends", "defer", "paginate", "save", "poll"}
	fields := append(s.ownFields(), s.fields...)
	fields = slices.DeleteFunc(fields, func(f shape.Field) bool { return slices.Contains(never, f.Name) })
	return &shape.Shape{Name: "defaults", Kinds: []tree.Kind{tree.Map}, Fields: fields, Exclusive: exclusiveBodies(), Elsewhere: luaNames}
}

// ownFields are those that the Lua API does not have.
func (s *shapes) ownFields() []shape.Field {
	fields := []shape.Field{
		{Name: "name", Doc: "For needs, extends, same_as, statistics and reports.", Shape: word("")},
		{Name: "extends", Doc: "A request whose fields this one begins with, all but its name.", Shape: either(word(""), listOf(word("")))},
		{Name: "when", Doc: "An expression; if it does not hold the request is skipped.", Shape: condition()},
		{Name: "needs", Doc: "Requests to be done before: per row where both have the same rows; {NAME: all} waits for all of them.", Shape: needsShape()},
		{Name: "foreach", Doc: "A data source, a list, or an expression that gives a list: once per row.", Shape: foreachShape()},
		{Name: "matrix", Doc: "Lists of values by name: once per combination, as matrix.NAME.", Shape: matrixShape()},
		{Name: "repeat", Doc: "How often, for each row and combination.", Shape: templated(whole(0))},
		{Name: "session", Doc: "One of sessions; default is default.", Shape: word("")},
		{Name: "expect", Doc: "What the answer has to be; without any: a status below 400.", Shape: s.expect},
		{Name: "capture", Doc: "Values to take from the answer, for ${{ captures.NAME }}.", Shape: s.capture},
		{Name: "poll", Doc: "Ask again until the answer is the one waited for.", Shape: pollShape()},
		{Name: "paginate", Doc: "Follow the pages of the answer.", Shape: paginateShape()},
		{Name: "save", Doc: "A file that takes the body.", Shape: text()},
		{Name: "idempotency_key", Doc: "Sent as Idempotency-Key; then retries are safe for any method.", Shape: text()},
		{Name: "defer", Doc: "After everything else of its row, last one first, also after failures.", Shape: boolean()},
	}
	return append(fields, hookFields()...)
}

func needsShape() *shape.Shape {
	all := mapOf(enum("all"))
	one := either(word(""), all)
	return &shape.Shape{Name: "needs", OneOf: []*shape.Shape{word(""), all, listOf(one)}}
}

func foreachShape() *shape.Shape {
	return &shape.Shape{Template: true, OneOf: []*shape.Shape{
		{Kinds: []tree.Kind{tree.String}}, listOf(anything()),
	}}
}

func pollShape() *shape.Shape {
	return &shape.Shape{
		Name: "poll", Kinds: []tree.Kind{tree.Map}, Exclusive: [][]string{{"get", "post"}},
		Fields: []shape.Field{
			{Name: "until", Doc: "The expression waited for.", Shape: condition(), Required: true},
			{Name: "fail_if", Doc: "An expression that ends it as a failure.", Shape: condition()},
			{Name: "get", Doc: "A URL to ask with GET; without get and post the request itself is sent again.", Shape: text()},
			{Name: "post", Doc: "The same with POST.", Shape: text()},
			{Name: "every", Doc: "The pause; default 1s.", Shape: numeric(shape.Duration)},
			{Name: "timeout", Doc: "For all of it; default 5m.", Shape: numeric(shape.Duration)},
		},
	}
}

func paginateShape() *shape.Shape {
	return &shape.Shape{
		Name: "paginate", Kinds: []tree.Kind{tree.Map},
		Fields: []shape.Field{
			{Name: "next", Doc: "link (the Link header), or an expression that gives the next URL, nil at the end.", Shape: templated(enum("link")), Required: true},
			{Name: "max_pages", Doc: "At most that many; default 1000.", Shape: whole(1)},
		},
	}
}
