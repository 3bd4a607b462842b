package data_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"volley/runtime"
	"volley/specs/data"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// read compiles a source as data: takes it, in a file of folder dir.
func read(dir, spec string) (*data.Source, *tree.Problems) {
	p := new(tree.Problems)
	n := tree.Parse(filepath.Join(dir, "spec.yaml"), []byte(spec), p)
	if n == nil {
		return nil, p
	}
	shape.Check(n, data.Shape(), "data.rows", p)
	return data.Compile("rows", "data.rows", n, &template.Compiler{Problems: p}), p
}

func compile(t *testing.T, dir, spec string) *data.Source {
	t.Helper()
	s, p := read(dir, spec)
	for _, problem := range p.All() {
		if problem.Warning {
			continue
		}
		t.Fatalf("%s: %s: %s: %s (%s)", spec, problem.Pos, problem.Path, problem.Message, problem.Hint)
	}
	return s
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// show writes a row as JSON with the names in order, or as its plain value.
func show(row *runtime.Row) string {
	if row.Names == nil {
		return plain(row.Values[0])
	}
	parts := make([]string, len(row.Names))
	for i, name := range row.Names {
		parts[i] = plain(name) + ":" + plain(row.Values[i])
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func plain(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(text)
}

// drain reads all rows; a second io.EOF follows the first.
func drain(rows *data.Rows) ([]*runtime.Row, error) {
	defer rows.Close()
	var all []*runtime.Row
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			if _, again := rows.Next(); !errors.Is(again, io.EOF) {
				return all, fmt.Errorf("after the end: %w", again)
			}
			return all, nil
		}
		if err != nil {
			if _, again := rows.Next(); again == nil || again.Error() != err.Error() {
				return all, fmt.Errorf("after an error: %w", again)
			}
			return all, err
		}
		all = append(all, row)
	}
}

// all opens a source and shows its rows, one a line.
func all(s *data.Source, o data.Open) (string, error) {
	rows, err := s.Open(o)
	if err != nil {
		return "", err
	}
	list, err := drain(rows)
	lines := make([]string, len(list))
	for i, row := range list {
		lines[i] = show(row)
	}
	return strings.Join(lines, "\n"), err
}

// isKind requires a *runtime.Error of that kind whose message has all parts.
func isKind(t *testing.T, err error, kind runtime.Kind, parts ...string) {
	t.Helper()
	var fault *runtime.Error
	if !errors.As(err, &fault) || fault.Kind != kind {
		t.Fatalf("got %v, want an error of kind %s", err, kind)
	}
	for _, part := range parts {
		if !strings.Contains(fault.Message, part) {
			t.Errorf("got %q, want it to say %q", fault.Message, part)
		}
	}
}

// scope is a template.Scope of a map.
type scope map[string]any

func (s scope) Lookup(root string) (any, bool) {
	v, ok := s[root]
	return v, ok
}
