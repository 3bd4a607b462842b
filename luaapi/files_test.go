package luaapi

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volley/luaapi/vm"
	"volley/runtime"
)

func TestFile(t *testing.T) {
	l := newLibrary(t)
	l.put(t, "data/a.txt", "hello")
	l.pass(t, `
local f = volley.file("data/a.txt")
assert(f.path == "data/a.txt" and f.name == "a.txt" and f.size == 5 and f.type == nil)
assert(tostring(f) == "<File [data/a.txt]>")
local g = volley.file("data/a.txt", {type = "text/plain", filename = "b.txt"})
assert(g.name == "b.txt" and g.type == "text/plain")
`)
	l.raises(t, `volley.file("nothing.txt")`, runtime.KindIO, "reading nothing.txt")
	l.raises(t, `volley.file("data")`, runtime.KindIO, "no regular file")
	l.raises(t, `volley.file("/etc/hostname")`, runtime.KindDenied, "--allow-read")
	l.raises(t, `volley.file("data/a.txt", {content_type = "x"})`, runtime.KindInvalidArgument, `unknown option "content_type"`)
}

func TestFileBodyReadsThroughThePolicy(t *testing.T) {
	l := newLibrary(t)
	l.put(t, "a.txt", "hello")
	s := &Script{config: l.config}
	body, err := s.fileBody(&fileObject{path: "a.txt", contentType: "text/plain"})
	if err != nil {
		t.Fatal(err)
	}
	r, n, err := body.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(r)
	if err != nil || string(data) != "hello" || n != 5 || body.ContentType() != "text/plain" || !body.Replayable() {
		t.Errorf("got %q, %d bytes, %q, %v", data, n, body.ContentType(), err)
	}
	if _, err := s.fileBody(&fileObject{path: "/etc/hostname"}); !isKind(err, runtime.KindDenied) {
		t.Errorf("outside the sandbox: got %v, want denied", err)
	}
}

func isKind(err error, kind runtime.Kind) bool {
	return err != nil && runtime.AsError(err).Kind == kind
}

func TestLines(t *testing.T) {
	l := newLibrary(t)
	long := strings.Repeat("x", 200<<10)
	l.put(t, "a.txt", "\uFEFFone\r\n\ntwo\rstill\n"+long+"\nlast")
	l.put(t, "empty.txt", "")
	l.put(t, "ended.txt", "a\n")
	l.pass(t, fmt.Sprintf(`
local got = {}
for line, n in volley.lines("a.txt") do got[n] = line end
assert(#got == 5, #got)
assert(got[1] == "one" and got[2] == "" and got[3] == "two\rstill" and #got[4] == %d and got[5] == "last")
for _ in volley.lines("empty.txt") do error("a line of nothing") end
local n = 0
for _ in volley.lines("ended.txt") do n = n + 1 end
assert(n == 1)
local next_line = volley.lines("ended.txt")
assert(next_line() == "a" and next_line() == nil and next_line() == nil)
`, len(long)))
	l.raises(t, `volley.lines("nothing.txt")`, runtime.KindIO, "nothing.txt")
	l.raises(t, `volley.lines("/etc/passwd")`, runtime.KindDenied, "--allow-read /etc")
	l.raises(t, `volley.lines(".hidden")`, runtime.KindDenied, "begin with a dot")
}

func TestLineLongerThanTheLimit(t *testing.T) {
	l := newLibrary(t)
	path := filepath.Join(l.dir, "long.txt")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("short\n")
	if err == nil {
		err = f.Truncate(maxRecord + 1<<20) // zeros that take no room
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	l.raises(t, `for _ in volley.lines("long.txt") do end`, runtime.KindIO, "line 2 is longer than 64 MiB")
}

func TestLinesOfAnEndedTask(t *testing.T) {
	l := newLibrary(t)
	l.put(t, "a.txt", "one\ntwo\nthree\n")
	l.raises(t, `
local lines
local task = volley.spawn(function() lines = volley.lines("a.txt"); assert(lines() == "one") end)
task:join()
lines()`, runtime.KindIO, "closed when the task that opened it ended")
}

func TestLinesCloseTheirFiles(t *testing.T) {
	l := newLibrary(t)
	l.put(t, "a.txt", "one\ntwo\n")
	before := openFiles(t)
	l.pass(t, `
for i = 1, 20 do
  for _ in volley.lines("a.txt") do end   -- to the end
  local abandoned = volley.lines("a.txt")
  assert(abandoned() == "one")
end`)
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, %d before", after, before)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestGlob(t *testing.T) {
	l := newLibrary(t)
	t.Chdir(l.dir)
	for _, name := range []string{"b.json", "a.json", "x.txt", "deep/er/c.json", "deep/.git/d.json", ".hidden.json"} {
		l.put(t, name, "{}")
	}
	l.pass(t, `
local function is(pattern, want)
  local got = table.concat(volley.glob(pattern), " ")
  assert(got == want, pattern .. ": " .. got)
end
is("*.json", "a.json b.json")
is("**/*.json", "a.json b.json deep/er/c.json")
is("deep/*/*.json", "deep/er/c.json")
is("{a,x}.*", "a.json x.txt")
is("./x.txt", "x.txt")
is("nothing*", "")
assert(volley.json.encode(volley.glob("nothing*")) == "[]")
`)
	l.raises(t, `volley.glob("/etc/*")`, runtime.KindDenied, "--allow-read")
	l.raises(t, `volley.glob("../*")`, runtime.KindDenied, "--allow-read")
	l.raises(t, `volley.glob("[a")`, runtime.KindInvalidArgument, "unclosed")
}

func TestWriteAndAppend(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
volley.write("out.txt", "first")
volley.write("out.txt", "second\n")
volley.append("out.txt", "third\n")
volley.append("new.txt", 5)
`)
	for name, want := range map[string]string{"out.txt": "second\nthird\n", "new.txt": "5"} {
		got, err := os.ReadFile(filepath.Join(l.dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	l.raises(t, `volley.write("/tmp/volley-outside.txt", "x")`, runtime.KindDenied, "--allow-write")
	l.raises(t, `volley.append("/tmp/volley-outside.txt", "x")`, runtime.KindDenied, "--allow-write")
	l.raises(t, `volley.write("out.txt")`, runtime.KindInvalidArgument, "must be a string, got nothing")
}

func TestReadFile(t *testing.T) {
	l := newLibrary(t)
	l.put(t, "part.lua", "return 42")
	l.pass(t, `assert(dofile("part.lua") == 42)`)
	l.raises(t, `dofile("/etc/passwd")`, runtime.KindDenied, "--allow-read")
}

func TestCSV(t *testing.T) {
	l := newLibrary(t)
	l.put(t, "users.csv", "\uFEFFid,name\n1,ada\n\n2,\"b, \"\"c\"\"\nd\"\n")
	l.put(t, "plain.tsv", "a\tb\r\nc\td\r\n")
	l.put(t, "empty.csv", "")
	l.put(t, "head.csv", "a,b\n")
	l.pass(t, `
local rows = volley.csv.read("users.csv")
assert(#rows == 2 and rows[1].id == "1" and rows[1].name == "ada" and rows[2].name == 'b, "c"\nd')
local lines = {}
for row, line in volley.csv.rows("users.csv") do lines[#lines + 1] = line .. row.id end
assert(table.concat(lines, " ") == "21 42", table.concat(lines, " "))
local plain = volley.csv.read("plain.tsv", {header = false, delimiter = "\t"})
assert(#plain == 2 and plain[1][1] == "a" and plain[2][2] == "d")
assert(#volley.csv.read("empty.csv") == 0 and #volley.csv.read("head.csv") == 0)
assert(volley.csv.rows("head.csv")() == nil)
`)
	l.put(t, "ragged.csv", "a,b\n1,2\n1,2,3\n")
	l.put(t, "twice.csv", "a,b,a\n")
	l.put(t, "quote.csv", "a,b\n1,x\"y\n")
	l.put(t, "open.csv", "a,b\n1,\"x\n2,3\n")
	for code, text := range map[string]string{
		`volley.csv.read("ragged.csv")`:                                        "reading ragged.csv: line 3: 3 fields where the first row has 2",
		`local n = 0; for _ in volley.csv.rows("ragged.csv") do n = n + 1 end`: "line 3",
		`volley.csv.read("twice.csv")`:                                         `line 1: the column "a" appears twice`,
		`volley.csv.read("quote.csv")`:                                         "line 2: column 4: bare \"",
		`volley.csv.read("open.csv")`:                                          "line 3",
	} {
		l.raises(t, code, runtime.KindIO, text)
	}
	l.raises(t, `volley.csv.read("users.csv", {delimiter = ",,"})`, runtime.KindInvalidArgument, "one character")
	l.raises(t, `volley.csv.read("users.csv", {separator = ";"})`, runtime.KindInvalidArgument, `unknown option "separator"`)
	l.raises(t, `volley.csv.rows("/etc/passwd")`, runtime.KindDenied, "--allow-read")
}

func TestCSVRowThatNeverEnds(t *testing.T) {
	in := &input{path: "a.csv", reader: bufio.NewReader(io.MultiReader(strings.NewReader("\""), endless('x')))}
	rows := &csvRows{in: in, limit: &recordLimit{source: in.reader}, plain: true}
	rows.reader = csv.NewReader(rows.limit)
	if _, err := rows.record(jsonHost(t)); !isKind(err, runtime.KindIO) || !strings.Contains(err.Error(), "is a quote left open?") {
		t.Errorf("got %v", err)
	}
}

// endless is a file of one byte without an end.
type endless byte

func (b endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestJSONL(t *testing.T) {
	l := newLibrary(t)
	l.put(t, "a.jsonl", "\uFEFF{\"id\": 1}\n\n  \r\n[2]\r\nnull\nfalse\n\"x\"")
	l.put(t, "bad.jsonl", "1\n\n{\"a\": }\n4\n")
	l.put(t, "big.jsonl", "12345678901234567890\n")
	l.pass(t, `
local got, lines = {}, {}
for v, n in volley.jsonl.read("a.jsonl") do got[#got + 1] = v; lines[#lines + 1] = n end
assert(got[1].id == 1 and got[2][1] == 2 and got[3] == volley.null and got[4] == false and got[5] == "x" and #got == 5)
assert(table.concat(lines, ",") == "1,4,5,6,7", table.concat(lines, ","))
for v in volley.jsonl.read("big.jsonl", {bigint = "string"}) do assert(v == "12345678901234567890") end
`)
	l.raises(t, `for v in volley.jsonl.read("bad.jsonl") do assert(v == 1) end`, runtime.KindJSON, "reading bad.jsonl: line 3, column 7:")
	l.raises(t, `volley.jsonl.read("none.jsonl")`, runtime.KindIO, "none.jsonl")
}

func TestReadingStopsWithTheScript(t *testing.T) {
	l := newLibrary(t)
	l.config.MaxInstructions = 2000
	l.put(t, "long.csv", "id\n"+strings.Repeat("1\n", 100_000))
	err := l.run(t, `volley.csv.read("long.csv") error("it read on")`)
	var se *vm.ScriptError
	if !errors.As(err, &se) || !se.Interrupted {
		t.Errorf("got %v, want the script interrupted", err)
	}
}
