package scripts_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// counter answers with numbers, and counts how often.
func counter(t *testing.T) (url string, hits *atomic.Int64) {
	t.Helper()
	hits = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := hits.Add(1)
		if r.URL.Path == "/endless" {
			for piece := strings.Repeat("x", 64<<10); ; {
				if _, err := io.WriteString(w, piece); err != nil {
					return
				}
			}
		}
		_, _ = fmt.Fprintf(w, "answer %d", n)
	}))
	t.Cleanup(server.Close)
	return server.URL, hits
}

// speaker is a command whose standard output the test reads as it likes.
type speaker struct {
	*exec.Cmd
	ctx    context.Context
	out    io.ReadCloser
	errors strings.Builder
}

func speak(t *testing.T, dir string, args ...string) *speaker {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	s := &speaker{Cmd: commandIn(ctx, dir, append([]string{"volley"}, args...)), ctx: ctx}
	s.Stderr = &s.errors
	var err error
	if s.out, err = s.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *speaker) end(t *testing.T) int {
	t.Helper()
	return exitCode(s.ctx, t, s.Wait())
}

// endlessly are commands that write to standard output until they are stopped.
func endlessly(t *testing.T, url string) (dir string, commands map[string][]string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"print.lua": `for r in volley.imap(coroutine.wrap(function() while true do coroutine.yield(volley.get("` + url + `")) end end)) do print(r.text) end`,
		"quiet.lua": `for r in volley.imap(coroutine.wrap(function() while true do coroutine.yield(volley.get("` + url + `")) end end)) do end`,
		"emit.lua":  `local i = 0 while true do i = i + 1 volley.emit({i = i}) if i % 50 == 0 then volley.get("` + url + `"):send() end end`,
		"spec.yaml": "volley: 1\ndata: {many: {range: [1, 20000]}}\nrequests:\n  - {foreach: many, url: \"" + url + "\"}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, map[string][]string{
		"print":        {"run", "-q", "print.lua"},
		"print beside": {"run", "-q", "print.lua", "-o", "beside.ndjson", "-o", "beside.csv"},
		"-o - script":  {"run", "-q", "quiet.lua", "-o", "-", "-o", "beside.ndjson"},
		"-o - emit":    {"run", "-q", "emit.lua", "-o", "-"},
		"-o - spec":    {"run", "-q", "spec.yaml", "-o", "-", "-o", "beside.ndjson"},
		"send":         {"send", url + "/endless"},
	}
}

// TestStdoutClosed (row 160): when the reader goes away the run ends with code
// 4 and without a word, and what else it writes is whole.
func TestStdoutClosed(t *testing.T) {
	t.Parallel()
	url, hits := counter(t)
	_, commands := endlessly(t, url)
	for name, args := range commands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := endlessly(t, url)
			s := speak(t, dir, args...)
			if _, err := bufio.NewReaderSize(s.out, 16).ReadByte(); err != nil {
				t.Fatal(err)
			}
			if err := s.out.Close(); err != nil {
				t.Fatal(err)
			}
			if code := s.end(t); code != 4 || s.errors.String() != "" {
				t.Errorf("exit code %d, want 4 without a word; it said %q", code, s.errors.String())
			}
			checkWhole(t, dir)
		})
	}
	t.Cleanup(func() {
		before := settled(hits) // the server may have some left to read
		time.Sleep(20 * time.Millisecond)
		if after := hits.Load(); after != before {
			t.Errorf("%d requests came after all had ended", after-before)
		}
	})
}

// checkWhole looks at the outputs beside standard output, which are complete
// files although the run was cut short.
func checkWhole(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*beside*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(string(text), "\n") || strings.Count(string(text), "\n") < 2 {
			t.Errorf("%s: %d bytes are no whole lines", filepath.Base(name), len(text))
		}
		for line := range strings.Lines(string(text)) {
			if filepath.Ext(name) == ".ndjson" && !json.Valid([]byte(line)) {
				t.Errorf("%s holds %q", filepath.Base(name), line)
			}
		}
	}
}

// TestStdoutSlow (row 161): a reader who takes his time slows the run down;
// nothing is dropped, and what waits for him is bounded.
func TestStdoutSlow(t *testing.T) {
	t.Parallel()
	url, hits := counter(t)
	_, commands := endlessly(t, url)
	for _, name := range []string{"print", "-o - script", "-o - spec"} {
		t.Run(name, func(t *testing.T) {
			dir, _ := endlessly(t, url)
			s := speak(t, dir, commands[name]...)
			lines := bufio.NewScanner(s.out)
			lines.Buffer(nil, 1<<20)
			if !lines.Scan() {
				t.Fatal("it prints nothing")
			}
			at := settled(hits)
			size := resident(t, s.Process.Pid)
			if again := settled(hits); again > at+100 {
				t.Errorf("%d requests and then %d, though nobody reads", at, again)
			}
			if grown := resident(t, s.Process.Pid) - size; grown > 32<<10 {
				t.Errorf("%d KiB more, though nobody reads", grown)
			}
			checkSequence(t, lines, strings.HasPrefix(name, "-o -"))
			if err := s.out.Close(); err != nil {
				t.Fatal(err)
			}
			if code := s.end(t); code != 4 {
				t.Errorf("exit code %d, want 4: %s", code, s.errors.String())
			}
		})
	}
}

// settled waits until no more requests come for a second, for half a minute at
// most.
func settled(hits *atomic.Int64) int64 {
	before, quiet := int64(-1), 0
	for range 300 {
		time.Sleep(100 * time.Millisecond)
		now := hits.Load()
		if now != before {
			before, quiet = now, 0
			continue
		}
		if quiet++; quiet == 10 {
			break
		}
	}
	return before
}

// checkSequence reads on: of records each index comes once, and none of the
// first ones is missing.
func checkSequence(t *testing.T, lines *bufio.Scanner, records bool) {
	t.Helper()
	const enough = 2000
	seen := map[int]bool{}
	for range enough {
		if !lines.Scan() {
			t.Fatalf("it ended: %v", lines.Err())
		}
		if !records {
			if !strings.HasPrefix(lines.Text(), "answer ") {
				t.Fatalf("it prints %q", lines.Text())
			}
			continue
		}
		var record struct{ Index int }
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatalf("%v: %q", err, lines.Text())
		}
		if seen[record.Index] {
			t.Fatalf("index %d came twice", record.Index)
		}
		seen[record.Index] = true
	}
	for i := 1; records && i <= enough-1000; i++ {
		if !seen[i] {
			t.Fatalf("index %d is missing", i)
		}
	}
}

// resident is the memory of a process in KiB, 0 where the system does not say.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize() >> 10
}
