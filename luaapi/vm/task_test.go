package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// global makes f a global function of h.
func global(h *Host, name string, f lua.LGFunction) {
	h.L().SetGlobal(name, h.L().NewFunction(f))
}

func function(t testing.TB, h *Host, src string) *lua.LFunction {
	t.Helper()
	return h.Load(mustCompile(t, "function.lua", src))
}

func TestWakeTokens(t *testing.T) {
	h := newHost(t, Options{})
	parks := 0
	global(h, "park", func(*lua.LState) int {
		task := h.Current()
		task.Wake()
		task.Wake() // remembered once
		for range 2 {
			h.Deliver(func() {
				parks++
				task.Wake()
			})
			if err := task.Park(); err != nil {
				t.Error(err)
			}
		}
		return 0
	})
	mustRun(t, h, `park()`)
	if parks != 2 {
		t.Errorf("the second Park took the token of the first: %d deliveries ran", parks)
	}
}

func TestTaskInterruptIsCatchableOnce(t *testing.T) {
	h := newHost(t, Options{})
	cause := errors.New("too slow")
	var task *Task
	global(h, "me", func(*lua.LState) int {
		task = h.Current()
		h.Deliver(func() { task.Interrupt(cause) })
		return 0
	})
	got := mustRun(t, h, `me() local ok, err = pcall(sleep, 3600) return ok, err, pcall(sleep, 0)`)
	if got != "false test.lua:1: too slow true" {
		t.Errorf("got %q", got)
	}
	task.Interrupt(cause) // ended: nothing happens
}

func TestKill(t *testing.T) {
	h := newHost(t, Options{})
	cause := errors.New("no longer needed")
	var order []string
	var ctx context.Context
	global(h, "prepare", func(*lua.LState) int {
		task := h.Current()
		ctx = task.Context()
		task.OnEnd(func() { order = append(order, "first") })
		task.OnEnd(func() { order = append(order, "last") })
		h.Deliver(func() { task.Kill(cause) })
		return 0
	})
	_, err := h.Run(context.Background(), function(t, h, `
		local task = spawn(function() prepare() pcall(sleep, 3600) reached = true end)
		join(task)`))
	if err == nil || err.Error() != "function.lua:2: no longer needed" {
		t.Errorf("join raised %v", err)
	}
	if h.L().GetGlobal("reached") != lua.LNil {
		t.Error("pcall held a killed task")
	}
	if diff := cmp.Diff([]string{"last", "first"}, order); diff != "" {
		t.Error(diff)
	}
	if !errors.Is(context.Cause(ctx), cause) {
		t.Errorf("the task's context ended with %v", context.Cause(ctx))
	}
}

func TestKillBeforeStart(t *testing.T) {
	h := newHost(t, Options{})
	_, err := h.Run(context.Background(), function(t, h, `local task = spawn(function() started = true end) kill(task) join(task)`))
	if err == nil || err.Error() != "function.lua:1: killed by a test" || h.L().GetGlobal("started") != lua.LNil {
		t.Errorf("got %v", err)
	}
}

func TestContextOfEndedTask(t *testing.T) {
	h := newHost(t, Options{})
	task := (*Task)(nil)
	global(h, "me", func(*lua.LState) int {
		task = h.Current()
		if err := task.Context().Err(); err != nil {
			t.Errorf("the context of a running task ended: %v", err)
		}
		return 0
	})
	mustRun(t, h, `me()`)
	if task.Context().Err() == nil || !task.Done() {
		t.Error("the context outlives its task")
	}
	ran := false
	task.OnEnd(func() { ran = true })
	if !ran {
		t.Error("OnEnd on an ended task does not run")
	}
}

func TestUnhandled(t *testing.T) {
	var reported []string
	h := newHost(t, Options{Unhandled: func(_ *Task, err error) { reported = append(reported, err.Error()) }})
	mustRun(t, h, `
		spawn(function() error("lost") end)
		local taken = spawn(function() error("taken") end)
		pcall(join, taken)
		kill(spawn(sleep, 3600))`)
	if diff := cmp.Diff([]string{"test.lua:2: lost"}, reported); diff != "" {
		t.Error(diff)
	}
}

func TestJoinByMany(t *testing.T) {
	h := newHost(t, Options{})
	got := mustRun(t, h, `
		local n = 0
		local target = spawn(function() fetch() return 7 end)
		local joiners = {}
		for i = 1, 5 do joiners[i] = spawn(function() local v = join(target) n = n + v end) end
		for i = 1, 5 do join(joiners[i]) end
		return n, join(target)`)
	if got != "35 7" {
		t.Errorf("got %q", got)
	}
}

func TestDeadlock(t *testing.T) {
	h := newHost(t, Options{})
	_, err := run(t, h, `
		local a, b
		a = spawn(function() fetch() local function wait() join(b) end wait() end)
		b = spawn(function() join(a) end)
		join(a)`)
	var d *Deadlock
	if !errors.As(err, &d) {
		t.Fatalf("got %v", err)
	}
	var waits []string
	for _, p := range d.Tasks {
		waits = append(waits, fmt.Sprintf("%d: %s", p.ID, p.What))
	}
	if diff := cmp.Diff([]string{"1: task 2", "2: task 3", "3: task 2"}, waits); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(err.Error(), "test.lua:3: in function 'wait'") {
		t.Errorf("no traceback of the parked tasks:\n%v", err)
	}
	if got := mustRun(t, h, `return 1`); got != "1" {
		t.Errorf("the next run returned %q", got)
	}
}

func TestNoDeadlockWhileSomethingIsPending(t *testing.T) {
	h := newHost(t, Options{})
	if got := mustRun(t, h, `return join(spawn(function() sleep(0.01) return 1 end))`); got != "1" {
		t.Errorf("got %q", got)
	}
}

func TestRunWaitsForTasks(t *testing.T) {
	h := newHost(t, Options{})
	mustRun(t, h, `spawn(function() fetch() spawn(function() fetch() late = "yes" end) end)`)
	if got := h.L().GetGlobal("late").String(); got != "yes" {
		t.Errorf("late is %s", got)
	}
}

func TestVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{})
		var order []string
		global(h, "note", func(L *lua.LState) int {
			order = append(order, L.CheckString(1))
			return 0
		})
		start := time.Now()
		mustRun(t, h, `for _, n in ipairs{3, 1, 2} do spawn(function() sleep(n) note("t" .. n) end) end`)
		if diff := cmp.Diff([]string{"t1", "t2", "t3"}, order); diff != "" {
			t.Error(diff)
		}
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("took %v", got)
		}
		h.Close()
	})
}

func TestCalls(t *testing.T) {
	h := newHost(t, Options{})
	var order []string
	record := func(results []lua.LValue, err error) {
		if h.Current() != nil {
			t.Error("done runs inside a task")
		}
		if err != nil {
			order = append(order, "error: "+err.Error())
			return
		}
		order = append(order, text(results))
	}
	global(h, "start", func(L *lua.LState) int {
		for i := range 3 {
			h.Call(L.CheckFunction(1), []lua.LValue{lua.LNumber(i)}, record)
		}
		h.Call(L.CheckFunction(2), nil, record)
		h.Call(L.CheckFunction(3), nil, record)
		return 0
	})
	mustRun(t, h, `start(function(i) return i, i * 10 end, function() return "parked", fetch(1) end, function() error("e", 0) end)`)
	slices.Sort(order[3:])
	want := []string{"0 0", "1 10", "2 20", "error: test.lua:1: e", "parked 1"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
	if len(h.tasks) != 0 {
		t.Errorf("%d tasks are left", len(h.tasks))
	}
}

// TestCallsShareOneFiber: calls that do not park need no further coroutine.
func TestCallsShareOneFiber(t *testing.T) {
	h := newHost(t, Options{})
	global(h, "start", func(L *lua.LState) int {
		for range 100 {
			h.Call(L.CheckFunction(1), nil, nil)
		}
		return 0
	})
	mustRun(t, h, `start(function() end)`)
	if n := len(h.fibers); n > 2 {
		t.Errorf("%d fibers were made", n)
	}
}

func TestDeliverAfterClose(t *testing.T) {
	h := New(Options{})
	ran := false
	if !h.Deliver(func() { ran = true }) {
		t.Error("an open host refuses")
	}
	h.Close()
	h.Close()
	if !ran {
		t.Error("Close dropped what was delivered before")
	}
	if h.Deliver(func() {}) {
		t.Error("a closed host accepts")
	}
	if _, err := h.Run(context.Background(), nil); err == nil {
		t.Error("a closed host runs")
	}
}

func TestDeliverFromManyGoroutines(t *testing.T) {
	h := newHost(t, Options{})
	const senders, each = 8, 200
	n := 0
	global(h, "collect", func(*lua.LState) int {
		task := h.Current()
		var wg sync.WaitGroup
		for range senders {
			wg.Go(func() {
				for range each {
					h.Deliver(func() {
						n++
						task.Wake()
					})
				}
			})
		}
		for n < senders*each {
			if err := task.Park(); err != nil {
				t.Error(err)
				break
			}
		}
		wg.Wait()
		return 0
	})
	mustRun(t, h, `collect()`)
	if n != senders*each {
		t.Errorf("%d of %d deliveries ran", n, senders*each)
	}
}

func TestCloseStopsARun(t *testing.T) {
	h := newHost(t, Options{})
	started := make(chan struct{})
	global(h, "begin", func(*lua.LState) int {
		close(started)
		return 0
	})
	result := make(chan error)
	go func() {
		_, err := h.Run(context.Background(), function(t, h, `begin() while true do pcall(sleep, 1) end`))
		result <- err
	}()
	<-started
	go h.Close()
	var se *ScriptError
	if err := <-result; !errors.As(err, &se) || !se.Interrupted {
		t.Errorf("got %v", err)
	}
}

func TestRunInsideRun(t *testing.T) {
	h := newHost(t, Options{})
	global(h, "again", func(L *lua.LState) int {
		if _, err := h.Run(context.Background(), L.CheckFunction(1)); err == nil {
			t.Error("a run within a run is accepted")
		}
		return 0
	})
	mustRun(t, h, `again(function() end)`)
}

func TestAwaitDropsALateResult(t *testing.T) {
	h := newHost(t, Options{})
	ended := make(chan struct{})
	global(h, "work", func(L *lua.LState) int {
		task := h.Current()
		_, err := Await(h, L, func(ctx context.Context) (int, error) {
			task.Kill(errors.New("stop"))
			<-ctx.Done()
			defer close(ended)
			return 1, nil
		})
		if err == nil {
			t.Error("Await returned a result to a killed task")
		}
		Raise(L, err)
		return 0
	})
	_, err := run(t, h, `join(spawn(work))`)
	if err == nil || !strings.Contains(err.Error(), "stop") {
		t.Errorf("got %v", err)
	}
	<-ended
}

func TestAwaitPanic(t *testing.T) {
	h := newHost(t, Options{})
	global(h, "work", func(L *lua.LState) int {
		if _, err := Await(h, L, func(context.Context) (int, error) { panic("in work") }); err != nil {
			Raise(L, err)
		}
		return 0
	})
	se := scriptError(t, h, `pcall(work)`)
	var p *PanicError
	if !errors.As(se, &p) || p.Value != "in work" || !strings.Contains(p.Stack, "task_test.go") {
		t.Errorf("got %v", se)
	}
}
