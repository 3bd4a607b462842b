package scripts_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// ended is how a command ended.
type ended struct {
	code           int
	stdout, stderr string
}

// noRaceSleep takes out the second for which the race detector holds every
// process back that ends well.
const noRaceSleep = "atexit_sleep_ms=0"

// patience bounds every command that a test starts.
const patience = 2 * time.Minute

// runIn runs a command in dir, with stdin as its input.
func runIn(t *testing.T, dir, stdin string, args ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := commandIn(ctx, dir, args)
	c.Stdin = strings.NewReader(stdin)
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	return ended{exitCode(ctx, t, err), out.String(), errs.String()}
}

// commandIn has an environment of its own: no proxy, no flag of the tester's.
func commandIn(ctx context.Context, dir string, args []string) *exec.Cmd {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir = dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "LC_ALL=C.UTF-8", "GORACE=" + noRaceSleep}
	return c
}

func exitCode(ctx context.Context, t *testing.T, err error) int {
	t.Helper()
	if ctx.Err() != nil {
		t.Fatalf("it did not end within %v", patience)
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return 0
}
