package data

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"volley/specs/expect/jsonpath"
	"volley/specs/template"
	"volley/specs/tree"
)

// Compile reads a data source that has Shape; what has not is passed over.
// What is wrong beyond that goes to c.Problems.
func Compile(name, path string, n *tree.Node, c *template.Compiler) *Source {
	d := &decoder{Compiler: c, node: n, path: path, source: &Source{Name: name, Pos: n.Pos}}
	for _, m := range n.Members {
		if slices.Contains(kindNames, m.Name) && m.Value.Kind != tree.Null {
			d.source.Kind, d.source.Pos = Kind(m.Name), m.Pos
			break
		}
	}
	d.source.origin = d.origin()
	d.source.choice = d.choice()
	d.misplaced()
	d.lintWhere()
	return d.source
}

// decoder reads the members of one source.
type decoder struct {
	*template.Compiler
	node   *tree.Node
	path   string
	source *Source
}

// get returns a member that is there and has one of the kinds.
func (d *decoder) get(name string, kinds ...tree.Kind) *tree.Node {
	v := d.node.Get(name)
	if v == nil || len(kinds) > 0 && !slices.Contains(kinds, v.Kind) {
		return nil
	}
	return v
}

func (d *decoder) problem(n *tree.Node, name, message, hint string) {
	d.Problems.Add(n.Pos, tree.Name(d.path, name), message, hint)
}

// value compiles a member that may hold templates; nil when there is none.
func (d *decoder) value(name string, kinds ...tree.Kind) *template.Value {
	return d.template(d.get(name, kinds...), name)
}

func (d *decoder) template(n *tree.Node, name string) *template.Value {
	if n == nil {
		return nil
	}
	return d.use(d.Compile(n, tree.Name(d.path, name)), name, false)
}

// expression compiles where and key, with ${{ }} or without.
func (d *decoder) expression(name string) *template.Value {
	n := d.get(name, tree.String, tree.Bool)
	if n == nil {
		return nil
	}
	return d.use(d.Expression(n, tree.Name(d.path, name)), name, true)
}

// use keeps a value of the source, and tells of a row before there is one.
func (d *decoder) use(v *template.Value, name string, overRow bool) *template.Value {
	for _, ref := range v.References() {
		if ref.Root == "row" && !overRow {
			d.Problems.Add(ref.Pos, tree.Name(d.path, name), "row is not known here", "where and key see it")
		}
	}
	d.source.values = append(d.source.values, v)
	return v
}

func (d *decoder) origin() origin {
	switch kind := d.source.Kind; kind {
	case KindCSV, KindTSV:
		return &table{file: d.file(), layout: d.layout(kind)}
	case KindJSONL:
		return &jsonLines{file: d.file()}
	case KindLines:
		return &textLines{file: d.file()}
	case KindJSON:
		return d.document()
	case KindGlob:
		return d.glob()
	case KindRange:
		return d.numbers()
	case KindValues:
		return d.list()
	case KindLua:
		return d.generator()
	case KindStdin:
		return d.standardInput()
	}
	return &list{} // the shape has been refused
}

// file reads what all kinds that are one file have.
func (d *decoder) file() file {
	return file{path: d.value(string(d.source.Kind), tree.String), encoding: d.encoding()}
}

func (d *decoder) encoding() string {
	if n := d.get("encoding", tree.String); n != nil {
		return n.Text
	}
	return ""
}

func (d *decoder) standardInput() origin {
	in := file{stdin: true, encoding: d.encoding()}
	n := d.get("stdin", tree.String)
	if n == nil {
		return &list{}
	}
	switch Kind(n.Text) {
	case KindJSONL:
		return &jsonLines{file: in}
	case KindLines:
		return &textLines{file: in}
	default:
		return &table{file: in, layout: d.layout(Kind(n.Text))}
	}
}

// layout reads how the fields of a table are cut and named.
func (d *decoder) layout(kind Kind) layout {
	l := layout{delimiter: ",", header: true}
	if kind == KindTSV {
		l.delimiter = "\t"
	} else if n := d.get("delimiter", tree.String); n != nil {
		l.delimiter = n.Text
		if r, size := utf8.DecodeRuneInString(n.Text); size != len(n.Text) || r == utf8.RuneError || strings.ContainsRune("\"\r\n", r) {
			d.problem(n, "delimiter", "must be one character other than a quote or a line end, got "+strconv.Quote(n.Text), `a tab is "\t"`)
			l.delimiter = ","
		}
	}
	d.header(&l)
	d.cellTypes(&l)
	d.source.columns = l.header || l.names != nil
	return l
}

func (d *decoder) header(l *layout) {
	n := d.get("header", tree.Bool, tree.List)
	if n == nil {
		return
	}
	if n.Kind == tree.Bool {
		l.header = strings.EqualFold(n.Text, "true")
		return
	}
	l.header = false
	for _, item := range n.Items {
		l.names = append(l.names, item.Text)
	}
	if i, fault := checkNames(l.names); fault != "" {
		d.Problems.Add(n.Items[i].Pos, tree.Item(tree.Name(d.path, "header"), i), fault, "each column needs a name of its own")
	} else if len(l.names) == 0 {
		d.problem(n, "header", "the list of names is empty", "header: false reads a file without names")
	}
}

func (d *decoder) cellTypes(l *layout) {
	n := d.get("types", tree.Map)
	if n == nil {
		return
	}
	if !l.header && l.names == nil {
		d.problem(n, "types", "types needs names of columns", "give them as a list: header: [id, name]")
		return
	}
	l.types = make(map[string]string, len(n.Members))
	for _, m := range n.Members {
		l.types[m.Name] = m.Value.Text
		if l.names != nil && !slices.Contains(l.names, m.Name) {
			d.Problems.Add(m.Pos, tree.Name(d.path+".types", m.Name), "there is no column "+strconv.Quote(m.Name), "the columns are "+strings.Join(l.names, ", "))
		}
	}
}

func (d *decoder) document() origin {
	doc := &document{file: d.file()}
	n := d.get("path", tree.String)
	if n == nil {
		return doc
	}
	doc.at = n.Text
	query, err := jsonpath.Parse(n.Text)
	if err != nil {
		d.problem(n, "path", err.Error(), "a path begins with $, such as $.items")
		return doc
	}
	doc.query = query
	doc.chain, doc.streams = memberChain(n.Text)
	return doc
}

func (d *decoder) glob() origin {
	g := &glob{file: d.file(), as: "path"}
	if n := d.get("as", tree.String); n != nil {
		g.as = n.Text
	}
	return g
}

func (d *decoder) generator() origin {
	n := d.get("lua", tree.String)
	if n == nil {
		return &list{}
	}
	return &generator{function: Function{Source: n.Code(), Inline: !functionName.MatchString(n.Text), Pos: n.CodePos()}}
}

var functionName = regexp.MustCompile(`^\s*[A-Za-z_][A-Za-z0-9_]*\s*$`)

// options tells which kinds an option belongs to; those that it does not name
// go with all.
var options = map[string][]Kind{
	"delimiter": {KindCSV},
	"header":    {KindCSV, KindTSV},
	"types":     {KindCSV, KindTSV},
	"encoding":  {KindCSV, KindTSV, KindJSONL, KindJSON, KindLines, KindGlob},
	"path":      {KindJSON},
	"as":        {KindGlob},
}

// misplaced tells options that belong to other kinds.
func (d *decoder) misplaced() {
	kind := d.source.Kind
	if n := d.get("stdin", tree.String); kind == KindStdin && n != nil {
		kind = Kind(n.Text)
	}
	for _, m := range d.node.Members {
		of := options[m.Name]
		if kind == "" || of == nil || slices.Contains(of, kind) || m.Value.Kind == tree.Null {
			continue
		}
		names := make([]string, len(of))
		for i, k := range of {
			names[i] = string(k)
		}
		d.Problems.Add(m.Pos, tree.Name(d.path, m.Name), m.Name+" is no option of "+string(kind), "it goes with "+strings.Join(names, ", "))
	}
}

// lintWhere warns of a column that is a condition but has no type: any text
// holds, "false" too.
func (d *decoder) lintWhere() {
	t, ok := d.source.origin.(*table)
	where := d.source.choice.where
	if !ok || where == nil || where.NeedsLua() || len(where.References()) != 1 {
		return
	}
	ref := where.References()[0]
	if of := t.layout.types[ref.Name]; ref.Root == "row" && d.source.columns && (of == "" || of == "string") {
		d.Problems.Warn(ref.Pos, tree.Name(d.path, "where"), "row."+ref.Name+` is text, and any text holds, "false" and "" too`,
			"give the column a type, types: {"+ref.Name+": bool}, or compare it")
	}
}
