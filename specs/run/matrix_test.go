package run

import (
	"fmt"
	"strings"
	"testing"

	"volley/specs"
)

func TestMatrixModes(t *testing.T) {
	axes := []axis{{values: []any{"a", "b"}, size: 2}, {from: 1, step: 2, size: 3}}
	tests := []struct {
		mode    specs.MatrixMode
		axes    []axis
		exclude []map[string]any
		want    string
	}{
		{specs.MatrixProduct, axes, nil, "a1 a3 a5 b1 b3 b5"},
		{specs.MatrixProduct, axes, []map[string]any{{"x": "a"}, {"x": "b", "y": 3.0}}, "b1 b5"},
		{specs.MatrixProduct, []axis{axes[0], {}}, nil, ""},
		{specs.MatrixZip, []axis{axes[0], {from: 5, step: -1, size: 2}}, nil, "a5 b4"},
		{specs.MatrixEach, axes, nil, "a1 b1 a3 a5"},
		{specs.MatrixEach, []axis{axes[0], {}}, nil, ""},
	}
	for _, test := range tests {
		m := &matrix{mode: test.mode, axes: test.axes, exclude: test.exclude, names: []string{"x", "y"}}
		var got []string
		for i := range m.size() {
			if v := m.pick(i); v != nil {
				got = append(got, fmt.Sprint(v[0], v[1]))
			}
		}
		if text := strings.ReplaceAll(strings.Join(got, ","), " ", ""); text != strings.ReplaceAll(test.want, " ", ",") {
			t.Errorf("%s: %s, want %s", test.mode, text, test.want)
		}
		if m.count() != len(got) {
			t.Errorf("%s: count %d, want %d", test.mode, m.count(), len(got))
		}
	}
}

func TestSavedPathsStayBelow(t *testing.T) {
	tests := []struct {
		trusted, path string
		ok            bool
	}{
		{"out/", "out/a.json", true},
		{"out/", "out/a/b.json", true},
		{"out/", "out/../a", false},
		{"out/", "out/", false},
		{"out/user-", "out/user-7", true},
		{"out/user-", "out/user-/../../x", false},
		{"", "a.json", true},
		{"", "../a.json", false},
		{"", "/etc/passwd", false},
		{"/tmp/x/", "/tmp/x/y", true},
		{"/tmp/x/y", "/tmp/x/y", true},
		{"../out/", "../out/a", true},
	}
	for _, test := range tests {
		if _, err := below(test.trusted, test.path); (err == nil) != test.ok {
			t.Errorf("%q below %q: %v", test.path, test.trusted, err)
		}
	}
}
