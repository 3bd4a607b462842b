package scripts_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"volley/runtime/httpbin"
)

// TestCommandLine runs testdata/*.txtar: volley from its user's point of view.
// Besides testscript's own commands they have
//
//	exits CODE COMMAND ARGS…
//
// which runs a command as exec does and checks the exit code.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", noRaceSleep)
			if err := serveHTTPBin(env); err != nil {
				return err
			}
			return serveTLS(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// serveHTTPBin gives each script a go-httpbin, at $HTTPBIN.
func serveHTTPBin(env *testscript.Env) error {
	server, err := httpbin.Start(context.Background(), "")
	if err != nil {
		return err
	}
	env.Defer(func() { _ = server.Close() }) // what it still does serves nobody
	env.Setenv("HTTPBIN", server.URL())
	return nil
}

// serveTLS gives each script a server with a certificate of its own, at $TLS,
// and what vouches for it, ca.pem.
func serveTLS(env *testscript.Env) error {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that refuse the certificate are what is tested
	server.StartTLS()
	env.Defer(server.Close)
	env.Setenv("TLS", server.URL)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return os.WriteFile(filepath.Join(env.WorkDir, "ca.pem"), ca, 0o600)
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
