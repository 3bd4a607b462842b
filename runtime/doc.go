// Package runtime holds the words every part of volley shares, and the
// execution of requests.
//
// A Source yields Requests. A Batch pulls them, one when a slot is free, and
// hands each to a worker that runs Executor.Do. Results come back to the one
// goroutine that consumes the Batch: the event loop of a script, or the main
// goroutine of a spec. That goroutine alone calls the Source, callbacks and
// sinks, so none of them needs a lock.
//
//	Source ─► Batch(size) ─► worker: Executor.Do ─► Result ─► consumer, sinks
//
// The Executor chain is built from Middleware: retry and rate outside, a
// client Session inside, a transport at the end. Whatever fails is an *Error
// with a Kind, classified once, where it happened.
//
// The package imports nothing else of volley, no Lua and no YAML. It shadows
// the standard library's package of the same name: a file that needs both
// imports that one as goruntime.
package runtime
