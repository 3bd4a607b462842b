package command

import (
	"os"
	"strings"
	"testing"
)

func write(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTerminalText: however a body is cut into pieces, the terminal gets the
// same: text, and no orders.
func TestTerminalText(t *testing.T) {
	for given, want := range map[string]string{
		"plain\n\ttext":          "plain\n\ttext",
		"é€😀":                    "é€😀",
		"a\r\nb\rc\r":            "a\nb\\rc\\r",
		"\x1b]0;owned\x07\u009b": `\x1b]0;owned\a\u009b`,
		"\xff€\xe2\x82":          `\xff€\xe2\x82`,
		"\xe2\x82\n\xf0\x9f":     "\\xe2\\x82\n\\xf0\\x9f",
		"":                       "",
	} {
		for size := 1; size <= len(given)+1; size++ {
			var out strings.Builder
			w := &terminalText{w: &out}
			for rest := given; rest != ""; {
				n := min(size, len(rest))
				if wrote, err := w.Write([]byte(rest[:n])); err != nil || wrote != n {
					t.Fatalf("%d, %v", wrote, err)
				}
				rest = rest[n:]
			}
			w.end()
			if out.String() != want {
				t.Errorf("%q in pieces of %d: %q, want %q", given, size, out.String(), want)
			}
		}
	}
}
