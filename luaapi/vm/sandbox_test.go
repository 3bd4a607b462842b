package vm

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// writes records each Write.
type writes struct{ list []string }

func (w *writes) Write(p []byte) (int, error) {
	w.list = append(w.list, string(p))
	return len(p), nil
}

type brokenPipe struct{}

var errBroken = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestOutput(t *testing.T) {
	var w writes
	h := newHost(t, Options{Stdout: &w})
	mustRun(t, h, `print("a", 1, nil, setmetatable({}, {__tostring = function() return "obj" end})) print() io.write("x", 2, "\n")`)
	if diff := cmp.Diff([]string{"a\t1\tnil\tobj\n", "\n", "x2\n"}, w.list); diff != "" {
		t.Error(diff)
	}
	h = newHost(t, Options{Stdout: brokenPipe{}})
	if got := mustRun(t, h, `return pcall(print, "x")`); got != "false test.lua:1: broken pipe" {
		t.Errorf("got %q", got)
	}
}

func modules(name string) ([]byte, string, error) {
	sources := map[string]string{
		"plain":   "counter = (counter or 0) + 1 local name = ... return {name = name}",
		"nothing": "",
		"own":     "package.loaded.own = 'itself'",
		"loop":    "return require('loop2')",
		"loop2":   "return require('loop')",
		"failing": "tries = (tries or 0) + 1 error('not now')",
		"broken":  "return = 1",
		"slow":    "counter = (counter or 0) + 1 fetch() return {}",
	}
	if name == "denied" {
		return nil, "", fs.ErrPermission
	}
	if src, ok := sources[name]; ok {
		return []byte(src), name + ".lua", nil
	}
	return nil, "file '" + name + ".lua'", nil
}

func elsewhere(name string) ([]byte, string, error) { return nil, "embedded '" + name + "'", nil }

func TestRequire(t *testing.T) {
	for src, want := range map[string]string{
		`local a, b = require("plain"), require("plain") return a == b, a.name, counter, package.loaded.plain == a`: "true plain 1 true",
		`return require("nothing"), package.loaded.nothing`:                                                         "true true",
		`return require("own")`:                                                         "itself",
		`return pcall(require, "none")`:                                                 "false test.lua:1: module 'none' not found:\n\tno field package.preload['none']\n\tno file 'none.lua'\n\tno embedded 'none'",
		`return pcall(require, "loop")`:                                                 "false loop2.lua:1: module 'loop' requires itself, directly or through another",
		`pcall(require, "failing") return pcall(require, "failing"), tries`:             "false 2",
		`return pcall(require, "broken")`:                                               "false broken.lua:1: syntax error near '='",
		`return pcall(require, "denied")`:                                               "false test.lua:1: permission denied",
		`package.preload.mine = function(n) return n .. "!" end return require("mine")`: "mine!",
		`return require("string") == string`:                                            "true",
		`local tasks = {} for i = 1, 5 do tasks[i] = spawn(require, "slow") end
			local first = require("slow") for i = 1, 5 do assert(join(tasks[i]) == first) end return counter`: "1",
		`local co = coroutine.wrap(function() return require("slow") end) return type(co())`: "table",
	} {
		h := newHost(t, Options{Loaders: loaders(modules, elsewhere)})
		if got := mustRun(t, h, src); got != want {
			t.Errorf("%s:\ngot  %q\nwant %q", src, got, want)
		}
	}
}

func TestFiles(t *testing.T) {
	read := func(path string) ([]byte, error) {
		if path == "ok.lua" {
			return []byte("#!volley\nfetch() return 1, ..."), nil
		}
		if path == "bad.lua" {
			return []byte("x ="), nil
		}
		return nil, fs.ErrNotExist
	}
	h := newHost(t, Options{ReadFile: read})
	got := mustRun(t, h, `
		local one, none = dofile("ok.lua")
		local loaded, two = loadfile("ok.lua")("arg")
		return one, none, loaded, two, loadfile("bad.lua"), select(2, loadfile("none.lua")), pcall(dofile, "bad.lua")`)
	want := "1 nil 1 arg nil file does not exist false bad.lua:1: unexpected end of file"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGetenv(t *testing.T) {
	h := newHost(t, Options{Getenv: func(name string) (string, error) {
		if name == "DENIED" {
			return "", errors.New("reading DENIED is not allowed; pass --allow-env DENIED")
		}
		return map[string]string{"HOME": "/home/me"}[name], nil
	}})
	got := mustRun(t, h, `return os.getenv("HOME"), os.getenv("NONE"), pcall(os.getenv, "DENIED")`)
	if got != "/home/me nil false test.lua:1: reading DENIED is not allowed; pass --allow-env DENIED" {
		t.Errorf("got %q", got)
	}
	if got := mustRun(t, newHost(t, Options{}), `return os.getenv("HOME")`); got != "nil" {
		t.Errorf("got %q", got)
	}
}

func TestUnsafe(t *testing.T) {
	var out, problems bytes.Buffer
	h := newHost(t, Options{Unsafe: true, Stdout: &out, Stderr: &problems})
	got := mustRun(t, h, `
		local function inner() error("deep") end
		local ok, trace = xpcall(function() inner() end, debug.traceback)
		assert(not ok and trace:find("in function 'inner'", 1, true), trace)
		assert(debug.traceback("here"):find("^here\nstack traceback:"))
		print("printed")
		io.stderr:write("a ", 1):write("\n")
		return type(os.execute), type(io.open), type(debug.getinfo)`)
	if got != "function function function" || out.String() != "printed\n" || problems.String() != "a 1\n" {
		t.Errorf("got %q, printed %q and %q", got, out.String(), problems.String())
	}
}

// TestLoadIsBounded: load and loadstring take no more than they should, and
// nested source does not kill the process.
func TestLoadIsBounded(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `
		local a, why = loadstring((" "):rep(2^20 + 1))
		local b, whyB = load(function() return (" "):rep(2^19) end)
		local c, whyC = loadstring("return " .. ("{"):rep(1e6))
		local d, whyD = load("return 1 +")
		assert(a == nil and b == nil and c == nil and d == nil)
		return why:match("larger"), whyB:match("larger"), whyC:match("nested"), whyD, loadstring("return ...", "@n")(5)`)
	if got != "larger larger nested <string>:1: unexpected end of file 5" {
		t.Errorf("got %q", got)
	}
}

// TestHostsAreSeparate: nothing a script changes reaches another host.
func TestHostsAreSeparate(t *testing.T) {
	mustRun(t, newHost(t, Options{}), `string.rep = nil math.huge = 1 print = nil x = 1`)
	if got := mustRun(t, newHost(t, Options{}), `return ("x"):rep(2), math.huge == 1, type(print), x`); got != "xx false function nil" {
		t.Errorf("got %q", got)
	}
}

// TestEnvironmentsDoNotLeak: setfenv(0) changes the running thread only.
func TestEnvironmentsDoNotLeak(t *testing.T) {
	h := newHost(t, Options{})
	mustRun(t, h, `pcall(function() setfenv(0, {}) end) spawn(function() setfenv(0, {}) end)`)
	if got := mustRun(t, h, `return type(pcall(function() return loadstring("return print")() end) and loadstring("return print")())`); got != "function" {
		t.Errorf("got %q", got)
	}
}

func TestMainStateBeforeRun(t *testing.T) {
	h := newHost(t, Options{})
	if h.Current() != nil {
		t.Error("a task runs before Run")
	}
	global(h, "await", func(L *lua.LState) int {
		v, err := Await(h, L, func(context.Context) (lua.LValue, error) { return lua.LString("in place"), nil })
		if err != nil {
			Raise(L, err)
		}
		L.Push(v)
		return 1
	})
	if err := h.L().DoString(`local ok, v = pcall(await) assert(ok and v == "in place") assert(not pcall(sleep, 1))`); err != nil {
		t.Error(err)
	}
	if !strings.Contains(h.base.Traceback(), "stack traceback") {
		t.Error("no traceback")
	}
}
