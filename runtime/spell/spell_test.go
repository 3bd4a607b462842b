package spell_test

import (
	"testing"

	"volley/runtime/spell"
)

func TestNearest(t *testing.T) {
	options := []string{"headers", "params", "data", "json", "timeout", "allow_redirects", "max_body", "auth"}
	for _, c := range []struct{ name, want string }{
		{"header", "headers"},
		{"Headers", "headers"},
		{"time_out", "timeout"},
		{"allowRedirects", "allow_redirects"},
		{"max-body", "max_body"},
		{"redirects", ""},
		{"parms", "params"},
		{"haeders", "headers"},
		{"jsno", "json"},
		{"zzz", ""},
		{"", ""},
	} {
		if got := spell.Nearest(c.name, options); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
	if got := spell.Hint("header", options); got != `; did you mean "headers"?` {
		t.Errorf("Hint = %q", got)
	}
}
