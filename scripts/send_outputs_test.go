package scripts_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sendResult is what these tests look at in a record of results, or in the
// line that stands first.
type sendResult struct {
	Index   int
	OK      bool
	Kind    string
	Status  int
	Partial bool
	Body    *string
	Meta    any
	Phase   string
	Request struct{ Method, URL string }
	Size    struct{ Body int }
	Args    []string
	Started string
}

// resultsOf reads NDJSON: the line that names the run, and the records by
// index.
func resultsOf(t *testing.T, text string) (first sendResult, records []sendResult) {
	t.Helper()
	for line := range strings.Lines(text) {
		var r sendResult
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		records = append(records, r)
	}
	if len(records) == 0 || records[0].Started == "" {
		t.Fatalf("no line names the run: %q", text)
	}
	first, records = records[0], records[1:]
	slices.SortFunc(records, func(a, b sendResult) int { return a.Index - b.Index })
	return first, records
}

// answering says hello, goes on without end, or is cut short.
func answering(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for piece := strings.Repeat("x", 64<<10); ; {
				if _, err := io.WriteString(w, piece); err != nil {
					return
				}
			}
		case "/cut":
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "only")
			_ = http.NewResponseController(w).Flush() // it is what the test is about
			panic(http.ErrAbortHandler)
		}
		_, _ = fmt.Fprint(w, "hello\n")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestSendToStandardOutput: -o - makes standard output NDJSON, and takes the
// body's place.
func TestSendToStandardOutput(t *testing.T) {
	t.Parallel()
	url := answering(t)
	for name, c := range map[string]struct {
		args, body string // body "": none
	}{
		"one":              {"send URL -o -", ""},
		"one, its body":    {"send URL -o - --record all", "hello\n"},
		"one, environment": {"env VOLLEY_OUTPUT=- VOLLEY_RECORD=all volley send URL", "hello\n"},
		"beside a file":    {"send --output=- URL -o beside.ndjson", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(strings.ReplaceAll(c.args, "URL", url))
			if args[0] == "send" {
				args = append([]string{"volley"}, args...)
			}
			dir := t.TempDir()
			got := runIn(t, dir, "", args...)
			if got.code != 0 || got.stderr != "" {
				t.Fatalf("exit code %d\n%s", got.code, got.stderr)
			}
			first, records := resultsOf(t, got.stdout)
			if len(records) != 1 || !records[0].OK || records[0].Status != 200 || records[0].Request.Method != "GET" || records[0].Size.Body != 6 || !slices.Equal(first.Args, []string{url}) {
				t.Fatalf("the records are\n%s", got.stdout)
			}
			if body := records[0].Body; (body != nil) != (c.body != "") || body != nil && *body != c.body {
				t.Errorf("the record's body is wrong:\n%s", got.stdout)
			}
			if name == "beside a file" && readFile(t, filepath.Join(dir, "beside.ndjson")) != got.stdout {
				t.Error("the file has other records than standard output")
			}
		})
	}
}

// TestSendToFile: with -o FILE alone standard output stays as it is without,
// and the file has the same requests.
func TestSendToFile(t *testing.T) {
	t.Parallel()
	url := answering(t)
	for name, c := range map[string]struct {
		path, record string
		stdout       string
		code         int
		want         sendResult
	}{
		"body":             {"/", "none", "hello\n", 0, sendResult{OK: true, Status: 200}},
		"body, kept":       {"/", "all", "hello\n", 0, sendResult{OK: true, Status: 200, Body: new("hello\n")}},
		"body, not failed": {"/", "errors", "hello\n", 0, sendResult{OK: true, Status: 200}},
		"cut short":        {"/cut", "none", "only", 1, sendResult{Kind: "incomplete_body", Status: 200, Partial: true, Phase: "body"}},
		"cut short, kept":  {"/cut", "errors", "only", 1, sendResult{Kind: "incomplete_body", Status: 200, Partial: true, Phase: "body", Body: new("only")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			got := runIn(t, dir, "", "volley", "send", url+c.path, "-o", "new/x.ndjson", "--record", c.record)
			if got.code != c.code || got.stdout != c.stdout || (got.stderr == "") != (c.code == 0) {
				t.Fatalf("exit code %d\n%q\n%s", got.code, got.stdout, got.stderr)
			}
			text := readFile(t, filepath.Join(dir, "new/x.ndjson"))
			_, records := resultsOf(t, text)
			if len(records) != 1 {
				t.Fatalf("the records are\n%s", text)
			}
			r := records[0]
			if r.OK != c.want.OK || r.Kind != c.want.Kind || r.Status != c.want.Status || r.Partial != c.want.Partial || r.Phase != c.want.Phase || r.Size.Body != len(c.stdout) {
				t.Errorf("the record is\n%s", text)
			}
			if (r.Body == nil) != (c.want.Body == nil) || r.Body != nil && *r.Body != *c.want.Body {
				t.Errorf("the record's body is wrong:\n%s", text)
			}
		})
	}
}

// TestSendSeveralToFiles: the records of several requests go to every output,
// and to standard output all the same.
func TestSendSeveralToFiles(t *testing.T) {
	t.Parallel()
	url := answering(t)
	dir := t.TempDir()
	got := runIn(t, dir, url+"\n"+`{"url":"http://127.0.0.1:9/","meta":{"row":7}}`+"\n",
		"volley", "send", "-q", "-", "-o", "t.csv.gz", "-o", "r.jsonl", "--record", "all")
	if got.code != 1 || got.stderr != "" {
		t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	if text := readFile(t, filepath.Join(dir, "r.jsonl")); text != got.stdout {
		t.Errorf("standard output has other records than the file:\n%s\n%s", got.stdout, text)
	}
	_, records := resultsOf(t, got.stdout)
	if len(records) != 2 || !records[0].OK || records[0].Body == nil || *records[0].Body != "hello\n" || records[1].Kind != "connect" || fmt.Sprint(records[1].Meta) != "map[row:7]" {
		t.Errorf("the records are\n%s", got.stdout)
	}
	lines := strings.Split(unzipped(t, filepath.Join(dir, "t.csv.gz")), "\n")
	slices.Sort(lines[1:])
	table := strings.Join(lines, "\n")
	if want := `^index,ok,status,error,kind,.*\n\n1,true,200,,,.*\n2,false,,cannot connect to .*,connect,.*$`; !regexp.MustCompile(want).MatchString(table) {
		t.Errorf("the table is\n%s", table)
	}
}

func unzipped(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSendShowsRecords: what is there is shown before the input ends, also
// where -o says that it goes to standard output.
func TestSendShowsRecords(t *testing.T) {
	t.Parallel()
	url := answering(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c := commandIn(ctx, t.TempDir(), []string{"volley", "send", "-q", "-", "-o", "beside.ndjson", "-o", "-"})
	feed, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := range 3 {
		if _, err := fmt.Fprintln(feed, url); err != nil {
			t.Fatal(err)
		}
		if i == 0 && !lines.Scan() {
			t.Fatal("no line names the run")
		}
		if !lines.Scan() || !strings.Contains(lines.Text(), fmt.Sprintf(`"index":%d,`, i+1)) {
			t.Fatalf("record %d is %q", i+1, lines.Text())
		}
	}
	if err := feed.Close(); err != nil {
		t.Fatal(err)
	}
	if lines.Scan() {
		t.Errorf("it goes on: %q", lines.Text())
	}
	if code := exitCode(ctx, t, c.Wait()); code != 0 {
		t.Errorf("exit code %d", code)
	}
	checkWhole(t, c.Dir)
}

// TestSendOutputsRefused: what cannot be written, or would overwrite what is
// sent, is told of before anything is sent or changed.
func TestSendOutputsRefused(t *testing.T) {
	t.Parallel()
	url, hits := counter(t)
	const over = "would overwrite what the run reads: "
	for name, c := range map[string]struct {
		command string
		code    int
		want    string
	}{
		"ending":              {"volley send URL -o x.txt", 2, `--output x\.txt: its ending is no known format: use \.ndjson, `},
		"ending, second":      {"volley send URL -o new.csv -o x.txt", 2, `--output x\.txt: its ending`},
		"record":              {"volley send URL --record some", 2, `--record must be none, errors or all, got "some"`},
		"no folder":           {"volley send URL -o body.jsonl/x.ndjson", 4, `--output writing body\.jsonl/x\.ndjson: not a directory`},
		"closed folder":       {"volley send URL URL -o - -o /proc/x.csv", 4, `--output writing /proc/x\.csv: `},
		"data":                {"volley send URL -d @body.jsonl -o ./body.jsonl", 2, `--output: \./body\.jsonl ` + over + `body\.jsonl \(--data\)`},
		"data, joined":        {"volley send URL -d x -d @body.jsonl -o body.jsonl", 2, over + `body\.jsonl \(--data\)`},
		"json":                {"volley send URL --json @body.jsonl -o alias.ndjson", 2, `--output: alias\.ndjson ` + over + `body\.jsonl \(--json\)`},
		"form":                {"volley send URL -F f=@body.jsonl;type=a/b -o body.jsonl", 2, over + `body\.jsonl \(--form\)`},
		"ca":                  {"volley send URL --ca body.jsonl -o body.jsonl", 2, over + `body\.jsonl \(--ca\)`},
		"requests":            {"volley send - -o body.jsonl <body.jsonl", 2, over + `standard input \(the requests\)`},
		"data from input":     {"volley send URL -d @- -o body.jsonl <body.jsonl", 2, over + `standard input \(--data\)`},
		"twice":               {"volley send URL -o new.csv -o ./new.csv", 2, `--output: \./new\.csv is written by another output too: new\.csv \(--output\)`},
		"- twice":             {"volley send URL -o - -o -", 2, `standard output is written by another output too`},
		"where the body goes": {"volley send URL -o body.jsonl >>body.jsonl", 2, `body\.jsonl is written by another output too: standard output \(the body\)`},
		"the records":         {"volley send URL URL -o body.jsonl >>body.jsonl", 2, `body\.jsonl is written by another output too: standard output \(the records\)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := fileTree(t, map[string]string{"body.jsonl": "[1]\n", "alias.ndjson@": "body.jsonl"})
			before := filesIn(t, dir)
			command := strings.NewReplacer("URL", url, ";", `\;`).Replace(c.command)
			got := runIn(t, dir, "", "sh", "-c", command)
			if got.code != c.code || got.stdout != "" || strings.Count(got.stderr, "\n") != 1 || !regexp.MustCompile(c.want).MatchString(got.stderr) {
				t.Errorf("exit code %d, want %d and %s\n%s%s", got.code, c.code, c.want, got.stdout, got.stderr)
			}
			if after := filesIn(t, dir); !sameTexts(before, after) {
				t.Errorf("files changed: %v", after)
			}
		})
	}
	t.Cleanup(func() {
		if n := hits.Load(); n > 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

// TestSendOutputsFail: an output that has no room ends the run with code 4 and
// a line that names it; a standard output that nobody reads does without one.
// The other outputs are whole.
func TestSendOutputsFail(t *testing.T) {
	t.Parallel()
	url := answering(t)
	const many = "(yes URL | head -20000) 2>/dev/null | "
	for name, c := range map[string]struct{ command, want string }{
		"file":         {"volley send URL -o full.ndjson -o beside.csv >out; echo $?", "writing full.ndjson: no space left"},
		"files":        {many + "volley send -q - -o beside.csv -o full.csv.gz >out; echo $?", "writing full.csv.gz: no space left"},
		"-":            {"volley send URL -o - -o beside.ndjson >/dev/full; echo $?", "standard output: .*no space left"},
		"- closed":     {many + "volley send -q - -o - -o beside.ndjson | head -n 2 >out; echo ${PIPESTATUS[1]}", ""},
		"body, closed": {"volley send URL/endless -o beside.ndjson --record all | head -c 9 >out; echo ${PIPESTATUS[0]}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := fileTree(t, map[string]string{"full.ndjson@": "/dev/full", "full.csv.gz@": "/dev/full"})
			command := strings.ReplaceAll(c.command, "URL", url)
			got := runIn(t, dir, "", "bash", "-c", command)
			told := strings.Count(got.stderr, "\n") == 1 && regexp.MustCompile(c.want).MatchString(got.stderr)
			if got.stdout != "4\n" || told != (c.want != "") || c.want == "" && got.stderr != "" {
				t.Errorf("exit code %swant 4 and %q\n%s", got.stdout, c.want, got.stderr)
			}
			if beside, err := filepath.Glob(filepath.Join(dir, "beside.*")); len(beside) != 1 || err != nil {
				t.Errorf("the files are %v", namesIn(t, dir))
			}
			checkWhole(t, dir)
		})
	}
}
