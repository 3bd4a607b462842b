package tree

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"volley/runtime"
)

const (
	printed   = 50  // problems that Text writes
	lineWidth = 120 // characters of a source line that Text shows
)

// The marks of a terminal.
const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	plain  = "\x1b[0m"
)

// Text writes the problems for people: "file:line:col: message", the line with
// a caret below, and the hint. At most 50 are written, the rest is counted.
// color marks them for a terminal.
func (p *Problems) Text(w io.Writer, color bool) error {
	var out strings.Builder
	list := p.All()
	rest := p.more
	if len(list) > printed {
		rest += len(list) - printed
		list = list[:printed]
	}
	for i := range list {
		out.WriteString(list[i].text(color))
	}
	if rest > 0 {
		out.WriteString("and " + strconv.Itoa(rest) + " more\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// text returns the lines that Text writes of a problem.
func (x *Problem) text(color bool) string {
	mark := func(code, s string) string {
		if !color {
			return s
		}
		return code + s + plain
	}
	var b strings.Builder
	if x.Pos.File != "" {
		b.WriteString(mark(bold, runtime.Escape(x.Pos.String())+":") + " ")
	}
	severity := red
	if x.Warning {
		severity = yellow
		b.WriteString(mark(severity, "warning:") + " ")
	}
	b.WriteString(runtime.Escape(x.Message) + "\n")
	if strings.TrimSpace(x.Source) != "" && x.Pos.Column > 0 {
		line, caret := window(x.Source, x.Pos.Column-1)
		b.WriteString("  " + line + "\n  " + strings.Repeat(" ", caret) + mark(severity, "^") + "\n")
	}
	if x.Hint != "" {
		b.WriteString("  " + runtime.Escape(x.Hint) + "\n")
	}
	return b.String()
}

// window returns the part of a line that is shown around the character at
// index caret, and the caret's index in it.
func window(line string, caret int) (shown string, at int) {
	start := 0
	if utf8.RuneCountInString(line) > lineWidth {
		start = max(0, caret-lineWidth/2)
	}
	var b strings.Builder
	i := 0
	for _, r := range line {
		if i >= start && i < start+lineWidth {
			if !unicode.IsPrint(r) {
				r = ' '
			}
			b.WriteRune(r)
		}
		i++
	}
	return strings.TrimRight(b.String(), " "), caret - start
}

// JSON writes the problems for editors: one array of objects with file, line,
// column, severity ("error", "warning"), message, hint and path.
func (p *Problems) JSON(w io.Writer) error {
	type entry struct {
		File     string `json:"file"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
		Severity string `json:"severity"`
		Message  string `json:"message"`
		Hint     string `json:"hint"`
		Path     string `json:"path"`
	}
	list := p.All()
	entries := make([]entry, len(list))
	for i, x := range list {
		entries[i] = entry{x.Pos.File, x.Pos.Line, x.Pos.Column, "error", x.Message, x.Hint, x.Path}
		if x.Warning {
			entries[i].Severity = "warning"
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(entries)
}
