package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// job is one run of a client.
type job struct {
	Label string // sets it apart from the client's other jobs; "": the only one
	Note  string // what it does less of, or otherwise, than the others
	Args  []string
	Env   []string // besides the bench's own
	Dir   string
	Sends int // requests it is asked for; those without an answer are wrong. 0: it sends for a time
	// Count reads from what it printed how many answers were right and how
	// many were not.
	Count func(p printed) (ok, wrong int, err error)
}

// printed is what a client wrote, each part cut to its end.
type printed struct{ out, errs string }

// measurement is what one run took.
type measurement struct {
	OK       int           `json:"ok"`
	Wrong    int           `json:"wrong"`
	Wall     time.Duration `json:"wall_ns"`
	CPU      time.Duration `json:"cpu_ns"`   // user and system, with its children
	RSS      int64         `json:"rss"`      // peak, bytes
	RSSTenth int64         `json:"rss_10pc"` // peak until a tenth was done; 0: it did not say
}

// measure runs j and counts. The error names what went wrong and ends with
// the client's last lines.
func measure(j job, limit time.Duration) (measurement, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.Args[0], j.Args[1:]...)
	cmd.Dir, cmd.Env = j.Dir, append(os.Environ(), j.Env...)
	cmd.WaitDelay = time.Second
	memory := &watch{}
	out, errs := &tail{memory: memory}, &tail{memory: memory}
	cmd.Stdout, cmd.Stderr = out, errs
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return measurement{}, err
	}
	stop := memory.start(cmd.Process.Pid)
	err := cmd.Wait()
	m := measurement{Wall: time.Since(start), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	stop()
	m.RSS, m.RSSTenth = memory.peaks(cmd.ProcessState)
	said := printed{out: out.String(), errs: errs.String()}
	if ctx.Err() != nil {
		return m, fmt.Errorf("stopped after %v, the limit%s", limit, said.last())
	}
	if err != nil {
		return m, fmt.Errorf("%w%s", err, said.last())
	}
	if m.OK, m.Wrong, err = j.Count(said); err != nil {
		return m, fmt.Errorf("its counts are not understood: %w%s", err, said.last())
	}
	m.Wrong += max(0, j.Sends-m.OK-m.Wrong)
	return m, nil
}

// last returns the client's last lines, behind a colon.
func (p printed) last() string {
	text := strings.TrimSpace(p.errs)
	if text == "" {
		text = strings.TrimSpace(p.out)
	}
	lines := strings.Split(text, "\n")
	const most = 5
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	if text == "" {
		return ""
	}
	return ":\n    " + strings.Join(lines, "\n    ")
}

// tail keeps the end of what is written to it, and has memory looked at when a
// tenth is done.
type tail struct {
	memory *watch
	kept   []byte
}

const tailLength = 64 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(tenthDone)) {
		t.memory.tenthDone()
	}
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailLength; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept) }

// watch follows a process's peak of resident memory as Linux has it. The
// kernel's count at the end is no substitute for a small process: it holds the
// size of whoever started it too.
type watch struct {
	mu          sync.Mutex
	pid         int
	peak, tenth int64
}

const watchEvery = 10 * time.Millisecond

// start watches until the func that it returns is called.
func (w *watch) start(pid int) (stop func()) {
	w.mu.Lock()
	w.pid = pid
	w.mu.Unlock()
	done := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			w.look()
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() {
		close(done)
		watcher.Wait()
	}
}

// look reads the peak; a process that is gone, or no Linux, changes nothing.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(w.pid) + "/status")
	if err != nil {
		return
	}
	if kb, err := peakIn(string(data)); err == nil {
		w.peak = max(w.peak, kb*1024)
	}
}

func (w *watch) tenthDone() {
	w.look()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tenth = w.peak
}

var errNoPeak = errors.New("no VmHWM")

// peakIn returns VmHWM of a status file, in KiB.
func peakIn(status string) (int64, error) {
	_, rest, found := strings.Cut(status, "VmHWM:")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, errNoPeak
	}
	return strconv.ParseInt(fields[0], 10, 64)
}

// peaks returns the peak at the end and the one when a tenth was done.
func (w *watch) peaks(state *os.ProcessState) (peak, tenth int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	counted := int64(0)
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		counted = r.Maxrss * 1024
	}
	// Above the bench's own size the kernel's count is the client's, to the
	// last moment.
	if _, own := usage(); counted > own || w.peak == 0 {
		return counted, w.tenth
	}
	return w.peak, w.tenth
}
