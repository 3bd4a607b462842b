package specs

import (
	"volley/specs/data"
	"volley/specs/shape"
	"volley/specs/tree"
)

func (d *decoder) decodeData() {
	d.spec.sources = map[string]*data.Source{}
	members(present(d.root, "data"), func(m tree.Member) {
		path := shape.Member("data", m.Name)
		source := data.Compile(m.Name, path, m.Value, d.compiler)
		if source == nil {
			source = &data.Source{Name: m.Name, Pos: m.Pos}
		}
		d.spec.Data = append(d.spec.Data, source)
		d.spec.sources[m.Name] = source
		for _, v := range source.Values() {
			d.use(v, path, inSource, nil)
		}
		if f := source.Generator(); f != nil {
			d.spec.lua = true
			d.function(f.Inline, f.Pos, path, f.Source)
		}
	})
}
