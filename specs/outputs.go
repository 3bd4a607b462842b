package specs

import (
	"volley/specs/shape"
	"volley/specs/tree"
)

// outputKinds are the kinds of outputs with what they write.
var outputKinds = []struct {
	kind OutputKind
	doc  string
}{
	{OutputCSV, "A table of chosen fields, one row a request; .gz and .zst compress."},
	{OutputNDJSON, "One JSON object a request; .gz and .zst compress."},
	{OutputJSONL, "The same as ndjson."},
	{OutputFailed, "The rows that failed, in the shape of the file they came from."},
	{OutputJUnit, "A JUnit report."},
}

func outputShape() *shape.Shape {
	var fields []shape.Field
	var names []string
	for _, k := range outputKinds {
		fields = append(fields, shape.Field{Name: string(k.kind), Doc: k.doc, Shape: &shape.Shape{Kinds: []tree.Kind{tree.String}, Template: true}})
		names = append(names, string(k.kind))
	}
	fields = append(fields,
		shape.Field{Name: "fields", Doc: "Columns of a CSV: row.NAME, status, elapsed, attempts, error, captures.NAME, …", Shape: listOf(word(""))},
		shape.Field{Name: "record", Doc: "Whose bodies are recorded.", Shape: recordShape()},
	)
	return &shape.Shape{
		Name: "output", Kinds: []tree.Kind{tree.Map}, Fields: fields,
		Exclusive: [][]string{names}, Need: [][]string{names},
	}
}

func (d *decoder) decodeOutputs() {
	n := present(d.root, "outputs")
	if n == nil || n.Kind != tree.List {
		return
	}
	for i, item := range n.Items {
		path := shape.Item("outputs", i)
		for _, k := range outputKinds {
			if file := present(item, string(k.kind)); file != nil {
				d.output(item, file, k.kind, path)
				break
			}
		}
	}
}

func (d *decoder) output(n, file *tree.Node, kind OutputKind, path string) {
	out := Output{
		Pos:    n.Pos,
		Kind:   kind,
		Path:   d.compile(file, shape.Member(path, string(kind)), atStart, nil),
		Fields: textsOf(present(n, "fields")),
		Record: Record(textOf(present(n, "record"))),
	}
	if file.Text == "" {
		d.add(file.Pos, shape.Member(path, string(kind)), "the path is empty", `"-" is the standard output`)
	}
	if file.Text == "-" && (kind == OutputFailed || kind == OutputJUnit) {
		d.add(file.Pos, shape.Member(path, string(kind)), string(kind)+" does not go to the standard output", "give it a file; ndjson and csv may be -")
	}
	if fields := present(n, "fields"); fields != nil && kind != OutputCSV {
		d.add(fields.Pos, shape.Member(path, "fields"), "fields are the columns of a csv; "+string(kind)+" has none", "")
	}
	if record := present(n, "record"); record != nil && kind != OutputNDJSON && kind != OutputJSONL {
		d.add(record.Pos, shape.Member(path, "record"), "record says what ndjson holds; "+string(kind)+" holds no bodies", "")
	}
	d.spec.Outputs = append(d.spec.Outputs, out)
}
