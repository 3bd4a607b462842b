package run

import (
	"time"

	"volley/runtime"
	"volley/specs/data"
	"volley/specs/template"
	"volley/specs/tree"
)

// Hooks are the handler script of a run and the functions that a spec names,
// as the Lua side offers them. All methods are called on the consumer's
// goroutine.
type Hooks interface {
	// Request returns the hooks that go with every request (request, retry of
	// the handler script); nil: none. They become the Engine's.
	Request() *runtime.Hooks
	// Finish shows a result to the script's response or exception hook, in a
	// green thread of its own. false: there is none, and done is not called.
	// done is called on the consumer's goroutine, later. What the hook wants
	// sent next is on its way then, and its retries are bounded.
	Finish(res *runtime.Result, done func(runtime.Decision)) bool
	// Setup and Teardown run those hooks of the script, on the runner's own
	// green thread; absent ones return nil.
	Setup(Info) error
	Teardown(Info) error
	// Function finds a function of the handler script by name, or compiles
	// inline Lua, which begins at pos. It is called before anything is sent.
	Function(source string, inline bool, pos tree.Pos) (Function, error)
}

// Function is a Lua function that one place of a spec names.
type Function interface {
	// Request returns it as an on_request hook.
	Request() *runtime.Hooks
	// Finish calls it as on_response(resp) or on_error(req, err), as
	// Hooks.Finish does.
	Finish(res *runtime.Result, scope template.Scope, done func(runtime.Decision))
	// Call calls it on the runner's green thread with plain values and
	// Namespaces, such as res, and returns its first result, plain.
	Call(scope template.Scope, args ...any) (any, error)
	// Iterate calls it as a generator, in a green thread of its own: later is
	// called when Next, which said runtime.ErrLater, has an answer.
	Iterate(scope template.Scope, later func()) (data.Generator, error)
}

// Info is what setup(run) and teardown(run) see, and run in expressions.
type Info struct {
	ID                  string
	Name                string // of the spec
	Started             time.Time
	OK, Failed, Skipped int64
	Elapsed             time.Duration
}
