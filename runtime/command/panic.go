package command

import (
	"errors"
	"fmt"
	"runtime/debug"

	"volley/luaapi/vm"
	"volley/runtime"
)

// guarded makes an error of kind internal of a panic in f: the run ends, but
// as any other does, with its outputs whole and no secret told. It is no good
// within a script, whose VM unwinds by panics of its own and does the same.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &runtime.Error{
				Kind:      runtime.KindInternal,
				Message:   fmt.Sprintf("panic: %v; this is a bug in volley", p),
				Traceback: string(debug.Stack()),
			}
		}
	}()
	return f()
}

// panicOf returns the error of kind internal that err tells of, nil if none.
func panicOf(err error) *runtime.Error {
	var inScript *vm.PanicError
	if errors.As(err, &inScript) {
		return &runtime.Error{
			Kind:      runtime.KindInternal,
			Message:   fmt.Sprintf("panic: %v; this is a bug in volley", inScript.Value),
			Traceback: inScript.Stack,
		}
	}
	var known *runtime.Error
	if errors.As(err, &known) && known.Kind == runtime.KindInternal && known.Traceback != "" {
		return known
	}
	return nil
}
