package main

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"

	"volley/runtime/command"
)

// TestMain is the bench's server and clients, and volley itself, when a test
// starts this program again as one of them.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "-server", "-client":
			main()
			return
		case "run":
			os.Exit(command.Main(context.Background(), os.Args, command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		}
	}
	goleak.VerifyTestMain(m)
}
