package vm

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// ScriptError is an error that left a script: raised and not caught, or the
// stop of a task.
type ScriptError struct {
	Value       lua.LValue // what was raised; nil if Interrupted or a Go panic
	Message     string     // without the position
	File        string     // "" if unknown
	Line        int        // from 1; 0 if unknown
	SourceLine  string     // the text of that line, if the chunk is known
	Traceback   string     // "stack traceback:" and one line per Lua frame, innermost first
	Cause       error      // the Go error that was raised, the *PanicError, or why it was interrupted
	Interrupted bool       // stopped from outside: Interrupt, Kill, the instruction limit, os.exit
}

// Error returns "file:line: message".
func (e *ScriptError) Error() string {
	if e.File == "" {
		return e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Unwrap returns the cause.
func (e *ScriptError) Unwrap() error { return e.Cause }

// PanicError is a Go panic inside a binding or an Await: a bug, which no pcall
// can catch.
type PanicError struct {
	Value any    // what panic was called with
	Stack string // the Go stack
}

// Error names the panic value.
func (e *PanicError) Error() string { return fmt.Sprintf("internal error: panic: %v", e.Value) }

// Unwrap returns the panic value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// LimitError is the cause of the stop when the instructions of the Limits were executed.
type LimitError struct{ Instructions int64 }

// Error names the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("the script was stopped after %d instructions, its limit", e.Instructions)
}

// MemoryError is the cause of the stop when the process held more memory than
// the Limits allow, in bytes.
type MemoryError struct{ Limit, Used uint64 }

// Error names the limit.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("the script was stopped: the process would hold %.1f MiB of memory, and its limit is %.1f MiB; keep less, or raise the limit", float64(e.Used)/(1<<20), float64(e.Limit)/(1<<20))
}

// ExitError is the cause of the stop after os.exit.
type ExitError struct{ Code int }

// Error names the exit code.
func (e *ExitError) Error() string { return fmt.Sprintf("os.exit(%d)", e.Code) }

// ParkedTask is one line of a Deadlock.
type ParkedTask struct {
	ID        int64
	What      string // what it waits for
	Traceback string
}

// Deadlock says that every task waits for another one and nothing from outside
// is pending.
type Deadlock struct{ Tasks []ParkedTask }

// Error lists each task, what it waits for, and where.
func (e *Deadlock) Error() string {
	var b strings.Builder
	b.WriteString("deadlock: every task waits for another one")
	for _, t := range e.Tasks {
		fmt.Fprintf(&b, "\ntask %d waits for %s\n%s", t.ID, t.What, t.Traceback)
	}
	return b.String()
}

var (
	errClosed     = errors.New("the Lua host is closed")
	errRunning    = errors.New("the Lua host is already running")
	errNoTask     = errors.New("cannot wait here: no task is running")
	errKilled     = errors.New("killed")
	errTaskEnded  = errors.New("the task has ended")
	errInterrupts = errors.New("interrupted")
)

// stop wraps the reason why a task or the host is stopped. Raise makes it
// uncatchable.
type stop struct{ cause error }

func (s *stop) Error() string { return "stopped: " + s.cause.Error() }
func (s *stop) Unwrap() error { return s.cause }

// unwinding is the value, in a userdata, of an error that no pcall catches.
type unwinding struct{ cause error }

func newUnwinding(cause error) *lua.LUserData {
	return &lua.LUserData{Value: &unwinding{cause}, Metatable: lua.LNil}
}

func isUnwinding(ud *lua.LUserData) bool {
	_, ok := ud.Value.(*unwinding)
	return ok
}

// unwind raises cause past every pcall of the running task.
func unwind(L *lua.LState, cause error) { L.Error(newUnwinding(cause), 0) }

// Raise raises err as a Lua error and does not return. A *ScriptError raises
// its original value again; the error of a stopped task and a *PanicError
// cannot be caught by the script; any other goes through Options.ErrorValue.
func Raise(L *lua.LState, err error) {
	h := hostOf(L)
	if h == nil {
		L.Error(lua.LString(err.Error()), 1)
		return
	}
	if s := h.guard.stopped(); s != nil {
		unwind(L, s)
	}
	if s := (*stop)(nil); errors.As(err, &s) {
		unwind(L, s)
	}
	if p := (*PanicError)(nil); errors.As(err, &p) {
		unwind(L, p)
	}
	script := (*ScriptError)(nil)
	if errors.As(err, &script) && script.Value != nil {
		h.trace = errorTrace{value: script.Value, text: script.Traceback, file: script.File, line: script.Line}
		L.Error(script.Value, 0)
	}
	if h.opts.ErrorValue != nil {
		L.Error(h.opts.ErrorValue(L, err), 0)
	}
	syntax := (*SyntaxError)(nil)
	if errors.As(err, &syntax) || script != nil && script.File != "" {
		L.Error(lua.LString(err.Error()), 0) // has a position of its own
	}
	L.Error(lua.LString(err.Error()), 1)
}

// scriptError makes the error of a protected call that failed.
func (h *Host) scriptError(failure *lua.ApiError) *ScriptError {
	e := &ScriptError{Value: failure.Object, File: h.trace.file, Line: h.trace.line, Traceback: h.trace.text}
	h.trace = errorTrace{}
	if s := h.guard.stopped(); s != nil {
		e.interruptedBy(s)
	} else if ud, ok := failure.Object.(*lua.LUserData); ok {
		e.fromUserData(h, ud)
	} else {
		e.Message = h.errorText(failure.Object)
		if file, line, rest, ok := splitPosition(e.Message); ok {
			e.File, e.Line, e.Message = file, line, rest
		}
	}
	if failure.Type == lua.ApiErrorPanic && e.Cause == nil {
		e.Value, e.Cause = nil, &PanicError{Value: failure.Object.String(), Stack: failure.StackTrace}
		e.Message = e.Cause.Error()
	}
	if c := h.sources[e.File]; c != nil {
		e.SourceLine = c.line(e.Line)
	}
	return e
}

func (e *ScriptError) fromUserData(h *Host, ud *lua.LUserData) {
	switch v := ud.Value.(type) {
	case *unwinding:
		if s, ok := v.cause.(*stop); ok { //nolint:errorlint // unwind stores it bare
			e.interruptedBy(s)
			return
		}
		e.Value, e.Cause, e.Message = nil, v.cause, v.cause.Error()
	case error:
		e.Cause, e.Message = v, v.Error()
	default:
		e.Message = h.errorText(ud)
	}
}

func (e *ScriptError) interruptedBy(s *stop) {
	e.Value, e.Interrupted, e.Cause, e.Message = nil, true, s.cause, s.cause.Error()
}

// errorText is the text of a raised value: the string, a table's message field,
// or what __tostring says.
func (h *Host) errorText(v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		if m, ok := t.RawGetString("message").(lua.LString); ok {
			return string(m)
		}
	}
	if h.main.GetMetaField(v, "__tostring") == lua.LNil {
		return v.String()
	}
	text, err := h.protectedText(v)
	if err != nil {
		return v.String()
	}
	return text
}
