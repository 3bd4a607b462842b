package luaapi_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/httpbin"
	"volley/runtime/policy"
	"volley/runtime/transport"
)

// contractFolder holds the promises of the Lua API, one file a section, one
// case("LUA 2.4 …", function() … end) a promise.
const contractFolder = "testdata/contract"

// caseLimit ends a case that hangs.
const caseLimit = 10 * time.Second

// TestContract runs every case in a script, engine and client of its own.
func TestContract(t *testing.T) { runFolder(t, contractFolder) }

// runFolder runs the cases of a folder's files.
func runFolder(t *testing.T, folder string) {
	files, chunks := chunksIn(t, folder)
	bin := sharedHTTPBin(t)
	for i, chunk := range chunks {
		t.Run(strings.TrimSuffix(filepath.Base(files[i]), ".lua"), func(t *testing.T) {
			for _, c := range casesIn(t, chunk) {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					runCase(t, chunk, c, bin)
				})
			}
		})
	}
}

// chunksIn compiles the files of a folder.
func chunksIn(t *testing.T, folder string) ([]string, []*vm.Chunk) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.lua"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	chunks := make([]*vm.Chunk, len(files))
	for i, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if chunks[i], err = vm.Compile(filepath.Base(file), src); err != nil {
			t.Fatal(err)
		}
	}
	return files, chunks
}

// contractCase is a promise and what its script is given.
type contractCase struct {
	name           string
	write, private bool              // --allow-write here, --deny-private
	size           int               // --size
	instructions   int               // --max-instructions
	env            map[string]string // the process's environment
	vars           map[string]string // --var
	args           []string          // after --
	netrc          string            // the user's netrc file, which may be read
}

// casesIn runs a file without its cases, for their names.
func casesIn(t *testing.T, chunk *vm.Chunk) []contractCase {
	t.Helper()
	var found []contractCase
	seen := map[string]bool{}
	h := newHarness(t, contractCase{}, nil)
	h.pick = func(c contractCase) bool {
		if seen[c.name] {
			t.Errorf("two cases are called %q", c.name)
		}
		seen[c.name] = true
		found = append(found, c)
		return false
	}
	if err := h.run(chunk); err != nil {
		t.Fatal(err)
	}
	return found
}

func runCase(t *testing.T, chunk *vm.Chunk, c contractCase, bin *sharedBin) {
	h := newHarness(t, c, bin)
	h.pick = func(other contractCase) bool { return other.name == c.name }
	err := h.run(chunk)
	switch {
	case h.ending != "" && err == nil:
		t.Errorf("the script ended well, want an error with %q", h.ending)
	case h.ending != "" && !strings.Contains(err.Error(), h.ending):
		t.Errorf("the script ended with %v, want %q", err, h.ending)
	case h.ending == "" && err != nil:
		t.Errorf("%s\nstderr:\n%s", describe(err), h.stderr.String())
	}
	if !h.unhandledAllowed {
		for _, u := range h.script.Unhandled() {
			t.Errorf("task %d: %v", u.ID, u.Err)
		}
	}
	if h.checks == 0 {
		t.Error("nothing was checked")
	}
}

// describe adds the traceback to a script's error.
func describe(err error) string {
	var e *vm.ScriptError
	if errors.As(err, &e) {
		return err.Error() + "\n" + e.Traceback
	}
	return err.Error()
}

// sharedBin is one go-httpbin for all cases.
type sharedBin struct {
	once   sync.Once
	server *httpbin.Server
	err    error
}

func sharedHTTPBin(t *testing.T) *sharedBin {
	b := &sharedBin{}
	t.Cleanup(func() {
		if b.server != nil {
			_ = b.server.Close() // nothing depends on how it ends
		}
	})
	return b
}

func (b *sharedBin) url() (string, error) {
	b.once.Do(func() { b.server, b.err = httpbin.Start(context.Background(), "127.0.0.1:0") })
	if b.err != nil {
		return "", b.err
	}
	return b.server.URL(), nil
}

// harness is one script with servers to talk to.
type harness struct {
	t      *testing.T
	c      contractCase
	dir    string
	script *luaapi.Script
	engine *runtime.Engine
	client *client.Client
	stdout bytes.Buffer
	stderr bytes.Buffer

	mu      sync.Mutex
	results []recorded

	pick             func(contractCase) bool
	ending           string // what the script's error must say
	unhandledAllowed bool
	checks           int
}

// recorded is what the run's outputs learn of a slot.
type recorded struct {
	ok, handled   bool
	kind, skipped string
	index         int
}

func newHarness(t *testing.T, c contractCase, bin *sharedBin) *harness {
	t.Helper()
	h := &harness{t: t, c: c, dir: t.TempDir()}
	p := h.newPolicy()
	h.client = h.newClient(p)
	h.engine = runtime.NewEngine(context.Background(), runtime.EngineOptions{Executor: h.client, Size: c.size, Record: h.record})
	vars := c.vars
	if vars == nil {
		vars = map[string]string{}
	}
	config := luaapi.Config{
		Engine: h.engine, Client: h.client, Policy: p, Vars: vars, Args: c.args,
		Stdout: &h.stdout, Stderr: &h.stderr, Version: "1.2.3", MaxInstructions: int64(c.instructions),
		Loaders: []func(string) ([]byte, string, error){h.load},
	}
	if bin != nil {
		config.HTTPBin = bin.url
	}
	if c.netrc != "" {
		config.Env = map[string]string{"NETRC": h.writeNetrc()}
	}
	h.script = luaapi.New(config)
	h.bind(h.script.Host().L())
	t.Cleanup(func() { // before the servers end, which wait for their connections
		h.script.Close()
		_ = h.client.Close() // its connections are closed either way
	})
	return h
}

func (h *harness) newPolicy() *policy.Policy {
	config := policy.Config{WorkDir: h.dir, ScriptDir: h.dir, DenyPrivate: h.c.private}
	if h.c.write {
		config.AllowWrite = []string{h.dir}
	}
	p, err := policy.New(config)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *harness) newClient(p *policy.Policy) *client.Client {
	c, err := client.New(client.Config{
		Version: "1.2.3", AllowHost: allowHost(p.Host),
		Environ:   func(name string) string { return h.c.env[name] },
		Transport: transport.Config{Control: p.Address},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// load finds the checks that cases use, and modules that a case wrote.
func (h *harness) load(name string) ([]byte, string, error) {
	if name == "checks" {
		src, err := os.ReadFile(filepath.Join(contractFolder, "lib", "checks.lua"))
		return src, "checks.lua", err
	}
	src, err := os.ReadFile(filepath.Join(h.dir, name+".lua"))
	return src, name + ".lua", err
}

func (h *harness) record(r *runtime.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := recorded{ok: r.OK(), handled: r.Handled, skipped: r.Skipped, index: r.Index}
	if r.Err != nil {
		out.kind = string(r.Err.Kind)
	}
	h.results = append(h.results, out)
}

func (h *harness) run(chunk *vm.Chunk) error {
	ctx, cancel := context.WithTimeout(context.Background(), caseLimit)
	defer cancel()
	err := h.script.Run(ctx, chunk)
	if closing := h.engine.Close(ctx); closing != nil {
		h.t.Errorf("the engine did not end: %v", closing)
	}
	var exit *luaapi.Exit
	if errors.As(err, &exit) {
		return errors.New("exit " + itoa(exit.Code))
	}
	return err
}
