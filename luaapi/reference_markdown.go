package luaapi

import "strings"

// Markdown is the reference as tables: one for each module, class and options
// table.
func (r *Registry) Markdown() string {
	var b strings.Builder
	for i := range r.Modules {
		m := &r.Modules[i]
		section(&b, "`"+m.Name+"`", m.Doc, "call", "returns")
		for j := range m.Functions {
			functionRow(&b, m.Name+".", &m.Functions[j])
		}
		for _, v := range m.Values {
			row(&b, m.Name+"."+v.Name, v.Type, v.Doc)
		}
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		section(&b, c.Name, c.Doc, "member", "type")
		for _, f := range c.Fields {
			row(&b, "."+f.Name, f.Type, f.Doc)
		}
		for j := range c.Methods {
			functionRow(&b, ":", &c.Methods[j])
		}
	}
	for _, o := range r.Options {
		section(&b, o.Name, o.Doc, "option", "type")
		for _, option := range o.List {
			row(&b, option.Name, option.Type, option.Doc)
		}
	}
	return strings.TrimPrefix(b.String(), "\n")
}

func section(b *strings.Builder, title, doc, first, second string) {
	b.WriteString("\n### " + title + "\n\n" + doc + "\n\n| " + first + " | " + second + " | |\n|---|---|---|\n")
}

func functionRow(b *strings.Builder, prefix string, f *Function) {
	row(b, prefix+signature(f), f.Returns, f.Doc)
}

// row escapes what would end a cell.
func row(b *strings.Builder, name, typ, doc string) {
	code := func(s string) string {
		if s == "" {
			return ""
		}
		return "`" + s + "`"
	}
	cell := strings.NewReplacer("|", `\|`, "\n", " ").Replace
	b.WriteString("| " + cell(code(name)) + " | " + cell(code(typ)) + " | " + cell(doc) + " |\n")
}
