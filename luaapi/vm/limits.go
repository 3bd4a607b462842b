package vm

import (
	"math"
	"strings"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

// Limits are what the hosts that are made with them may use together: the VMs
// of one script. Make them with NewLimits.
type Limits struct {
	instructions int64
	left         atomic.Int64
	memory       *memoryWatch // nil: no limit
}

// share is how many instructions a host takes from the Limits at a time.
const share = 1 << 12

// NewLimits bounds the number of VM instructions, and the bytes of memory that
// the process may hold while one of the hosts runs. 0 is no limit.
func NewLimits(instructions, memory int64) *Limits {
	l := &Limits{instructions: instructions}
	l.left.Store(instructions)
	if instructions <= 0 {
		l.left.Store(math.MaxInt64)
	}
	if memory > 0 {
		l.memory = newMemoryWatch(uint64(memory))
	}
	return l
}

// take returns n instructions, or the rest of them.
func (l *Limits) take(n int64) int64 {
	if l.instructions <= 0 {
		return math.MaxInt64
	}
	if left := l.left.Add(-n); left < 0 {
		return max(left+n, 0)
	}
	return n
}

// maxResult bounds the strings that one operation may build, in bytes.
const maxResult = 64 << 20

// largestString is maxResult, or less under a small limit of memory.
func largestString(L *lua.LState) int {
	if h := hostOf(L); h != nil && h.opts.Limits.memory != nil {
		return int(min(maxResult, h.opts.Limits.memory.limit/2))
	}
	return maxResult
}

// reserveString raises when a string of size bytes may not be built, and stops
// the script when there is no memory for it.
func reserveString(L *lua.LState, size int) {
	if most := largestString(L); size > most {
		L.RaiseError("resulting string is larger than %d MiB", most>>20)
	}
	reserve(L, size)
}

// largeRequest is the size in bytes from which a single allocation is checked
// before it is made. Smaller ones are left to the watch.
const largeRequest = 1 << 20

// reserve stops the script when there is no memory for size bytes.
func reserve(L *lua.LState, size int) {
	h := hostOf(L)
	if h == nil || size < largeRequest || h.opts.Limits.memory == nil {
		return
	}
	if err := h.opts.Limits.memory.reserve(uint64(size)); err != nil {
		h.guard.setHalt(err)
		unwind(L, h.guard.halt.Load())
	}
}

// result is the string that a library function builds, within the limits.
type result struct {
	L    *lua.LState
	text strings.Builder
	room int // size up to which the limits were asked
}

// add appends s.
func (r *result) add(s string) {
	if size := r.text.Len() + len(s); size > r.room {
		reserveString(r.L, size)
		r.room = min(max(2*size, bigString), largestString(r.L))
	}
	r.text.WriteString(s)
}

func (r *result) value() lua.LString { return lua.LString(r.text.String()) }

// Stopping returns why the task that runs on L must stop, nil when it may go
// on. A binding that takes long or allocates much asks now and then, and gives
// the error to Raise.
func Stopping(L *lua.LState) error {
	h := hostOf(L)
	if h == nil || h.guard.check() == nil {
		return nil
	}
	return h.guard.stopped()
}

// stepsBetweenChecks is how many steps of some nanoseconds a library function
// takes between two looks at whether to stop.
const stepsBetweenChecks = 1 << 12

// Steps counts the steps of a library function that takes many, such as one
// for each value of a tree. The zero value is ready.
type Steps struct{ done int }

// Next returns why the task that runs on L must stop, nil when it may go on.
func (s *Steps) Next(L *lua.LState) error {
	if s.done++; s.done%stepsBetweenChecks != 0 {
		return nil
	}
	return Stopping(L)
}
