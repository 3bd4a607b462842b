package vm

import (
	"fmt"
	"strings"
	"testing"
)

// boundaries are the places in which a script may block. Each must leave the
// right values behind, alone and with many tasks in between.
var boundaries = []struct{ name, src, want string }{
	{"plain call", `return fetch(1)`, "1"},
	{"main thread, several times", `local s = 0 for i = 1, 5 do s = s + fetch(i) end return s`, "15"},
	{"method", `local o = {v = 3} function o:get() return fetch(self.v) end return o:get()`, "3"},
	{"argument and condition", `if fetch(true) and fetch(2) == 2 then return tostring(fetch(7)) end`, "7"},
	{"loop body", `local t = {} for i, v in ipairs({4, 5}) do t[i] = fetch(v) end local i = 0 while i < 2 do i = fetch(i + 1) end return t[1], t[2], i`, "4 5 2"},
	{"__call", `return setmetatable({}, {__call = function(_, x) return fetch(x) end})(9)`, "9"},
	{"tail call", `local function f(x) return fetch(x, 2) end return f(1)`, "1 2"},
	{"tail call as the last act of a coroutine", `return coroutine.wrap(function() return fetch(5) end)()`, "5"},
	{"pcall", `return pcall(fetch, 1, 2)`, "true 1 2"},
	{"pcall, nested", `return pcall(pcall, pcall, function() local v = fetch(1) error({v}) end)`, "true true false table"},
	{"xpcall", `return xpcall(function() fetch() error("e", 0) end, function(e) return fetch(e .. "!") end)`, "false e!"},
	{"__index", `return setmetatable({}, {__index = function(_, k) return fetch(k) end}).key`, "key"},
	{"__newindex, __len, __unm", `local seen local t = setmetatable({}, {__newindex = function(_, k, v) seen = fetch(v) end, __len = function() return fetch(3) end, __unm = function() return fetch(4) end}) t.x = 5 return seen, #t, -t`, "5 3 4"},
	{"arithmetic, concat, comparison metamethods", `local mt = {__add = function() return fetch(1) end, __concat = function() return fetch("c") end, __lt = function() return fetch(true) end, __le = function() return fetch(false) end, __eq = function() return fetch(true) end}
		local a, b = setmetatable({}, mt), setmetatable({}, mt) return a + 1, a .. "x", a < b, a <= b, a == b`, "1 c true false true"},
	{"__tostring", `return tostring(setmetatable({}, {__tostring = function() return fetch("text") end}))`, "text"},
	{"Go function as iterator", `local n = 0 for v in fetch, 1, 2 do n = n + v if n > 3 then break end end return n`, "4"},
	{"Lua function as iterator", `local n = 0 for v in function(_, i) i = (i or 0) + 1 return fetch(i <= 3 and i or nil) end do n = n + v end return n`, "6"},
	{"table.sort comparator", `local t = {3, 1, 2} table.sort(t, function(a, b) return fetch(a < b) end) return t[1], t[2], t[3]`, "1 2 3"},
	{"gsub callback", `return (("abc"):gsub("%w", function(c) return fetch(c:upper()) end))`, "ABC"},
	{"module body under require", `return require("blocking")`, "module"},
	{"user coroutine", `local co = coroutine.wrap(function(a) local b = coroutine.yield(fetch(a)) coroutine.yield(fetch(b)) end) return co(1), co(2)`, "1 2"},
	{"coroutine in a coroutine", `local outer = coroutine.wrap(function() local inner = coroutine.wrap(function() fetch() coroutine.yield(fetch("in")) end) coroutine.yield(inner()) end) return outer()`, "in"},
	{"arities", `local a, b = fetch(1) local c = fetch() local d, e = fetch(1, 2, 3) return a, b, c, d, e`, "1 nil nil 1 2"},
	{"load reader", `local n = 0 return load(function() n = fetch(n + 1) if n == 1 then return "return 'loaded'" end end)()`, "loaded"},
	{"upvalues over a park", `local x = 1 local function set(v) x = v end local function get() return x end fetch() set(2) fetch() return get(), x`, "2 2"},
}

func blockingModules(name string) ([]byte, string, error) {
	if name == "blocking" {
		return []byte("fetch() return fetch('module')"), "blocking.lua", nil
	}
	return nil, "file " + name + ".lua", nil
}

func TestBlockingBoundaries(t *testing.T) {
	for _, b := range boundaries {
		t.Run(b.name, func(t *testing.T) {
			h := newHost(t, Options{Loaders: loaders(blockingModules)})
			got := mustRun(t, h, b.src)
			if i := strings.Index(got, "table: "); i >= 0 {
				got = got[:i+len("table")]
			}
			if got != b.want {
				t.Errorf("got %q, want %q", got, b.want)
			}
		})
	}
}

// TestBoundariesInterleaved runs every boundary in many tasks at once, so that
// each parks while others are at the same place.
func TestBoundariesInterleaved(t *testing.T) {
	h := newHost(t, Options{Loaders: loaders(blockingModules)})
	var src strings.Builder
	src.WriteString("local bodies = {\n")
	for _, b := range boundaries {
		fmt.Fprintf(&src, "function() %s end,\n", b.src)
	}
	src.WriteString(`}
		local function count(...) return select("#", ...), tostring((...)) end
		local alone, tasks = {}, {}
		for i, body in ipairs(bodies) do alone[i] = {count(body())} end
		for round = 1, 12 do
			for i, body in ipairs(bodies) do tasks[#tasks + 1] = {i, spawn(body)} end
		end
		for _, task in ipairs(tasks) do
			local n, first = count(join(task[2]))
			local want = alone[task[1]]
			assert(n == want[1], task[1])
			assert(first == want[2] or first:find("^table"), task[1])
		end
		return #tasks`)
	if got, want := mustRun(t, h, src.String()), fmt.Sprint(12*len(boundaries)); got != want {
		t.Errorf("got %s tasks, want %s", got, want)
	}
}

// TestForeignResume: a coroutine that waits inside one task cannot be resumed
// by another.
func TestForeignResume(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `
		local co = coroutine.create(function() return fetch("done") end)
		local task = spawn(function() return coroutine.resume(co) end)
		local seen
		local other = spawn(function() return coroutine.status(co), coroutine.resume(co) end)
		local status, ok, err = join(other)
		assert(ok == false, "resumed twice")
		assert(err:find("waits in another task", 1, true), err)
		local fine, v = join(task)
		return status, fine, v, coroutine.status(co)`)
	if got != "normal true done dead" {
		t.Errorf("got %q", got)
	}
}
