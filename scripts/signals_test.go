package scripts_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pausing answers /slow after a while and /hold never, and tells of each
// request.
func pausing(t *testing.T) (url string, arrived <-chan struct{}) {
	t.Helper()
	came := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		if r.URL.Path == "/hold" {
			<-r.Context().Done()
			return
		}
		time.Sleep(500 * time.Millisecond)
		_, _ = io.WriteString(w, "whole")
	}))
	t.Cleanup(server.Close)
	return server.URL, came
}

// signalled runs a command whose standard input stays open, and sends it the
// signals when its first request has arrived.
func signalled(t *testing.T, dir, stdin string, arrived <-chan struct{}, signals []syscall.Signal, args ...string) (ended, time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := commandIn(ctx, dir, append([]string{"volley"}, args...))
	var out strings.Builder
	c.Stdout = &out
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, stdin); err != nil {
		t.Fatal(err)
	}
	said, messages := make(chan string, 16), make(chan string, 1)
	go func() { messages <- follow(errs, said) }()
	select {
	case <-arrived:
	case <-ctx.Done():
		t.Fatal("no request came")
	}
	first := time.Now()
	for i, sig := range signals {
		if err := c.Process.Signal(sig); err != nil {
			t.Errorf("signal %d: %v", i+1, err)
		}
		if i == 0 {
			<-said // two signals at once are one
		}
	}
	stderr := <-messages
	code := exitCode(ctx, t, c.Wait())
	return ended{code, out.String(), stderr}, time.Since(first)
}

// outcomes are the ok, kind and skipped of the records in lines of NDJSON.
func outcomes(t *testing.T, text string) (ok, cancelled, skipped int) {
	t.Helper()
	for line := range strings.Lines(text) {
		var record struct {
			Index   int
			OK      bool
			Kind    string
			Skipped string
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		switch {
		case record.Index == 0: // the line that names the run
		case record.OK:
			ok++
		case record.Kind == "cancelled":
			cancelled++
		case record.Skipped == "stop":
			skipped++
		default:
			t.Errorf("record %s", line)
		}
	}
	return ok, cancelled, skipped
}

const signalSpec = `
volley: 1
data: {rows: {range: [1, 3]}}
requests:
  - {foreach: rows, url: "${{ vars.url }}"}
`

// TestSignals (rows 153, 154) for send and specs; TestFirstSignal and those
// beside it are the same for scripts. One signal lets what is in flight end
// and begins nothing more, a second cancels it; outputs are whole either way.
func TestSignals(t *testing.T) {
	t.Parallel()
	one, two := []syscall.Signal{syscall.SIGINT}, []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}
	term := []syscall.Signal{syscall.SIGTERM}
	for name, c := range map[string]struct {
		args    []string
		path    string
		stdin   string
		signals []syscall.Signal
		done    int // records of requests that were answered
		left    int // of those that were not
	}{
		"send, one":         {[]string{"send", "-v", "URL"}, "/slow", "", one, 1, 0},
		"send, one, twice":  {[]string{"send", "-v", "URL"}, "/hold", "", two, 0, 1},
		"send, many":        {[]string{"send", "--size", "1", "URL", "URL", "URL", "-o", "out.ndjson"}, "/slow", "", term, 1, 2},
		"send, many, twice": {[]string{"send", "--size", "1", "URL", "URL", "URL", "-o", "-", "-o", "out.ndjson"}, "/hold", "", two, 0, 3},
		"send -":            {[]string{"send", "-"}, "/slow", "URL\n", one, 1, 0},
		"send -, twice":     {[]string{"send", "-"}, "/hold", "URL\n", two, 0, 1},
		"spec":              {[]string{"run", "--size", "1", "--var", "url=URL", "-o", "-", "-o", "out.ndjson", "s.yaml"}, "/slow", "", one, 1, 2},
		"spec, twice":       {[]string{"run", "--size", "1", "--var", "url=URL", "-o", "-", "-o", "out.ndjson", "s.yaml"}, "/hold", "", two, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, arrived := pausing(t)
			fill := strings.NewReplacer("URL", url+c.path)
			args := make([]string, len(c.args))
			for i, a := range c.args {
				args[i] = fill.Replace(a)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(signalSpec), 0o600); err != nil {
				t.Fatal(err)
			}
			got, took := signalled(t, dir, fill.Replace(c.stdin), arrived, c.signals, args...)
			if got.code != 130 || took >= grace {
				t.Errorf("exit code %d after %v\n%s", got.code, took, got.stderr)
			}
			if strings.HasPrefix(name, "send, one") {
				if want := strings.Repeat("whole", c.done); got.stdout != want {
					t.Errorf("it printed %q, want %q", got.stdout, want)
				}
				return
			}
			if ok, cancelled, skipped := outcomes(t, got.stdout); ok != c.done || cancelled+skipped != c.left {
				t.Errorf("%d ok, %d cancelled, %d skipped; want %d and %d\n%s", ok, cancelled, skipped, c.done, c.left, got.stdout)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "out.ndjson")); err == nil {
				if ok, cancelled, skipped := outcomes(t, string(text)); ok+cancelled+skipped != c.done+c.left {
					t.Errorf("the file holds %d records", ok+cancelled+skipped)
				}
			} else if slices.Contains(args, "out.ndjson") {
				t.Error(err)
			}
		})
	}
}
