// Package vm is the Lua host: gopher-lua with green threads, an event loop, a
// sandbox, and the standard functions that gopher-lua gets wrong put right. It
// knows nothing of HTTP.
//
// A green thread is a Go coroutine (iter.Pull) whose stack holds a Lua thread.
// A binding that has to wait calls Task.Park: the switch happens in Go, below
// every Lua boundary, so blocking works under pcall, in metamethods, iterators,
// sort comparators, gsub callbacks, module bodies and user coroutines alike.
//
//	worker ──Deliver──► loop ──step──► Task (fiber: coroutine + Lua thread)
//	                     ▲                │
//	                     └────── Park ◄───┘
//
// One goroutine at a time runs Lua: the one inside Host.Run, or the coroutine
// it has switched to. This is "the loop goroutine" of the comments. Other
// goroutines reach it with Deliver, Interrupt and Task.Kill only.
//
// Whatever is stopped (interrupt, kill, limit, Go panic) unwinds past every
// pcall: the VM asks the guard, the context of all Lua threads, before each
// instruction, and the repaired pcall passes such errors on.
//
// Limits count instructions, and watch the memory of the process while a host
// runs. What allocates much in one step asks before it does: library functions,
// and the two instructions that opcodes.go replaces.
package vm
