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
	// stopGrace is what a run gets to end by itself after the first signal.
	stopGrace = 5 * time.Second
	// idleCheck is how long a script may do neither of sending and blocking
	// before it counts as busy with itself.
	idleCheck = 200 * time.Millisecond
)

// scriptSlot holds the script that runs now, for whoever stops it.
type scriptSlot struct {
	mu     sync.Mutex
	script *luaapi.Script
	why    error // an interrupt that came between two scripts
}

func (s *scriptSlot) set(script *luaapi.Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
	if script != nil && s.why != nil {
		script.Host().Interrupt(s.why)
	}
}

func (s *scriptSlot) interrupt(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why
	if s.script != nil {
		s.script.Host().Interrupt(why)
	}
}

// blocks counts the blocking calls of the script so far.
func (s *scriptSlot) blocks() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.script == nil {
		return 0
	}
	return s.script.Host().Parks()
}

// watch stops the run at signals and at its deadline. The func it returns
// ends the watch.
func (r *run) watch() func() {
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() { r.follow(signals, done) })
	return func() {
		signal.Stop(signals)
		close(done)
		ended.Wait()
	}
}

// follow is the three-step stop: nothing new; cancel; exit now.
func (r *run) follow(signals <-chan os.Signal, done <-chan struct{}) {
	var deadline <-chan time.Time
	if r.settings.limit > 0 {
		t := time.NewTimer(r.settings.limit)
		defer t.Stop()
		deadline = t.C
	}
	var grace, check <-chan time.Time
	var blocks uint64
	count := 0
	for {
		select {
		case <-done:
			return
		case <-deadline:
			r.outcome.deadline.Store(true)
			why := fmt.Sprintf("the run's deadline of %v passed", r.settings.limit)
			fmt.Fprintln(r.stderr, "volley: "+why) //nolint:errcheck // stderr is gone
			r.end(why)
		case sig := <-signals:
			count++
			switch count {
			case 1:
				r.outcome.interrupted.Store(true)
				fmt.Fprintf(r.stderr, "\n%s: finishing what is in flight; again to cancel it\n", sig) //nolint:errcheck // stderr is gone
				r.engine.Stop(&runtime.Error{Kind: runtime.KindCancelled, Message: "the run was interrupted"})
				grace = time.After(stopGrace)
				blocks, check = r.current.blocks(), time.After(idleCheck)
			case 2:
				r.end("the run was interrupted")
			default:
				os.Exit(exitInterrupted) // now means now
			}
		case <-check:
			if now := r.current.blocks(); now == blocks && r.engine.InFlight() == 0 {
				r.end("the run was interrupted")
				check = nil
			} else {
				blocks, check = now, time.After(idleCheck)
			}
		case <-grace:
			r.end("the run was interrupted")
		}
	}
}

// end cancels what is in flight and interrupts the script.
func (r *run) end(why string) {
	cause := &runtime.Error{Kind: runtime.KindCancelled, Message: why}
	r.engine.Cancel(cause)
	r.current.interrupt(cause)
}
