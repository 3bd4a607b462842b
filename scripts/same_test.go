package scripts_test

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime/httpbin"
)

// TestSameRequests writes twelve requests as a script, as a spec, and as a spec
// of which functions in Lua do a part. Apart from times and names made up for
// the occasion their records are the same, in every field.
func TestSameRequests(t *testing.T) {
	t.Parallel()
	server, err := httpbin.Start(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // what it still does serves nobody
	script := sameRecords(t, "script.lua", server.URL(), 0)
	if len(script) != 12 {
		t.Fatalf("%d records of twelve requests", len(script))
	}
	for _, file := range []string{"spec.yaml", "spec_handlers.yaml"} {
		if diff := cmp.Diff(script, sameRecords(t, file, server.URL(), 1)); diff != "" { // a spec's failures count
			t.Errorf("script.lua (-) and %s (+) differ:\n%s", file, diff)
		}
	}
}

// sameRecords returns the records of a run by the names of their requests.
func sameRecords(t *testing.T, file, base string, code int) map[string]map[string]any {
	t.Helper()
	results := filepath.Join(t.TempDir(), "all.ndjson")
	got := runIn(t, "testdata/same", "", "volley", "run", file, "--var", "base="+base, "--record", "all", "-o", results)
	if got.code != code || got.stdout != "" {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", file, got.code, code, got.stdout, got.stderr)
	}
	_, lines, _ := strings.Cut(readFile(t, results), "\n")
	out := map[string]map[string]any{}
	for line := range strings.Lines(lines) {
		var r map[string]any
		if err := json.Unmarshal([]byte(alike(line)), &r); err != nil {
			t.Fatal(err)
		}
		for _, varies := range []string{"run", "start"} {
			delete(r, varies)
		}
		maps.DeleteFunc(r["timings"].(map[string]any), func(_ string, v any) bool { _, number := v.(float64); return number })
		out[r["name"].(string)] = r
	}
	return out
}

// alike replaces what is another in each run: boundaries and dates.
func alike(line string) string {
	line = regexp.MustCompile(`\b[0-9a-f]{32}\b`).ReplaceAllString(line, "BOUNDARY")
	return regexp.MustCompile(`\["Date","[^"]*"\]`).ReplaceAllString(line, `["Date","DATE"]`)
}
