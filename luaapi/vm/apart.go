package vm

import (
	"context"

	lua "github.com/yuin/gopher-lua"
)

// Apart runs work, a long step of pure Go, on a goroutine of its own, and waits
// for it in place: no other task runs meanwhile. When the running task is
// stopped first, Apart returns that error at once, ctx ends, and what work
// returns is dropped: work must not touch Lua, and must bound the memory that
// it takes by itself. Give the error to Raise.
func Apart[T any](L *lua.LState, work func(ctx context.Context) (T, error)) (T, error) {
	h := hostOf(L)
	if h == nil {
		return work(context.Background())
	}
	type outcome struct {
		value T
		err   error
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan outcome, 1)
	go func() {
		v, err := shielded(ctx, work)
		ended <- outcome{v, err}
	}()
	defer h.poke() // what came meanwhile is for the loop
	for {
		if err := Stopping(L); err != nil {
			var zero T
			return zero, err
		}
		select {
		case o := <-ended:
			return o.value, o.err
		case <-h.wake:
		}
	}
}
