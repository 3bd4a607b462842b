package command

import (
	"errors"
	"fmt"
	"strings"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/report"
)

// problem is one finding of check, and what --json prints.
type problem struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Source   string `json:"source,omitempty"`
	Hint     string `json:"hint,omitempty"`
}

func problemOf(file string, err error) problem {
	var se *vm.SyntaxError
	if errors.As(err, &se) {
		return problem{File: se.File, Line: se.Line, Column: se.Column, Message: se.Message, Source: se.Source, Hint: se.Hint}
	}
	return problem{File: file, Message: err.Error()}
}

// problemText is an error as a person reads it: where, what, the source line,
// the hint, and the traceback of a script's own error. It ends its line.
func problemText(err error) string {
	var b strings.Builder
	var syntax *vm.SyntaxError
	var script *vm.ScriptError
	switch {
	case errors.As(err, &syntax):
		p := problemOf("", err)
		b.WriteString(p.text())
	case errors.As(err, &script):
		b.WriteString(report.EscapeText(scriptMessage(script)) + "\n")
		if script.SourceLine != "" {
			b.WriteString("    " + report.EscapeText(strings.TrimSpace(script.SourceLine)) + "\n")
		}
		if script.Traceback != "" {
			b.WriteString(script.Traceback + "\n")
		}
	default:
		b.WriteString(err.Error() + "\n")
	}
	return b.String()
}

// scriptMessage puts the position before the text of an Error that was raised,
// or of a limit that was met.
func scriptMessage(script *vm.ScriptError) string {
	var e *runtime.Error
	if kind := luaapi.LimitKind(script.Cause); kind != "" {
		e = &runtime.Error{Kind: kind, Message: script.Message}
	} else if !errors.As(script.Cause, &e) {
		return script.Error()
	}
	if script.File == "" {
		return e.Error()
	}
	return fmt.Sprintf("%s:%d: %s", script.File, script.Line, e.Error())
}

func (p problem) text() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Column)
		}
	}
	if p.File != "" {
		b.WriteString(": ")
	}
	b.WriteString(p.Message + "\n")
	if p.Source != "" {
		b.WriteString("    " + p.Source + "\n")
	}
	if p.Hint != "" {
		b.WriteString("    " + p.Hint + "\n")
	}
	return b.String()
}
