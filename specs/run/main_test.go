package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/secret"
	"volley/specs"
	"volley/specs/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site answers /ok, /fail (500), /status/N and /json/N with what it was
// asked, and remembers the order.
type site struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string // "GET /ok?x=1"
	more map[string]http.HandlerFunc
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{more: map[string]http.HandlerFunc{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+r.URL.RequestURI())
	more := s.more[r.URL.Path]
	s.mu.Unlock()
	if more != nil {
		more(w, r)
		return
	}
	status := 200
	if strings.HasPrefix(r.URL.Path, "/fail") {
		status = 500
	}
	if n, ok := strings.CutPrefix(r.URL.Path, "/status/"); ok {
		status, _ = strconv.Atoi(n)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"path": r.URL.Path, "query": r.URL.RawQuery, "method": r.Method, "headers": r.Header, "body": string(body)})
}

func (s *site) handle(path string, f http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more[path] = f
}

func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// outcome is what a run left behind.
type outcome struct {
	results   []*runtime.Result
	err       error
	warnings  []string
	announced int
	secrets   *secret.Set
}

// options change a run of the harness.
type options struct {
	size  int
	ctx   context.Context
	hooks *fakeHooks
	vars  map[string]string
	stdin io.Reader
	env   map[string]string
	files map[string]string                      // beside the spec
	with  func(*runtime.Engine, *runtime.Result) // sees each result
	drop  bool                                   // results are counted only
	count func(*runtime.Result)
	save  func(path string) (run.File, error)
}

func load(t testing.TB, text string, o options) *specs.Spec {
	t.Helper()
	dir := t.TempDir()
	for name, content := range o.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spec, problems := specs.Load(filepath.Join(dir, "spec.yaml"), []byte(text), specs.Options{ReadFile: os.ReadFile, Vars: o.vars})
	if problems.Err() != nil {
		var b strings.Builder
		_ = problems.Text(&b, false)
		t.Fatalf("the spec has problems:\n%s", b.String())
	}
	return spec
}

func newEngine(t testing.TB, size int, record func(*runtime.Result)) (*runtime.Engine, *client.Client) {
	t.Helper()
	c, err := client.New(client.Config{Environ: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	e := runtime.NewEngine(context.Background(), runtime.EngineOptions{Executor: c, Size: size, Record: record})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, c
}

// execute runs a spec to its end.
func execute(t testing.TB, text string, o options) *outcome {
	t.Helper()
	out := &outcome{secrets: &secret.Set{}}
	var engine *runtime.Engine
	engine, c := newEngine(t, o.size, func(r *runtime.Result) {
		if o.count != nil {
			o.count(r)
		}
		if !o.drop {
			out.results = append(out.results, r)
		}
		if o.with != nil {
			o.with(engine, r)
		}
	})
	spec := load(t, text, o)
	given, problems := spec.Resolve(func(name string) (string, bool) { v, ok := o.env[name]; return v, ok }, os.ReadFile)
	if problems.Err() != nil {
		t.Fatal(problems.Err())
	}
	config := run.Config{
		Engine: engine, Client: c, ID: "run-1", Given: given, Secrets: out.secrets, Stdin: o.stdin, Create: o.save,
		Warn:     func(text string) { out.warnings = append(out.warnings, text) },
		Announce: func(total int) { out.announced = total },
	}
	if o.hooks != nil {
		config.Hooks, config.Consumer, config.Waiter = o.hooks, &o.hooks.inbox, &o.hooks.inbox
	}
	r, err := run.New(spec, config)
	if err != nil {
		out.err = err
		return out
	}
	if o.ctx == nil {
		o.ctx = context.Background()
	}
	out.err = r.Execute(o.ctx)
	return out
}

// tally says "ok 3 failed 1 skipped when 2 need 0 stop 0" in short.
func (o *outcome) tally() string {
	n := map[string]int{}
	for _, r := range o.results {
		n[stateOf(r)]++
	}
	var parts []string
	for _, state := range []string{"ok", "failed", "when", "need", "stop"} {
		if n[state] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", state, n[state]))
		}
	}
	return strings.Join(parts, " ")
}

func stateOf(r *runtime.Result) string {
	switch {
	case r.Skipped != "":
		return r.Skipped
	case r.OK():
		return "ok"
	default:
		return "failed"
	}
}

// states lists "name[row]=state" sorted.
func (o *outcome) states() []string {
	var out []string
	for _, r := range o.results {
		text := r.Request.Name
		if r.Row != nil {
			text += "[" + strconv.Itoa(r.Row.Index) + "]"
		}
		out = append(out, text+"="+stateOf(r))
	}
	slices.Sort(out)
	return out
}

func (o *outcome) find(name string) *runtime.Result {
	for _, r := range o.results {
		if r.Request.Name == name {
			return r
		}
	}
	return nil
}

// once fails the test when two results share a batch and an index.
func (o *outcome) once(t *testing.T) {
	t.Helper()
	seen := map[[2]int]bool{}
	for _, r := range o.results {
		at := [2]int{r.Batch, r.Index}
		if seen[at] {
			t.Errorf("batch %d index %d was recorded twice", r.Batch, r.Index)
		}
		seen[at] = true
	}
}

// answering returns a handler that sends that JSON.
func answering(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}
}
