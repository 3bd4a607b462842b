package command

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"volley/luaapi"
	"volley/runtime"
)

// allSinks are the outputs of the run, and of the file that runs now.
func (s *session) allSinks() []runtime.Sink {
	if len(s.own) == 0 {
		return s.sinks
	}
	return append(s.sinks[:len(s.sinks):len(s.sinks)], s.own...)
}

// write hands a Result to the outputs.
func (s *session) write(res *runtime.Result) {
	if len(s.sinks) == 0 && len(s.own) == 0 {
		return
	}
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	for _, out := range s.allSinks() {
		if err := useOutput(func() error { return out.Write(res) }); err != nil {
			s.outputFailed(err, "an output failed")
		}
	}
}

// useOutput makes an error of an output's panic: it is a failed output, which
// the others outlive.
func useOutput(use func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in an output: %v; this is a bug in volley\n%s", p, debug.Stack())
		}
	}()
	return use()
}

// closeSinks completes outputs.
func (s *session) closeSinks(list []runtime.Sink) {
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	for _, out := range list {
		if err := useOutput(out.Close); err != nil {
			s.outputFailed(err, "an output failed")
		}
	}
}

// discard gives every output up, when nothing was sent.
func (s *session) discard() {
	for _, out := range s.allSinks() {
		if d, ok := out.(discarder); ok {
			d.Discard()
		}
	}
	s.sinks, s.own = nil, nil
	s.close()
}

// flushNowAndThen shows whoever reads an output what there is, while the run
// waits for more.
func (s *session) flushNowAndThen() {
	if s.flushing != nil {
		return
	}
	done := make(chan struct{})
	s.flushing = func() { close(done) }
	s.background.Go(func() {
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				s.flush()
			}
		}
	})
}

func (s *session) flush() {
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	for _, out := range s.allSinks() {
		s.flushOne(out)
	}
}

// show flushes one output, for whoever waits for it.
func (s *session) show(out runtime.Sink) {
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	s.flushOne(out)
}

func (s *session) flushOne(out runtime.Sink) {
	if f, ok := out.(flusher); ok {
		if err := useOutput(f.Flush); err != nil {
			s.outputFailed(err, "an output failed")
		}
	}
}

// plainMeta makes a value of JSON of what a script put into meta.
func plainMeta(meta any) any { return luaapi.PlainMeta(meta) }

// shownArgs are the arguments of the command as a results file tells them:
// the values of variables that sound like secrets are masked, and so are URLs.
func (env *environment) shownArgs() []string {
	out := make([]string, 0, len(env.args))
	for i, arg := range env.args {
		switch {
		case i > 0 && isOneOf(env.args[i-1], "--var", "-var"):
			arg = maskPair("", arg)
		case strings.HasPrefix(arg, "--var="):
			arg = maskPair("--var=", strings.TrimPrefix(arg, "--var="))
		default:
			arg = runtime.MaskURL(arg)
		}
		out = append(out, arg)
	}
	return out
}

func isOneOf(s string, words ...string) bool {
	for _, w := range words {
		if s == w {
			return true
		}
	}
	return false
}

// maskPair masks the value of NAME=VALUE if it must not be told.
func maskPair(prefix, pair string) string {
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		return prefix + pair
	}
	if runtime.SecretName(name) {
		return prefix + name + "=***"
	}
	return prefix + name + "=" + runtime.MaskURL(value)
}
