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
	asked int // how often a table was made
}

func (l *items) Items() []any { return l.items }

func (l *items) View() any { return l.view }

func (l *items) SetView(view any) { l.view, l.asked = view, l.asked+1 }

// A list that grows is one table in Lua, which is made once.
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
		for i := range 1000 {
			list.items = append(list.items, map[string]any{"n": float64(i)})
			eval(`captures.list[#captures.list].n`, fmt.Sprint(i))
		}
		if list.asked != 1 {
			t.Errorf("%d tables were made of one list", list.asked)
		}
		eval(`captures.doc`, "1")
		list.items = []any{"a", nil}
		eval(`captures.list`, "[a <nil>]")
		eval(`table.remove(captures.list)`, "<nil>")
		eval(`captures.list[1] .. #captures.list`, "a2")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
