package sink_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/runtime/sink"
)

var (
	began = time.Date(2026, 3, 1, 13, 0, 0, 250_000_000, time.FixedZone("CET", 3600))
	run   = sink.Run{ID: "r1", Args: []string{"GET", "https://a.test/"}, Started: began}
)

// answered is a Result with everything that a good answer has.
func answered() *runtime.Result {
	built := &runtime.Request{Method: "POST", URL: "https://ada:secret@a.test/x?q=1", ID: "job-7"}
	sent := &runtime.Request{
		Method: "POST", URL: "https://a.test/x?q=1", ID: "job-7", Meta: map[string]any{"row": 7.0, "list": []any{nil, true, "x"}},
		Name: "create", Tags: map[string]string{"team": "b", "env": "t"},
		Header: runtime.Header{{Name: "Host", Value: "a.test"}, {Name: "authorization", Value: "Bearer s3cret"}, {Name: "X-A", Value: "1"}, {Name: "X-A", Value: "2"}},
	}
	return &runtime.Result{
		Batch: 2, Index: 5, Request: built,
		Response: &runtime.Response{
			Status: 201, Request: sent, Attempts: 3, Start: began, RemoteAddr: "127.0.0.1:443",
			Header:  runtime.Header{{Name: "Set-Cookie", Value: "sid=1"}, {Name: "Location", Value: "https://u:p@b.test/y"}},
			Timings: runtime.Timings{DNS: 1, Connect: 1500 * time.Microsecond, TLS: 0, TTFB: time.Second, Total: 61*time.Second + 20*time.Millisecond},
			Size:    runtime.Size{Headers: 120, Body: 5, Wire: 30},
			Content: []byte("héllo"), EndUnmarked: true,
		},
	}
}

// lines writes the Results and returns the lines after the first.
func lines(t *testing.T, opts sink.Options, results ...*runtime.Result) []string {
	t.Helper()
	var out bytes.Buffer
	n := sink.NewNDJSON(&out, run, opts)
	for _, r := range results {
		if err := n.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(out.Bytes()) {
		t.Errorf("the output is not UTF-8: %q", out.Bytes())
	}
	all := strings.Split(out.String(), "\n")
	if all[len(all)-1] != "" || len(all) != len(results)+2 {
		t.Fatalf("%d lines and a rest of %q, want %d lines", len(all)-1, all[len(all)-1], len(results)+1)
	}
	return all[1 : len(all)-1]
}

// decode reads a line with a strict decoder: one that refuses a name twice.
func decode(t *testing.T, line string) map[string]any {
	t.Helper()
	if !jsontext.Value(line).IsValid() {
		t.Fatalf("no JSON: %s", line)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFirstLine(t *testing.T) {
	for name, c := range map[string]struct {
		run  sink.Run
		want string
	}{
		"without a file": {run, `{"v":1,"run":"r1","file":null,"sha256":null,"args":["GET","https://a.test/"],"started":"2026-03-01T12:00:00.25Z"}`},
		"with one": {
			sink.Run{ID: "r\"2", File: "a.lua", SHA256: "00ff", Args: []string{"ada@a.test"}, Started: began},
			`{"v":1,"run":"r\"2","file":"a.lua","sha256":"00ff","args":["ada@a.test"],"started":"2026-03-01T12:00:00.25Z"}`,
		},
		"empty": {sink.Run{}, `{"v":1,"run":"","file":null,"sha256":null,"args":[],"started":null}`},
	} {
		var out bytes.Buffer
		if err := sink.NewNDJSON(&out, c.run, sink.Options{}).Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want+"\n", out.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestRecordOfAnAnswer pins the text of a record: names, order, units, masks.
func TestRecordOfAnAnswer(t *testing.T) {
	want := `{"v":1,"run":"r1","batch":2,"index":5,"id":"job-7","attempts":3,"ok":true,` +
		`"request":{"method":"POST","url":"https://a.test/x?q=1","headers":[["Host","a.test"],["authorization","***"],["X-A","1"],["X-A","2"]]},` +
		`"status":201,"error":null,"kind":null,"start":"2026-03-01T12:00:00.25Z",` +
		`"timings":{"dns":0.000000001,"connect":0.0015,"tls":0,"ttfb":1,"total":61.02},"size":{"headers":120,"body":5,"wire":30},` +
		`"remote_addr":"127.0.0.1:443","meta":{"list":[null,true,"x"],"row":7},"name":"create","tags":{"env":"t","team":"b"},` +
		`"response_headers":[["Set-Cookie","***"],["Location","https://***@b.test/y"]],"end_unmarked":true,"body":"héllo"}`
	got := lines(t, sink.Options{Bodies: sink.AllBodies}, answered())[0]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	decode(t, got)
}

func TestRecordOfAFailure(t *testing.T) {
	req := &runtime.Request{Method: "GET", URL: "http://u:p@b.test/", Header: runtime.Header{{Name: "Cookie", Value: "a=b"}, {Name: "X-API-Key", Value: "k"}}}
	got := decode(t, lines(t, sink.Options{}, &runtime.Result{
		Batch: 1, Index: 1, Request: req, Handled: true,
		Err: &runtime.Error{
			Kind: runtime.KindReadTimeout, Message: "no byte for 30s", Request: req, Phase: runtime.PhaseWait, Sent: runtime.SentMaybe,
			Retryable: true, Attempts: 2, Start: began, Timings: runtime.Timings{Total: 30 * time.Second},
		},
	})[0])
	want := map[string]any{
		"v": 1.0, "run": "r1", "batch": 1.0, "index": 1.0, "id": nil, "attempts": 2.0, "ok": false, "handled": true,
		"request": map[string]any{
			"method": "GET", "url": "http://***@b.test/",
			"headers": []any{[]any{"Cookie", "***"}, []any{"X-API-Key", "***"}},
		},
		"status": nil, "error": "no byte for 30s", "kind": "read_timeout", "phase": "wait", "sent": "maybe", "retryable": true,
		"start": "2026-03-01T12:00:00.25Z", "remote_addr": nil, "meta": nil,
		"timings": map[string]any{"dns": 0.0, "connect": 0.0, "tls": 0.0, "ttfb": 0.0, "total": 30.0},
		"size":    map[string]any{"headers": 0.0, "body": 0.0, "wire": 0.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRecordOfAFailureWithAnAnswer: status, headers and what came of the body
// are those of the answer; a stream's time is known to its error.
func TestRecordOfAFailureWithAnAnswer(t *testing.T) {
	r := answered()
	resp := r.Response
	resp.Partial, resp.Attempts = true, 0
	r.Response = nil
	r.Err = &runtime.Error{Kind: runtime.KindIncompleteBody, Message: "cut", Response: resp, Attempts: 1, Start: began, Timings: runtime.Timings{Total: 90 * time.Second}}
	got := decode(t, lines(t, sink.Options{Bodies: sink.ErrorBodies}, r)[0])
	for name, want := range map[string]any{"ok": false, "status": 201.0, "kind": "incomplete_body", "sent": "no", "partial": true, "body": "héllo", "attempts": 1.0} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	want := map[string]any{"dns": 1e-9, "connect": 0.0015, "tls": 0.0, "ttfb": 1.0, "total": 90.0}
	if diff := cmp.Diff(want, got["timings"]); diff != "" {
		t.Error(diff)
	}
}

// TestRecordBehindRedirects: the request is the one that went out first.
func TestRecordBehindRedirects(t *testing.T) {
	r := answered()
	r.Response.History = []*runtime.Response{{Request: r.Response.Request}}
	r.Response.Request = &runtime.Request{Method: "GET", URL: "https://b.test/y"}
	got := decode(t, lines(t, sink.Options{}, r)[0])["request"].(map[string]any)
	if got["method"] != "POST" || got["url"] != "https://a.test/x?q=1" {
		t.Errorf("the request is %v", got)
	}
}

func TestRecordOfWhatWasNotSent(t *testing.T) {
	skipped := decode(t, lines(t, sink.Options{}, &runtime.Result{Batch: 1, Index: 2, Skipped: "when"})[0])
	for name, want := range map[string]any{"ok": false, "skipped": "when", "request": nil, "status": nil, "start": nil, "kind": nil, "attempts": 0.0} {
		if got, there := skipped[name]; got != want || !there {
			t.Errorf("skipped: %s is %v, want %v", name, got, want)
		}
	}
	synthetic := decode(t, lines(t, sink.Options{}, &runtime.Result{
		Request: &runtime.Request{Method: "GET", URL: "http://a.test/"}, Response: &runtime.Response{Status: 200},
	})[0])
	if synthetic["ok"] != true || synthetic["status"] != 200.0 || synthetic["start"] != nil {
		t.Errorf("an answer that no server gave: %v", synthetic)
	}
}

func TestBodies(t *testing.T) {
	failed := answered()
	failed.Err = &runtime.Error{Kind: runtime.KindHTTP, Response: failed.Response}
	failed.Response = nil
	streamed := answered()
	streamed.Response.Stream = unread{}
	binary := answered()
	binary.Response.Content = []byte{0xff, 0, 'a'}
	for name, c := range map[string]struct {
		r      *runtime.Result
		bodies sink.Bodies
		want   any // nil: no body
		coding any
	}{
		"none, good":        {answered(), sink.NoBodies, nil, nil},
		"none, failed":      {failed, sink.NoBodies, nil, nil},
		"errors, good":      {answered(), sink.ErrorBodies, nil, nil},
		"errors, failed":    {failed, sink.ErrorBodies, "héllo", nil},
		"all, good":         {answered(), sink.AllBodies, "héllo", nil},
		"all, streamed":     {streamed, sink.AllBodies, nil, nil},
		"all, not UTF-8":    {binary, sink.AllBodies, "/wBh", "base64"},
		"errors, not UTF-8": {binary, sink.ErrorBodies, nil, nil},
	} {
		got := decode(t, lines(t, sink.Options{Bodies: c.bodies}, c.r)[0])
		if got["body"] != c.want || got["body_encoding"] != c.coding {
			t.Errorf("%s: body %v in %v, want %v in %v", name, got["body"], got["body_encoding"], c.want, c.coding)
		}
	}
}

type unread struct{ runtime.Stream }

func TestMeta(t *testing.T) {
	type own struct{ a int }
	for _, c := range []struct {
		meta  any
		plain func(any) any
		want  string
	}{
		{nil, nil, `null`},
		{42, nil, `42`},
		{int64(-1 << 62), nil, `-4611686018427387904`},
		{1e300, nil, `1e+300`},
		{3.0, nil, `3`},
		{math.NaN(), nil, `null`},
		{math.Inf(-1), nil, `null`},
		{[]string{"a", "b"}, nil, `["a","b"]`},
		{map[string]string{"b": "2", "a": "1"}, nil, `{"a":"1","b":"2"}`},
		{map[string]any{}, nil, `{}`},
		{[]any{}, nil, `[]`},
		{jsontext.Value("{ \"n\" :\n12345678901234567890 }"), nil, `{"n":12345678901234567890}`},
		{jsontext.Value("{"), nil, `"{"`},
		{own{7}, nil, `"{7}"`},
		{own{7}, func(v any) any { return v.(own).a }, `7`},
		{nil, func(any) any { return "asked" }, `null`},
	} {
		r := &runtime.Result{Request: &runtime.Request{Meta: c.meta}}
		line := lines(t, sink.Options{Plain: c.plain}, r)[0]
		decode(t, line)
		if want := `"meta":` + c.want + `}`; !strings.HasSuffix(line, want) {
			t.Errorf("meta %v: %s, want …%s", c.meta, line, want)
		}
	}
}

// TestText: whatever the network sends, a record is valid JSON that moves no
// cursor; what is UTF-8 reads back the same.
func TestText(t *testing.T) {
	for given, want := range map[string]string{
		"plain":                    `"plain"`,
		"\"\\/\b\f\n\r\t":          `"\"\\/\u0008\u000c\n\r\t"`,
		"\x00\x1b[31m\x7f":         `"\u0000\u001b[31m\u007f"`,
		"\u0085\u009b":             `"\u0085\u009b"`,
		"\u202e\u2066\u200e\u2029": `"\u202e\u2066\u200e\u2029"`,
		"é€😀\u00a0\u2010":          "\"é€😀\u00a0\u2010\"",
		"a\xffb\xe2\x82":           "\"a\uFFFDb\uFFFD\uFFFD\"",
		"\uFFFD":                   "\"\uFFFD\"",
		"":                         `""`,
	} {
		line := lines(t, sink.Options{}, &runtime.Result{Request: &runtime.Request{Meta: given}})[0]
		if !strings.HasSuffix(line, `"meta":`+want+"}") {
			t.Errorf("%q becomes %s", given, line)
		}
		if got := decode(t, line)["meta"]; utf8.ValidString(given) && got != given {
			t.Errorf("%q is read back as %q", given, got)
		}
	}
}

// TestWrites: the writer gets whole lines, many at a time, and nothing before
// it is due.
func TestWrites(t *testing.T) {
	var w pieces
	n := sink.NewNDJSON(&w, run, sink.Options{Bodies: sink.AllBodies})
	big := answered()
	big.Response.Content = bytes.Repeat([]byte("x"), 3<<20)
	for i := range 2000 {
		r := answered()
		if i%500 == 0 {
			r = big
		}
		if err := n.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if len(w) < 4 || len(w) > 100 {
		t.Errorf("%d writes", len(w))
	}
	total := 0
	for _, p := range w {
		if !strings.HasSuffix(p, "}\n") || !strings.HasPrefix(p, `{"v":1,`) {
			t.Fatalf("a write is no whole lines: %.40q … %.40q", p, p[max(0, len(p)-40):])
		}
		total += strings.Count(p, "\n")
	}
	if total != 2001 {
		t.Errorf("%d lines, want 2001", total)
	}
}

type pieces []string

func (p *pieces) Write(b []byte) (int, error) {
	*p = append(*p, string(b))
	return len(b), nil
}

// TestWriteError: it is of kind io, names what failed, and is not tried again.
func TestWriteError(t *testing.T) {
	w := &broken{}
	n := sink.NewNDJSON(w, run, sink.Options{Name: "out.ndjson"})
	if err := n.Write(answered()); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{n.Flush(), n.Write(answered()), n.Close()} {
		var e *runtime.Error
		if !errors.As(err, &e) || e.Kind != runtime.KindIO || !errors.Is(err, syscall.EPIPE) {
			t.Fatalf("error %v", err)
		}
		if e.Message != "writing out.ndjson: broken pipe" {
			t.Errorf("message %q", e.Message)
		}
	}
	if w.calls != 1 {
		t.Errorf("%d writes, want 1", w.calls)
	}
}

type broken struct{ calls int }

func (b *broken) Write([]byte) (int, error) {
	b.calls++
	return 0, syscall.EPIPE
}

func FuzzText(f *testing.F) {
	f.Add("a\xff\u009b\"", []byte("x\xc0"))
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		r := answered()
		r.Request.ID, r.Response.Request.ID, r.Response.Content = text, text, body
		r.Response.Header = runtime.Header{{Name: text, Value: string(body)}}
		line := lines(t, sink.Options{Bodies: sink.AllBodies}, r)[0]
		if got := decode(t, line); utf8.ValidString(text) && text != "" && got["id"] != text {
			t.Errorf("%q is read back as %q", text, got["id"])
		}
	})
}

// ordinary is answered without what is sorted or masked within a text.
func ordinary() *runtime.Result {
	r := answered()
	r.Response.Request.Meta, r.Response.Request.Tags = "row 7", nil
	r.Response.Header[1].Value = "/y"
	return r
}

// TestRecordAllocatesNothing: a record goes into a buffer that is there.
func TestRecordAllocatesNothing(t *testing.T) {
	n := sink.NewNDJSON(io.Discard, run, sink.Options{Bodies: sink.AllBodies})
	r := ordinary()
	got := testing.AllocsPerRun(1000, func() {
		if err := n.Write(r); err != nil {
			t.Fatal(err)
		}
	})
	if got > 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	n := sink.NewNDJSON(io.Discard, run, sink.Options{})
	r := ordinary()
	b.ReportAllocs()
	for b.Loop() {
		if err := n.Write(r); err != nil {
			b.Fatal(err)
		}
	}
}
