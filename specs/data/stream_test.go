package data_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"volley/runtime"
	"volley/specs/data"
)

// A file that changes while it is read is an error, not a short end.
func TestChangedFileIsAnError(t *testing.T) {
	text := lines(1, 40_000)
	for name, change := range map[string]func(path string) error{
		"cut":       func(path string) error { return os.Truncate(path, int64(len(text)/2)) },
		"longer":    func(path string) error { return appendTo(path, "1\n") },
		"rewritten": func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
	} {
		for _, spec := range []string{"lines: in", "csv: in", "jsonl: in"} {
			t.Run(name+" "+spec, func(t *testing.T) {
				dir := t.TempDir()
				path := write(t, dir, "in", text)
				rows, err := compile(t, dir, spec).Open(data.Open{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := rows.Next(); err != nil {
					t.Fatal(err)
				}
				if err := change(path); err != nil {
					t.Fatal(err)
				}
				_, err = drain(rows)
				isKind(t, err, runtime.KindIO, "in:", "the file was changed while it was read")
			})
		}
	}
	t.Run("cut json", func(t *testing.T) {
		dir := t.TempDir()
		path := write(t, dir, "in", "["+strings.ReplaceAll(text, "\n", "\n,")+"1]")
		rows, err := compile(t, dir, "json: in").Open(data.Open{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, int64(len(text)/2)); err != nil {
			t.Fatal(err)
		}
		_, err = drain(rows)
		isKind(t, err, runtime.KindIO, "in:", "the file was changed while it was read")
	})
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func TestCloseEndsTheRows(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in", lines(1, 10))
	rows, err := compile(t, dir, "lines: in").Open(data.Open{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(); err != nil {
		t.Fatal(err)
	}
	rows.Close()
	rows.Close()
	if row, err := rows.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v, %v; want EOF", row, err)
	}
}

func TestStandardInput(t *testing.T) {
	for _, c := range []struct{ spec, in, want string }{
		{"{stdin: csv, types: {a: int}}", "a\n1\n", `{"a":1}`},
		{"stdin: tsv", "a\tb\n1\t2\n", `{"a":"1","b":"2"}`},
		{"stdin: jsonl", "{\"a\":1}\n2\n", `{"a":1}` + "\n2"},
		{"{stdin: lines, encoding: latin1}", "\xe9", `"é"`},
	} {
		got, err := all(compile(t, "", c.spec), data.Open{Stdin: strings.NewReader(c.in)})
		if err != nil || got != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.spec, got, err, c.want)
		}
	}
	_, err := all(compile(t, "", "stdin: csv"), data.Open{Stdin: strings.NewReader("a,b\n1\n")})
	isKind(t, err, runtime.KindIO, "stdin:2: 1 fields")
	_, err = all(compile(t, "", "stdin: csv"), data.Open{})
	isKind(t, err, runtime.KindIO, "no standard input")
}

// With Later, nobody waits for the standard input, not even for its header.
func TestStandardInputLater(t *testing.T) {
	in, out := io.Pipe()
	ready := make(chan struct{}, 1)
	rows, err := compile(t, "", `{stdin: csv, where: "${{ row.a }}"}`).Open(data.Open{Stdin: in, Later: func() { ready <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(); !errors.Is(err, runtime.ErrLater) {
		t.Fatalf("before there is anything: %v, want ErrLater", err)
	}
	go func() {
		w := bufio.NewWriter(out)
		_, _ = w.WriteString("a\n")
		for i := range 1000 {
			_, _ = w.WriteString(strconv.Itoa(i) + "\n")
		}
		_, _ = w.WriteString("\"x\n")
		_ = w.Flush()
		_ = out.Close()
	}()
	for want := 0; ; {
		row, err := rows.Next()
		switch {
		case errors.Is(err, runtime.ErrLater):
			<-ready
		case err != nil:
			isKind(t, err, runtime.KindIO, "stdin:1002: the quote that opens here is never closed")
			if want != 1000 {
				t.Errorf("%d rows, want 1000", want)
			}
			return
		case row.Values[0] != strconv.Itoa(want):
			t.Fatalf("got %v, want %d", row.Values[0], want)
		default:
			want++
		}
	}
}

func TestStandardInputThatIsClosedEarly(t *testing.T) {
	in, out := io.Pipe()
	rows, err := compile(t, "", "stdin: lines").Open(data.Open{Stdin: in, Later: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	_, _ = out.Write([]byte(lines(1, 1000)))
	_ = out.Close()
	if _, err := rows.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v, want EOF", err)
	}
}

// A long file takes the memory of a few rows.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const count, measured = 300_000, 60_000
	dir := t.TempDir()
	var table, objects, document strings.Builder
	table.WriteString("id,name,city\n")
	document.WriteString(`{"items": [`)
	for i := range count {
		id := strconv.Itoa(i)
		table.WriteString(id + ",ada lovelace,london\n")
		if i >= count/4 {
			continue
		}
		objects.WriteString(`{"id": ` + id + `, "name": "ada lovelace", "city": "london"}` + "\n")
		if i > 0 {
			document.WriteString(",\n")
		}
		document.WriteString(`{"id": ` + id + `, "name": "ada lovelace"}`)
	}
	document.WriteString("]}\n")
	write(t, dir, "in.csv", table.String())
	write(t, dir, "in.jsonl", objects.String())
	write(t, dir, "in.json", document.String())
	table.Reset()
	objects.Reset()
	document.Reset()
	for _, spec := range []string{
		"csv: in.csv", "jsonl: in.jsonl", "lines: in.jsonl", "{json: in.json, path: $.items}", "range: [1, 300000]",
		"{jsonl: in.jsonl, sample: 0.9, shuffle: {window: 100}}",
	} {
		rows, err := compile(t, dir, spec).Open(data.Open{})
		if err != nil {
			t.Fatal(err)
		}
		before := heap()
		var seen int
		for {
			_, err := rows.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen%measured == 0 {
				if grown := int64(heap()) - int64(before); grown > 2<<20 {
					t.Errorf("%s: the heap grew by %d KiB", spec, grown>>10)
				}
			}
		}
		if seen < measured {
			t.Errorf("%s: %d rows", spec, seen)
		}
	}
}

func heap() uint64 {
	goruntime.GC()
	var stats goruntime.MemStats
	goruntime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
