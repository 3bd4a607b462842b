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
package luaapi
