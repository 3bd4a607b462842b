package scripts_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// specExample is what an example must come to.
type specExample struct {
	ok, failed, skipped int
	planned             string // the first line of volley plan
	entries             []string
	said                []string                                         // lines of standard error, patterns in order
	look                func(t *testing.T, dir string, want specExample) // nil: there is nothing else
}

var specExamples = map[string]specExample{
	"smoke.yaml": {ok: 2, planned: "2 requests", entries: []string{"", "delayed"}},
	"bulk_update.yaml": {
		ok: 4, planned: "4 requests", entries: []string{"update", "update", "update", "update"}, look: lookAtBulkUpdate,
	},
	"chain.yaml": {
		ok: 7, skipped: 1, planned: "about 4 requests",
		entries: []string{"", "list", "list", "list", "login", "rebuild", "rebuild", "rebuild"},
	},
	"migration.yaml": {
		ok: 14, skipped: 4, planned: "14 requests", look: lookAtMigration,
		entries: slices.Concat(slices.Repeat([]string{"read"}, 6), slices.Repeat([]string{"verify"}, 6), slices.Repeat([]string{"write"}, 6)),
		said:    []string{`info: migrated: 14 ok, 0 failed, 4 skipped`},
	},
	"backfill.yaml": {
		ok: 60, planned: "60 requests",
		entries: slices.Concat(slices.Repeat([]string{"confirm"}, 20), slices.Repeat([]string{"create"}, 20), slices.Repeat([]string{"remove"}, 20)),
	},
	"checks.yaml": {ok: 5, planned: "5 requests", entries: []string{"gone", "json", "page", "robots", "teapot"}},
	"compare.yaml": {
		ok: 8, planned: "8 requests",
		entries: slices.Concat(slices.Repeat([]string{"new"}, 4), slices.Repeat([]string{"old"}, 4)),
	},
	"handlers.yaml": {
		ok: 4, failed: 1, planned: "about 5 requests", entries: []string{"nobody", "patient", "signed", "signed", "signed"},
		said: []string{`info: nobody there: connect`, `info: \d answers with 200, 4 of 5 ok`, ` +1 handled by the script, 0 not`},
	},
	"matrix.yaml": {
		ok: 13, planned: "13 requests",
		entries: slices.Concat(slices.Repeat([]string{"pairs"}, 2), slices.Repeat([]string{"product"}, 11)),
	},
	"pagination.yaml": {
		ok: 6, planned: "about 2 requests", entries: []string{"pages", "pages", "pages", "pages", "pages", "report"},
	},
	"poll.yaml":   {ok: 2, planned: "about 2 requests", entries: []string{"job", "result"}},
	"upload.yaml": {ok: 2, planned: "2 requests", entries: []string{"each", "upload"}},
}

const examplesOfSpecs = "../specs/examples"

// specFolder is a folder with the examples of specs where they lie in the
// repository.
func specFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "specs/examples"), os.DirFS(examplesOfSpecs)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func specNames(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(examplesOfSpecs), "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	return names
}

const (
	apiToken = "t0ken-of-the-api"
	password = "pa55word of PW"
)

// withSecrets runs volley with the environment that the examples ask for.
func withSecrets(t *testing.T, dir string, args ...string) ended {
	t.Helper()
	return runIn(t, dir, "", append([]string{"env", "API_TOKEN=" + apiToken, "PW=" + password, "volley"}, args...)...)
}

// TestSpecs runs each example as the README says: volley run FILE, in the
// repository's root. The account closes, and no output tells a secret.
func TestSpecs(t *testing.T) {
	t.Parallel()
	for _, name := range specNames(t) {
		want, known := specExamples[name]
		if !known {
			t.Errorf("%s: what it does is not tested", name)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := specFolder(t)
			got := withSecrets(t, dir, "run", "specs/examples/"+name, "-o", "all.ndjson")
			if got.code != 0 || got.stdout != "" {
				t.Fatalf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
			}
			account := fmt.Sprintf(`%d done = %d ok \+ %d failed \+ %d skipped, .*`, want.ok+want.failed+want.skipped, want.ok, want.failed, want.skipped)
			for _, line := range append(want.said, account) {
				expectLines(t, got.stderr, []string{line})
			}
			checkEntries(t, recordsIn(t, readFile(t, filepath.Join(dir, "all.ndjson"))), want)
			if want.look != nil {
				want.look(t, dir, want)
			}
			noSecretsBelow(t, dir, got.stderr)
		})
	}
}

// record is what these tests read of a line of results.
type record struct {
	Batch, Index int
	OK           bool
	Name         string
	Skipped      string
	Status       int
	Error        string
	Kind         string
	Request      struct {
		Method, URL string
		Headers     [][2]string
	}
	Row      any
	Captures map[string]any
	Meta     any
}

// recordsIn reads results, without the line of the run.
func recordsIn(t *testing.T, text string) []record {
	t.Helper()
	head, rest, _ := strings.Cut(text, "\n")
	if !strings.Contains(head, `"started":`) {
		t.Fatalf("the first line is not the run's: %s", head)
	}
	var out []record
	for line := range strings.Lines(rest) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		out = append(out, r)
	}
	return out
}

// checkEntries: there is one record for each request, of the entries and with
// the outcomes that are wanted.
func checkEntries(t *testing.T, records []record, want specExample) {
	t.Helper()
	var ok, skipped int
	var names []string
	places := map[string]bool{}
	for _, r := range records {
		names = append(names, r.Name)
		places[fmt.Sprint(r.Batch, " ", r.Index)] = true
		switch {
		case r.OK:
			ok++
		case r.Skipped != "":
			skipped++
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff(want.entries, names); diff != "" {
		t.Errorf("entries: want (-), got (+)\n%s", diff)
	}
	if ok != want.ok || skipped != want.skipped || len(records) != want.ok+want.failed+want.skipped || len(places) != len(records) {
		t.Errorf("%d records at %d places, %d ok, %d skipped", len(records), len(places), ok, skipped)
	}
}

func lookAtBulkUpdate(t *testing.T, dir string, _ specExample) {
	lines := strings.Split(strings.TrimSuffix(readFile(t, filepath.Join(dir, "results.csv")), "\n"), "\n")
	if lines[0] != "row.id,status,elapsed,attempts,error" {
		t.Errorf("the header is %s", lines[0])
	}
	slices.Sort(lines[1:])
	whole := regexp.MustCompile(`^(100\d),200,0?\.?[0-9.e-]+,1,$`)
	for i, line := range lines[1:] {
		if m := whole.FindStringSubmatch(line); m == nil || m[1] != fmt.Sprint(1001+i) {
			t.Errorf("line %d: %s", i+2, line)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d lines of results for 4 rows", len(lines)-1)
	}
	if text := readFile(t, filepath.Join(dir, "failed.csv")); text != "" {
		t.Errorf("nothing failed, but there is %q", text)
	}
}

func lookAtMigration(t *testing.T, dir string, want specExample) {
	packed, err := gzip.NewReader(strings.NewReader(readFile(t, filepath.Join(dir, "out/results.ndjson.gz"))))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(packed); err != nil {
		t.Fatal(err)
	}
	checkEntries(t, recordsIn(t, text.String()), want)
	if failed := readFile(t, filepath.Join(dir, "out/failed.jsonl")); failed != "" {
		t.Errorf("nothing failed, but there is %q", failed)
	}
	suite := suiteIn(t, filepath.Join(dir, "out/junit.xml"))
	if suite.Tests != 18 || suite.Failures != 0 || suite.Errors != 0 || suite.Skipped != 4 || len(suite.Suites) != 1 || len(suite.Suites[0].Cases) != 18 {
		t.Errorf("the report: %+v", suite)
	}
}

// suites is what these tests read of a JUnit report.
type suites struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
	Suites   []struct {
		Cases []struct {
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func suiteIn(t *testing.T, file string) suites {
	t.Helper()
	var out suites
	if err := xml.Unmarshal([]byte(readFile(t, file)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// noSecretsBelow: neither text nor any file below dir holds a secret.
func noSecretsBelow(t *testing.T, dir string, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			texts = append(texts, readFile(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if strings.Contains(text, apiToken) || strings.Contains(text, password) {
			t.Errorf("a secret in\n%s", text)
		}
	}
}

func TestSpecsAreChecked(t *testing.T) {
	t.Parallel()
	args := []string{"volley", "check"}
	for _, name := range specNames(t) {
		args = append(args, filepath.Join(examplesOfSpecs, name))
		if !strings.HasPrefix(readFile(t, filepath.Join(examplesOfSpecs, name)), "# ") {
			t.Errorf("%s: no comment on top", name)
		}
	}
	if got := runIn(t, ".", "", args...); got.code != 0 || got.stdout+got.stderr != "" {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// plan is what these tests read of volley plan --json.
type plan struct {
	Total    int
	Exact    bool
	Requests []struct{ Method, URL string }
}

// TestSpecPlans plans each example for a base where somebody listens, to whom
// nobody must come.
func TestSpecPlans(t *testing.T) {
	t.Parallel()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing was sent over it
	t.Run("each", func(t *testing.T) {
		for _, name := range specNames(t) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				planSpec(t, name, "http://"+listener.Addr().String())
			})
		}
	})
	if err := listener.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil { // who came waits in the backlog
		t.Fatal(err)
	}
	if conn, err := listener.Accept(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a plan connected: %v, %v", conn, err)
	}
}

func planSpec(t *testing.T, name, base string) {
	dir := specFolder(t)
	planned := func(flags ...string) string {
		got := withSecrets(t, dir, append([]string{"plan", "specs/examples/" + name, "--var", "base=" + base, "--var", "old=" + base}, flags...)...)
		if got.code != 0 || got.stderr != "" {
			t.Errorf("%v: exit code %d\n%s", flags, got.code, got.stderr)
		}
		noSecretsBelow(t, dir, got.stdout)
		return got.stdout
	}
	want := specExamples[name]
	if text := planned(); !strings.HasPrefix(text, want.planned+"\n") || !strings.Contains(text, base) {
		t.Errorf("want %q\n%s", want.planned, text)
	}
	var p plan
	if err := json.Unmarshal([]byte(planned("--json", "--first", "1000")), &p); err != nil {
		t.Fatal(err)
	}
	if about := strings.HasPrefix(want.planned, "about"); !strings.Contains(want.planned, fmt.Sprintf("%d requests", p.Total)) || p.Exact == about {
		t.Errorf("want %q, got %+v", want.planned, p)
	}
	if p.Exact && len(p.Requests) != p.Total {
		t.Errorf("%d of %d requests are shown", len(p.Requests), p.Total)
	}
	curls := strings.Split(strings.TrimSuffix(planned("--curl", "--first", "1000"), "\n"), "\n")
	if len(curls) != len(p.Requests) || slices.ContainsFunc(curls, func(line string) bool { return !strings.HasPrefix(line, "curl ") && !strings.HasPrefix(line, "# ") }) {
		t.Errorf("%d requests, but\n%s", len(p.Requests), strings.Join(curls, "\n"))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("a plan wrote files: %v, %v", left, err)
	}
}
