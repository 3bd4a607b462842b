package command

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"volley/luaapi"
	"volley/runtime"
)

const (
	// lastResort is how long a run that was cancelled may take to end.
	lastResort = 15 * time.Second
	// stopGrace is what a run gets to end by itself after the first signal.
	stopGrace = 5 * time.Second
	// idleCheck is how long a script may do neither of sending and blocking
	// before it counts as busy with itself.
	idleCheck = 200 * time.Millisecond
)

// job is what a session does, as far as whoever stops it must know. Any
// goroutine may call its methods.
type job interface {
	// halt begins nothing new; what has begun goes on.
	halt()
	// idle reports that nothing of its own has happened since it was last
	// asked; what is in flight is not its own.
	idle() bool
	// interrupt ends it.
	interrupt(why error)
}

// scriptSlot holds the script that runs now, for whoever stops it.
type scriptSlot struct {
	mu     sync.Mutex
	script *luaapi.Script
	// patience is how long the script may take to end by itself when the engine
	// sends nothing more: a spec's rows are all accounted for, its teardown runs.
	patience time.Duration
	why      error  // an interrupt that came between two scripts
	blocks   uint64 // blocking calls of the script when it was last asked
}

func (s *scriptSlot) set(script *luaapi.Script, patience time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script, s.patience = script, patience
	if script != nil && s.why != nil {
		script.Interrupt(s.why)
	}
}

func (s *scriptSlot) interrupt(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why
	switch script := s.script; {
	case script == nil:
	case s.patience > 0:
		script.Hurry(runtime.AsError(why).Message, s.patience)
	default:
		script.Interrupt(why)
	}
}

// halt implements job: the engine refuses what the script goes on to send.
func (s *scriptSlot) halt() {}

// idle implements job: the script has made no blocking call.
func (s *scriptSlot) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.blocks
	s.blocks = 0
	if s.script != nil {
		s.blocks = s.script.Host().Parks()
	}
	return s.blocks == was
}

// watch stops the run at signals and at its deadline. The func it returns
// ends the watch.
func (s *session) watch() func() {
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() { s.follow(signals, done) })
	return func() {
		signal.Stop(signals)
		close(done)
		ended.Wait()
	}
}

// follow is the three-step stop: nothing new; cancel; exit now.
func (s *session) follow(signals <-chan os.Signal, done <-chan struct{}) {
	var deadline <-chan time.Time
	if s.common.limit > 0 {
		t := time.NewTimer(s.common.limit)
		defer t.Stop()
		deadline = t.C
	}
	var grace, check, last <-chan time.Time
	landed := false // nothing was in flight when last looked at
	count := 0
	for {
		select {
		case <-done:
			return
		case <-deadline:
			s.expire(s.common.limit)
			last = time.After(lastResort)
		case limit := <-s.overtime:
			s.expire(limit)
			last = time.After(lastResort)
		case sig := <-signals:
			count++
			switch count {
			case 1:
				s.outcome.interrupted.Store(true)
				fmt.Fprintf(s.stderr, "\n%s: finishing what is in flight; again to cancel it\n", sig) //nolint:errcheck // stderr is gone
				s.engine.Stop(&runtime.Error{Kind: runtime.KindCancelled, Message: "the run was interrupted"})
				grace = time.After(stopGrace)
				s.job.halt()
				s.job.idle() // from now on
				landed = s.engine.InFlight() == 0
				check = time.After(idleCheck)
			case 2:
				s.end("the run was interrupted")
				last = time.After(lastResort)
			default:
				s.unfinished.Remove()
				os.Exit(exitInterrupted) // now means now
			}
		case <-check:
			// What has landed since the last look the job may be taking just now.
			before := landed
			landed = s.engine.InFlight() == 0
			if s.job.idle() && before && landed {
				s.end("the run was interrupted")
				check, last = nil, time.After(lastResort)
			} else {
				check = time.After(idleCheck)
			}
		case <-grace:
			s.end("the run was interrupted")
			last = time.After(lastResort)
		case <-last:
			fmt.Fprintln(s.stderr, "volley: the run did not end when told to; given up") //nolint:errcheck // stderr is gone
			s.unfinished.Remove()
			os.Exit(s.outcome.code()) // a single call somewhere goes on for ever
		}
	}
}

// expire ends a run whose deadline has passed.
func (s *session) expire(limit time.Duration) {
	s.outcome.deadline.Store(true)
	why := fmt.Sprintf("the run's deadline of %v passed", limit)
	fmt.Fprintln(s.stderr, "volley: "+why) //nolint:errcheck // stderr is gone
	s.end(why)
}

// late tells the watch that a deadline which a spec sets has passed.
func (s *session) late(limit time.Duration) {
	select {
	case s.overtime <- limit:
	default:
	}
}

// end cancels what is in flight and interrupts the job.
func (s *session) end(why string) {
	cause := &runtime.Error{Kind: runtime.KindCancelled, Message: why}
	s.engine.Cancel(cause)
	s.job.interrupt(cause)
}
