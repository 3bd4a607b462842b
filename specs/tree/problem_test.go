package tree_test

import (
	"bytes"
	"strings"
	"testing"

	"volley/specs/tree"
)

func TestText(t *testing.T) {
	var p tree.Problems
	tree.Parse("b.yaml", []byte("volley: 1\n\turl: x\n"), &p)
	tree.Parse("a.yaml", []byte("name: é\turl\n"), &p)
	p.Add(tree.Pos{File: "a.yaml", Line: 1, Column: 9}, "name", "bad \x1b[2J", "a hint")
	p.Add(tree.Pos{File: "a.yaml", Line: 1, Column: 9}, "other", "bad \x1b[2J", "a hint")
	p.Warn(tree.Pos{File: "a.yaml", Line: 1, Column: 1}, "", "odd", "")
	p.Add(tree.Pos{File: "h.lua", Line: 7, Column: 3}, "", "elsewhere", "")
	p.Add(tree.Pos{File: "big.yaml"}, "", "too large", "")
	var b bytes.Buffer
	if err := p.Text(&b, false); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"big.yaml: too large",
		"h.lua:7:3: elsewhere",
		"b.yaml:2:2: a tab stands where YAML wants spaces",
		"   url: x",
		"   ^",
		"  indent with spaces",
		"a.yaml:1:1: warning: odd",
		"  name: é url",
		"  ^",
		`a.yaml:1:9: bad \x1b[2J`,
		"  name: é url",
		"          ^",
		"  a hint",
		"",
	}, "\n")
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	if err := p.Text(&b, true); err != nil || !strings.Contains(b.String(), "\x1b[1mb.yaml:2:2:\x1b[0m a tab") {
		t.Errorf("coloured: %q, %v", b.String(), err)
	}
}

func TestTextOfManyAndLong(t *testing.T) {
	var p tree.Problems
	tree.Parse("f", []byte("a: "+strings.Repeat("x", 500)+"Y"+strings.Repeat("z", 500)+"\n"), &p)
	p.Add(tree.Pos{File: "f", Line: 1, Column: 504}, "", "here", "")
	var b bytes.Buffer
	if err := p.Text(&b, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines[1]) > 130 || lines[1][strings.IndexByte(lines[2], '^')] != 'Y' {
		t.Errorf("the caret is not below the place:\n%s", b.String())
	}
	for line := range 1999 {
		p.Add(tree.Pos{File: "f", Line: line + 2, Column: 1}, "", "wrong", "")
	}
	b.Reset()
	if err := p.Text(&b, false); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "wrong"); n != 49 || !strings.HasSuffix(b.String(), "and 1950 more\n") {
		t.Errorf("%d problems and %q", n+1, b.String()[b.Len()-20:])
	}
	if got := p.Err().Error(); got != "f:1:504: here (and 1999 more)" {
		t.Errorf("the error is %q", got)
	}
}

func TestJSON(t *testing.T) {
	var p tree.Problems
	var b bytes.Buffer
	if err := p.JSON(&b); err != nil || b.String() != "[]\n" {
		t.Errorf("without problems: %q, %v", b.String(), err)
	}
	p.Warn(tree.Pos{File: "f<", Line: 1, Column: 2}, "requests[0].url", "m", "h")
	if err := p.Err(); err != nil {
		t.Errorf("a warning is the error %v", err)
	}
	p.Add(tree.Pos{File: "f<", Line: 2, Column: 1}, "", "n", "")
	b.Reset()
	if err := p.JSON(&b); err != nil {
		t.Fatal(err)
	}
	want := `[
  {
    "file": "f<",
    "line": 1,
    "column": 2,
    "severity": "warning",
    "message": "m",
    "hint": "h",
    "path": "requests[0].url"
  },
  {
    "file": "f<",
    "line": 2,
    "column": 1,
    "severity": "error",
    "message": "n",
    "hint": "",
    "path": ""
  }
]
`
	if b.String() != want {
		t.Errorf("got %s", b.String())
	}
	if err := p.Err(); err == nil || err.Error() != "f<:2:1: n" {
		t.Errorf("the error is %v", err)
	}
}
