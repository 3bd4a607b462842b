package luaapi

import (
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime/report"
)

// LogLevel says what volley.log shows.
type LogLevel int

// The levels. The zero value leaves debug out.
const (
	LogQuiet LogLevel = iota - 1 // warnings and errors only
	LogInfo                      // and info
	LogDebug                     // and debug
)

func logModule() Module {
	m := Module{
		Name: "volley.log",
		Doc:  "Lines for the person at the terminal, on stderr. Arguments are joined by tabs, as `print` does.",
	}
	for _, f := range []struct {
		name, doc string
		from      LogLevel
	}{
		{"debug", "Shown with --verbose only.", LogDebug},
		{"info", "Not shown with --quiet.", LogInfo},
		{"warn", "Always shown.", LogQuiet},
		{"error", "Always shown. It does not stop anything.", LogQuiet},
	} {
		m.Functions = append(m.Functions, Function{
			Name: f.name, Params: []Param{{"...", "any", "What to show."}}, Doc: f.doc,
			Example: `volley.log.` + f.name + `("rows", 3, true)`,
			call: func(c call) int {
				if c.s.config.Log >= f.from {
					writeLog(c, f.name)
				}
				return 0
			},
		})
	}
	return m
}

// writeLog writes the arguments as one line, in one Write.
func writeLog(c call, level string) {
	var b strings.Builder
	b.WriteString(level + ": ")
	for i, v := range c.rest(1) {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(report.EscapeText(lua.LVAsString(c.L.ToStringMeta(v))))
	}
	b.WriteByte('\n')
	_, _ = io.WriteString(c.s.config.Stderr, b.String()) // there is nowhere to tell that stderr is gone
}
