package vm

import (
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// errorTrace is where the error now on its way out was raised. It is kept
// beside the value, because a Lua error is any value.
type errorTrace struct {
	value lua.LValue
	text  string
	file  string
	line  int
}

const (
	traceHeader = "stack traceback:"
	traceLines  = 24
	// HostChunk is the name of the Lua code that belongs to the host: its
	// frames are not shown.
	HostChunk = "=[host]"
)

// wantsTrace reports whether somebody will look at the trace of the error that
// is being raised: not if the script catches it, except in a handler of xpcall
// that calls debug.traceback.
func (h *Host) wantsTrace() bool {
	return h.cur.caught == 0 || h.opts.Unsafe || h.guard.stopped() != nil
}

// recordTrace notes where value was raised, seen from L's innermost frame. When
// the same error already crossed a coroutine, L's frames are added to its.
func (h *Host) recordTrace(L *lua.LState, value lua.LValue) {
	lines, file, line := threadTrace(L)
	t := errorTrace{value: value, text: traceHeader, file: file, line: line}
	if h.trace.text != "" && h.trace.value != nil && sameError(h.trace.value, value) {
		t.text = h.trace.text
		if h.trace.file != "" {
			t.file, t.line = h.trace.file, h.trace.line
		}
	}
	if len(lines) > 0 {
		t.text += "\n" + joinTrace(lines)
	}
	h.trace = t
}

// sameError reports whether b is a on its way further up; error(err) puts a
// position before a string.
func sameError(a, b lua.LValue) bool {
	if a == b {
		return true
	}
	as, ok := a.(lua.LString)
	bs, ok2 := b.(lua.LString)
	return ok && ok2 && as != "" && strings.HasSuffix(string(bs), string(as))
}

// threadTrace returns a line per frame of one Lua thread, innermost first, and
// the position of the innermost Lua function.
func threadTrace(L *lua.LState) (lines []string, file string, line int) {
	for i := 0; ; i++ {
		dbg, ok := L.GetStack(i)
		if !ok {
			return lines, file, line
		}
		if _, err := L.GetInfo("nSl", dbg, lua.LNil); err != nil {
			return lines, file, line
		}
		i += tailCalls(dbg)
		text := frameText(dbg)
		if text == "" {
			continue
		}
		if file == "" && dbg.Source != "" {
			file, line = dbg.Source, dbg.CurrentLine
		}
		lines = append(lines, text)
	}
}

// frameText is one line of a traceback; "" for frames of the host itself.
func frameText(dbg *lua.Debug) string {
	switch {
	case dbg.Source == HostChunk:
		return ""
	case dbg.Source == "":
		if dbg.Name == "" || dbg.Name == "(anonymous)" || strings.Contains(dbg.Name, " ") {
			return ""
		}
		return fmt.Sprintf("\t[Go]: in function '%s'", dbg.Name)
	case dbg.LineDefined == 0:
		return fmt.Sprintf("\t%s:%d: in main chunk", dbg.Source, dbg.CurrentLine)
	case unnamed(dbg.Name):
		return fmt.Sprintf("\t%s:%d: in function <%s:%d>", dbg.Source, dbg.CurrentLine, dbg.Source, dbg.LineDefined)
	default:
		return fmt.Sprintf("\t%s:%d: in function '%s'", dbg.Source, dbg.CurrentLine, dbg.Name)
	}
}

// unnamed reports whether gopher-lua made the name up; "corountine" is how it
// spells the body of one.
func unnamed(name string) bool {
	return name == "" || name == "?" || name == "corountine" || name[0] == '<' || strings.Contains(name, " ")
}

// joinTrace keeps the ends of a long traceback.
func joinTrace(lines []string) string {
	if cut := len(lines) - traceLines; cut > 0 {
		short := append([]string{}, lines[:traceLines/2]...)
		short = append(short, fmt.Sprintf("\t... (%d more)", cut))
		lines = append(short, lines[len(lines)-traceLines/2:]...)
	}
	return strings.Join(lines, "\n")
}

// splitPosition takes "file:12: message" apart.
func splitPosition(s string) (file string, line int, message string, ok bool) {
	head, _, _ := strings.Cut(s, "\n")
	for i := 0; i < len(head); {
		colon := strings.IndexByte(head[i:], ':')
		if colon < 0 {
			return "", 0, s, false
		}
		i += colon + 1
		digits := i
		for digits < len(head) && head[digits] >= '0' && head[digits] <= '9' {
			digits++
		}
		if digits > i && strings.HasPrefix(head[digits:], ": ") {
			line, err := strconv.Atoi(head[i:digits])
			return head[:i-1], line, s[digits+2:], err == nil && i > 1
		}
	}
	return "", 0, s, false
}
