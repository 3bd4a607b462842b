package report

import (
	"os"

	"golang.org/x/term"
)

// Terminal reports whether f is a terminal that understands control codes.
func Terminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Color reports whether text on f may have colours: a terminal, and no
// NO_COLOR in the environment that is not empty (https://no-color.org).
func Color(f *os.File) bool {
	return Terminal(f) && os.Getenv("NO_COLOR") == ""
}

// Width returns the columns of the terminal f, 80 when it does not tell.
func Width(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}
