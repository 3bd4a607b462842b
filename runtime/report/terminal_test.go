package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"volley/runtime/report"
)

func TestFileIsNoTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	t.Setenv("TERM", "xterm")
	if report.Terminal(f) || report.Color(f) {
		t.Error("a file counts as a terminal")
	}
	if w := report.Width(f); w != 80 {
		t.Errorf("Width = %d, want 80", w)
	}
}
