package vm

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

func TestScriptErrorPositions(t *testing.T) {
	for name, c := range map[string]struct {
		src, want string
		line      int
		source    string
	}{
		"string":           {"local x = 1\nerror('boom')", "test.lua:2: boom", 2, "error('boom')"},
		"level 0":          {"\n\nerror('boom', 0)", "test.lua:3: boom", 3, "error('boom', 0)"},
		"level 2":          {"local function f() error('boom', 2) end\nf()", "test.lua:2: boom", 2, "f()"},
		"vm error":         {"local t\n  t.x = 1", "test.lua:2: attempt to index a non-table object(nil) with key 'x'", 2, "  t.x = 1"},
		"table":            {"error({message = 'in a table', code = 4})", "test.lua:1: in a table", 1, "error({message = 'in a table', code = 4})"},
		"__tostring":       {"error(setmetatable({}, {__tostring = function() return 'as text' end}))", "test.lua:1: as text", 1, ""},
		"binding":          {"\nraise()", "test.lua:2: sample failure", 2, "raise()"},
		"bad argument":     {"\nsleep({})", "test.lua:2: bad argument #1 to sleep (number expected, got table)", 2, "sleep({})"},
		"Go function root": {"join(spawn(error, 'at the root'))", "test.lua:1: at the root", 1, ""},
		"in a coroutine":   {"local f = coroutine.wrap(function()\nerror('deep') end)\nf()", "test.lua:2: deep", 2, "error('deep') end)"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{})
			se := scriptError(t, h, c.src)
			if se.Error() != c.want || se.Line != c.line {
				t.Errorf("got %q line %d, want %q line %d", se.Error(), se.Line, c.want, c.line)
			}
			if c.source != "" && se.SourceLine != c.source {
				t.Errorf("source line %q, want %q", se.SourceLine, c.source)
			}
		})
	}
}

func TestTracebacks(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"functions": {
			"local function inner() error('x') end\nlocal function outer() inner() end\nouter()",
			"stack traceback:\n\t[Go]: in function 'error'\n\ttest.lua:1: in function 'inner'\n\ttest.lua:2: in function 'outer'\n\ttest.lua:3: in main chunk",
		},
		"wrapped coroutine": {
			"local function inner() error('x') end\nlocal co = coroutine.wrap(function()\ninner()\nend)\nco()",
			"stack traceback:\n\t[Go]: in function 'error'\n\ttest.lua:1: in function 'inner'\n\ttest.lua:3: in function <test.lua:2>\n\t[Go]: in function 'co'\n\ttest.lua:5: in main chunk",
		},
		"resumed coroutine": {
			"local co = coroutine.create(function() error('x') end)\nlocal ok, err = coroutine.resume(co)\nerror(err, 0)",
			"stack traceback:\n\t[Go]: in function 'error'\n\ttest.lua:1: in function <test.lua:1>\n\t[Go]: in function 'error'\n\ttest.lua:3: in main chunk",
		},
		"after a caught error": {
			"pcall(error, 'x')\nlocal function f() local t = nil; return t.x end\nlocal v = f()",
			"stack traceback:\n\ttest.lua:2: in function 'f'\n\ttest.lua:3: in main chunk",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{})
			if diff := cmp.Diff(c.want, scriptError(t, h, c.src).Traceback); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOddErrorValues: whatever a coroutine raises arrives, also what equals
// nothing.
func TestOddErrorValues(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `
		local function from(v) return select(2, coroutine.resume(coroutine.create(function() error(v, 0) end))) end
		local nan = from(0 / 0)
		return nan ~= nan, from(nil), from(""), from(false), type(from({}))`)
	if got != "true nil  false table" {
		t.Errorf("got %q", got)
	}
}

func TestErrorValueHook(t *testing.T) {
	h := newHost(t, Options{ErrorValue: func(L *lua.LState, err error) lua.LValue {
		ud := L.NewUserData()
		ud.Value = err
		return ud
	}})
	se := scriptError(t, h, `local ok, e = pcall(raise) assert(type(e) == "userdata") error(e)`)
	if !errors.Is(se, errSample) || se.Message != "sample failure" {
		t.Errorf("got %v, cause %v", se, se.Cause)
	}
	if _, ok := se.Value.(*lua.LUserData); !ok {
		t.Errorf("the value is %v", se.Value)
	}
}

// TestScriptErrorKeepsItsValue: what a task raised arrives unchanged where its
// result is taken.
func TestScriptErrorKeepsItsValue(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `
		local object = {code = 7}
		local ok, err = pcall(join, spawn(function() fetch() error(object) end))
		local fine, text = pcall(join, spawn(function() error("plain") end))
		return ok, err == object, fine, text`)
	if got != "false true false test.lua:4: plain" {
		t.Errorf("got %q", got)
	}
}

// TestGoPanicsAreNotCaught: a bug in a binding ends the task on whatever kind
// of thread it happens.
func TestGoPanicsAreNotCaught(t *testing.T) {
	for name, src := range map[string]string{
		"main": `crash()`, "pcall": `pcall(crash)`, "nested": `pcall(pcall, function() crash() end)`,
		"xpcall": `xpcall(crash, function() handled = true end)`, "after a park": `pcall(function() fetch() crash() end)`,
		"coroutine": `pcall(coroutine.wrap(function() crash() end))`, "resume": `coroutine.resume(coroutine.create(function() crash() end))`,
		"metamethod": `pcall(function() return setmetatable({}, {__index = crash}).x end)`,
		"task":       `pcall(join, spawn(crash))`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{})
			se := scriptError(t, h, src+` reached = true`)
			var p *PanicError
			if !errors.As(se, &p) || !strings.Contains(p.Error(), "nil map") {
				t.Fatalf("got %v", se)
			}
			if !strings.Contains(name, "coroutine") && name != "resume" && !strings.Contains(p.Stack, "vm_test.go") {
				t.Errorf("no Go stack: %s", p.Stack)
			}
			if h.L().GetGlobal("reached") != lua.LNil || h.L().GetGlobal("handled") != lua.LNil {
				t.Error("the script caught it")
			}
			if got := mustRun(t, h, `return pcall(fetch, 1)`); got != "true 1" {
				t.Errorf("the next run returned %q", got)
			}
		})
	}
}

// TestClosuresOutliveAKilledTask: what a killed task left behind still has its
// upvalues.
func TestClosuresOutliveAKilledTask(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `
		local get, deep
		local task = spawn(function()
			local v = "outer"
			get = function() return v end
			pcall(function()
				local w = "inner"
				deep = function() return w .. v end
				sleep(3600)
			end)
		end)
		fetch()
		kill(task)
		pcall(join, task)
		for i = 1, 20 do pcall(function(...) local a, b, c = ... return a end, i, i, i) end
		return get(), deep()`)
	if got != "outer innerouter" {
		t.Errorf("got %q", got)
	}
}

func TestExit(t *testing.T) {
	for src, want := range map[string]int{`os.exit()`: 0, `pcall(os.exit, 3)`: 3, `coroutine.wrap(function() os.exit(false) end)()`: 1, `join(spawn(os.exit, 4))`: 4} {
		codes := []int{}
		h := newHost(t, Options{Exit: func(code int) { codes = append(codes, code) }})
		se := scriptError(t, h, src+` reached = true`)
		var exit *ExitError
		if !errors.As(se, &exit) || exit.Code != want || !se.Interrupted {
			t.Errorf("%s: got %v", src, se)
		}
		if diff := cmp.Diff([]int{want}, codes); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
		if h.L().GetGlobal("reached") != lua.LNil {
			t.Errorf("%s: the script went on", src)
		}
	}
}

func TestRaiseOnForeignState(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.SetGlobal("raise", L.NewFunction(func(L *lua.LState) int {
		Raise(L, errSample)
		return 0
	}))
	if err := L.DoString(`raise()`); err == nil || !strings.Contains(err.Error(), errSample.Error()) {
		t.Errorf("got %v", err)
	}
}

func TestInterruptBeforeRun(t *testing.T) {
	h := newHost(t, Options{})
	cause := errors.New("early")
	h.Interrupt(cause)
	h.Interrupt(errors.New("later ones do not count"))
	if _, err := h.Run(context.Background(), function(t, h, `ran = true`)); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if h.L().GetGlobal("ran") != lua.LNil {
		t.Error("the script ran")
	}
}
