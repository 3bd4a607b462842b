package specs

import (
	"slices"

	"volley/runtime"
	"volley/runtime/client/fields"
	"volley/specs/template"
	"volley/specs/tree"
)

// tryField sets a field that holds no template on a request that is thrown
// away: what is wrong with it is told before anything is sent.
func (d *decoder) tryField(m tree.Member, v *template.Value, path string) {
	if !v.Static() || d.toldIn(m.Value) {
		return
	}
	text, err := v.AppendJSON(nil, nil, m.Name != "json" && m.Name != "meta")
	if err == nil {
		err = fields.New(&runtime.Request{}, fields.Options{}).Set(m.Name, text)
	}
	if err != nil {
		d.add(m.Value.Pos, path, err.Error(), "")
	}
}

// toldIn reports that the check of the shape has spoken of n or a part of it.
func (d *decoder) toldIn(n *tree.Node) bool {
	return d.told[n.Pos] ||
		slices.ContainsFunc(n.Items, d.toldIn) ||
		slices.ContainsFunc(n.Members, func(m tree.Member) bool { return d.told[m.Pos] || d.toldIn(m.Value) })
}
