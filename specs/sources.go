package specs

import (
	"volley/specs/data"
	"volley/specs/shape"
	"volley/specs/tree"
)

func (d *decoder) decodeData() {
	d.spec.sources = map[string]*data.Source{}
	input := "" // the source that reads the standard input
	members(present(d.root, "data"), func(m tree.Member) {
		path := shape.Member("data", m.Name)
		source := data.Compile(m.Name, path, m.Value, d.compiler)
		if source == nil {
			source = &data.Source{Name: m.Name, Pos: m.Pos}
		}
		d.spec.Data = append(d.spec.Data, source)
		d.spec.sources[m.Name] = source
		d.rowsInput(source, m.Value, path)
		if source.Kind == data.KindStdin {
			if input != "" {
				d.add(m.Pos, path, "the standard input can be read once, and data."+input+" reads it", "give one of them a file")
			}
			input = m.Name
		}
		for _, v := range source.Values() {
			d.use(v, path, inSource, nil)
		}
		if f := source.Generator(); f != nil {
			d.spec.lua = true
			d.function(f.Inline, f.Pos, path, f.Source)
		}
	})
}
