// Command volley sends many HTTP requests at once, scripted in Lua.
package main

import (
	"context"
	"os"
	"runtime/debug"
	_ "time/tzdata" // volley.time.format knows zones on machines without any

	"volley/runtime/cgroup"
	"volley/runtime/command"
)

// gcPercent trades memory, of which a run needs little, for time: at Go's own
// 100 the small heap of a run is collected every few thousand requests. GOGC
// in the environment overrides it.
const gcPercent = 400

// memoryShare is how much of a container's memory, in percent, may be used
// before the collector runs without regard to gcPercent. GOMEMLIMIT in the
// environment overrides it.
const memoryShare = 90

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if limit := cgroup.MemoryLimit(os.DirFS("/")); limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit / 100 * memoryShare)
	}
	os.Exit(command.Main(context.Background(), os.Args, command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
