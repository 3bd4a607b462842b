package vm

import (
	"context"
	"errors"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// late runs Go code as the trusted main task of a host whose time is over.
func late(t *testing.T, h *Host, cause error, grace time.Duration, f func(L *lua.LState)) {
	t.Helper()
	_, err := h.Run(context.Background(), h.L().NewFunction(func(L *lua.LState) int {
		h.Current().Trust()
		h.Hurry(cause, time.Millisecond, grace)
		f(L)
		return 0
	}))
	if err != nil {
		t.Error(err)
	}
}

// isEnded requires the stop of one piece of Lua.
func isEnded(t *testing.T, what string, err, cause error) {
	t.Helper()
	var se *ScriptError
	if !errors.As(err, &se) || !se.Interrupted || !errors.Is(err, cause) {
		t.Errorf("%s ended with %v", what, err)
	}
}

// Whatever runs on is ended by itself, on every kind of Lua thread; what called
// it goes on, and so do those that come after.
func TestHurryEndsABoundedCall(t *testing.T) {
	cause := errors.New("late")
	for _, kind := range threadKinds {
		if kind.name == "call" || kind.name == "task" {
			continue // these loop in another task
		}
		t.Run(kind.name, func(t *testing.T) {
			h := newHost(t, Options{})
			busy := function(t, h, `local function BODY() while true do end end `+kind.src)
			quick := function(t, h, `local n = 0 for i = 1, 1000 do n = n + i end return n`)
			late(t, h, cause, time.Hour, func(L *lua.LState) {
				for range 2 {
					_, err := h.CallBounded(L, busy)
					isEnded(t, "a busy call", err, cause)
					if v, err := h.CallBounded(L, quick); err != nil || v != lua.LNumber(500500) {
						t.Errorf("a quick call returned %v, %v", v, err)
					}
				}
			})
		})
	}
}

// Calls and tasks are ended as a whole, those that wait after the grace.
func TestHurryEndsTasks(t *testing.T) {
	cause := errors.New("late")
	h := newHost(t, Options{})
	body := `while true do pcall(function() while true do end end) end`
	late(t, h, cause, 20*time.Millisecond, func(L *lua.LState) {
		me := h.Current()
		ended := 0
		count := func(_ []lua.LValue, err error) {
			isEnded(t, "a call", err, cause)
			ended++
			me.Wake()
		}
		h.Call(function(t, h, body), nil, count)
		h.Call(function(t, h, `sleep(3600)`), nil, count)
		task := h.Spawn(function(t, h, body))
		task.Take()
		for ended < 2 || !task.Done() {
			if err := me.Park(); err != nil {
				t.Error(err)
				return
			}
			if ended == 2 && !task.Done() {
				_ = task.Join(me)
			}
		}
		_, err := task.Result()
		isEnded(t, "a task", err, cause)
		_, err = h.CallBounded(L, function(t, h, `sleep(3600)`))
		isEnded(t, "a call that waits", err, cause)
		h.Call(function(t, h, `return 7`), nil, func(results []lua.LValue, err error) {
			if err != nil || len(results) != 1 {
				t.Errorf("the call after: %v, %v", results, err)
			}
			me.Wake()
		})
		if err := me.Park(); err != nil {
			t.Error(err)
		}
	})
}

// A stop of the whole host is stronger than the end of one call.
func TestInterruptInABoundedCall(t *testing.T) {
	cause := errors.New("enough")
	h := newHost(t, Options{})
	busy := function(t, h, `begin() while true do end`)
	global(h, "begin", func(*lua.LState) int {
		go h.Interrupt(cause)
		return 0
	})
	_, err := h.Run(context.Background(), h.L().NewFunction(func(L *lua.LState) int {
		_, err := h.CallBounded(L, busy)
		t.Errorf("the call returned %v", err)
		return 0
	}))
	isEnded(t, "the run", err, cause)
}
