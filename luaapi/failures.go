package luaapi

import (
	"fmt"

	"volley/runtime"
	"volley/runtime/report"
)

// distinctFailures bounds how many different tracebacks a run prints.
const distinctFailures = 20

// logFailure prints the traceback of what a callback, hook or handler raised,
// once for each place it was raised at.
func (s *Script) logFailure(err *runtime.Error) {
	if err.Kind == runtime.KindCancelled {
		return // the run was stopped, which is said elsewhere
	}
	if s.logged == nil {
		s.logged = map[string]struct{}{}
	}
	if _, seen := s.logged[err.Message]; seen || len(s.logged) >= distinctFailures {
		return
	}
	s.logged[err.Message] = struct{}{}
	text := "error: " + report.EscapeText(err.Message)
	if err.Traceback != "" {
		text += "\n" + report.EscapeText(err.Traceback)
	}
	fmt.Fprintln(s.config.Stderr, text) //nolint:errcheck // there is nowhere to report that stderr is gone
}
