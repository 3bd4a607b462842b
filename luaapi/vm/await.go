package vm

import (
	"context"
	"runtime/debug"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Await runs work on a goroutine of its own and parks the current task
// meanwhile. When the task is killed or interrupted first, Await returns that
// error at once, ctx ends, and the result of work is dropped: work must honour
// ctx. Outside any task work runs in place. Give the error to Raise.
func Await[T any](h *Host, _ *lua.LState, work func(ctx context.Context) (T, error)) (T, error) {
	t := h.Current()
	if t == nil {
		return work(h.runCtx)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var (
		value     T
		workErr   error
		done      bool
		abandoned bool
	)
	go func() {
		v, err := shielded(ctx, work)
		h.Deliver(func() {
			if abandoned {
				return
			}
			value, workErr, done = v, err, true
			t.Wake()
		})
	}()
	for !done {
		if err := t.Park(); err != nil {
			abandoned = true
			var zero T
			return zero, err
		}
	}
	return value, workErr
}

// shielded turns a panic of work into its error: on that goroutine it would
// end the process.
func shielded[T any](ctx context.Context, work func(ctx context.Context) (T, error)) (v T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{Value: r, Stack: string(debug.Stack())}
		}
	}()
	return work(ctx)
}

// Sleep parks the current task for d. The error is that of Park.
func (h *Host) Sleep(_ *lua.LState, d time.Duration) error {
	t := h.Current()
	if t == nil {
		return errNoTask
	}
	over := false
	timer := time.AfterFunc(max(d, 0), func() {
		h.Deliver(func() {
			if !over {
				over = true
				t.Wake()
			}
		})
	})
	for !over {
		if err := t.Park(); err != nil {
			timer.Stop()
			over = true
			return err
		}
	}
	return nil
}
