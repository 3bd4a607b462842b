package lualex_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs/template/lualex"
)

func TestEnd(t *testing.T) {
	for _, c := range []struct {
		source string
		want   string // what stands before the end; "-": there is none
	}{
		{" a }} b }}", " a "},
		{` f("}}") }}`, ` f("}}") `},
		{` f('\'}}') }}`, ` f('\'}}') `},
		{" [[ }} ]] }}", " [[ }} ]] "},
		{" [==[ }} ]] ]==] }}", " [==[ }} ]] ]==] "},
		{" {a={1}} }}", " {a={1}} "},
		{"{1}}}", "{1}"},
		{" --[[ }} ]] a }}", " --[[ }} ]] a "},
		{" a -- b }} c", " a -- b "},
		{" it's }} c", " it's "},
		{" { }} c", " { "},
		{" t[1][2] }}", " t[1][2] "},
		{" a", "-"},
		{"", "-"},
		{strings.Repeat("x", lualex.Longest+1) + "}}", "-"},
	} {
		got := "-"
		if end := lualex.End(c.source); end >= 0 {
			got = c.source[:end]
		}
		if got != c.want {
			t.Errorf("the expression in %.40q is %q, want %q", c.source, got, c.want)
		}
	}
}

func TestPath(t *testing.T) {
	for _, c := range []struct {
		source string
		want   []lualex.Step
	}{
		{"vars", []lualex.Step{{Name: "vars"}}},
		{" row . id ", []lualex.Step{{Name: "row"}, {Name: "id"}}},
		{"row.end", []lualex.Step{{Name: "row"}, {Name: "end"}}},
		{"row.größe", []lualex.Step{{Name: "row"}, {Name: "größe"}}},
		{`row["order id"]['x']`, []lualex.Step{{Name: "row"}, {Name: "order id"}, {Name: "x"}}},
		{"res.json.page[2].id", []lualex.Step{{Name: "res"}, {Name: "json"}, {Name: "page"}, {Index: 2}, {Name: "id"}}},
		{"row[0]", nil},
		{"row[1.5]", nil},
		{"row[99999999999999999999]", nil},
		{`row["a\n"]`, nil},
		{`row[""]`, nil},
		{"row[i]", nil},
		{"row.", nil},
		{"row[1", nil},
		{"a + b", nil},
		{"f()", nil},
		{"true", nil},
		{"nil", nil},
		{"", nil},
		{"1", nil},
	} {
		got, ok := lualex.Path(c.source)
		if diff := cmp.Diff(c.want, got); diff != "" || ok != (c.want != nil) {
			t.Errorf("%s: %v %s", c.source, ok, diff)
		}
	}
}

func TestUses(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"vars.base .. '/x?' .. row['id'] .. vars[name]", "vars.base row.id vars name"},
		{"res.json.items and #res.json.items > 0 or nil", "res.json res.json"},
		{`"vars.no" .. [[row.no]] --[[env.no]]`, ""},
		{"vars.a -- row.b", "vars.a"},
		{"{a = row.a, ['b'] = row.b; c = 1}", "row.a row.b"},
		{"{a == 1}", "a"},
		{"(function(x, ...) local y = x return y + row.z end)(vars.n)", "row.z vars.n"},
		{"(function() for i, v in ipairs(captures.list) do s = v end end)()", "ipairs captures.list s"},
		{"row.name:upper()", "row.name"},
		{"1 ..row.a", "row.a"},
		{"0x1F + 1e-3 - vars.x", "vars.x"},
		{"row.order-id", "row.order id!"},
		{"row.order - id", "row.order id"},
	} {
		var got []string
		for _, u := range lualex.Uses(c.source) {
			text := u.Root
			if u.Member != "" {
				text += "." + u.Member
			}
			if u.Dashed {
				text += "!"
			}
			if !strings.HasPrefix(c.source[u.At:], u.Root) {
				t.Errorf("%s: %s is not at %d", c.source, u.Root, u.At)
			}
			got = append(got, text)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s uses %s, want %s", c.source, text, c.want)
		}
	}
}
