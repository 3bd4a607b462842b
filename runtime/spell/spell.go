// Package spell finds the name a user meant: options, fields, flags, hooks and
// keys all say "did you mean" through it.
package spell

import (
	"slices"
	"sort"
	"strings"

	"github.com/xrash/smetrics"
)

// Nearest returns the candidate that name is most likely a slip of, or "" when
// none is near: at most a third of the letters differ, case and separators
// do not count.
func Nearest(name string, candidates []string) string {
	best, bestDistance := "", len(name)/3+2
	sorted := append([]string(nil), candidates...)
	sort.Strings(sorted)
	plain := fold(name)
	for _, c := range sorted {
		d := smetrics.WagnerFischer(plain, fold(c), 1, 1, 1)
		if len(plain) >= 3 && (strings.HasPrefix(fold(c), plain) || letters(fold(c)) == letters(plain)) {
			d = min(d, 1)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// letters are those of s in one order: words with the same ones are slips of
// each other, as rwo is of row.
func letters(s string) string {
	sorted := []rune(s)
	slices.Sort(sorted)
	return string(sorted)
}

func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
}

// Hint returns `; did you mean "x"?`, or "" when nothing is near.
func Hint(name string, candidates []string) string {
	if n := Nearest(name, candidates); n != "" {
		return `; did you mean "` + n + `"?`
	}
	return ""
}
