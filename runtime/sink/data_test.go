package sink_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/runtime/secret"
	"volley/runtime/sink"
)

// fromRow is an answer to a request that was made from a row of a table.
func fromRow(index int, values ...any) *runtime.Result {
	r := answered()
	r.Index = index
	r.Row = &runtime.Row{Source: "orders", Index: index, Names: []string{"id", "qty", "note"}, Values: values}
	return r
}

// TestDataOfARecord: row, captures and expectations.
func TestDataOfARecord(t *testing.T) {
	r := fromRow(1, "7", json.Number("1.10"), nil)
	r.Captures = []runtime.Capture{{Name: "tok", Value: "t0k3n", Secret: true}, {Name: "doc", Value: map[string]any{"b": []any{true}, "a": 9007199254740993.0}}}
	r.Expect = []runtime.Expectation{
		{Subject: "status", Operator: "lt", Want: 400.0, Got: 201.0, OK: true, Default: true},
		{Subject: "$.n", Operator: "gt", Want: 0.0, Got: nil, Message: "there is none", Severity: runtime.SeverityWarn},
		{Subject: "status", Operator: "eq", Want: 200.0, Got: 201.0, Message: "201 is not 200"},
	}
	got := decode(t, lines(t, sink.Options{Bodies: sink.ErrorBodies}, r)[0])
	for name, want := range map[string]any{
		"ok": false, "error": nil, "body": "héllo",
		"row":      map[string]any{"id": "7", "qty": 1.1, "note": nil},
		"captures": map[string]any{"tok": "***", "doc": map[string]any{"b": []any{true}, "a": 9007199254740992.0}},
		"expect": []any{
			map[string]any{"subject": "$.n", "operator": "gt", "want": 0.0, "got": nil, "ok": false, "severity": "warn", "message": "there is none"},
			map[string]any{"subject": "status", "operator": "eq", "want": 200.0, "got": 201.0, "ok": false, "severity": "fail", "message": "201 is not 200"},
		},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if text := lines(t, sink.Options{}, r)[0]; !strings.Contains(text, `"qty":1.10,`) {
		t.Errorf("the number is written anew: %s", text)
	}
	plain := answered()
	plain.Row = &runtime.Row{Index: 3, Values: []any{"https://a.test/"}}
	plain.Expect = r.Expect[:1]
	got = decode(t, lines(t, sink.Options{}, plain)[0])
	if _, has := got["expect"]; has || got["row"] != "https://a.test/" || got["captures"] != nil || got["ok"] != true {
		t.Errorf("a plain row: %v", got)
	}
}

// TestSecretsOfARecord: they are nowhere in a line, which stays JSON.
func TestSecretsOfARecord(t *testing.T) {
	var secrets secret.Set
	secrets.Add(`s3"cret`)
	secrets.Add("12345")
	r := fromRow(12345, `x s3"cret`, json.Number("12345"), 12345.0)
	r.Response.Content = []byte(`{"echo":"s3\"cret","auth":"dTpzMyJjcmV0"}`)
	r.Response.Request.URL = "https://a.test/s3%22cret"
	r.Response.Request.Meta = map[string]any{`s3"cret`: []string{`s3"cret`}}
	r.Response.Request.Tags = map[string]string{"t": `s3"cret`}
	r.Response.Header = runtime.Header{{Name: "X-Echo", Value: `s3"cret`}}
	r.Captures = []runtime.Capture{{Name: "c", Value: []any{`s3"cret`}}}
	r.Expect = []runtime.Expectation{{Subject: "text", Want: `s3"cret`, Got: "x", Message: `"x" is not s3"cret`}}
	var out bytes.Buffer
	n := sink.NewNDJSON(&out, sink.Run{ID: "r1", Args: []string{`--var=s3"cret`}}, sink.Options{Bodies: sink.AllBodies, Secrets: &secrets})
	if err := n.Write(r); err != nil {
		t.Fatal(err)
	}
	if err := n.Emit(map[string]any{"a": `s3"cret`}); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		m := decode(t, line)
		if strings.Contains(line, "cret") || strings.Contains(line, "dTpz") {
			t.Errorf("it shows: %s", line)
		}
		if row, ok := m["row"].(map[string]any); ok {
			if diff := cmp.Diff(map[string]any{"id": "x ***", "qty": "***", "note": "***"}, row); diff != "" || m["index"] != 12345.0 {
				t.Errorf("index %v, row %s", m["index"], diff)
			}
		}
	}
}

// TestEmit: a record that a script makes is a line among the others.
func TestEmit(t *testing.T) {
	var out bytes.Buffer
	n := sink.NewNDJSON(&out, run, sink.Options{Plain: func(v any) any { return []any{v} }})
	if err := n.Emit("x"); err != nil {
		t.Fatal(err)
	}
	if err := n.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, second, _ := strings.Cut(out.String(), "\n"); second != `{"v":1,"run":"r1","emit":["x"]}`+"\n" {
		t.Errorf("%s", second)
	}
}

// TestHandled: only a failure can have been handled.
func TestHandled(t *testing.T) {
	good := answered()
	good.Handled = true
	if got := decode(t, lines(t, sink.Options{}, good)[0])["handled"]; got != nil {
		t.Errorf("of a good answer handled is %v", got)
	}
}
