package tree_test

import (
	"strings"
	"testing"

	"volley/specs/tree"
)

// faults lists what YAML makes of text that people mean in another way: each
// source with the places and messages it is refused with.
var faults = []struct{ name, source, want string }{
	{"template without $", "a: {{ x }}", `f:1:5: a template is written ${{ }}, not {{ }} | write "${{ … }}"`},
	{"template in a map", "{a: ${{ x }}}", `f:1:5: a template in { } or [ ] has to be quoted | write "${{ x }}"`},
	{"template with quotes in a map", `{a: ${{ f("x") }}}`, `f:1:5: a template in { } or [ ] has to be quoted | write '${{ f("x") }}'`},
	{
		"all templates in flow style", "k: 1\nm:\n  z: [${{ x }}, b]\nq: {a: Bearer ${{ y }}, b: \"${{ z }}\"}\n",
		`f:3:7: a template in { } or [ ] has to be quoted | write "${{ x }}"
f:4:8: a template in { } or [ ] has to be quoted | write "Bearer ${{ y }}"`,
	},
	{"template in a list of lines", "a: [\n  1,\n  ${{ x }}\n]\nb: 1\n", `f:3:3: a template in { } or [ ] has to be quoted | write "${{ x }}"`},
	{"colon in a template", "k: 1\na: ${{ f(\"x: y\") }}\n", `f:2:4: the template holds ": ", which YAML takes for the end of a name | quote the whole text: '…'`},
	{"comment in a template", "a: x ${{ f('p # q') }}", `f:1:6: ${{ is not closed | quote the whole text: " #" starts a comment`},
	{"second template open", "a: ${{ x }} ${{ y", `f:1:13: ${{ is not closed | end it with }}`},
	{"template open in a name", "${{ a: b", `f:1:1: ${{ is not closed | end it with }}`},
	{"template open in a block", "a: |\n  one\n  two ${{ x\n", `f:3:7: ${{ is not closed | end it with }}`},
	{"operator !=", "a: != 3", `f:1:4: the tag != is not known | operators are names, as in {ne: 3}; text that begins with ! has to be quoted`},
	{"operator >=", "a: >= 3", `f:1:4: | and > begin a block of text in the next lines | operators are names, as in {gte: 3}; quote it if it is text`},
	{"tag", "a: !file x", `f:1:4: the tag !file is not known | specs have no tags; text that begins with ! has to be quoted`},
	{"tag of a map", "a: !!set {a}", `f:1:4: the tag !!set is not known | specs have no tags: leave it out`},
	{"binary", "a: !!binary aGk=", `f:1:4: the tag !!binary is not known | specs have no tags; text that begins with ! has to be quoted`},
	{"wrong tag", "a: !!int x", `f:1:4: "x" does not go with the tag !!int | leave the tag out`},
	{"at sign", "a: @x", `f:1:4: text cannot begin with "@" without quotes | quote it: '@x'`},
	{"backtick", "k: 1\na: `x`", "f:2:4: text cannot begin with \"`\" without quotes | quote it: '`x`'"},
	{"percent", "k: 1\na: %x", `f:2:4: text cannot begin with "%" without quotes | quote it: '%x'`},
	{"glob", "k: 1\na: *.csv", `f:2:4: text cannot begin with "*" without quotes | quote it: '*.csv'`},
	{"glob in a map", "a: {b: *.x}", `f:1:8: text cannot begin with "*" without quotes | quote it: '*.x'`},
	{
		"unknown anchor", "a: 1\nc: *b",
		`f:2:4: there is no &b that *b could stand for | the anchor has to be written further up; text that begins with * has to be quoted`,
	},
	{"alias cycle", "a: &x [*x]", `f:1:8: *x stands inside of &x: it would contain itself`},
	{"merge cycle", "a: &x {<<: *x}", "f:1:12: *x stands inside of &x: it would contain itself"},
	{"two merge keys", "x: &a {b: 1}\n<<: *a\n<<: *a", `f:3:1: << is written twice; first on line 2 | write one with a list: <<: [*a, *b]`},
	{"merge of text", "<<: x", `f:1:5: << merges maps, got text | write <<: *name, where &name marks a map`},
	{"list behind a name", "a: - b", `f:1:4: "- " behind a name does not begin a list | write the list in the next lines, or quote the text`},
	{"empty", "", `f:1:1: empty spec | a spec begins with volley: 1 and has requests:`},
	{"comment alone", "# x\n", `f:1:1: empty spec | a spec begins with volley: 1 and has requests:`},
	{"mark alone", "---\n", `f:1:1: empty spec | a spec begins with volley: 1 and has requests:`},
	{"two documents", "a: 1\n---\nb: 2", `f:2:1: a second document begins here, and a spec is one | put it into a file of its own and include: that`},
	{"tab", "a: 1\n\tb: 2", `f:2:2: a tab stands where YAML wants spaces | indent with spaces`},
	{"colon", "a: b: c", `f:1:4: the text holds ": ", which YAML takes for the end of a name | quote the whole text`},
	{
		"indentation", "a: x\n  b: y\n",
		`f:2:3: ": " stands where it makes a name of the text before it | quote the whole text if it holds ": ", else check the indentation`,
	},
	{
		"less indentation", "k:\n  a: 1\n  b:\n    c: 1\n   d: 2\n",
		"f:5:4: this line does not go with the lines above it | check the indentation and the quotes",
	},
	{
		"apostrophe", "k:\n  z: 1\n  a: 'it's'\n  c: 2\n",
		`f:3:10: text follows the closing quote | write the whole text in quotes; inside '…' a ' is written '', inside "…" a " is \"`,
	},
	{"open quote", "b: 1\na: \"x\nc: 2", `f:2:4: the quote that begins here is not closed`},
	{
		"open bracket", "b: 1\na: [1, 2\nc: 3\n",
		`f:2:4: the list in [ ] is not closed or lacks a comma | close it with ], and quote text that holds [ ] { } or a comma`,
	},
	{
		"open brace", "b: 1\na: {x: 1\nc: 3\n",
		`f:2:4: the map in { } is not closed or lacks a comma | close it with }, and quote text that holds [ ] { } or a comma`,
	},
	{"escape", "a: \"\\d\"", `f:1:1: the text in double quotes has a \ that is no escape | in single quotes a \ means itself: '\d+'`},
	{"list as a name", "[a]: b", `f:1:1: a name must be text, got a list | quote it if it is text that begins with [ or {`},
	{
		"names written twice", "a:\n  b: 1\n  c: 2\n  b: 3\n\"a\": 4",
		`f:4:3: "b" is written twice; first on line 2
f:5:1: "a" is written twice; first on line 1`,
	},
	{"name written twice by an alias", "a: &x b\nb: 1\n*x : 2", `f:3:1: "b" is written twice; first on line 2`},
	{"control character", "a: 1\nb: x\x01", `f:2:5: the control character U+0001 is not allowed | in double quotes it is written "\u0001"`},
	{"not UTF-8", "é: \xff", `f:1:4: the byte 0xff is not UTF-8 | save the file as UTF-8`},
	{"UTF-16", "\xff\xfea\x00", `f:1:1: the file is UTF-16 | save it as UTF-8`},
}

func TestFaults(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			var p tree.Problems
			tree.Parse("f", []byte(c.source), &p)
			if got := told(&p); got != c.want {
				t.Errorf("%q:\n got %s\nwant %s", c.source, got, c.want)
			}
			if p.Err() == nil {
				t.Error("there is no error")
			}
		})
	}
}

// told lists problems as "pos: message | hint", one a line.
func told(p *tree.Problems) string {
	var lines []string
	for _, x := range p.All() {
		line := x.Pos.String() + ": " + x.Message
		if x.Hint != "" {
			line += " | " + x.Hint
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestPathOfFaults(t *testing.T) {
	var p tree.Problems
	tree.Parse("f", []byte("requests:\n  - url: a\n  - expect: {status: !x 3}\n    expect: 1\n"), &p)
	var paths []string
	for _, x := range p.All() {
		paths = append(paths, x.Path)
	}
	if got := strings.Join(paths, " "); got != "requests[1].expect.status requests[1].expect" {
		t.Errorf("the paths are %s", got)
	}
}
