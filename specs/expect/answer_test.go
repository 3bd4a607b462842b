package expect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs/template"
)

func TestMembers(t *testing.T) {
	a := answer("application/json", document)
	for name, want := range map[string]any{
		"status": 200.0, "reason": "OK", "url": "http://example.test/a?b=1", "elapsed": 1.2, "text": document, "body": document,
		"timings": map[string]any{"dns": 0.0, "connect": 0.0, "tls": 0.0, "ttfb": 0.9, "total": 2.0},
	} {
		if got, err := a.Member(name); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	v, err := a.Member("json")
	if doc, ok := v.(map[string]any); err != nil || !ok || doc["id"] != 7.0 || doc["big"] != json.Number("9007199254740993") {
		t.Errorf("got %v, %v", v, err)
	}
	if v, err := answer("text/html", page).Member("json"); v != nil || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	headers, err := a.Member("headers")
	if err != nil {
		t.Fatal(err)
	}
	names := headers.(template.Namespace)
	for name, want := range map[string]any{"vary": "Accept, Origin", "X-COUNT": "12", "none": nil} {
		if got, err := names.Member(name); err != nil || got != want {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if diff := cmp.Diff([]string{"Content-Type", "X-Count", "X-Version", "Vary", "Set-Cookie"}, names.Names()); diff != "" {
		t.Error(diff)
	}
	cookies, err := a.Member("cookies")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cookies.(template.Namespace).Member("sid"); got != "abc" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := a.Member("headres"); err == nil || !strings.Contains(err.Error(), `did you mean "headers"?`) {
		t.Errorf("got %v", err)
	}
}

func TestNotJSON(t *testing.T) {
	for body, want := range map[string]string{
		"":                             "the body is not JSON: it is empty",
		" ":                            "it is empty",
		`{"a": 1} x`:                   "the body is not JSON: ",
		`{"a"`:                         "the body is not JSON: ",
		"[1 2]":                        "the body is not JSON: ",
		strings.Repeat("[", 1_000_000): "the body is not JSON: ",
	} {
		if _, err := answer("", body).JSON(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v", body, err)
		}
	}
	if v, err := answer("", "\ufeff[1]").JSON(); err != nil || !cmp.Equal(v, any([]any{1.0})) {
		t.Errorf("got %v, %v", v, err)
	}
}
