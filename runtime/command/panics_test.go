package command

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volley/runtime"
	"volley/runtime/policy"
)

const hiddenText = "s3cret-of-the-panic"

// brittle panics when it is written to, with a secret in what it says.
type brittle struct{}

func (brittle) Write([]byte) (int, error) { panic("torn: " + hiddenText) }

// fragile is an output that panics at the methods it is hiddenText.
type fragile struct{ flush, emit, close bool }

func (f *fragile) Write(*runtime.Result) error { return nil }
func (f *fragile) Flush() error                { return f.panic(f.flush) }
func (f *fragile) Emit(any) error              { return f.panic(f.emit) }
func (f *fragile) Close() error                { return f.panic(f.close) }

func (f *fragile) panic(yes bool) error {
	if yes {
		panic("torn: " + hiddenText)
	}
	return nil
}

// panicking runs a file with NDJSON beside it, after change has put something
// in that panics, and returns what was said and the records.
func panicking(t *testing.T, name, text string, change func(*run, []program)) (code int, said string, records []string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "URL", server.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.ndjson")
	var stderr bytes.Buffer
	r := newRun(&runSettings{files: []string{file}, strict: true, commonSettings: commonSettings{size: 2, quiet: true, outputs: []string{out}, record: "none"}}, &environment{})
	programs, ok := r.compile()
	if !ok {
		t.Fatal("it does not compile")
	}
	ctx := context.Background()
	if err := r.open(ctx, policy.Config{}); err != nil {
		t.Fatal(err)
	}
	if err := r.openOutputs(); err != nil {
		t.Fatal(err)
	}
	r.secrets.Add(hiddenText)
	r.stderr = r.mask(&stderr)
	change(r, programs)
	r.perform(ctx, programs)
	r.close()
	whole, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(whole)) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a record is %q", line)
		}
		records = append(records, line)
	}
	if strings.Contains(stderr.String()+string(whole), hiddenText) {
		t.Errorf("a secret is hiddenText:\n%s%s", &stderr, whole)
	}
	return r.outcome.code(), stderr.String(), records[1:]
}

// TestPanics: wherever volley itself goes wrong there is one error with the
// stack, masked; the run ends, what is done is recorded, and others go on.
func TestPanics(t *testing.T) {
	const three = "volley: 1\nrequests:\n  - {url: URL/1}\n  - {url: URL/2, HOOK}\n  - {url: URL/3}\n"
	const spec, withLua = "volley: 1\nrequests: [{url: URL}]\n", "volley: 1\nrequests: [{url: \"URL/${{ 1 + 1 }}\"}]\n"
	stdout := func(r *run, _ []program) { r.stdout.w = brittle{} }
	// What no spec comes to that was checked: no set of expectations.
	halved := func(_ *run, programs []program) { programs[0].(*specFile).spec.Requests[0].Expect = nil }
	beside := func(f *fragile) func(*run, []program) {
		return func(r *run, _ []program) { r.sinks = append([]runtime.Sink{f}, r.sinks...) }
	}
	for name, c := range map[string]struct {
		file, text string
		change     func(*run, []program)
		code       int
		records    int // -1: as many as there were until then
		failed     int // of them, with kind internal
	}{
		"script":          {"s.lua", "volley.get('URL'):send() print('x')", stdout, exitScript, 1, 0},
		"pcall":           {"s.lua", "volley.get('URL'):send() pcall(print, 'x')", stdout, exitScript, 1, 0},
		"task":            {"s.lua", "volley.spawn(function() print('x') end) volley.get('URL'):send()", stdout, exitOK, 1, 0},
		"callback":        {"s.lua", "volley.map({volley.get('URL', {callback = function() print('x') end}), volley.get('URL')})", stdout, exitFailed, 2, 1},
		"hook":            {"s.yaml", strings.ReplaceAll(three, "HOOK", `on_response: {lua: "print('x')"}`), stdout, exitFailed, 3, 1},
		"request hook":    {"s.yaml", strings.ReplaceAll(three, "HOOK", `on_request: {lua: "print('x')"}`), stdout, exitFailed, 3, 1},
		"template":        {"s.yaml", strings.ReplaceAll(three, "HOOK", `params: {a: "${{ print('x') or 1 }}"}`), stdout, exitScript, -1, 0},
		"expectation":     {"s.yaml", strings.ReplaceAll(three, "HOOK", `expect: {lua: "print('x') or true"}`), stdout, exitScript, -1, 0},
		"spec":            {"s.yaml", spec, halved, exitScript, 0, 0},
		"spec, in Lua":    {"s.yaml", withLua, halved, exitScript, 0, 0},
		"output, flushed": {"s.lua", "volley.get('URL'):send() volley.sleep(60)", beside(&fragile{flush: true}), exitOutput, 1, 0},
		"output, closed":  {"s.lua", "volley.get('URL'):send()", beside(&fragile{close: true}), exitOutput, 1, 0},
		"output, emitted": {"s.lua", "volley.get('URL'):send() volley.emit({})", beside(&fragile{emit: true}), exitOutput, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			code, said, records := panicking(t, c.file, c.text, c.change)
			failed := 0
			for _, r := range records {
				if strings.Contains(r, `"kind":"internal"`) {
					failed++
				}
			}
			if code != c.code || c.records >= 0 && len(records) != c.records || failed != c.failed {
				t.Errorf("exit code %d, %d records, %d internal; want %d, %d, %d\n%s\n%s", code, len(records), failed, c.code, c.records, c.failed, said, records)
			}
			if strings.Count(said, "this is a bug in volley") != 1 || !strings.Contains(said, "torn: ***") && !strings.Contains(said, "nil pointer") || !strings.Contains(said, "goroutine ") {
				t.Errorf("it says\n%s", said)
			}
		})
	}
}
