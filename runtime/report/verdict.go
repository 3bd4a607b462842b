package report

import (
	"fmt"
	"time"
)

// Broken judges a run by its thresholds: a line for each that does not hold,
// "p95 812ms, wanted <800ms", in the order they were given. One whose numbers
// nobody delivered is broken too. percentile is that of the run's latencies.
func (c *Checks) Broken(s *Summary, percentile func(p float64) time.Duration) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for i := range c.thresholds {
		t := &c.thresholds[i]
		if got, holds := c.judge(t, s, percentile); !holds {
			out = append(out, fmt.Sprintf("%s %s, wanted %s", shownName(t.Subject), got, shownName(t.Condition)))
		}
	}
	return out
}

// judge returns what was measured, as text, and whether that is what t wants.
func (c *Checks) judge(t *Threshold, s *Summary, percentile func(p float64) time.Duration) (got string, holds bool) {
	if s.Done == 0 && (t.kind == ofLatency || t.kind == ofErrors || t.kind == ofRate) {
		return "no requests", false
	}
	switch t.kind {
	case ofLatency:
		return t.judgeLatency(s, percentile)
	case ofErrors:
		return t.judgeShare(s.Failed, s.Done-s.Skipped, "no requests")
	case ofRate:
		v := 0.0
		if s.Elapsed > 0 {
			v = float64(s.Done-s.Skipped) / s.Elapsed.Seconds()
		}
		return rate(v), t.holds(v)
	case ofChecks:
		all := c.allChecks()
		return t.judgeShare(all.Held, all.Total, "no checks")
	case ofCheck:
		n := c.checks[t.name]
		if n == nil {
			return missing(len(c.checks), "never checked"), false
		}
		return t.judgeShare(n.Held, n.Total, "never checked")
	case ofMetric:
	}
	n := c.metrics[t.name]
	if n == nil {
		return missing(len(c.metrics), "no samples"), false
	}
	return t.judgeMetric(n)
}

// missing tells why nothing is known of a name.
func missing(names int, otherwise string) string {
	if names >= maxChecks {
		return fmt.Sprintf("counted with the others, as there are more than %d names", maxChecks)
	}
	return otherwise
}

func (c *Checks) allChecks() CheckCount {
	var all CheckCount
	for _, n := range c.checks {
		all.Held += n.Held
		all.Total += n.Total
	}
	return all
}

func (t *Threshold) judgeLatency(s *Summary, percentile func(p float64) time.Duration) (string, bool) {
	var took time.Duration
	switch p, ok := percentileOf(t.statistic); {
	case ok:
		took = percentile(p)
	case t.statistic == "max":
		took = s.Latency.Max
	default:
		took = s.Latency.Mean
	}
	if s.Latency.Max <= 0 {
		return "no answers", false
	}
	text := span(took)
	// Rounded it may look as if the condition held.
	if rounded, err := time.ParseDuration(text); err == nil && t.holds(rounded.Seconds()) {
		text = took.String()
	}
	return text, t.holds(took.Seconds())
}

func (t *Threshold) judgeShare(part, of int64, none string) (string, bool) {
	if of == 0 {
		return none, false
	}
	return share(part, of), t.holds(float64(part) / float64(of))
}

func (t *Threshold) judgeMetric(m *samples) (string, bool) {
	var v float64
	switch p, ok := percentileOf(t.statistic); {
	case ok:
		v = m.percentile(p)
	case t.statistic == "min":
		v = m.min
	case t.statistic == "max":
		v = m.max
	case t.statistic == "count":
		v = float64(m.count)
	default:
		v = m.mean
	}
	return t.statistic + " " + decimal(v), t.holds(v)
}
