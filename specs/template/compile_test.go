package template_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"volley/specs/template"
	"volley/specs/tree"
)

func TestProblems(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"v: ${{ base.url }}", `f:1:8 unknown reference "base" (an expression begins`},
		{"v: ${{ var.url }}", `f:1:8 unknown reference "var" (did you mean "vars"?)`},
		{"v: ${{ }}", "f:1:8 there is no expression"},
		{"v: a ${{ 1 1 }}", "f:1:10 not Lua ()"},
		{"v: ${{ a-b }}", `f:1:8 unknown reference "a" (an expression`},
		{"v:\n  - a\n  - |\n    b\n    ${{ vars.x }} ${{ ro.y }}\n", `f:5:23 unknown reference "ro" (did you mean "row"?)`},
		{"v: {'${{ q }}': 1}", `f:1:10 unknown reference "q"`},
		{"v: ${{ volley }} ${{ row }}", ""},
	} {
		p := &tree.Problems{}
		compiler := template.Compiler{Lua: fakeLua{"a-b": 1.0, "volley": nil}, Problems: p}
		n := tree.Parse("f", []byte(c.source), p)
		compiler.Compile(n.Get("v"), "v")
		got := ""
		if all := p.All(); len(all) > 0 {
			got = fmt.Sprintf("%s %s (%s)", all[0].Pos, all[0].Message, all[0].Hint)
		}
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: got %s, want %s", c.source, got, c.want)
		}
	}
}

func TestReferences(t *testing.T) {
	p := &tree.Problems{}
	compiler := template.Compiler{Problems: p}
	n := tree.Parse("f", []byte(`v: {a: "${{ vars.base }}/${{ row['id'] }}", "${{ env.K }}": ["${{ captures[\"x\"].y .. hash(secrets.pw) }}"], b: 1}`), p)
	v := compiler.Compile(n.Get("v"), "v")
	var got []string
	for _, r := range v.References() {
		got = append(got, fmt.Sprintf("%s.%s@%d", r.Root, r.Name, r.Pos.Column))
	}
	want := "vars.base@13 row.id@30 env.K@50 captures.x@67 secrets.pw@91"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("the references are %s", text)
	}
	if p.Err() != nil || v.Static() || !v.NeedsLua() {
		t.Errorf("static %v, Lua %v, %v", v.Static(), v.NeedsLua(), p.Err())
	}
	if _, err := v.AppendJSON(nil, values, false); err == nil {
		t.Error("Lua was evaluated without Lua")
	}
	s := compiler.Compile(n.Get("v").Get("b"), "v.b")
	if !s.Static() || s.NeedsLua() || s.References() != nil || s.Node().Text != "1" {
		t.Error("a number is no static value")
	}
	if compiler.Compile(nil, "") != nil {
		t.Error("nothing compiles to something")
	}
}

func TestExpression(t *testing.T) {
	p := &tree.Problems{}
	compiler := template.Compiler{Lua: lua, Problems: p}
	n := tree.Parse("f", []byte("a: 1 + 1\nb: \" vars.n\"\nc: ${{ vars.n }}\nd: |\n\n  rov.x\ne: [vars.n]\n"), p)
	for name, want := range map[string]any{"a": 2.0, "b": 3.0, "c": 3.0} {
		if got, err := compiler.Expression(n.Get(name), name).Any(values); got != want || err != nil {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
	compiler.Expression(n.Get("d"), "d")
	if all := p.All(); len(all) != 1 || all[0].Pos.String() != "f:6:3" || all[0].Path != "d" {
		t.Errorf("problems: %+v", all)
	}
	if v := compiler.Expression(n.Get("e"), "e"); !v.Static() {
		t.Error("a list is an expression")
	}
}

func TestLint(t *testing.T) {
	p := &tree.Problems{}
	compiler := template.Compiler{Problems: p}
	n := tree.Parse("f", []byte("v: {zip: 01234, n: 0, f: 0.5, x: 0x1F, q: '01', list: [08, 09.5]}"), p)
	compiler.Lint(n.Get("v"), "json")
	var got []string
	for _, x := range p.All() {
		if !x.Warning {
			t.Errorf("%s is an error", x.Message)
		}
		got = append(got, fmt.Sprintf("%s %s: %s (%s)", x.Pos, x.Path, x.Message, x.Hint))
	}
	want := `f:1:10 json.zip: 01234 is a number to YAML and becomes 668 (quote it to keep its zeros: "01234")
f:1:56 json.list[0]: 08 is a number to YAML and becomes 8 (quote it to keep its zeros: "08")
f:1:60 json.list[1]: 09.5 is a number to YAML and becomes 9.5 (quote it to keep its zeros: "09.5")`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// anyLua takes anything.
type anyLua struct{}

func (anyLua) Compile(string, tree.Pos) (template.Expression, error) {
	return fakeExpression{"x"}, nil
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"a ${{ vars.n }}", "${{ {a={1}} }}", "${{ f('}}', [==[ ]] ]==]) --[[x]] }}", "${{ a", "${{ it's }} ${{ b }}", "${{ x.y[\"z\"][1] }}",
		"{k: ['${{ row }}', {'${{ a }}': 010}]}", "!!float 0x1F", "\"\\x24{{ a }}\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		start := time.Now()
		p := &tree.Problems{}
		compiler := template.Compiler{Lua: anyLua{}, Problems: p}
		whole := &tree.Node{Kind: tree.String, Text: text, Quoted: true}
		render(compiler.Compile(whole, "v"))
		render(compiler.Expression(whole, "v"))
		if n := tree.Parse("f", []byte("v: "+text), p); n != nil {
			compiler.Lint(n, "")
			render(compiler.Compile(n, ""))
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// render renders a value in every way; what comes of it does not matter.
func render(v *template.Value) {
	v.References()
	_, _ = v.Any(values)
	_, _ = v.Text(values)
	_, _ = v.Truth(values)
	_, _ = v.AppendJSON(nil, values, false)
	_, _ = v.AppendJSON(nil, values, true)
}

func TestManyTemplatesCompileInLinearTime(t *testing.T) {
	p := &tree.Problems{}
	compiler := template.Compiler{Problems: p}
	for _, source := range []string{
		"v: " + strings.Repeat("${{vars.n}}", 90_000),
		"v: [" + strings.Repeat(`"${{vars.n}}",`, 70_000) + "]",
		"v: '" + strings.Repeat("${{ [[ }}", 100_000) + "'",
	} {
		n := tree.Parse("f", []byte(source), p)
		if v := compiler.Compile(n.Get("v"), "v"); len(v.References()) == 0 && !strings.Contains(source, "[[") {
			t.Errorf("there are no references in %.20s", source)
		}
	}
}

func BenchmarkText(b *testing.B) {
	for name, source := range map[string]string{
		"static": "v: text", "path": "v: ${{ vars.base }}", "joined": "v: ${{ vars.base }}/orders/${{ vars.n }}",
	} {
		v, _ := compiled(source)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Text(values); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	for name, source := range map[string]string{
		"static": "v: {a: [1, 2, {b: text}], c: 1.10}", "mixed": "v: {quantity: '${{ vars.n }}', note: 'order ${{ vars.base }}', a: {b: [1, 2]}}",
	} {
		v, _ := compiled(source)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var room []byte
			for b.Loop() {
				var err error
				if room, err = v.AppendJSON(room[:0], values, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
