package run

import (
	"fmt"

	"volley/runtime"
	"volley/specs"
)

// stop lets nothing new start: what a severity, abort_on or a hook wants.
func (r *Run) stop(format string, args ...any) {
	if r.stopping() {
		return
	}
	why := fmt.Sprintf(format, args...)
	r.engine.Stop(&runtime.Error{Kind: runtime.KindCancelled, Message: "the run was stopped: " + why})
	r.warn("the run was stopped: " + why)
}

func (r *Run) stopping() bool { return r.engine.Stopping() != nil }

// Aborted reports, after Execute, that abort_on ended the run: its threshold is
// broken.
func (r *Run) Aborted() bool { return r.aborted }

// count takes note of a Result, and stops a run whose numbers say so.
func (r *Run) count(res *runtime.Result) {
	switch {
	case res.OK():
		r.counts.ok++
	case res.Skipped != "":
		r.counts.skipped++
		return
	default:
		r.counts.failed++
	}
	for i := range r.spec.AbortOn {
		if a := &r.spec.AbortOn[i]; r.counts.breaks(a) && !r.stopping() {
			r.aborted = true
			r.stop("abort_on: error_rate is %.4g after %d requests", r.counts.errorRate(), r.counts.ok+r.counts.failed)
		}
	}
}

// errorRate is the share of failures among what was sent.
func (c *counts) errorRate() float64 { return float64(c.failed) / float64(c.ok+c.failed) }

func (c *counts) breaks(a *specs.AbortOn) bool {
	if c.ok+c.failed < int64(a.After) {
		return false
	}
	switch rate := c.errorRate(); a.Operator {
	case "gt":
		return rate > a.Limit
	case "gte":
		return rate >= a.Limit
	case "lt":
		return rate < a.Limit
	default:
		return rate <= a.Limit
	}
}
