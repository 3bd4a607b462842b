package luaapi

import (
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// deadline ends the callbacks and exception handlers of a Batch that are still
// under way at its gtimeout. Those that begin after it, such as the handlers of
// what it ended, are left alone.
type deadline struct {
	run   *batchRun
	enter *lua.LFunction
	calls map[*vm.Task]struct{}
	over  bool
}

func (r *batchRun) newDeadline() *deadline {
	d := &deadline{run: r, calls: map[*vm.Task]struct{}{}}
	d.enter = r.s.L.NewFunction(d.call)
	return d
}

// call is (fn, …), in a green thread that ends with the deadline.
func (d *deadline) call(L *lua.LState) int {
	t := d.run.s.host.Current()
	d.calls[t] = struct{}{}
	defer delete(d.calls, t)
	L.Call(L.GetTop()-1, lua.MultRet)
	return L.GetTop()
}

func (d *deadline) expire() {
	d.over = true
	for t := range d.calls {
		t.Kill(runtime.Errorf(runtime.KindBatchTimeout, "the batch did not end within %v", d.run.settings.timeout))
	}
}

// call calls a callback or exception handler in a green thread of its own.
func (r *batchRun) call(fn *lua.LFunction, args []lua.LValue, done func([]lua.LValue, error)) {
	if d := r.deadline; d != nil && !d.over {
		fn, args = d.enter, append([]lua.LValue{fn}, args...)
	}
	r.s.host.Call(fn, args, done)
}

// abandon is what ends with the Batch: at its deadline or when it is closed.
func (r *batchRun) abandon(source func()) func() {
	if r.settings.timeout <= 0 {
		return source
	}
	r.deadline = r.newDeadline()
	end := time.Now().Add(r.settings.timeout)
	return func() {
		if source != nil {
			source()
		}
		if !time.Now().Before(end) {
			r.deadline.expire()
		}
	}
}
