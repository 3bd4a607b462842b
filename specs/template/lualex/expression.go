package lualex

import "strings"

// The marks of a template.
const (
	Open  = "${{"
	Close = "}}"
)

// Longest is how many bytes an expression may have.
const Longest = 16 << 10

// End returns the index of the Close that ends the expression s begins with;
// one inside a string, a comment or a table does not. -1: there is none within
// the Longest bytes. Where that reading finds no end, as after a quote that is
// not closed, the first Close counts.
func End(s string) int {
	s = s[:min(len(s), Longest+len(Close))]
	first := strings.Index(s, Close)
	if first < 0 {
		return -1
	}
	depth := 0
	for i := 0; ; {
		t, after := next(s, i)
		if t.kind == end {
			return first
		}
		i = after
		if t.kind != operator {
			continue
		}
		switch {
		case t.value == "{":
			depth++
		case t.value == "}" && depth > 0:
			depth--
		case t.value == "}" && strings.HasPrefix(s[t.at:], Close):
			return t.at
		}
	}
}

// Step is one step of a path: a name, or the number of an item from 1.
type Step struct {
	Name  string
	Index int // 0: by Name
}

// maxIndex bounds the numbers of items in paths; a larger one is left to Lua.
const maxIndex = 1 << 30

// Path reads an expression that is nothing but names and literal indexes:
// vars.base, row["order id"], res.json.items[1].id. false: it is something
// else.
func Path(s string) ([]Step, bool) {
	t, i := next(s, 0)
	if t.kind != name || keywords[t.value] {
		return nil, false
	}
	steps := []Step{{Name: t.value}}
	for {
		t, i = next(s, i)
		switch {
		case t.kind == end:
			return steps, true
		case t.kind == operator && t.value == ".":
			t, i = next(s, i)
			if t.kind != name {
				return nil, false
			}
			steps = append(steps, Step{Name: t.value})
		case t.kind == operator && t.value == "[":
			t, i = next(s, i)
			step, ok := indexStep(t)
			if !ok {
				return nil, false
			}
			if t, i = next(s, i); t.kind != operator || t.value != "]" {
				return nil, false
			}
			steps = append(steps, step)
		default:
			return nil, false
		}
	}
}

// indexStep reads what stands in the brackets of an index.
func indexStep(t token) (Step, bool) {
	switch t.kind {
	case text:
		return Step{Name: t.value}, t.value != ""
	case number:
		n := 0
		for i := range len(t.value) {
			if !isDigit(t.value[i]) || n > maxIndex {
				return Step{}, false
			}
			n = n*10 + int(t.value[i]-'0')
		}
		return Step{Index: n}, n > 0
	default:
		return Step{}, false
	}
}
