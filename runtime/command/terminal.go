package command

import (
	"io"
	"strings"
	"unicode/utf8"

	"volley/runtime/report"
)

// terminalText writes what came from the network to a terminal: text as it
// is, everything that a terminal would obey as an escape. A character that a
// piece ends within waits for the next.
type terminalText struct {
	w    io.Writer
	rest []byte
}

// Write implements io.Writer.
func (t *terminalText) Write(p []byte) (int, error) {
	text := append(t.rest, p...)
	whole := len(text) - unfinished(text)
	t.rest = append([]byte(nil), text[whole:]...)
	if err := t.show(text[:whole]); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (t *terminalText) show(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := io.WriteString(t.w, report.EscapeText(strings.ReplaceAll(string(text), "\r\n", "\n")))
	return err
}

// end writes what never became whole. Its error is known to the writer below.
func (t *terminalText) end() {
	_ = t.show(t.rest)
	t.rest = nil
}

// unfinished returns how many bytes at the end of text may be the beginning of
// a character, or of a line end.
func unfinished(text []byte) int {
	if len(text) > 0 && text[len(text)-1] == '\r' {
		return 1
	}
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
