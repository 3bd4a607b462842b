package report_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"volley/runtime/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is a terminal of one line: what stands on it, and what scrolled off.
type screen struct {
	mu     sync.Mutex
	raw    bytes.Buffer
	cursor string
	above  []string
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw.Write(p)
	text := string(p)
	for text != "" {
		switch {
		case strings.HasPrefix(text, "\r\x1b[2K"):
			s.cursor, text = "", text[len("\r\x1b[2K"):]
		case text[0] == '\n':
			s.above, s.cursor, text = append(s.above, s.cursor), "", text[1:]
		default:
			s.cursor, text = s.cursor+text[:1], text[1:]
		}
	}
	return len(p), nil
}

func (s *screen) line() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor
}

// left returns the lines that were ended.
func (s *screen) left() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.above)
}

func (s *screen) want(t *testing.T, want string) {
	t.Helper()
	if got := s.line(); got != want {
		t.Errorf("the line is %q, want %q", got, want)
	}
}

// steady is a run of a thousand requests at 100/s.
func steady() func() report.State {
	began := time.Now()
	return func() report.State {
		done := int64(time.Since(began) / (10 * time.Millisecond))
		return report.State{
			Snapshot: report.Snapshot{
				Counts: report.Counts{Done: done, OK: done - done/100, Failed: done / 100},
				P50:    12 * time.Millisecond, P99: 80 * time.Millisecond,
			},
			Total: 1000, InFlight: 25,
		}
	}
}

func TestLiveLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := &screen{}
		p := report.StartProgress(report.ProgressConfig{Mode: report.Live, Out: tty, State: steady()})
		time.Sleep(50 * time.Millisecond)
		tty.want(t, "")
		time.Sleep(3*time.Second - 50*time.Millisecond)
		synctest.Wait()
		tty.want(t, "300/1,000  100/s  25 in flight  3 failed  p50 12.0ms  p99 80.0ms  ETA 7s")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		tty.want(t, "500/1,000  100/s  25 in flight  5 failed  p50 12.0ms  p99 80.0ms  ETA 5s")
		p.Stop()
		tty.want(t, "")
		if n := strings.Count(tty.raw.String(), "in flight"); n > 50 {
			t.Errorf("drawn %d times in 5 s, want at most 50", n)
		}
		if len(tty.left()) != 0 {
			t.Errorf("lines were left behind: %q", tty.left())
		}
		p.Stop()
	})
}

func TestLiveLineFollowsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := &screen{}
		began := time.Now()
		state := func() report.State {
			done := int64(1000)
			if since := time.Since(began); since < 10*time.Second {
				done = int64(since / (10 * time.Millisecond))
			}
			return report.State{Snapshot: report.Snapshot{Counts: report.Counts{Done: done, OK: done}}}
		}
		p := report.StartProgress(report.ProgressConfig{Mode: report.Live, Out: tty, State: state})
		time.Sleep(40 * time.Second)
		synctest.Wait()
		tty.want(t, "1,000  0.005/s  0 in flight  0 failed")
		p.Stop()
	})
}

func TestLiveLineFitsTheWidth(t *testing.T) {
	for width, want := range map[int]string{
		80:  "100/1,000  100/s  25 in flight  1 failed  p50 12.0ms  p99 80.0ms  ETA 9s",
		70:  "100/1,000  100/s  25 in flight  1 failed  p50 12.0ms  p99 80.0ms",
		30:  "100/1,000  100/s",
		31:  "100/1,000  100/s  25 in flight",
		10:  "100/1,000",
		9:   "",
		0:   "",
		999: "100/1,000  100/s  25 in flight  1 failed  p50 12.0ms  p99 80.0ms  ETA 9s",
	} {
		synctest.Test(t, func(t *testing.T) {
			tty := &screen{}
			p := report.StartProgress(report.ProgressConfig{
				Mode: report.Live, Out: tty, State: steady(), Width: func() int { return width },
			})
			time.Sleep(time.Second)
			synctest.Wait()
			tty.want(t, want)
			p.Stop()
		})
	}
}

func TestLiveLineColor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := &screen{}
		p := report.StartProgress(report.ProgressConfig{Mode: report.Live, Out: tty, State: steady(), Color: true})
		time.Sleep(time.Second)
		synctest.Wait()
		if !strings.Contains(tty.line(), "\x1b[31m1 failed\x1b[0m") {
			t.Errorf("line %q: the failures are not red", tty.line())
		}
		p.Stop()
	})
}

func TestWritersDoNotTearTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := &screen{}
		p := report.StartProgress(report.ProgressConfig{Mode: report.Live, Out: tty, State: steady()})
		stdout, stderr := p.Writer(tty), p.Writer(tty)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					write(t, stdout, "printed\n")
					time.Sleep(7 * time.Millisecond)
					write(t, stderr, "warned\n")
				}
			})
		}
		wg.Wait()
		p.Stop()
		if len(tty.left()) != 800 {
			t.Errorf("%d lines, want 800", len(tty.left()))
		}
		for _, line := range tty.left() {
			if line != "printed" && line != "warned" {
				t.Fatalf("torn line %q", line)
			}
		}
		tty.want(t, "")
	})
}

func write(t *testing.T, w interface{ Write([]byte) (int, error) }, text string) {
	t.Helper()
	if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
		t.Errorf("Write(%q) = %d, %v", text, n, err)
	}
}

func TestUnfinishedLineIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := &screen{}
		p := report.StartProgress(report.ProgressConfig{Mode: report.Live, Out: tty, State: steady()})
		stdout := p.Writer(tty)
		time.Sleep(time.Second)
		write(t, stdout, "Name: ")
		time.Sleep(time.Second)
		synctest.Wait()
		tty.want(t, "Name: ")
		write(t, stdout, "Ann\n")
		time.Sleep(time.Second)
		synctest.Wait()
		if !strings.Contains(tty.line(), "in flight") {
			t.Errorf("line %q: the progress did not come back", tty.line())
		}
		p.Stop()
		write(t, stdout, "last\n")
		if got := strings.Join(tty.left(), "|"); got != "Name: Ann|last" {
			t.Errorf("lines %q", got)
		}
	})
}

func TestPlainLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		p := report.StartProgress(report.ProgressConfig{Mode: report.Plain, Out: out, State: steady(), Color: true})
		time.Sleep(4900 * time.Millisecond)
		if len(out.left()) != 0 {
			t.Errorf("lines before 5 s: %q", out.left())
		}
		time.Sleep(5200 * time.Millisecond)
		synctest.Wait()
		p.Stop()
		want := "5s  500/1,000  100/s  25 in flight  5 failed  p50 12.0ms  p99 80.0ms  ETA 5s\n" +
			"10s  1,000/1,000  100/s  25 in flight  10 failed  p50 12.0ms  p99 80.0ms\n"
		if got := out.raw.String(); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	})
}

func TestNoneIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		p := report.StartProgress(report.ProgressConfig{Out: out})
		time.Sleep(time.Minute)
		write(t, p.Writer(out), "text\n")
		p.Stop()
		if got := out.raw.String(); got != "text\n" {
			t.Errorf("output %q, want the text alone", got)
		}
	})
}
