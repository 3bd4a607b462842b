package sink_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/runtime/secret"
	"volley/runtime/sink"
)

// table writes the Results as CSV and reads it back.
func table(t *testing.T, fields []string, opts sink.Options, results ...*runtime.Result) [][]string {
	t.Helper()
	var out bytes.Buffer
	c, err := sink.NewCSV(&out, fields, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if err := c.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// TestColumns: what each field is of an answer and of a failure.
func TestColumns(t *testing.T) {
	good := fromRow(5, "7", json.Number("1.10"), map[string]any{"lang": "de", "tags": []any{"a", 1.0}})
	good.Response.Elapsed = 1500 * time.Millisecond
	good.Response.Reason, good.Response.Protocol = "Created", "HTTP/1.1"
	good.Captures = []runtime.Capture{{Name: "tok", Value: "x", Secret: true}, {Name: "doc", Value: map[string]any{"n": 3.0}}}
	bad := &runtime.Result{
		Batch: 1, Index: 2, Handled: true, Request: &runtime.Request{Method: "GET", URL: "http://u:p@b.test/"},
		Err: &runtime.Error{Kind: runtime.KindDNS, Message: "no \"such\" host,\nreally", Phase: runtime.PhaseDNS, Sent: runtime.SentNo, Retryable: true, Attempts: 2, Start: began},
	}
	broken := answered()
	broken.Expect = []runtime.Expectation{{OK: true}, {Message: "201 is not 200"}}
	for field, want := range map[string][3]string{
		"batch": {"2", "1", "2"}, "index": {"5", "2", "5"}, "ok": {"true", "false", "false"}, "handled": {"false", "true", "false"}, "skipped": {"", "", ""},
		"attempts": {"3", "2", "3"}, "id": {"job-7", "", "job-7"}, "name": {"create", "", "create"}, "method": {"POST", "GET", "POST"},
		"url": {"https://a.test/x?q=1", "http://***@b.test/", "https://a.test/x?q=1"}, "status": {"201", "", "201"}, "reason": {"Created", "", ""},
		"protocol": {"HTTP/1.1", "", ""}, "remote_addr": {"127.0.0.1:443", "", "127.0.0.1:443"}, "partial": {"false", "", "false"}, "elapsed": {"1.5", "", "0"},
		"size.headers": {"120", "", "120"}, "size.body": {"5", "", "5"}, "size.wire": {"30", "", "30"},
		"error": {"", "no \"such\" host,\nreally", "201 is not 200"}, "kind": {"", "dns", ""}, "phase": {"", "dns", ""}, "sent": {"", "no", ""}, "retryable": {"", "true", ""},
		"start":       {"2026-03-01T12:00:00.25Z", "2026-03-01T12:00:00.25Z", "2026-03-01T12:00:00.25Z"},
		"timings.dns": {"0.000000001", "0", "0.000000001"}, "timings.connect": {"0.0015", "0", "0.0015"}, "timings.tls": {"0", "0", "0"},
		"timings.ttfb": {"1", "0", "1"}, "timings.total": {"61.02", "0", "61.02"}, "body": {"héllo", "", "héllo"},
		"meta": {`{"list":[null,true,"x"],"row":7}`, "", `{"list":[null,true,"x"],"row":7}`}, "meta.row": {"7", "", "7"}, "tags.team": {"b", "", "b"},
		"row": {`{"id":"7","qty":1.10,"note":{"lang":"de","tags":["a",1]}}`, "", ""}, "row.id": {"7", "", ""}, "row.qty": {"1.10", "", ""}, "row.index": {"5", "", ""},
		"row.note.lang": {"de", "", ""}, "row.note.tags": {`["a",1]`, "", ""}, "row.none": {"", "", ""},
		"captures": {`{"tok":"***","doc":{"n":3}}`, "", ""}, "captures.tok": {"***", "", ""}, "captures.doc.n": {"3", "", ""}, "captures.none": {"", "", ""},
		"headers.location": {"https://***@b.test/y", "", "https://***@b.test/y"}, "headers.Set-Cookie": {"***", "", "***"}, "headers.None": {"", "", ""},
	} {
		got := table(t, []string{field, "index"}, sink.Options{}, good, bad, broken)
		if got[0][0] != field {
			t.Errorf("%s is called %s", field, got[0][0])
		}
		if diff := cmp.Diff(want, [3]string{got[1][0], got[2][0], got[3][0]}); diff != "" {
			t.Errorf("%s: %s", field, diff)
		}
	}
}

// TestDefaultColumns: those of the first row stand in front, also of results
// that came before it.
func TestDefaultColumns(t *testing.T) {
	want := [][]string{
		{"row.id", "row.qty", "row.note", "index", "ok", "status", "error", "kind", "elapsed", "attempts", "url"},
		{"", "", "", "5", "true", "201", "", "", "0", "3", "https://a.test/x?q=1"},
		{"7", "2", "", "1", "true", "201", "", "", "0", "3", "https://a.test/x?q=1"},
		{"8", "", "", "2", "true", "201", "", "", "0", "3", "https://a.test/x?q=1"},
	}
	other := fromRow(2, "8")
	other.Row.Names = []string{"id"}
	if diff := cmp.Diff(want, table(t, nil, sink.Options{}, answered(), fromRow(1, "7", 2, nil), other)); diff != "" {
		t.Error(diff)
	}
	plain := answered()
	plain.Row = &runtime.Row{Index: 1, Values: []any{"x"}}
	if got := table(t, nil, sink.Options{}, plain); got[0][0] != "row.value" || got[1][0] != "x" {
		t.Errorf("%v", got)
	}
	if got := table(t, nil, sink.Options{}, answered()); got[0][0] != "index" || len(got) != 2 {
		t.Errorf("without rows: %v", got)
	}
}

// TestCells: what has to be quoted is, and comes back as it was.
func TestCells(t *testing.T) {
	for _, text := range []string{"", "a,b", `say "hi"`, "two\nlines", "cr\rx", " blanks ", "=1+2", "é\t日本", `"`, "\ttab"} {
		r := answered()
		r.Row = &runtime.Row{Index: 1, Values: []any{text}}
		if got := table(t, []string{"row.value"}, sink.Options{}, r); len(got) != 2 || got[1][0] != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestCheckField(t *testing.T) {
	for name, want := range map[string]string{
		"row.anything": "", "status": "", "timings.ttfb": "",
		"elapsd":   `unknown field "elapsd"; did you mean "elapsed"?`,
		"row.":     `unknown field "row."; did you mean "row"?`,
		"zzzzzzzz": `unknown field "zzzzzzzz"; fields are those of a record, such as status, row.id, captures.token, headers.Location or timings.ttfb`,
	} {
		got := ""
		if err := sink.CheckField(name); err != nil {
			got = runtime.AsError(err).Message
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestParseBodies(t *testing.T) {
	for word, want := range map[string]sink.Bodies{"": sink.NoBodies, "none": sink.NoBodies, "errors": sink.ErrorBodies, "all": sink.AllBodies} {
		if got, ok := sink.ParseBodies(word); !ok || got != want {
			t.Errorf("%q: %v, %v", word, got, ok)
		}
	}
	if _, ok := sink.ParseBodies("some"); ok {
		t.Error("some is taken")
	}
}

func TestSecretCells(t *testing.T) {
	var secrets secret.Set
	secrets.Add("s3cret")
	secrets.Add("12345")
	r := fromRow(1, "s3cret", 12345.0, []any{"s3cret"})
	r.Response.Content = []byte("is s3cret")
	r.Captures = []runtime.Capture{{Name: "c", Value: "xs3cret"}}
	r.Response.Request.URL = "http://a.test/s3cret"
	got := table(t, []string{"row.id", "row.qty", "row.note", "row", "body", "captures.c", "url"}, sink.Options{Secrets: &secrets}, r)
	want := []string{"***", "***", `["***"]`, `{"id":"***","qty":"***","note":["***"]}`, "is ***", "x***", "http://a.test/***"}
	if diff := cmp.Diff(want, got[1]); diff != "" {
		t.Error(diff)
	}
}

// failedResult is one that failed, of a row.
func failedResult(row *runtime.Row) *runtime.Result {
	return &runtime.Result{Row: row, Err: &runtime.Error{Kind: runtime.KindDNS}}
}

// TestFailed: each row once, and in the shape it came in.
func TestFailed(t *testing.T) {
	names := []string{"id", "na\tme", "qty"}
	row := func(source string, index int, values ...any) *runtime.Row {
		return &runtime.Row{Source: source, Index: index, Names: names, Values: values}
	}
	raw := row("a", 3, "3", "z", nil)
	raw.Raw = "{\"id\": 3,  \"x\":1}\r\n"
	results := []*runtime.Result{
		failedResult(row("a", 1, "1", "a, \"b\"", json.Number("1.10"))),
		{Row: row("a", 2, "2", "good", nil), Response: &runtime.Response{Status: 200}},
		{Row: row("a", 9, "9", "when", nil), Skipped: "when"},
		{Row: row("a", 9, "9", "needs that", nil), Skipped: "need", Spared: true},
		failedResult(row("a", 1, "1", "again", nil)),
		{Row: row("a", 70_000, "70000", "need\there", nil), Skipped: "need"},
		{Row: row("b", 1, "1b", "another source", true), Skipped: "stop"},
		{Row: raw, Response: &runtime.Response{Status: 500}, Expect: []runtime.Expectation{{Message: "no"}}},
		failedResult(nil),
		failedResult(row("a", 70_000, "70000", "again", nil)),
	}
	dir := t.TempDir()
	for name, want := range map[string]string{
		"f.csv":    "id,na\tme,qty\n1,\"a, \"\"b\"\"\",1.10\n70000,need\there,\n1b,another source,true\n3,z,\n",
		"f.tsv.gz": "id\t\"na\tme\"\tqty\n1\t\"a, \"\"b\"\"\"\t1.10\n70000\t\"need\there\"\t\n1b\tanother source\ttrue\n3\tz\t\n",
		"f.jsonl": `{"id":"1","na\tme":"a, \"b\"","qty":1.10}` + "\n" + `{"id":"70000","na\tme":"need\there","qty":null}` + "\n" +
			`{"id":"1b","na\tme":"another source","qty":true}` + "\n" + `{"id": 3,  "x":1}` + "\n",
	} {
		path := filepath.Join(dir, name)
		f, err := sink.NewFailed(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if err := f.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, unpacked(t, path)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if f.Rowless() != 1 {
			t.Errorf("%d failures without a row", f.Rowless())
		}
	}
}

func TestFailedLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.txt")
	f, err := sink.NewFailed(path)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		f.Write(failedResult(&runtime.Row{Index: 1, Values: []any{"https://a.test/"}})),
		f.Write(failedResult(&runtime.Row{Index: 2, Values: []any{7.0}})),
		f.Write(failedResult(&runtime.Row{Index: 3, Values: []any{"x"}, Raw: "  x\n"})),
		f.Close())
	if got := unpacked(t, path); err != nil || got != "https://a.test/\n7\n  x\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := sink.NewFailed("f.yaml"); err == nil || !strings.Contains(err.Error(), "f.yaml: its ending is no known shape of rows: use .csv") {
		t.Errorf("%v", err)
	}
}

func BenchmarkCSV(b *testing.B) {
	c, err := sink.NewCSV(nowhere{}, []string{"row.id", "status", "elapsed", "attempts", "error"}, sink.Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := fromRow(1, "7", 2.0, nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Write(r); err != nil {
			b.Fatal(err)
		}
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
