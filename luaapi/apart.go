package luaapi

import (
	"context"
	"errors"
	"io"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
)

// longText is the size in bytes from which one pass over a text is worth a
// goroutine of its own.
const longText = 256 << 10

// apart runs work, which touches no Lua, so that a stop of the script does not
// wait for it when it is long. It raises why the script is stopped, and a
// panic of work.
func apart[T any](c call, long bool, work func() (T, error)) (T, error) {
	if !long {
		return work()
	}
	v, err := vm.Apart(c.L, func(context.Context) (T, error) { return work() })
	if stopped := vm.Stopping(c.L); stopped != nil {
		c.raise(stopped)
	}
	var panicked *vm.PanicError
	if errors.As(err, &panicked) {
		c.raise(err)
	}
	return v, err
}

// apartOn is apart for work on a text of size bytes that cannot fail.
func apartOn[T any](c call, size int, work func() T) T {
	v, err := apart(c, size >= longText, func() (T, error) { return work(), nil })
	if err != nil {
		c.raise(err)
	}
	return v
}

// stoppable is a reader that fails when the script that runs on L is stopped.
type stoppable struct {
	io.Reader
	L *lua.LState
}

// Read implements io.Reader.
func (r stoppable) Read(p []byte) (int, error) {
	if err := vm.Stopping(r.L); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
