package command

import (
	"testing"
)

// TestExitCodePriority: of everything that applies the first of the contract's
// order tells, for every combination.
func TestExitCodePriority(t *testing.T) {
	requested := 42
	marks := []struct {
		code int
		set  func(*outcome)
	}{ // the first wins
		{exitInterrupted, func(o *outcome) { o.interrupted.Store(true) }},
		{exitDeadline, func(o *outcome) { o.deadline.Store(true) }},
		{exitOutput, func(o *outcome) { o.output.Store(true) }},
		{exitScript, func(o *outcome) { o.script = true }},
		{exitUsage, func(o *outcome) { o.usage = true }},
		{exitDenied, func(o *outcome) { o.denied = true }},
		{exitThreshold, func(o *outcome) { o.threshold = true }},
		{requested, func(o *outcome) { o.requested = &requested }},
		{exitFailed, func(o *outcome) { o.failed = true }},
	}
	for combination := range 1 << len(marks) {
		o, want := &outcome{}, exitOK
		for i := len(marks) - 1; i >= 0; i-- {
			if combination&(1<<i) != 0 {
				marks[i].set(o)
				want = marks[i].code
			}
		}
		if got := o.code(); got != want {
			t.Errorf("combination %08b: exit code %d, want %d", combination, got, want)
		}
	}
}

// TestRequestedZero: volley.exit(0) takes a failed request's code away.
func TestRequestedZero(t *testing.T) {
	zero := 0
	o := &outcome{failed: true, requested: &zero}
	if got := o.code(); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
}
