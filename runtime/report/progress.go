package report

import (
	"io"
	"math"
	"strings"
	"sync"
	"time"
)

// Mode is how a run shows its progress.
type Mode int

// The modes. The zero Mode shows nothing.
const (
	None  Mode = iota
	Live       // one line, redrawn in place: for terminals
	Plain      // a line of its own at intervals
)

const (
	liveInterval  = 100 * time.Millisecond
	plainInterval = 5 * time.Second
	smoothing     = 3 * time.Second // time constant of the shown rate
	clearLine     = "\r\x1b[2K"
)

// State is what a line of progress tells.
type State struct {
	Snapshot
	Total    int64 // 0: not known
	InFlight int64
}

// ProgressConfig sets up a Progress.
type ProgressConfig struct {
	Mode  Mode
	Out   io.Writer    // stderr
	State func() State // called for each line, on the Progress's goroutine
	Width func() int   // columns of Out, asked for each live line; nil: 80
	Color bool
}

// Progress shows a run's progress until Stop.
type Progress struct {
	cfg     ProgressConfig
	began   time.Time
	stop    chan struct{}
	stopped sync.Once
	ended   sync.WaitGroup

	// The rate, of the Progress's goroutine alone.
	last     time.Time
	lastDone int64
	rate     float64

	mu    sync.Mutex // of everything below, and of Out and all Writers
	drawn bool       // a live line stands at the cursor
	open  bool       // a Writer's last line has no end yet
}

// StartProgress begins to show progress: the first live line appears after a
// tenth of a second, the first plain one after five seconds. Stop must follow.
func StartProgress(cfg ProgressConfig) *Progress {
	now := time.Now()
	p := &Progress{cfg: cfg, began: now, last: now, stop: make(chan struct{})}
	switch cfg.Mode {
	case Live:
		p.ended.Go(func() { p.run(liveInterval, p.drawLive) })
	case Plain:
		p.ended.Go(func() { p.run(plainInterval, p.printPlain) })
	case None:
	}
	return p
}

func (p *Progress) run(every time.Duration, show func(State)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			state := p.cfg.State()
			p.measure(state.Done)
			show(state)
		}
	}
}

// Stop ends the progress and clears its line. Writers go on working. A second
// call does nothing.
func (p *Progress) Stop() {
	p.stopped.Do(func() { close(p.stop) })
	p.ended.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// Writer returns w under the lock of the progress: the live line makes way for
// what is written and comes back with the next tick, once the text has ended
// its line. Only what shares the screen with Out needs it.
func (p *Progress) Writer(w io.Writer) io.Writer { return &sharedWriter{p, w} }

type sharedWriter struct {
	p *Progress
	w io.Writer
}

func (s *sharedWriter) Write(text []byte) (int, error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.clear()
	if len(text) > 0 {
		s.p.open = text[len(text)-1] != '\n'
	}
	return s.w.Write(text)
}

// clear wipes the live line. An Out that is gone is no fault of the run.
func (p *Progress) clear() {
	if p.drawn {
		_, _ = io.WriteString(p.cfg.Out, clearLine)
		p.drawn = false
	}
}

func (p *Progress) drawLive(state State) {
	width := 80
	if p.cfg.Width != nil {
		width = p.cfg.Width()
	}
	text := p.line(state, width-1, painter(p.cfg.Color))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		return
	}
	_, _ = io.WriteString(p.cfg.Out, clearLine+text)
	p.drawn = true
}

func (p *Progress) printPlain(state State) {
	text := wholeSpan(time.Since(p.began)) + "  " + p.line(state, math.MaxInt, false) + "\n"
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open {
		_, _ = io.WriteString(p.cfg.Out, text)
	}
}

// measure updates the rate: the average at first, then that since the last
// line, smoothed, so that it neither jumps nor remembers the start for ever.
func (p *Progress) measure(done int64) {
	now := time.Now()
	dt := now.Sub(p.last)
	if dt <= 0 {
		return
	}
	recent := float64(done-p.lastDone) / dt.Seconds()
	switch seen := now.Sub(p.began); {
	case seen <= smoothing:
		p.rate = float64(done) / seen.Seconds()
	case dt >= smoothing:
		p.rate = recent
	default:
		p.rate += (1 - math.Exp(-dt.Seconds()/smoothing.Seconds())) * (recent - p.rate)
	}
	p.last, p.lastDone = now, done
}

// line returns as many parts of the line as fit into width columns.
func (p *Progress) line(s State, width int, paint painter) string {
	done := count(s.Done)
	if s.Total > 0 {
		done += "/" + count(s.Total)
	}
	parts := []string{done, rate(p.rate), count(s.InFlight) + " in flight", count(s.Failed) + " failed"}
	if s.P99 > 0 {
		parts = append(parts, "p50 "+span(s.P50), "p99 "+span(s.P99))
	}
	if left := s.Total - s.Done; left > 0 && p.rate > 0 {
		if eta := float64(left) / p.rate; eta < (100 * time.Hour).Seconds() {
			parts = append(parts, "ETA "+wholeSpan(time.Duration(math.Ceil(eta))*time.Second))
		}
	}
	return fit(parts, s.Failed > 0, width, paint)
}

// fit joins the parts that fit. The fourth is the failures.
func fit(parts []string, failures bool, width int, paint painter) string {
	const gap = "  "
	var b strings.Builder
	columns := 0
	for i, part := range parts {
		need := len([]rune(part))
		if i > 0 {
			need += len(gap)
		}
		if columns+need > width {
			break
		}
		columns += need
		if i > 0 {
			b.WriteString(gap)
		}
		if i == 3 && failures {
			part = paint.red(part)
		}
		b.WriteString(part)
	}
	return b.String()
}
