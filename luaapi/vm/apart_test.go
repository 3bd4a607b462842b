package vm

import (
	"context"
	"errors"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// apart makes the global work, which runs f apart and returns its number.
func apart(h *Host, f func(ctx context.Context) (int, error)) {
	global(h, "work", func(L *lua.LState) int {
		n, err := Apart(L, f)
		if err != nil {
			Raise(L, err)
		}
		L.Push(lua.LNumber(n))
		return 1
	})
}

// TestApart: nothing else runs meanwhile, and what came meanwhile is not lost.
func TestApart(t *testing.T) {
	h := newHost(t, Options{})
	apart(h, func(context.Context) (int, error) {
		for range 3 {
			h.Deliver(func() { h.L().SetGlobal("came", lua.LTrue) })
		}
		return 7, nil
	})
	got := mustRun(t, h, `
		local other = false
		spawn(function() other = true end)
		local n = work()
		local alone = not other and not came
		sleep(0)
		return n, alone, other, came`)
	if got != "7 true true true" {
		t.Errorf("got %s", got)
	}
}

// TestApartIsLeftBehind: a stop does not wait for the work, which is told.
func TestApartIsLeftBehind(t *testing.T) {
	for name, stop := range map[string]func(h *Host, task *Task){
		"interrupt": func(h *Host, _ *Task) { h.Interrupt(errors.New("stop")) },
		"kill":      func(_ *Host, task *Task) { task.Kill(errors.New("stop")) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{})
			told, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
			var task *Task
			global(h, "this", func(*lua.LState) int { task = h.Current(); return 0 })
			apart(h, func(ctx context.Context) (int, error) {
				defer close(ended)
				stop(h, task)
				<-ctx.Done()
				close(told)
				<-release
				return 1, nil
			})
			_, err := run(t, h, `join(spawn(function() this() pcall(work) while true do end end))`)
			if err == nil || !strings.Contains(err.Error(), "stop") {
				t.Errorf("got %v", err)
			}
			<-told
			close(release)
			<-ended
		})
	}
}

func TestApartPanic(t *testing.T) {
	h := newHost(t, Options{})
	apart(h, func(context.Context) (int, error) { panic("in work") })
	var p *PanicError
	if se := scriptError(t, h, `pcall(work)`); !errors.As(se, &p) || p.Value != "in work" {
		t.Errorf("got %v", se)
	}
}

// TestStepsStop: library functions that take many steps look at whether to stop
// before they are done.
func TestStepsStop(t *testing.T) {
	for name, c := range map[string]struct {
		function lua.LGFunction
		src      string
	}{
		"concat":  {tableConcat, `local t = {} for i = 1, 5000 do t[i] = "x" end stopped(t)`},
		"sort":    {tableSort, `local t = {} for i = 1, 5000 do t[i] = -i end stopped(t)`},
		"strings": {tableSort, `local t = {} for i = 1, 5000 do t[i] = "x" .. i end stopped(t)`},
		"order":   {tableSort, `local t = {} for i = 1, 5000 do t[i] = -i end stopped(t, rawequal)`},
		"upper":   {strUpper, `stopped(("x"):rep(100))`},
		"lower":   {strLower, `stopped(("X"):rep(100))`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{})
			global(h, "stopped", func(L *lua.LState) int {
				h.Interrupt(errors.New("stop"))
				c.function(L)
				t.Error("it went on to its end")
				return 0
			})
			if se := scriptError(t, h, c.src); !se.Interrupted {
				t.Errorf("got %v", se)
			}
		})
	}
}

// TestLongSourceIsLeftBehind: load gives a script that is stopped nothing.
func TestLongSourceIsLeftBehind(t *testing.T) {
	h := newHost(t, Options{})
	global(h, "stopped", func(L *lua.LState) int {
		h.Interrupt(errors.New("stop"))
		h.loadString(L)
		t.Error("it went on to its end")
		return 0
	})
	if se := scriptError(t, h, `stopped(("a=1 "):rep(50000))`); !se.Interrupted {
		t.Errorf("got %v", se)
	}
}

func TestSort(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `
		local function sorted(t, f) table.sort(t, f) return table.concat(t, " ") end
		local function fails(...) local ok, err = pcall(table.sort, ...) return (tostring(err):gsub("^.-: ", "")) end
		local v = {} for i = 1, 100 do v[i] = (i * 37) % 101 end
		table.sort(v)
		for i = 2, 100 do assert(v[i - 1] < v[i]) end
		local lt = {__lt = function(a, b) return a.n < b.n end}
		local o = {setmetatable({n = 2}, lt), setmetatable({n = 1}, lt)}
		table.sort(o)
		return sorted{3, 1, 2}, sorted{"b", "a", "B", "", "ab"}, sorted({1, 2, 3}, function(a, b) return a > b end), sorted({2, 1}, nil), o[1].n,
			fails{1, "a"}, fails{{}, {}}, fails({1, 2}, 3)`)
	want := "1 2 3  B a ab b 3 2 1 1 2 1 attempt to compare"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s…", got, want)
	}
}

// TestFromLuaIsBounded: few tables can be an endless tree.
func TestFromLuaIsBounded(t *testing.T) {
	h := newHost(t, Options{})
	values, err := run(t, h, `local t = {1} for i = 1, 60 do t = {t, t} end return t`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FromLua(nil, values[0]); err == nil || !strings.Contains(err.Error(), "more than 4194304 values in all") {
		t.Errorf("got %v", err)
	}
	global(h, "plain", func(L *lua.LState) int {
		h.Interrupt(errors.New("stop"))
		if _, err := FromLua(L, L.Get(1)); err == nil || !strings.Contains(err.Error(), "stopped") {
			t.Errorf("got %v", err)
		}
		return 0
	})
	if se := scriptError(t, h, `local t = {1} for i = 1, 60 do t = {t, t} end plain(t)`); !se.Interrupted {
		t.Errorf("got %v", se)
	}
}
