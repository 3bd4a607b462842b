// Command volley sends many HTTP requests at once, scripted in Lua.
package main

import (
	"context"
	"os"
	"runtime/debug"
	_ "time/tzdata" // volley.time.format knows zones on machines without any

	"volley/runtime/cgroup"
	"volley/runtime/command"
	"volley/runtime/gcpace"
)

// memoryShare is how much of a container's memory, in percent, may be used
// before the collector runs without regard to how little is garbage.
// GOMEMLIMIT in the environment overrides it.
const memoryShare = 90

func main() {
	if os.Getenv("GOGC") == "" {
		gcpace.Start()
	}
	if limit := cgroup.MemoryLimit(os.DirFS("/")); limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit / 100 * memoryShare)
	}
	os.Exit(command.Main(context.Background(), os.Args, command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
