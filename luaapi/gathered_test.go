package luaapi

import (
	"fmt"
	"testing"
)

// growing is a Gathering with one list.
type growing struct {
	members
	list *items
}

func (g growing) Gathered(name string) any {
	if name == "list" {
		return g.list
	}
	return nil
}

type items struct {
	items []any
	view  any
	asked int // how often a view was made
}

func (l *items) Items() []any { return l.items }

func (l *items) View() any { return l.view }

func (l *items) SetView(view any) { l.view, l.asked = view, l.asked+1 }

// A list that grows is a table in Lua, whose items are converted once; what one
// expression does to it no other sees.
func TestGatheredList(t *testing.T) {
	list := &items{}
	scope := roots{"captures": growing{members{"doc": 1.0}, list}}
	err := newLibrary(t).onGo(t, func(s *Script) error {
		eval := func(source, want string) {
			t.Helper()
			e, err := CompileExpression(source, Place{})
			if err != nil {
				t.Fatal(err)
			}
			if v, err := e.Eval(s, scope); err != nil || fmt.Sprint(v) != want {
				t.Errorf("%s with %d items: %v, %v; want %s", source, len(list.items), v, err, want)
			}
		}
		eval(`#captures.list`, "0")
		for i := range 300 {
			list.items = append(list.items, map[string]any{"n": float64(i)})
			eval(`captures.list[#captures.list].n`, fmt.Sprint(i))
		}
		eval(`(function() local t = captures.list t[1].n = "changed" return t[1].n end)()`, "changed")
		eval(`captures.list[1].n`, "0")
		for i := range 300 {
			list.items = append(list.items, fmt.Sprint(999-i))
		}
		if list.asked != 1 {
			t.Errorf("%d views were made of one list", list.asked)
		}
		list.items = list.items[300:]
		eval(`(function() local t = captures.list table.sort(t) t[1] = "changed" return t[1] .. t[2] end)()`, "changed701")
		eval(`captures.list[1] .. captures.list[2]`, "999998")
		eval(`captures.doc`, "1")
		list.items = []any{"a", nil}
		eval(`captures.list`, "[a <nil>]")
		eval(`table.remove(captures.list)`, "<nil>")
		eval(`captures.list[1] .. #captures.list`, "a2")
		list.items = append(list.items, "b")
		eval(`captures.list[3] .. #captures.list`, "b3")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
