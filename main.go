// Command volley sends many HTTP requests at once, scripted in Lua.
package main

import (
	"context"
	"os"
	_ "time/tzdata" // volley.time.format knows zones on machines without any

	"volley/runtime/command"
)

func main() {
	os.Exit(command.Main(context.Background(), os.Args, command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
