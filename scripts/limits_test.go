package scripts_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
)

// attacks are scripts that end a process that runs plain gopher-lua, or fill
// the machine. Each ends with an uncaught error.
var attacks = []struct{ name, src, want string }{
	{"string.rep", `("x"):rep(8e9)`, "resulting string is larger than 32 MiB"},
	{"doubling", `local s = "x" while true do s = s .. s end`, "resulting string is larger|script_memory"},
	{"long chain", `local s = ("x"):rep(2^22) while true do s = s .. s .. s .. s .. s .. s .. s .. s .. s .. s end`, "resulting string is larger|script_memory"},
	{"string.format", `local s = ("x"):rep(2^24) while true do s = ("%s%s%q"):format(s, s, s) end`, "resulting string is larger|script_memory"},
	{"gsub", `local s = ("x"):rep(2^13) while true do s = s:gsub("x", s) end`, "resulting string is larger|script_memory"},
	{"table.concat", `local s = ("x"):rep(2^23) local t = {} for i = 1, 1000 do t[i] = s end table.concat(t, s)`, "resulting string is larger|script_memory"},
	{"nested source", `assert(loadstring(("{"):rep(1000000)))`, "nested more than 200 deep"},
	{"nested functions", `assert(loadstring(("function f() "):rep(70000)))`, "nested more than 200 deep"},
	{"unary chain", `assert(loadstring("return " .. (" not"):rep(200000) .. " 1"))`, "more than 200 unary operators"},
	{"concatenated source", `assert(loadstring("return " .. ("a .. "):rep(200000) .. "a"))`, "more than 200 concatenations"},
	{"pattern", `string.find(("a"):rep(40), ("a*"):rep(20) .. "b")`, "pattern needs too many steps"},
	{"sparse index", `local t = {} t[67108862] = 1 t[8388606] = 1`, "script_memory"},
	{"tables", `local t = {} while true do pcall(function() while true do t[#t + 1] = {} end end) end`, "script_memory"},
	{"strings", `local t = {} for i = 1, 1e9 do t["k" .. i] = ("x"):rep(1000) .. i end`, "script_memory"},
	{"coroutines", `local t = {} for i = 1, 200000 do t[i] = coroutine.wrap(function() coroutine.yield() end) t[i]() end`, "script_memory"},
	{"green threads", `for i = 1, 1e7 do volley.spawn(volley.sleep, 100) end`, "script_memory"},
	{"parked threads", `for i = 1, 1e7 do volley.spawn(volley.sleep, 100) if i % 100 == 0 then volley.sleep(0.0001) end end`, "script_memory"},
	{"kept bodies", `local url, t = volley.httpbin() .. "/bytes/100000", {} while true do t[#t + 1] = volley.get(url):send().content end`, "script_memory"},
	{"recursion", `local function f() return 1 + f() end f()`, "stack overflow"},
	{"metatables", `local t = {} setmetatable(t, {__index = t}) local x = t.y`, "too many recursions in gettable"},
	{"metamethods", `local t t = setmetatable({}, {__index = function(_, k) return t[k .. "x"] end}) local x = t.y`, "stack overflow"},
	{"nested pcall", `local function f() local ok, e = pcall(f) error(e, 0) end f()`, "stack overflow"},
	{"tail call", `local function f() return f() end f()`, "script_deadline"},
	{"string metatable", `getmetatable("").__index = {}`, "boolean"},
}

// TestAttacks ends every attack with an error of the script, in a process that
// stays small.
func TestAttacks(t *testing.T) {
	t.Parallel()
	most := int64(256 << 20)
	if underRace() {
		most *= 4 // the detector's own memory
	}
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			got, resident := measured(t, a.src, "-q", "--max-memory", "64MiB", "--max-instructions", "20000000")
			t.Logf("%d MiB", resident>>20)
			if got.code != 3 || !regexp.MustCompile(a.want).MatchString(got.stderr) || !strings.Contains(got.stderr, "stack traceback:") {
				t.Errorf("exit %d, stderr %.500s", got.code, got.stderr)
			}
			if resident > most {
				t.Errorf("%d MiB were resident", resident>>20)
			}
		})
	}
}

// TestIsolatedLimits: what ends a script without --isolate ends it with; one
// long call of Go is left behind, or stopped by the system if that is first.
func TestIsolatedLimits(t *testing.T) {
	t.Parallel()
	if underRace() {
		return // the detector wants more memory than the system gives
	}
	for _, c := range []struct{ name, src, want string }{
		{"within", `local t = {} while true do t[#t + 1] = {} end`, "^error: s.lua:1: script_memory: the script was stopped"},
		{"wall", `volley.re.find_all("a", ("a"):rep(1e7))`, "script_memory: the (script was stopped|isolated process used up the memory)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, resident := measured(t, c.src, "-q", "--isolate", "--max-memory", "32MiB")
			t.Logf("%d MiB", resident>>20)
			if got.code != 3 || !regexp.MustCompile(c.want).MatchString(got.stderr) {
				t.Errorf("exit %d, stderr %.500s", got.code, got.stderr)
			}
		})
	}
}

// measured runs a script in a folder of its own, and measures the most memory
// that was resident, in bytes.
func measured(t *testing.T, src string, flags ...string) (ended, int64) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.lua"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := commandIn(ctx, dir, append(append([]string{"volley", "run"}, flags...), "s.lua"))
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("the system does not tell how much memory a process had")
	}
	return ended{exitCode(ctx, t, err), out.String(), errs.String()}, usage.Maxrss << 10
}

// underRace reports whether the test was built with -race.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" {
			return true
		}
	}
	return false
}

// TestIsolatedChildEndsWithItsParent kills the parent, which cannot tell the
// child, and waits until the child is gone.
func TestIsolatedChildEndsWithItsParent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.lua"), []byte(`volley.write("pid", tostring(io.open("/proc/self/stat"):read("*n"))) print("now") volley.sleep(60)`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := commandIn(ctx, dir, []string{"volley", "run", "-q", "--isolate", "--unsafe", "s.lua"})
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // killed
	for {
		if _, err := os.Stat(filepath.Join("/proc", strings.TrimSpace(string(text)))); err != nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatal("the child lives on")
		}
	}
}
