package scripts_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// interrupted runs a script in a folder of its own. Each time the script
// prints a line that begins with "now", the next of the signals is sent.
func interrupted(t *testing.T, src string, flags []string, signals ...syscall.Signal) (ended, time.Duration) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.lua"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := commandIn(ctx, dir, append(append([]string{"volley", "run"}, flags...), "s.lua"))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var first time.Time
	said := make(chan string, 16)
	messages := make(chan string, 1)
	go func() { messages <- follow(errs, said) }()
	var stdout strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		stdout.WriteString(lines.Text() + "\n")
		if !strings.HasPrefix(lines.Text(), "now") || !first.IsZero() {
			continue
		}
		first = time.Now()
		for i, sig := range signals {
			if err := c.Process.Signal(sig); err != nil {
				t.Errorf("signal %d: %v", i+1, err)
			}
			if i == 0 {
				<-said // two signals at once are one
			} else if i+1 < len(signals) {
				time.Sleep(100 * time.Millisecond) // the second has no answer to wait for
			}
		}
	}
	stderr := <-messages
	code := exitCode(ctx, t, c.Wait())
	return ended{code, stdout.String(), stderr}, time.Since(first)
}

// follow reads standard error and tells of the line that answers the first
// signal.
func follow(r io.Reader, said chan<- string) string {
	var all strings.Builder
	for lines := bufio.NewScanner(r); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "again to cancel it") {
			said <- lines.Text()
		}
	}
	close(said)
	return all.String()
}

// grace is what a run gets after the first signal; what must not wait for its
// end takes less.
const grace = 5 * time.Second

const batch = `
local base = volley.httpbin()
local list = {}
for i = 1, 6 do list[i] = volley.get(base .. "/delay/0.6", {meta = i}) end
volley.spawn(function() volley.sleep(0.2) print("now") end)
local responses, errors = volley.map(list, {size = 2})
for i = 1, responses.n do print(i, responses[i], errors[i] and errors[i].kind) end
local resp, err = volley.get(base .. "/get"):send()
print("send", resp, err.kind)
`

func TestFirstSignal(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			got, _ := interrupted(t, batch, nil, sig)
			if got.code != 130 {
				t.Errorf("exit code %d, want 130", got.code)
			}
			expectLines(t, got.stdout, []string{
				`1\t<Response \[200\]>\tnil`, `2\t<Response \[200\]>\tnil`,
				`3\tfalse\tcancelled`, `4\tfalse\tcancelled`, `5\tfalse\tcancelled`, `6\tfalse\tcancelled`,
				`send\tnil\tcancelled`,
			})
			expectLines(t, got.stderr, []string{`7 done = 2 ok \+ 5 failed \+ 0 skipped, .*`, `failed +5 cancelled .*`})
		})
	}
}

// TestIteratorsEnd: after the first signal a generator is not pulled again,
// and the loop over imap ends.
func TestIteratorsEnd(t *testing.T) {
	t.Parallel()
	got, took := interrupted(t, `
local base, pulled, taken = volley.httpbin(), 0, 0
local function endless()
  while true do pulled = pulled + 1 coroutine.yield(volley.get(base .. "/delay/0.3")) end
end
volley.spawn(function() volley.sleep(0.1) print("now") end)
for resp in volley.imap(coroutine.wrap(endless), {size = 3}) do taken = taken + 1 end
print("taken", taken, "of", pulled)
`, nil, syscall.SIGINT)
	expectLines(t, got.stdout, []string{`now`, `taken\t3\tof\t3`})
	if got.code != 130 || took > grace {
		t.Errorf("exit code %d after %v", got.code, took)
	}
}

// TestBusyScripts: what neither sends nor blocks does not get the whole grace
// period, and cannot catch its end.
func TestBusyScripts(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"loop":   `print("now") while true do end`,
		"pcall":  `print("now") while true do pcall(function() while true do end end) end`,
		"parked": `print("now") volley.sleep(60) print("woke")`,
		"queue":  `volley.spawn(volley.sleep, 60) print("now") volley.queue():get()`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, took := interrupted(t, src, nil, syscall.SIGINT)
			if got.code != 130 || got.stdout != "now\n" {
				t.Errorf("exit code %d, output %q", got.code, got.stdout)
			}
			if took >= grace {
				t.Errorf("it took %v", took)
			}
			expectLines(t, got.stderr, []string{`interrupt: finishing what is in flight; again to cancel it`})
			if strings.Contains(got.stderr, "error:") {
				t.Errorf("an interrupt is no error of the script:\n%s", got.stderr)
			}
		})
	}
}

const slow = `
volley.spawn(function() volley.sleep(0.2) print("now") end)
print(volley.get(volley.httpbin() .. "/delay/9"):send())
`

func TestSecondSignal(t *testing.T) {
	t.Parallel()
	got, took := interrupted(t, slow, nil, syscall.SIGINT, syscall.SIGTERM)
	if got.code != 130 || took >= grace {
		t.Errorf("exit code %d after %v", got.code, took)
	}
	expectLines(t, got.stderr, []string{`interrupt: .*`, `1 done = 0 ok \+ 1 failed \+ 0 skipped, .*`, `failed +1 cancelled .*`})
}

// TestThirdSignal: a child process that the script waits for holds the run,
// whatever is cancelled; the third signal ends it all the same.
func TestThirdSignal(t *testing.T) {
	t.Parallel()
	got, took := interrupted(t, `print("now") os.execute("exec sleep 8 </dev/null >/dev/null 2>&1") print("after")`,
		[]string{"--unsafe"}, syscall.SIGINT, syscall.SIGINT, syscall.SIGINT)
	if got.code != 130 || got.stdout != "now\n" || took >= grace {
		t.Errorf("exit code %d after %v, output %q", got.code, took, got.stdout)
	}
}

// TestGracePeriod: without a second signal the request in flight is cancelled
// when the grace period is over.
func TestGracePeriod(t *testing.T) {
	t.Parallel()
	got, took := interrupted(t, slow, nil, syscall.SIGINT)
	if got.code != 130 || took < grace {
		t.Errorf("exit code %d after %v", got.code, took)
	}
	expectLines(t, got.stderr, []string{`1 done = 0 ok \+ 1 failed \+ 0 skipped, .*`, `failed +1 cancelled .*`})
}

// TestInterruptComesFirst: of several reasons to end 130 is the one that tells.
func TestInterruptComesFirst(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{
		"exit":  `volley.exit(7)`,
		"error": `error("too late")`,
		"raise": `volley.write("x", "y")`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := interrupted(t, `
volley.spawn(function() volley.sleep(0.1) print("now") end)
print(volley.get(volley.httpbin() .. "/delay/0.4"):send())
`+end, []string{"--strict"}, syscall.SIGINT)
			if got.code != 130 {
				t.Errorf("exit code %d, want 130\n%s", got.code, got.stderr)
			}
			expectLines(t, got.stdout, []string{`now`, `<Response \[200\]>`})
		})
	}
}

// TestLaterFiles: after a signal no further file is run.
func TestLaterFiles(t *testing.T) {
	t.Parallel()
	got, _ := interrupted(t, `print("now") volley.sleep(60)`, []string{"s.lua", "s.lua"}, syscall.SIGINT)
	if got.code != 130 || got.stdout != "now\n" {
		t.Errorf("exit code %d, output %q", got.code, got.stdout)
	}
}

func TestHTTPBinCommand(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := commandIn(ctx, ".", []string{"volley", "httpbin", "--addr", "127.0.0.1:0"})
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(errs).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, _, _ := strings.Cut(strings.TrimPrefix(line, "httpbin listens on "), ";")
	got := runIn(t, ".", `print(volley.get(volley.args[1] .. "/status/418"):send())`, "volley", "run", "-q", "-", "--type=lua", "--", url)
	if got.stdout != "<Response [418]>\n" {
		t.Errorf("at %s: %+v", url, got)
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(ctx, t, c.Wait()); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}
