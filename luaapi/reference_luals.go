package luaapi

import "strings"

// LuaLS is a definition file for the Lua language server: every module, class
// and options table with its types. It is valid Lua that does nothing.
func (r *Registry) LuaLS() string {
	var b strings.Builder
	b.WriteString("---@meta volley\n")
	for i := range r.Modules {
		luaModule(&b, &r.Modules[i])
	}
	for i := range r.Classes {
		luaClass(&b, &r.Classes[i])
	}
	for _, o := range r.Options {
		b.WriteString("\n" + comment(o.Doc) + "---@class volley." + o.Name + "\n")
		for _, option := range o.List {
			luaField(&b, option.Name+"?", option.Type, option.Doc)
		}
	}
	b.WriteString("\nreturn volley\n")
	return b.String()
}

func luaModule(b *strings.Builder, m *Module) {
	b.WriteString("\n" + comment(m.Doc) + "---@class " + m.Name + "\n")
	for _, v := range m.Values {
		luaField(b, v.Name, v.Type, v.Doc)
	}
	b.WriteString(m.Name + " = {}\n")
	for j := range m.Functions {
		luaFunction(b, m.Name+".", &m.Functions[j])
	}
}

func luaClass(b *strings.Builder, c *Class) {
	b.WriteString("\n" + comment(c.Doc) + "---@class volley." + c.Name + "\n")
	for _, f := range c.Fields {
		luaField(b, f.Name, f.Type, f.Doc)
	}
	if c.lookup != nil {
		b.WriteString("---@field [string] any\n")
	}
	b.WriteString("local " + c.Name + " = {}\n")
	for j := range c.Methods {
		luaFunction(b, c.Name+":", &c.Methods[j])
	}
}

func luaField(b *strings.Builder, name, typ, doc string) {
	b.WriteString(strings.TrimRight("---@field "+name+" "+typ+" "+oneLine(doc), " ") + "\n")
}

func luaFunction(b *strings.Builder, prefix string, f *Function) {
	b.WriteString("\n" + comment(f.Doc))
	if f.Example != "" {
		b.WriteString(comment("```lua\n" + f.Example + "\n```"))
	}
	names := make([]string, len(f.Params))
	for i, p := range f.Params {
		names[i] = p.Name
		name, typ := p.Name, p.Type
		if t, optional := strings.CutSuffix(typ, "?"); optional && name != "..." {
			name, typ = name+"?", t
		}
		b.WriteString(strings.TrimRight("---@param "+name+" "+typ+" "+oneLine(p.Doc), " ") + "\n")
	}
	for _, typ := range splitTypes(f.Returns) {
		if typ == "..." {
			typ = "any ..."
		}
		b.WriteString("---@return " + typ + "\n")
	}
	b.WriteString("function " + prefix + f.Name + "(" + strings.Join(names, ", ") + ") end\n")
}

func comment(doc string) string {
	if doc == "" {
		return ""
	}
	return "---" + strings.ReplaceAll(doc, "\n", "\n---") + "\n"
}

func oneLine(doc string) string { return strings.ReplaceAll(doc, "\n", " ") }

// splitTypes splits a list of types at the commas outside brackets. Those
// behind a fun(…): part the function's own results.
func splitTypes(list string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range list {
		if strings.HasPrefix(list[start:], "fun(") {
			break
		}
		switch c {
		case '(', '{', '<', '[':
			depth++
		case ')', '}', '>', ']':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(list[start:i]))
				start = i + 1 + len(list[i+1:]) - len(strings.TrimLeft(list[i+1:], " "))
			}
		}
	}
	if rest := strings.TrimSpace(list[start:]); rest != "" {
		out = append(out, rest)
	}
	return out
}
