package data_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/specs/data"
	"volley/specs/tree"
)

// What encoding/csv reads is read alike, but that it loses the \r of \r\n in
// fields; what it refuses is refused.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "\"a\"\"b\",c\r\n", "\"x\ny\",z\n\n\r\n1,2", "a\"b", "\"a\"b", "\"a", "a\rb\n", "\r", "\"\r\n\"\r\n", "a,\"\",\n", ",\n,,", "\"a\"\r\r\n", "é,\x00\n\xff,\"\x00\"",
	} {
		f.Add(seed)
	}
	s, problems := read("", "{stdin: csv, header: false}")
	if err := problems.Err(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "\uFEFF") || strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
			return
		}
		want, wantErr := csv.NewReader(strings.NewReader(text)).ReadAll()
		rows, err := s.Open(data.Open{Stdin: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		list, err := drain(rows)
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("%q: %v, but encoding/csv says %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		var got [][]string
		for _, row := range list {
			var fields []string
			for _, field := range row.Values[0].([]any) {
				fields = append(fields, strings.ReplaceAll(field.(string), "\r\n", "\n"))
			}
			got = append(got, fields)
		}
		if g, w := plain(got), plain(want); g != w {
			t.Fatalf("%q: got %s, want %s", text, g, w)
		}
	})
}

// Each line is read as encoding/json reads it, or is an error of kind io.
func FuzzJSONL(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "1.10\n[1e3]\n", "{\"a\":{\"b\":[]}}\n\n\"x\"", "{", "[1,]", "tru", "\x00", `{"a":1,"a":2}`, "9007199254740993", "-0"} {
		f.Add(seed)
	}
	s, problems := read("", "stdin: jsonl")
	if err := problems.Err(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := s.Open(data.Open{Stdin: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		list, err := drain(rows)
		var fault *runtime.Error
		if err != nil && (!errors.As(err, &fault) || fault.Kind != runtime.KindIO) {
			t.Fatalf("%q: %v is not of kind io", text, err)
		}
		for _, row := range list {
			var want any
			d := json.NewDecoder(strings.NewReader(row.Raw))
			d.UseNumber()
			if err := d.Decode(&want); err != nil {
				continue // a text that is UTF-16, or nested deeper than encoding/json goes
			}
			got := row.Values
			if row.Names != nil {
				members := map[string]any{}
				for i, name := range row.Names {
					members[name] = row.Values[i]
				}
				got = []any{members}
			}
			want = floats([]any{want})
			if !cmp.Equal(any(got), want) {
				t.Fatalf("%q: got %#v, want %#v", row.Raw, got, want)
			}
		}
	})
}

// floats makes numbers that lose nothing by it float64.
func floats(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err == nil && math.Abs(f) <= 1<<53 && string(tree.AppendNumber(nil, f)) == string(v) {
			return f
		}
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = floats(v[name])
		}
	}
	return v
}
