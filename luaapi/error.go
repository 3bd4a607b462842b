package luaapi

import (
	"cmp"
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// errorObject is a runtime.Error in Lua.
type errorObject struct {
	err   *runtime.Error
	value *lua.LUserData // the one userdata of this error: identity survives
}

func (*errorObject) className() string { return "Error" }

// Unwrap lets the host see the Go error in a raised value.
func (o *errorObject) Unwrap() error { return o.err }

func (o *errorObject) Error() string { return o.err.Error() }

// errorValue returns err as a script sees it.
func (s *Script) errorValue(err *runtime.Error) *lua.LUserData {
	o := &errorObject{err: err}
	o.value = s.wrap(o)
	return o.value
}

// raised is the host's question what Lua value a Go error becomes.
func (s *Script) raised(_ *lua.LState, err error) lua.LValue {
	var o *errorObject
	if errors.As(err, &o) {
		return o.value
	}
	return s.errorValue(runtime.AsError(err))
}

// scriptFailure turns whatever a callback, hook, handler or generator raised
// into the Error of its slot.
func scriptFailure(what string, err error) *runtime.Error {
	out := &runtime.Error{Kind: runtime.KindCallback, Phase: runtime.PhaseCallback, Cause: err}
	var se *vm.ScriptError
	if errors.As(err, &se) && se.Interrupted {
		out.Kind, out.Message = cmp.Or(LimitKind(err), runtime.KindCancelled), what+" was stopped: "+se.Message
		var why *runtime.Error
		if errors.As(se.Cause, &why) && (why.Kind == runtime.KindScriptDeadline || why.Kind == runtime.KindBatchTimeout) {
			at := *se
			at.Message = why.Message
			out.Kind, out.Message, out.Traceback = why.Kind, what+" was stopped: "+at.Error(), se.Traceback
		}
		return out
	}
	if errors.As(err, &se) {
		out.Message = what + " raised: " + se.Error()
		out.Traceback = se.Traceback
		var inner *runtime.Error
		if errors.As(se.Cause, &inner) {
			out.Cause = inner
		}
		return out
	}
	out.Message = what + ": " + err.Error()
	return out
}

func errorOf(ud *lua.LUserData) *runtime.Error {
	if o, ok := ud.Value.(*errorObject); ok {
		return o.err
	}
	return &runtime.Error{Kind: runtime.KindInternal, Message: "not an Error"}
}

func textOrNil(s string) lua.LValue {
	if s == "" {
		return lua.LNil
	}
	return lua.LString(s)
}

func errorClass() Class {
	field := func(name, typ, doc string, get func(s *Script, e *runtime.Error) lua.LValue) Field {
		return Field{Name: name, Type: typ, Doc: doc, get: func(s *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
			return get(s, errorOf(ud))
		}}
	}
	return Class{
		Name: "Error",
		Doc:  "Every failure. `tostring(err)` is `GET https://…: read_timeout: …` with userinfo masked.",
		Fields: []Field{
			field("kind", "string", "A leaf of the tree of kinds; `err:is(kind)` follows the tree.", func(_ *Script, e *runtime.Error) lua.LValue {
				return lua.LString(e.Kind)
			}),
			field("message", "string", "What failed, why, and what to do.", func(_ *Script, e *runtime.Error) lua.LValue {
				return lua.LString(e.Message)
			}),
			field("request", "volley.Request?", "The request as the script built it.", func(s *Script, e *runtime.Error) lua.LValue {
				return s.builtValue(e.Request)
			}),
			field("response", "volley.Response?", "With kind `http`, `decode` and others that had an answer.", func(s *Script, e *runtime.Error) lua.LValue {
				return s.responseValue(e.Response)
			}),
			field("attempts", "integer", "How often it was sent.", func(_ *Script, e *runtime.Error) lua.LValue {
				return lua.LNumber(e.Attempts)
			}),
			field("index", "integer?", "Its place in the batch, from 1.", func(_ *Script, e *runtime.Error) lua.LValue {
				if e.Index == 0 {
					return lua.LNil
				}
				return lua.LNumber(e.Index)
			}),
			field("phase", "string?", "How far it came: dns connect tls send wait headers body decode callback.", func(_ *Script, e *runtime.Error) lua.LValue {
				return textOrNil(string(e.Phase))
			}),
			field("sent", "string", "Could the server have acted on it: no, maybe, yes.", func(_ *Script, e *runtime.Error) lua.LValue {
				if e.Sent == "" {
					return lua.LString(runtime.SentNo)
				}
				return lua.LString(e.Sent)
			}),
			field("retryable", "boolean", "Whether the same request may succeed when sent again.", func(_ *Script, e *runtime.Error) lua.LValue {
				return lua.LBool(e.Retryable)
			}),
			field("cause", "any", "The error below, as an Error or its text.", func(s *Script, e *runtime.Error) lua.LValue {
				return s.causeValue(e)
			}),
			field("traceback", "string?", "Of the Lua code that raised, for kind `callback`.", func(_ *Script, e *runtime.Error) lua.LValue {
				return textOrNil(e.Traceback)
			}),
		},
		Methods: []Function{{
			Name: "is", Params: []Param{{"kind", "string", "A kind of the tree."}}, Returns: "boolean",
			Doc: "Whether the error's kind is this one or stands below it: a `connect_timeout` is a `timeout` and a `connection`.",
			Example: `local _, err = volley.get("http://127.0.0.1:1/"):send()
assert(err.kind == "connect" and err:is("connection") and not err:is("timeout"))`,
			call: func(c call) int {
				kind := runtime.Kind(c.text(1))
				if !kind.Known() {
					c.raisef("%q is no kind of error", string(kind))
				}
				return c.push(lua.LBool(self[*errorObject](c).err.Kind.Is(kind)))
			},
		}},
		tostring: func(_ *Script, ud *lua.LUserData) string { return errorOf(ud).Error() },
		equal:    func(a, b *lua.LUserData) bool { return errorOf(a) == errorOf(b) },
	}
}

func (s *Script) causeValue(e *runtime.Error) lua.LValue {
	if e.Cause == nil {
		return lua.LNil
	}
	var inner *runtime.Error
	if errors.As(e.Cause, &inner) {
		return s.errorValue(inner)
	}
	var se *vm.ScriptError
	if errors.As(e.Cause, &se) && se.Value != nil {
		return se.Value
	}
	return lua.LString(strings.ToValidUTF8(e.Cause.Error(), "\uFFFD"))
}

// raisedError is what a green thread ended with, as an Error: the one it
// raised or was stopped with, else one of kind script.
func raisedError(err error) *runtime.Error {
	var inner *runtime.Error
	if errors.As(err, &inner) {
		return inner
	}
	var se *vm.ScriptError
	if !errors.As(err, &se) {
		return runtime.AsError(err)
	}
	kind := cmp.Or(LimitKind(err), runtime.KindScript)
	switch {
	case kind != runtime.KindScript:
	case strings.Contains(se.Message, "stack overflow"):
		kind = runtime.KindScriptStack
	case strings.Contains(se.Message, "resulting string is larger than"):
		kind = runtime.KindScriptMemory
	}
	return &runtime.Error{Kind: kind, Message: se.Error(), Traceback: se.Traceback, Cause: se}
}

// LimitKind is the kind of an error that a limit of instructions or memory
// caused, else "".
func LimitKind(err error) runtime.Kind {
	var memory *vm.MemoryError
	var instructions *vm.LimitError
	switch {
	case errors.As(err, &memory):
		return runtime.KindScriptMemory
	case errors.As(err, &instructions):
		return runtime.KindScriptDeadline
	}
	return ""
}

// stoppedBy reports whether a green thread ended because it was killed with
// that error.
func stoppedBy(err error, reason *runtime.Error) bool {
	var inner *runtime.Error
	return errors.As(err, &inner) && inner == reason
}
