package data_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"volley/runtime"
	"volley/specs/data"
)

// endless is a generator that never comes to its end.
type endless struct{ n, stops int }

func (e *endless) Next() (any, bool, error) {
	e.n++
	return float64(e.n), true, nil
}

func (e *endless) Stop() { e.stops++ }

// When enough was read no further row is: the rows end, and tell that they were
// cut short.
func TestEnough(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in", lines(1, 100))
	made := &endless{}
	for _, c := range []struct {
		spec   string
		stream bool
	}{
		{"lines: in", false},
		{"range: [1, 1e15]", false},
		{"{range: [1, 1e15], where: \"${{ vars.no }}\"}", false},
		{"{range: [1, 1e15], skip: 1000000000}", false},
		{"lua: numbers", true},
	} {
		asked, left := 0, 5
		o := data.Open{
			Scope: scope{"vars": map[string]any{"no": false}},
			Lua:   func(data.Function, func()) (data.Generator, error) { return made, nil },
			Enough: func(stream bool) bool {
				if stream != c.stream {
					t.Errorf("%s: stream %t", c.spec, stream)
				}
				asked++
				left--
				return left < 0
			},
		}
		rows, err := compile(t, dir, c.spec).Open(o)
		if err != nil {
			t.Errorf("%s: %v", c.spec, err)
			continue
		}
		list, err := drain(rows)
		if err != nil || len(list) > 5 || rows.Read() != 5 || !rows.Cut() {
			t.Errorf("%s: %d rows, %d read, cut %t, %v; want 5", c.spec, len(list), rows.Read(), rows.Cut(), err)
		}
	}
	if made.n != 5 || made.stops == 0 {
		t.Errorf("the generator made %d values and was stopped %d times", made.n, made.stops)
	}
	rows, err := compile(t, dir, "lines: in").Open(data.Open{Enough: func(bool) bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := drain(rows); err != nil || len(list) != 100 || rows.Cut() {
		t.Errorf("%d rows, cut %t, %v; want all", len(list), rows.Cut(), err)
	}
}

// What was taken from a pipe when enough was read is handed out: nobody else
// can read it. A pipe with a name is no file whose end is known.
func TestEnoughOfAPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "in")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	keep, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keep.Close() }()
	if _, err := io.WriteString(keep, lines(2, 11)); err != nil {
		t.Fatal(err)
	}
	ready, enough := make(chan struct{}, 1), false
	rows, err := compile(t, dir, "lines: in").Open(data.Open{
		Later:  func() { ready <- struct{}{} },
		Enough: func(stream bool) bool { return stream && enough },
	})
	if err != nil {
		t.Fatal(err)
	}
	next := func() error {
		_, err := rows.Next()
		for errors.Is(err, runtime.ErrLater) {
			<-ready
			_, err = rows.Next()
		}
		return err
	}
	for range 9 {
		if err := next(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := rows.Next(); err == nil {
		// The tenth was there already: the next one waits.
		if _, err := rows.Next(); !errors.Is(err, runtime.ErrLater) {
			t.Fatalf("behind the last row: %v, want ErrLater", err)
		}
	}
	enough = true
	for err = next(); err == nil; err = next() {
	}
	if !errors.Is(err, io.EOF) || !rows.Cut() || rows.Read() > 10 {
		t.Errorf("%d rows, cut %t, %v", rows.Read(), rows.Cut(), err)
	}
}
