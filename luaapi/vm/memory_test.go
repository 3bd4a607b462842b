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

const testMemory = 40 << 20

// peak measures the memory of the process, without what is dead now, until the
// func it returns is called, which returns the most there was.
func peak() func() uint64 {
	runtime.GC()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var top uint64
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			top = max(top, memoryUsed())
			select {
			case <-stop:
				most <- top
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-most
	}
}

// TestMemoryLimit fills the memory in every way a script has. Nothing holds it
// up, and it does not come near twice the limit.
func TestMemoryLimit(t *testing.T) {
	for name, src := range map[string]string{
		"tables":         `local t = {} for i = 1, 1e9 do t[i] = {i} end`,
		"keys":           `local t = {} for i = 1, 1e9 do t["k" .. i] = i end`,
		"caught":         `local t = {} while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = {i} end end) end`,
		"in a coroutine": `local t = {} while true do coroutine.resume(coroutine.create(function() while true do t[#t + 1] = {} end end)) end`,
		"in a task":      `local t = {} join(spawn(function() while true do t[#t + 1] = {} end end))`,
		"closures":       `local f for i = 1, 1e9 do local g = f f = function() return g, i end end`,
		"long strings":   `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(2^20) .. i end`,
		"concatenation":  `local t, s = {}, ("x"):rep(2^23) while true do pcall(function() t[#t + 1] = s .. s .. #t end) end`,
		"gsub":           `local t, s = {}, ("x"):rep(16) while true do t[#t + 1] = s:gsub("x", ("y"):rep(2^16)) end`,
		"coroutines":     `local t = {} for i = 1, 200000 do t[i] = coroutine.wrap(function() coroutine.yield(i) end) t[i]() end`,
		"parked tasks":   `for i = 1, 200000 do spawn(function() sleep(3600) end) if i % 100 == 0 then sleep(0) end end`,
		"far assignment": `local t = {} while true do t[#t + 1] = {} pcall(function() t[#t][2^21] = 1 end) end`,
		"far insert":     `local t = {} while true do t[#t + 1] = {} pcall(table.insert, t[#t], 2^21, 1) end`,
		"far rawset":     `local t = {} while true do t[#t + 1] = {} pcall(rawset, t[#t], 2^21, 1) end`,
		"upper":          `local t, s = {}, ("x"):rep(2^22) while true do t[#t + 1] = s:upper() end`,
		"results":        `local t, big = {}, {} for i = 1, 2e5 do big[i] = i end while true do t[#t + 1] = {unpack(big)} end`,
		"error values":   `local t = {} while true do local ok, e = pcall(error, {("x"):rep(2^16) .. #t}) t[#t + 1] = e end`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{Limits: NewLimits(0, testMemory)})
			most := peak()
			se := scriptError(t, h, src)
			used := most()
			t.Logf("at most %d MiB", used>>20)
			var limit *MemoryError
			if !se.Interrupted || !errors.As(se, &limit) || limit.Limit != testMemory {
				t.Fatalf("got %v (cause %v)", se, se.Cause)
			}
			if used > 2*testMemory {
				t.Errorf("%d MiB were in use", used>>20)
			}
			if !strings.Contains(se.Traceback, "test.lua:1:") && name != "in a task" {
				t.Errorf("traceback: %s", se.Traceback)
			}
			if got := mustRun(t, h, `return "alive"`); got != "alive" {
				t.Errorf("the next run returned %q", got)
			}
		})
	}
}

// TestGarbageIsNoMemory makes many times the limit, and drops it.
func TestGarbageIsNoMemory(t *testing.T) {
	h := newHost(t, Options{Limits: NewLimits(0, testMemory)})
	mustRun(t, h, `for i = 1, 50 do local s = ("x"):rep(2^22) .. i end
		for i = 1, 150000 do local t = {i, i, i, i} end`)
}

// TestMemoryLimitStopsTheParked: what fills the memory need not be Lua.
func TestMemoryLimitStopsTheParked(t *testing.T) {
	h := newHost(t, Options{Limits: NewLimits(0, testMemory)})
	filled := make(chan []byte, 1)
	h.L().SetGlobal("fill", h.L().NewFunction(func(*lua.LState) int {
		time.AfterFunc(0, func() { filled <- make([]byte, 2*testMemory) })
		return 0
	}))
	se := scriptError(t, h, `fill() sleep(3600)`)
	var limit *MemoryError
	if !errors.As(se, &limit) {
		t.Errorf("got %v", se)
	}
	runtime.KeepAlive(<-filled)
}

// TestLimitsAreShared runs two hosts at a time on one account.
func TestLimitsAreShared(t *testing.T) {
	const instructions = 400_000
	limits := NewLimits(instructions, 0)
	counts := make(chan int)
	for range 2 {
		h := newHost(t, Options{Limits: limits})
		n := 0
		h.L().SetGlobal("count", h.L().NewFunction(func(*lua.LState) int {
			n++
			return 0
		}))
		chunk := h.Load(mustCompile(t, "count.lua", `while true do count() end`))
		go func() {
			_, err := h.Run(context.Background(), chunk)
			var limit *LimitError
			if !errors.As(err, &limit) {
				t.Errorf("got %v", err)
			}
			counts <- n
		}()
	}
	const perRound = 3 // the global, the call, the jump
	if rounds := <-counts + <-counts; rounds > instructions/perRound || rounds < instructions/perRound-2*share {
		t.Errorf("%d rounds in %d instructions", rounds, instructions)
	}
}

// TestConcatenationIsBounded: the operator builds no more than a library call.
func TestConcatenationIsBounded(t *testing.T) {
	h := newHost(t, Options{})
	for _, src := range []string{
		`local s = "x" while true do s = s .. s end`,
		`local s = ("x"):rep(2^23) s = s .. s .. s .. s .. s .. s .. s .. s .. s`,
		`local s = ("x"):rep(2^25) local t = setmetatable({}, {__concat = function(a) return a .. a .. "x" end}) s = s .. t`,
	} {
		got := mustRun(t, h, `return pcall(function() `+src+` end)`)
		if got != "false test.lua:1: resulting string is larger than 64 MiB" {
			t.Errorf("%s: got %.80q", src, got)
		}
	}
	if got := mustRun(t, h, `local s = ("x"):rep(2^17) return #(s .. 1 .. s .. 2)`); got != "262146" {
		t.Errorf("got %s", got)
	}
}

// TestFarAssignment: a table that is assigned to far beyond its end keeps what
// it held, and stays a table as any other.
func TestFarAssignment(t *testing.T) {
	for name, assign := range map[string]string{
		"assignment": `t[8388606] = "far"`,
		"rawset":     `rawset(t, 8388606, "far")`,
		"insert":     `table.insert(t, 8388606, "far")`,
		"__newindex": `setmetatable(t, {__newindex = rawset}) t[8388606] = "far"`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Options{})
			most := peak()
			got := mustRun(t, h, `local t = {"one", "two"} `+assign+`
				assert(t[8388605] == nil and t[8388607] == nil )
				t[8388605], t[3] = "before", "three"
				return t[1], t[2], t[3], t[8388605], t[8388606], #t`)
			if got != "one two three before far 8388606" {
				t.Errorf("got %q", got)
			}
			if used := most(); used > 200<<20 {
				t.Errorf("%d MiB were in use", used>>20)
			}
		})
	}
}

// TestFullArray: what would not count as an item any more is refused.
func TestFullArray(t *testing.T) {
	for _, assign := range []string{`t[#t + 1] = 1`, `table.insert(t, 1)`, `rawset(t, #t + 1, 1)`} {
		h := newHost(t, Options{})
		got := mustRun(t, h, `local t = {} t[8388607] = 1 assert(#t == 8388607) return pcall(function() `+assign+` end)`)
		if got != "false test.lua:1: a table holds 8388607 items in sequence at most" {
			t.Errorf("%s: got %q", assign, got)
		}
	}
}

// TestLargeOutputIsNotJoined: what is printed is not copied first.
func TestLargeOutputIsNotJoined(t *testing.T) {
	var out countingWriter
	h := newHost(t, Options{Stdout: &out})
	most := peak()
	mustRun(t, h, `local s = ("x"):rep(2^25) print(s, s, s, s, s, s, s, s)`)
	if used := most(); used > 200<<20 {
		t.Errorf("%d MiB were in use", used>>20)
	}
	if out != 8<<25+8 {
		t.Errorf("%d bytes were written", out)
	}
}

type countingWriter int

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}
