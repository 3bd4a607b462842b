package vm

import (
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// thread is a Lua thread that is kept for reuse: making one allocates 11 KB,
// most of it thrown away at once.
type thread struct {
	L     *lua.LState
	slots reflect.Value // its data stack, to see how far it grew
}

// newThread makes a Lua thread under the host's guard. The template has no
// context, so none is registered as a child anywhere.
func (h *Host) newThread() *lua.LState {
	L, _ := h.template.NewThread()
	L.SetContext(h.guard)
	return L
}

// takeThread returns an idle thread with an empty stack.
func (h *Host) takeThread() *thread {
	if n := len(h.threads); n > 0 {
		th := h.threads[n-1]
		h.threads[n-1] = nil
		h.threads = h.threads[:n-1]
		return th
	}
	L := h.newThread()
	return &thread{L: L, slots: reflect.ValueOf(L).Elem().FieldByName("reg").Elem().FieldByName("array")}
}

// giveThread takes back a thread whose stack is empty and whose upvalues are
// closed, as after every PCall that did not end in a Go panic.
func (h *Host) giveThread(th *thread) {
	if len(h.threads) < keepThreads && th.reusable() {
		th.L.Env = h.main.Env
		h.threads = append(h.threads, th)
	}
}

// reusable reports whether the thread's data stack is still small: it never
// shrinks.
func (th *thread) reusable() bool { return th.slots.Cap() <= keepSlots }
