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
// A slot of Size is what a request is sent in and what it keeps until its
// Result is taken. One that must wait longer than a moment, for a host that
// asked for a pause (Retry-After, RateLimit), for a rate or a slot of its host,
// or for its next attempt, gives its slot up meanwhile, so that other hosts go
// on; it gets one back before anything new is pulled. Batch.Again sends a
// Result's request once more in the same way. Only the consumer counts slots:
// workers tell it what they give up and want.
//
// What a host bears is watched per host: PerHost.Auto finds its rate, a Breaker
// gives up on it for a while. A Batch that is Last cleans up, also after the
// run was stopped or cancelled.
//
// The Executor chain is built from Middleware: retry and rate outside, a
// client Session inside, a transport at the end. Whatever fails is an *Error
// with a Kind, classified once, where it happened.
//
// The package imports nothing else of volley, no Lua and no YAML. It shadows
// the standard library's package of the same name: a file that needs both
// imports that one as goruntime.
package runtime
