// Package luaapi is what scripts see: the module volley and its objects.
//
// Every name a script can use stands once, in a table of this package: a
// Function, Field or Option with its types, its text and the Go code behind
// it. Binding, argument checks with "did you mean", `volley api`, the editor
// stubs and the README's reference are all read from these tables.
//
// A Script is one Lua host (package vm) wired to the engine of its run. The
// host's event loop is the consumer of every Batch: callbacks, handlers and
// generators run there and need no locks, while workers send requests. Where
// a worker needs Lua, for a hook or an auth function, it goes to the loop and
// waits.
//
// A handler script (Handlers) adds hooks to every request of a run: before it
// is sent as a hook of the engine, with its result where the Batch finishes it.
// What they want is a runtime.Decision; requests to send next have a Batch of
// their own. With a pool of VMs the hooks run in parallel, each VM on a
// goroutine of its own, and only plain values cross; what they decided is
// carried out on the script's loop.
//
// Specs reach Lua the same way: RunGo runs Go code as a green thread, an
// Expression is evaluated on it, and a SpecFunction is a function of the
// handler script or a piece of Lua in the spec.
package luaapi
