package sink_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"volley/runtime"
	"volley/runtime/sink"
)

// unpacked reads a file as its ending says.
func unpacked(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r io.Reader = bytes.NewReader(data)
	switch filepath.Ext(path) {
	case ".gz":
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	case ".zst":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return string(text)
}

// names lists a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

// TestOpen: every ending gives its format, whole after Close, and nothing else
// is left.
func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out", "deep")
	for name, want := range map[string]string{
		"a.ndjson": "{", "a.jsonl": "{", "a.NDJSON": "{", "a.ndjson.gz": "{", "a.jsonl.zst": "{",
		"a.csv": "row.id,row.qty,row.note,index,", "a.csv.gz": "row.id,", "a.csv.zst": "row.id,",
	} {
		path := filepath.Join(dir, name)
		out, err := sink.Open(path, sink.OpenOptions{Run: run})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3000 { // more than one buffer
			if err := out.Write(fromRow(i+1, i, 2, "x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		text := unpacked(t, path)
		if n := strings.Count(text, "\n"); n != 3001 || !strings.HasPrefix(text, want) {
			t.Errorf("%s: %d lines, beginning with %.40q", name, n, text)
		}
		if got := names(t, dir); got != name {
			t.Errorf("%s leaves %s", name, got)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenStandardOutput(t *testing.T) {
	var stdout bytes.Buffer
	out, err := sink.Open("-", sink.OpenOptions{Run: run, Stdout: &stdout})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(out.Write(answered()), out.Flush()); err != nil || strings.Count(stdout.String(), "\n") != 2 {
		t.Errorf("%q, %v", stdout.String(), err)
	}

	stdout.Reset()
	if out, err = sink.Open("-", sink.OpenOptions{Format: sink.FormatCSV, Fields: []string{"status"}, Stdout: &stdout}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(out.Write(answered()), out.Flush()); err != nil || stdout.String() != "status\n201\n" {
		t.Errorf("as CSV: %q, %v", stdout.String(), err)
	}
}

// TestOpenByFormat: a format that is said goes over the ending, but for its
// compression.
func TestOpenByFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.data.gz")
	out, err := sink.Open(path, sink.OpenOptions{Format: sink.FormatCSV, Fields: []string{"status"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(out.Write(answered()), out.Close()); err != nil {
		t.Fatal(err)
	}
	if got := unpacked(t, path); got != "status\n201\n" {
		t.Errorf("%q", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, c := range map[string]struct {
		o    sink.OpenOptions
		kind runtime.Kind
		want string
	}{
		"x.har":             {kind: runtime.KindInvalidArgument, want: "x.har: its ending is no known format: use .ndjson, .jsonl or .csv, each also with .gz or .zst, or - for standard output"},
		"x.gz":              {kind: runtime.KindInvalidArgument, want: "x.gz: its ending is no known format: use .ndjson, .jsonl or .csv, each also with .gz or .zst, or - for standard output"},
		"x.csv":             {o: sink.OpenOptions{Fields: []string{"staus"}}, kind: runtime.KindInvalidArgument, want: `unknown field "staus"; did you mean "status"?`},
		blocked + "/x.csv":  {kind: runtime.KindIO, want: "writing " + blocked + "/x.csv: not a directory"},
		dir + "/sub.ndjson": {kind: runtime.KindIO, want: "writing " + dir + "/sub.ndjson: it is a folder"},
	} {
		if strings.HasPrefix(path, dir+"/sub") {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		_, err := sink.Open(path, c.o)
		var e *runtime.Error
		if !errors.As(err, &e) || e.Kind != c.kind || e.Message != c.want {
			t.Errorf("%s: %v, want %s: %s", path, err, c.kind, c.want)
		}
	}
	if got := names(t, dir); got != "file sub.ndjson" {
		t.Errorf("left: %s", got)
	}
}

// TestOlderFile: it stays until the first lines, those who read it read on,
// its mode is kept, and a link to it stays a link.
func TestOlderFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "a.csv"), filepath.Join(dir, "link.csv")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.csv", link); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	given, err := sink.Open(link, sink.OpenOptions{Fields: []string{"status"}})
	if err != nil {
		t.Fatal(err)
	}
	given.Discard()
	out, err := sink.Open(link, sink.OpenOptions{Fields: []string{"status"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := unpacked(t, path); got != "old" {
		t.Errorf("before the first lines: %q", got)
	}
	if err := errors.Join(out.Write(answered()), out.Flush()); err != nil {
		t.Fatal(err)
	}
	if got := unpacked(t, path); got != "status\n201\n" {
		t.Errorf("after a flush: %q", got)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != "old" {
		t.Errorf("the reader of the older file gets %q, %v", text, err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := names(t, dir); got != "a.csv link.csv" {
		t.Errorf("left: %s", got)
	}
	if to, err := os.Readlink(link); err != nil || to != "a.csv" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}

// TestNoTrace: what has not been written to is not in its folder, so that a
// process that ends at once leaves nothing behind.
func TestNoTrace(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.ndjson", "a.csv.gz", "a.jsonl.zst"} {
		out, err := sink.Open(filepath.Join(dir, name), sink.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Write(answered()); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); got != "" {
			t.Errorf("%s leaves %s", name, got)
		}
		out.Discard()
	}
}

// TestFullDisk: the first error stays, names the path, and is returned by
// every later call.
func TestFullDisk(t *testing.T) {
	for _, format := range []sink.Format{sink.FormatNDJSON, sink.FormatCSV} {
		out, err := sink.Open("/dev/full", sink.OpenOptions{Format: format, Fields: []string{"status"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Write(answered()); err != nil {
			t.Errorf("%s: a line in the buffer: %v", format, err)
		}
		for name, call := range map[string]func() error{"Flush": out.Flush, "Write": func() error { return out.Write(answered()) }, "Close": out.Close} {
			if name != "Flush" {
				_ = out.Flush()
			}
			err := call()
			var e *runtime.Error
			if !errors.As(err, &e) || e.Kind != runtime.KindIO || e.Message != "writing /dev/full: no space left on device" || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%s: %s: %v", format, name, err)
			}
		}
	}
}

// TestEmptyFiles: an output without results is a good file of its kind.
func TestEmptyFiles(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		"f.csv": "", "f.jsonl.gz": "", "f.txt.zst": "",
		"o.csv": "index,ok,status,error,kind,elapsed,attempts,url\n", "o.csv.zst": "index,ok,status,error,kind,elapsed,attempts,url\n",
	} {
		path := filepath.Join(dir, name)
		var out sink.Output
		var err error
		if name[0] == 'f' {
			out, err = sink.NewFailed(path)
		} else {
			out, err = sink.Open(path, sink.OpenOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(out.Close(), out.Close()); err != nil {
			t.Fatal(err)
		}
		if got := unpacked(t, path); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestMembers: a flush that comes early does not end a member, and a whole file
// is read in one go.
func TestMembers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv.gz")
	out, err := sink.Open(path, sink.OpenOptions{Fields: []string{"index"}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if err := errors.Join(out.Write(fromRow(i, 1, 2, 3)), out.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if got := unpacked(t, path); strings.Count(got, "\n") != 51 {
		t.Errorf("%q", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 200 {
		t.Errorf("%d bytes for 50 small lines, %v", info.Size(), err)
	}
}

// TestLinkToNothing: the output appears where the links lead, and links that
// lead round are an error.
func TestLinkToNothing(t *testing.T) {
	dir := t.TempDir()
	for link, to := range map[string]string{"first.csv": "second.csv", "second.csv": filepath.Join(dir, "made.csv"), "round.csv": "back.csv", "back.csv": "round.csv"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	out, err := sink.Open(filepath.Join(dir, "first.csv"), sink.OpenOptions{Fields: []string{"status"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(out.Write(answered()), out.Close()); err != nil {
		t.Fatal(err)
	}
	if got := unpacked(t, filepath.Join(dir, "made.csv")); got != "status\n201\n" {
		t.Errorf("%q", got)
	}
	if to, err := os.Readlink(filepath.Join(dir, "first.csv")); err != nil || to != "second.csv" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	_, err = sink.Open(filepath.Join(dir, "round.csv"), sink.OpenOptions{Fields: []string{"status"}})
	if e := runtime.AsError(err); e == nil || e.Kind != runtime.KindIO || !strings.Contains(e.Message, "too many levels of symbolic links") {
		t.Errorf("links that lead round: %v", err)
	}
}
