package scripts_test

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"volley/runtime/command"
	"volley/scripts"
)

// longest is what an example may take; the race detector's share included.
const longest = time.Minute

// examples are the key lines of what each example prints, as patterns that
// match whole lines, in order.
var examples = map[string][]string{
	"quickstart.lua": {`callback\t200`, `failed\thttp://127.0.0.1:9/\tconnect`, `1\t<Response \[200\]>`, `2\t<Response \[200\]>`, `3\tfalse`, `grace`, `pages add up to\t15`},
	"grequests_readme.lua": {
		`<Response \[200\]>`, `<Response \[200\]>`, `<Response \[200\]>`, `<Response \[200\]>`, `false`, `<Response \[200\]>`,
		`Request failed\tread_timeout`, `Request failed\tconnect`, `false`, `false`, `<Response \[500\]>`,
		`imap\t1215`, `1\t<Response \[200\]>`, `6\t<Response \[205\]>`,
	},
	"serial_vs_map.lua": {`serial  100 requests in [0-9.]+ s`, `map     100 requests in [0-9.]+ s, \d+ times as fast`},
	"exceptions.lua": {
		`slow\tread_timeout\ta timeout`, `dead\tconnect\ta connection`, `bad url\tmissing_schema\t`, `strict\thttp\t`,
		`1\tfalse\tGET .*/delay/1: read_timeout: .*`, `2\tfallback\tGET .*`, `3\tfalse\t.*missing_schema.*`, `4\tfalse\t.*http: 500 .*`,
		`5\t<Response \[500\]>\tnil`, `6\town fallback\t.*connect.*`, `nil\tconnect\tconnect\tno`,
		`.*unknown option "header"; did you mean "headers"\?`,
	},
	"session_cookies.lua": {`flavour\toat\tsent: oat`, `theme\tdark\tsent: dark`, `header\tdemo`, `auth\t200`, `without the session\tnil`},
	"generator_file.lua":  {`1\t200\tada`, `2\t200\tgrace`, `8\t200\tleslie`},
	"chain_spawn.lua":     {`ada\tt-ada\t200`, `grace\tt-grace\t200`, `barbara\tt-barbara\t200`, `three chains .* took .* s`},
	"rate_limit.lua":      slices.Repeat([]string{`200\t\d\.\d\d s`}, 10),
	"retries.lua":         {`unstable\t200\t.*`, `retry\t2\t503`, `retry\t3\t503`, `gone\t503\t3 attempts\t2 retries`, `post\t503\t1 attempt`},
	"streaming_download.lua": {
		`content\t100000 bytes in 4 pieces`, `line\t0`, `line\t1`, `line\t2`, `save\tdenied: .*--allow-write .* allows it`,
	},
	"enumerate.lua": {`2\t/status/204\t204`, `1\t/delay/0.2\t200`, `3\t/delay/5\tread_timeout`},
	"progress.lua":  {`10 of 51, .*`, `50 of 51, .*`, `51 of 51, 50 ok, 1 failed`},
}

// TestExamples runs each example as the README says: volley run FILE, in the
// repository's root.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, name := range exampleNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			got := runIn(t, "..", "", "volley", "run", "scripts/examples/"+name)
			if took := time.Since(began); took > longest {
				t.Errorf("it took %v", took)
			}
			if got.code != 0 {
				t.Fatalf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
			}
			expectLines(t, got.stdout, examples[name])
			if !strings.Contains(got.stderr, " done = ") {
				t.Errorf("no summary:\n%s", got.stderr)
			}
		})
	}
}

// TestExamplesLeaveNothing runs examples in this process, where the check for
// leaked goroutines sees what they leave.
func TestExamplesLeaveNothing(t *testing.T) {
	t.Chdir("..")
	for _, name := range []string{"quickstart.lua", "exceptions.lua", "generator_file.lua", "streaming_download.lua"} {
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		code := command.Main(context.Background(), []string{"volley", "run", "-q", "scripts/examples/" + name},
			command.Streams{In: strings.NewReader(""), Out: out, Err: out})
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if code != 0 {
			t.Errorf("%s: exit code %d", name, code)
		}
	}
}

func TestSavingWithAGrant(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script, err := filepath.Abs("examples/streaming_download.lua")
	if err != nil {
		t.Fatal(err)
	}
	got := runIn(t, dir, "", "volley", "run", "-q", "--allow-write", ".", script)
	expectLines(t, got.stdout, []string{`save\t100000 bytes`})
	if info, err := os.Stat(filepath.Join(dir, "download.bin")); err != nil || info.Size() != 100000 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

// TestExamplesAreEmbedded: the embedded files are those on disk, and each has
// a comment on top that says what it shows.
func TestExamplesAreEmbedded(t *testing.T) {
	t.Parallel()
	for _, name := range exampleNames(t) {
		src, err := scripts.Examples.ReadFile(path.Join("examples", name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.HasPrefix(string(src), "-- ") {
			t.Errorf("%s: no comment on top", name)
		}
		if examples[name] == nil {
			t.Errorf("%s: its output is not tested", name)
		}
	}
}

func exampleNames(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(os.DirFS("examples"), "*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	return files
}

// expectLines fails unless the patterns match lines of text in that order.
func expectLines(t *testing.T, text string, patterns []string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for _, pattern := range patterns {
		whole := regexp.MustCompile("^" + pattern + "$")
		i := slices.IndexFunc(lines, whole.MatchString)
		if i < 0 {
			t.Errorf("no line matches %s in the rest of\n%s", pattern, text)
			return
		}
		lines = lines[i+1:]
	}
}
