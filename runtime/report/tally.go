package report

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"volley/runtime"
	"volley/runtime/secret"
)

const (
	longest    = time.Hour // a latency beyond it counts as it; Max stays exact
	digits     = 3         // significant, of the run's latencies: 190 KB
	nameDigits = 2         // of each name's: 26 KB
	maxNames   = 50
	otherNames = "others"
	statuses   = 1000

	// kindExpectation stands among the kinds of errors for answers that were
	// not what was expected.
	kindExpectation runtime.Kind = "expectation"
)

// Tally counts Results. The zero value is ready. Add belongs to the consumer;
// the other methods may be called on any goroutine meanwhile.
type Tally struct {
	// Secrets are masked in the examples of failures. nil: none. It is set
	// before the first Add.
	Secrets *secret.Set

	mu       sync.Mutex
	counts   Counts
	codes    [statuses]int64
	latency  *hdrhistogram.Histogram // µs
	slowest  time.Duration
	mean     float64 // of the latencies, ns
	received int64
	kinds    map[runtime.Kind]*KindCount
	warned   KindCount // expectations that were only to warn
	names    map[string]*nameTally
}

// Counts is an account that closes: Done = OK + Failed + Skipped. Unhandled
// are those of Failed that no exception handler took.
type Counts struct {
	Done, OK, Failed, Skipped, Unhandled int64
}

func (c *Counts) add(r *runtime.Result) {
	c.Done++
	switch {
	case r.Skipped != "":
		c.Skipped++
	case !r.OK():
		c.Failed++
		if !r.Handled {
			c.Unhandled++
		}
	default:
		c.OK++
	}
}

type nameTally struct {
	counts  Counts
	latency *hdrhistogram.Histogram // µs
}

// Add counts one Result. For an answer it allocates nothing, but for the
// first one and the first of a name.
func (t *Tally) Add(r *runtime.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.add(r)
	if r.Skipped != "" {
		t.addName(r, 0)
		return
	}
	var took time.Duration
	switch {
	case r.Err != nil:
		t.addError(r)
	case r.Response != nil:
		took = t.addResponse(r.Response)
	}
	if broken := r.Broken(); broken != nil && r.Err == nil {
		t.addKind(kindExpectation, r, broken.Message)
	}
	t.addWarnings(r)
	t.addName(r, took)
}

// addWarnings counts the expectations that did not hold and break nothing.
func (t *Tally) addWarnings(r *runtime.Result) {
	for i := range r.Expect {
		e := &r.Expect[i]
		if e.OK || e.Broken() {
			continue
		}
		if t.warned.Count == 0 {
			t.warned = KindCount{Kind: kindExpectation, First: t.example(r, e.Message)}
		}
		t.warned.Count++
	}
}

// addResponse returns the time the answer took, 0 for one that never was on
// the wire.
func (t *Tally) addResponse(resp *runtime.Response) time.Duration {
	code := resp.Status
	if code < 0 || code >= statuses {
		code = 0
	}
	t.codes[code]++
	t.received += resp.Size.Headers + resp.Size.Wire
	took := resp.Timings.Total
	if took <= 0 {
		return 0
	}
	if t.latency == nil {
		t.latency = hdrhistogram.New(1, longest.Microseconds(), digits)
	}
	record(t.latency, took)
	t.slowest = max(t.slowest, took)
	t.mean += (float64(took) - t.mean) / float64(t.latency.TotalCount())
	return took
}

func (t *Tally) addError(r *runtime.Result) {
	if resp := r.Err.Response; resp != nil {
		t.received += resp.Size.Headers + resp.Size.Wire
	}
	t.addKind(r.Err.Kind, r, r.Err.Message)
}

func (t *Tally) addKind(kind runtime.Kind, r *runtime.Result, message string) {
	k := t.kinds[kind]
	if k == nil {
		if t.kinds == nil {
			t.kinds = map[runtime.Kind]*KindCount{}
		}
		k = &KindCount{Kind: kind, First: t.example(r, message)}
		t.kinds[kind] = k
	}
	k.Count++
}

func (t *Tally) addName(r *runtime.Result, took time.Duration) {
	if r.Request == nil || r.Request.Name == "" {
		return
	}
	n := t.names[r.Request.Name]
	if n == nil {
		n = t.newName(r.Request.Name)
	}
	n.counts.add(r)
	if took > 0 {
		record(n.latency, took)
	}
}

func (t *Tally) newName(name string) *nameTally {
	if t.names == nil {
		t.names = make(map[string]*nameTally, maxNames+1)
	}
	if len(t.names) >= maxNames {
		name = otherNames
	}
	n := t.names[name]
	if n == nil {
		n = &nameTally{latency: hdrhistogram.New(1, longest.Microseconds(), nameDigits)}
		t.names[name] = n
	}
	return n
}

func record(h *hdrhistogram.Histogram, took time.Duration) {
	// Within the histogram's range, so there is no error.
	_ = h.RecordValue(min(took, longest).Microseconds())
}

func percentile(h *hdrhistogram.Histogram, p float64) time.Duration {
	if h == nil {
		return 0
	}
	return time.Duration(h.ValueAtPercentile(p)) * time.Microsecond
}

// Snapshot is what a Tally knows at one moment. The latencies are 0 until an
// answer came.
type Snapshot struct {
	Counts
	P50, P99 time.Duration
}

// Snapshot returns the numbers so far.
func (t *Tally) Snapshot() Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Snapshot{Counts: t.counts, P50: percentile(t.latency, 50), P99: percentile(t.latency, 99)}
}

// Percentile returns the latency that p of 100 answers did not exceed, 0 when
// none came.
func (t *Tally) Percentile(p float64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return percentile(t.latency, p)
}

// Summary returns everything counted so far, for a run that took elapsed. The
// caller adds Connections, Checks and Metrics.
func (t *Tally) Summary(elapsed time.Duration) *Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &Summary{
		Counts:   t.counts,
		Elapsed:  elapsed,
		Received: t.received,
		Warned:   t.warned,
		Latency: Latency{
			P50: percentile(t.latency, 50), P90: percentile(t.latency, 90),
			P99: percentile(t.latency, 99), Max: t.slowest, Mean: time.Duration(t.mean),
		},
	}
	for code, n := range t.codes {
		if n > 0 {
			s.Codes = append(s.Codes, CodeCount{code, n})
		}
	}
	for _, k := range t.kinds {
		s.Kinds = append(s.Kinds, *k)
	}
	slices.SortFunc(s.Kinds, func(a, b KindCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind))
	})
	for name, n := range t.names {
		s.Names = append(s.Names, NameCount{
			Name: name, Counts: n.counts, P50: percentile(n.latency, 50), P99: percentile(n.latency, 99),
		})
	}
	slices.SortFunc(s.Names, byWeight)
	return s
}

// byWeight puts the names with most requests first, the rest of them last.
func byWeight(a, b NameCount) int {
	switch {
	case a.Name == b.Name:
		return 0
	case a.Name == otherNames:
		return 1
	case b.Name == otherNames:
		return -1
	}
	return cmp.Or(cmp.Compare(b.Done, a.Done), cmp.Compare(a.Name, b.Name))
}
