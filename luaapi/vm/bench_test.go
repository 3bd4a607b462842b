package vm

import (
	"context"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// benchRun runs fn once on a host; the loops are inside.
func benchRun(b *testing.B, h *Host, src string) {
	b.Helper()
	c := mustCompile(b, "bench.lua", src)
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := h.Run(context.Background(), h.Load(c), lua.LNumber(b.N)); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCallNoop is a queued call of a function that does nothing, a
// thousand at a time.
func BenchmarkCallNoop(b *testing.B) { benchCalls(b, 1000) }

// BenchmarkCallNoopAlone queues one call per loop round.
func BenchmarkCallNoopAlone(b *testing.B) { benchCalls(b, 1) }

func benchCalls(b *testing.B, batch int) {
	h := newHost(b, Options{})
	args := []lua.LValue{lua.LTrue}
	global(h, "calls", func(L *lua.LState) int {
		task, fn, done := h.Current(), L.CheckFunction(1), 0
		count := func([]lua.LValue, error) {
			if done++; done%batch == 0 {
				task.Wake()
			}
		}
		for done < b.N {
			for range batch {
				h.Call(fn, args, count)
			}
			if err := task.Park(); err != nil {
				Raise(L, err)
			}
		}
		return 0
	})
	benchRun(b, h, `calls(function(x) end)`)
}

// BenchmarkParkWake is a task that parks and is woken by another delivery.
func BenchmarkParkWake(b *testing.B) {
	h := newHost(b, Options{})
	global(h, "park", func(L *lua.LState) int {
		task := h.Current()
		wake := task.Wake
		for range b.N {
			h.Deliver(wake)
			if err := task.Park(); err != nil {
				Raise(L, err)
			}
		}
		return 0
	})
	benchRun(b, h, `park()`)
}

func BenchmarkSpawn(b *testing.B) {
	benchRun(b, newHost(b, Options{}), `local n = ... local function f() end for i = 1, n do join(spawn(f)) end`)
}

const sum = `local n = ... local s = 0 for i = 1, n do s = s + i % 7 end`

// BenchmarkInstructionLimit is the loop s = s + i % 7 under the guard.
func BenchmarkInstructionLimit(b *testing.B) {
	benchRun(b, newHost(b, Options{Limits: NewLimits(1<<60, 0)}), sum)
}

// BenchmarkPlainContext is the same loop under an ordinary cancelable context.
func BenchmarkPlainContext(b *testing.B) {
	L := lua.NewState()
	defer L.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	L.SetContext(ctx)
	f, err := L.LoadString(sum)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := L.CallByParam(lua.P{Fn: f, Protect: true}, lua.LNumber(b.N)); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkPcall(b *testing.B) {
	benchRun(b, newHost(b, Options{}), `local n = ... local function f() end for i = 1, n do pcall(f) end`)
}

func BenchmarkPcallError(b *testing.B) {
	benchRun(b, newHost(b, Options{}), `local n = ... local function f() error("x", 0) end for i = 1, n do pcall(f) end`)
}

func BenchmarkYield(b *testing.B) {
	benchRun(b, newHost(b, Options{}), `local n = ... local f = coroutine.wrap(function() while true do coroutine.yield(1) end end) for i = 1, n do f() end`)
}

func BenchmarkGsub(b *testing.B) {
	benchRun(b, newHost(b, Options{}), `local n = ... local s = ("key=value; "):rep(10) for i = 1, n do s:gsub("(%w+)=(%w+)", "%2=%1") end`)
}

func BenchmarkHost(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New(Options{}).Close()
	}
}
