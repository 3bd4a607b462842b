package vm

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// threadKinds run the function in BODY on each kind of Lua thread.
var threadKinds = []struct{ name, src string }{
	{"main", `BODY()`},
	{"task", `join(spawn(BODY))`},
	{"pcall", `while true do pcall(BODY) end`},
	{"nested pcall", `pcall(pcall, pcall, BODY)`},
	{"xpcall", `while true do xpcall(BODY, function(e) return e end) end`},
	{"handler of xpcall", `while true do xpcall(error, BODY) end`},
	{"user coroutine", `while true do coroutine.resume(coroutine.create(BODY)) end`},
	{"coroutine.wrap", `while true do pcall(coroutine.wrap(BODY)) end`},
	{"metamethod", `local t = setmetatable({}, {__index = BODY}) while true do pcall(function() return t.x end) end`},
	{"sort comparator", `while true do pcall(table.sort, {1, 2, 3}, BODY) end`},
	{"gsub callback", `while true do pcall(string.gsub, "abc", ".", BODY) end`},
	{"call", `queue(BODY) while true do sleep(0.001) end`},
}

func busyHost(t *testing.T, o Options) *Host {
	h := newHost(t, o)
	h.L().SetGlobal("queue", h.L().NewFunction(func(L *lua.LState) int {
		h.Call(L.CheckFunction(1), nil, nil)
		return 0
	}))
	return h
}

func TestInstructionLimit(t *testing.T) {
	for _, kind := range threadKinds {
		t.Run(kind.name, func(t *testing.T) {
			h := busyHost(t, Options{Limits: NewLimits(200_000, 0)})
			se := scriptError(t, h, `local function BODY() while true do end end `+kind.src)
			var limit *LimitError
			if !se.Interrupted || !errors.As(se, &limit) || limit.Instructions != 200_000 {
				t.Fatalf("got %v (cause %v)", se, se.Cause)
			}
			again := scriptError(t, h, `local x = 1`)
			if !errors.As(again, &limit) {
				t.Errorf("a later run goes on after the limit: %v", again)
			}
		})
	}
}

func TestInstructionLimitInPattern(t *testing.T) {
	h := newHost(t, Options{Limits: NewLimits(100_000, 0)})
	se := scriptError(t, h, `while true do pcall(string.find, ("a"):rep(40), ("a*"):rep(20) .. "b") end`)
	if !se.Interrupted {
		t.Fatalf("got %v", se)
	}
}

// TestInterrupt stops busy and parked threads of every kind from outside.
func TestInterrupt(t *testing.T) {
	cause := errors.New("enough")
	for _, body := range []string{`while true do end`, `sleep(3600)`, `while true do pcall(sleep, 3600) end`} {
		for _, kind := range threadKinds {
			t.Run(kind.name+"/"+body[:9], func(t *testing.T) {
				h := busyHost(t, Options{})
				started := make(chan struct{})
				h.L().SetGlobal("begin", h.L().NewFunction(func(*lua.LState) int {
					select {
					case <-started:
					default:
						close(started)
					}
					return 0
				}))
				ctx, cancel := context.WithCancelCause(context.Background())
				defer cancel(nil)
				go func() {
					<-started
					cancel(cause)
				}()
				src := `local function BODY() begin() ` + body + ` end ` + kind.src
				_, err := h.Run(ctx, h.Load(mustCompile(t, "busy.lua", src)))
				var se *ScriptError
				if !errors.As(err, &se) || !se.Interrupted || !errors.Is(err, cause) {
					t.Fatalf("got %v", err)
				}
				if got := mustRun(t, h, `return "alive"`); got != "alive" {
					t.Errorf("the next run returned %q", got)
				}
			})
		}
	}
}

// TestKillBusy kills a task in a loop that catches everything; the others go on.
func TestKillBusy(t *testing.T) {
	for _, kind := range threadKinds {
		if kind.name == "call" || kind.name == "task" {
			continue // these loop in another task
		}
		t.Run(kind.name, func(t *testing.T) {
			h := newHost(t, Options{})
			cause := errors.New("killed from outside")
			h.L().SetGlobal("killsoon", h.L().NewFunction(func(*lua.LState) int {
				h.Current().Kill(cause)
				return 0
			}))
			got := mustRun(t, h, `
				local task = spawn(function()
					local function BODY() killsoon() while true do end end
					`+kind.src+`
				end)
				local other = spawn(function() for i = 1, 100 do fetch() end return "other" end)
				local ok, err = pcall(join, task)
				return join(other), ok, tostring(err):match("killed from outside")`)
			if got != "other false killed from outside" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestStackOverflowIsCatchable(t *testing.T) {
	for name, src := range map[string]string{
		"recursion":          `local function f() return 1 + f() end return pcall(f)`,
		"mutual":             `local f local function g() return 1 + f() end f = function() return 1 + g() end return pcall(f)`,
		"pcall":              `local depth = 0 local function f() depth = depth + 1 local ok, e = pcall(f) error(e, 0) end return pcall(f)`,
		"coroutine":          `local function f() local ok, e = pcall(coroutine.wrap(f)) error(e, 0) end return pcall(f)`,
		"resume":             `local function f() local ok, e = coroutine.resume(coroutine.create(f)) error(e, 0) end return pcall(f)`,
		"in a coroutine":     `local function f() return 1 + f() end return coroutine.resume(coroutine.create(f))`,
		"__index":            `local t t = setmetatable({}, {__index = function(_, k) return t[k .. "x"] end}) return pcall(function() return t.x end)`,
		"gsub":               `local function f() return (("a"):gsub("a", f)) end return pcall(f)`,
		"sort":               `local function f() table.sort({1, 2}, f) end return pcall(f)`,
		"__index with pcall": `local t t = setmetatable({}, {__index = function(_, k) local ok, e = pcall(function() return t[k] end) error(e, 0) end}) return pcall(function() return t.x end)`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{})
			got := mustRun(t, h, src)
			if !strings.HasPrefix(got, "false ") || !strings.Contains(got, "stack overflow") {
				t.Errorf("got %q", got)
			}
			mustRun(t, h, `local x for i = 1, 10 do x = pcall(fetch, i) end`)
		})
	}
}

// TestResultCaps: no single library call builds more than the cap, and huge
// requests are refused before anything is allocated.
func TestResultCaps(t *testing.T) {
	h := newHost(t, Options{})
	for _, src := range []string{
		`("x"):rep(8e9)`, `("x"):rep(1e300)`, `("abc"):rep(2^62)`,
		`local s = ("x"):rep(2^20) table.concat({s, s, s, s}, ("y"):rep(2^25))`,
		`("x"):rep(2^13):gsub("x", ("y"):rep(2^14))`,
		`local s = ("x"):rep(2^24) string.format("%s%s%s%s%s", s, s, s, s, s)`,
		`unpack({}, 1, 1e9)`, `table.unpack({}, -2^31, 2^31)`,
	} {
		got := mustRun(t, h, `local ok, err = pcall(function() `+src+` end) return ok, err`)
		if !strings.HasPrefix(got, "false ") || strings.Contains(got, "panic") {
			t.Errorf("%s: got %.80q", src, got)
		}
	}
}

func TestSparseIndexIsBounded(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `local t = {} t[67108862] = 1 t[2^40] = 2 return t[67108862], t[2^40], #t`)
	if got != "1 2 0" {
		t.Errorf("got %q", got)
	}
}

func TestPatternStepsAreBounded(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `
		local ok, err = pcall(string.find, ("a"):rep(40), ("a*"):rep(20) .. "b")
		assert(not ok and err:find("too many steps", 1, true), err)
		local big = ("x"):rep(1200000)
		return (big .. "b"):match("^(.*)b") == big, pcall(string.find, ("a"):rep(300), ("a?"):rep(300))`)
	if got != "true false test.lua:5: pattern too complex" {
		t.Errorf("got %q", got)
	}
}

// TestParkedTasksAreSmall holds 10 000 threads in a blocking call.
func TestParkedTasksAreSmall(t *testing.T) {
	const tasks, most = 10_000, 150 << 20
	h := newHost(t, Options{})
	var parked int
	var used uint64
	before := memoryInUse()
	h.L().SetGlobal("wait", h.L().NewFunction(func(L *lua.LState) int {
		if parked++; parked == tasks {
			used = memoryInUse() - before
			for _, task := range h.tasks {
				h.Deliver(task.Wake)
			}
		}
		if err := h.Current().Park(); err != nil {
			Raise(L, err)
		}
		return 0
	}))
	mustRun(t, h, `for i = 1, 10000 do spawn(function(n) local url = "http://" .. n wait() return url end, i) end`)
	t.Logf("%d parked tasks use %d MiB", parked, used>>20)
	if parked != tasks || used > most {
		t.Errorf("%d parked tasks use %d bytes, want %d in at most %d", parked, used, tasks, most)
	}
	if len(h.fibers) > keepFibers {
		t.Errorf("%d idle fibers are kept", len(h.fibers))
	}
}

func memoryInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// TestGrownThreadsAreDropped: a thread that needed a big data stack once does
// not keep it.
func TestGrownThreadsAreDropped(t *testing.T) {
	h := newHost(t, Options{})
	mustRun(t, h, `local t = {} for i = 1, 100000 do t[i] = i end
		for i = 1, 3 do assert(select("#", select(2, pcall(unpack, t))) == 100000) end`)
	for _, th := range h.threads {
		if !th.reusable() {
			t.Errorf("a thread with %d slots is kept", th.slots.Cap())
		}
	}
}

func TestTimeLimitIsPrompt(t *testing.T) {
	h := newHost(t, Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := h.Run(ctx, h.Load(mustCompile(t, "slow.lua", `while true do pcall(string.rep, "x", 10) end`)))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}
