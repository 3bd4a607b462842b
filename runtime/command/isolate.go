package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"volley/runtime"
	"volley/runtime/httpbin"
	"volley/runtime/transport"
)

// isolatedName is the command that run --isolate starts as a child: run, under
// limits of the system. It is no command for people.
const isolatedName = "isolated-run"

// isolatedMemory is --max-memory under --isolate, when it is not given.
const isolatedMemory = 1 << 30

// sockets opens sockets where the process may not open them itself.
type sockets interface {
	transport.Sockets
	Listen(ctx context.Context, address string) (net.Listener, error)
}

// startHTTPBin starts the built-in server on a free port of loopback.
func (env *environment) startHTTPBin(ctx context.Context) (*httpbin.Server, error) {
	if env.sockets == nil {
		return httpbin.Start(ctx, "")
	}
	l, err := env.sockets.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, runtime.Errorf(runtime.KindIO, "httpbin cannot listen: %w", err)
	}
	return httpbin.Serve(l), nil
}

func isolatedCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: isolatedName, Hidden: true, Usage: "the child of run --isolate", Flags: runFlags(),
		Action: func(c *cli.Context) error {
			settings, err := readRunSettings(c, env)
			if err != nil {
				return err
			}
			if err := confineProcess(settings, env); err != nil {
				return err
			}
			return ended(newRun(settings, env).execute(c.Context))
		},
	}
}

// ended is the failure of a run that was told of already.
func ended(code int) error {
	if code == exitOK {
		return nil
	}
	return &failure{code: code}
}

// readIsolation reads --max-memory as --isolate wants it: the system holds the
// process to it as well, so there must be one.
func (s *runSettings) readIsolation(memory string) error {
	switch {
	case memory == "":
		s.maxMemory = min(s.maxMemory, isolatedMemory)
	case s.maxMemory == 0:
		return usage("--isolate needs a limit of memory, not --max-memory 0")
	}
	return nil
}

// writesFiles reports whether anything of the run may write a regular file.
func (s *runSettings) writesFiles() bool {
	if s.unsafe || len(s.allowWrite)+len(s.outputs)+len(s.reports) > 0 {
		return true
	}
	return s.runsSpec() // which may name outputs
}

// runsSpec reports whether not all the files are scripts.
func (s *runSettings) runsSpec() bool {
	return slices.ContainsFunc(s.files, func(f string) bool {
		kind, err := kindOf(f, s.kind)
		return err != nil || kind != "lua"
	})
}

// goCrash is the exit code of a Go program whose runtime gave up.
const goCrash = 2

// crashFilter passes on what a child writes to its standard error, up to where
// Go's runtime begins to report a crash. That is kept until it is known how
// the child ended.
type crashFilter struct {
	to      io.Writer
	midline bool
	held    bytes.Buffer
	off     bool // it was too long for a crash report
}

const longestReport = 1 << 20

// Write implements io.Writer.
func (f *crashFilter) Write(p []byte) (int, error) {
	rest := p
	for f.held.Len() == 0 && len(rest) > 0 {
		line := rest
		if end := bytes.IndexByte(rest, '\n'); end >= 0 {
			line = rest[:end+1]
		}
		if !f.midline && !f.off && reportsCrash(line) {
			break
		}
		if _, err := f.to.Write(line); err != nil {
			return 0, err
		}
		f.midline = line[len(line)-1] != '\n'
		rest = rest[len(line):]
	}
	f.held.Write(rest)
	if f.held.Len() > longestReport {
		f.off = true
		f.release()
	}
	return len(p), nil
}

func reportsCrash(line []byte) bool {
	for _, begin := range []string{"fatal error: ", "runtime: ", "panic: ", "SIG"} {
		if bytes.HasPrefix(line, []byte(begin)) {
			return true
		}
	}
	return false
}

// release passes on what turned out to be no crash.
func (f *crashFilter) release() {
	_, _ = f.held.WriteTo(f.to) // there is nowhere to report that stderr is gone
}

// crashed tells what a crash report is about. The report of a bug follows it.
func crashed(f *crashFilter) error {
	report := f.held.String()
	kind, why := runtime.KindInternal, "the isolated process crashed; this is a bug in volley:\n"+report
	switch {
	case strings.Contains(report, "out of memory"), strings.Contains(report, "cannot allocate memory"):
		kind, why = runtime.KindScriptMemory, "the isolated process used up the memory that it may have; raise --max-memory"
	case strings.Contains(report, "stack exceeds"):
		kind, why = runtime.KindScriptStack, "the isolated process used up its stack"
	}
	return &failure{code: exitScript, message: fmt.Sprintf("%s: %s", kind, why)}
}
