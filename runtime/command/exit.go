package command

import "sync/atomic"

// Exit codes of the contract.
const (
	exitOK          = 0
	exitFailed      = 1 // requests or expectations
	exitUsage       = 2
	exitScript      = 3
	exitOutput      = 4
	exitThreshold   = 5
	exitDenied      = 6
	exitDeadline    = 124
	exitInterrupted = 130
)

// outcome gathers everything that decides the exit code of a run. The atomic
// ones are set by whoever stops it, the others by the consumer.
type outcome struct {
	interrupted atomic.Bool
	deadline    atomic.Bool
	output      atomic.Bool // stdout or another output failed
	script      bool        // an uncaught error
	usage       bool
	denied      bool // an uncaught error or unhandled failure was denied
	threshold   bool // one was broken
	failed      bool
	requested   *int // volley.exit(code)
}

// stopped reports a run that was ended from outside.
func (o *outcome) stopped() bool {
	return o.interrupted.Load() || o.deadline.Load() || o.output.Load()
}

// code picks the first that applies: 130 124 4 3 2 6 5 1 0. A code the script
// asked for wins over 0 and 1.
func (o *outcome) code() int {
	switch {
	case o.interrupted.Load():
		return exitInterrupted
	case o.deadline.Load():
		return exitDeadline
	case o.output.Load():
		return exitOutput
	case o.script:
		return exitScript
	case o.usage:
		return exitUsage
	case o.denied:
		return exitDenied
	case o.threshold:
		return exitThreshold
	case o.requested != nil:
		return *o.requested
	case o.failed:
		return exitFailed
	}
	return exitOK
}
