package luaapi

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/httpbin"
	"volley/runtime/policy"
)

// library is a folder with a script's configuration, for code that uses the
// library functions.
type library struct {
	dir    string
	config Config
	stdout bytes.Buffer
	stderr bytes.Buffer
}

// newLibrary makes a folder that scripts may read and write.
func newLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{dir: t.TempDir()}
	p, err := policy.New(policy.Config{WorkDir: l.dir, AllowWrite: []string{l.dir}, AllowEnv: []string{"VOLLEY_TEST_GRANTED"}})
	if err != nil {
		t.Fatal(err)
	}
	l.config = Config{
		Policy: p, Version: "1.2.3", Stdout: &l.stdout, Stderr: &l.stderr,
		Emit: func(any) error { return nil },
	}
	return l
}

func (l *library) put(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs code in a script of its own.
func (l *library) run(t *testing.T, code string) error {
	t.Helper()
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	config := l.config
	config.Client = c
	config.Engine = runtime.NewEngine(t.Context(), runtime.EngineOptions{Executor: c})
	s := New(config)
	defer func() {
		err := config.Engine.Close(t.Context())
		s.Close()
		if err := errors.Join(err, c.Close()); err != nil {
			t.Error(err)
		}
	}()
	chunk, err := vm.Compile("test.lua", []byte(code))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, code)
	}
	return s.Run(t.Context(), chunk)
}

// pass runs code that asserts.
func (l *library) pass(t *testing.T, code string) {
	t.Helper()
	if err := l.run(t, code); err != nil {
		t.Errorf("%v\n%s", err, code)
	}
}

// raises runs code that must raise an Error of that kind with that text.
func (l *library) raises(t *testing.T, code string, kind runtime.Kind, text string) {
	t.Helper()
	err := l.run(t, code)
	var e *runtime.Error
	switch {
	case err == nil:
		t.Errorf("nothing was raised by\n%s", code)
	case !errors.As(err, &e):
		t.Errorf("got %v, want an Error of kind %s, from\n%s", err, kind, code)
	case e.Kind != kind || !strings.Contains(e.Message, text):
		t.Errorf("got %s: %s\nwant %s: …%s…\nfrom %s", e.Kind, e.Message, kind, text, code)
	}
}

// serveHTTPBin starts the demo server and returns its URL.
func serveHTTPBin(t *testing.T) string {
	t.Helper()
	server, err := httpbin.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL()
}
