package vm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/gopher-lua/pm"
)

// spans lists what a search finds: the match and its captures, as offsets.
func spans(src, pat string, most int) (list []string, err error) {
	var m matcher
	m.setup(src, pat, nil)
	for s := 0; s <= len(src) && len(list) != most; {
		start, end := m.find(s)
		if m.err != nil {
			return nil, m.err
		}
		if start < 0 {
			break
		}
		entry := fmt.Sprintf("%d-%d", start, end)
		for _, c := range m.captures[:m.level] {
			if c.length == capturePosition {
				entry += fmt.Sprintf(" @%d", c.start+1)
			} else {
				entry += fmt.Sprintf(" %d-%d", c.start, c.start+c.length)
			}
		}
		list = append(list, entry)
		if s = max(end, start+1); m.anchored {
			break
		}
	}
	return list, nil
}

// stockSpans does the same with gopher-lua's matcher.
func stockSpans(src, pat string) (list []string, err error) {
	found, err := pm.Find(pat, []byte(src), 0, -1)
	if err != nil {
		return nil, err
	}
	for _, m := range found {
		entry := fmt.Sprintf("%d-%d", m.Capture(0), m.Capture(1))
		for i := 2; i < m.CaptureLength(); i += 2 {
			if m.IsPosCapture(i) {
				entry += fmt.Sprintf(" @%d", m.Capture(i))
			} else {
				entry += fmt.Sprintf(" %d-%d", m.Capture(i), m.Capture(i+1))
			}
		}
		list = append(list, entry)
	}
	return list, nil
}

func TestPatternsAsInLua51(t *testing.T) {
	for _, c := range []struct{ src, pat, want string }{
		{"hello world", "o", "4-5 7-8"},
		{"hello", "l+", "2-4"},
		{"hello", "^l", ""},
		{"hello", "^h", "0-1"},
		{"abc", "()b()", "1-2 @2 @3"},
		{"key = value", "(%w+)%s*=%s*(%w+)", "0-11 0-3 6-11"},
		{"f(a(b)c)d", "%b()", "1-8"},
		{"((", "%b()", ""},
		{"THE (quick) fox", "%f[%a]%a+", "0-3 5-10 12-15"},
		{"THE (quick) fox", "%f[%z]", "15-15"},
		{"abcabc", "(abc)%1", "0-6 0-3"},
		{"[]]", "[]]", "1-2 2-3"},
		{"a-z", "[a%-z]+", "0-3"},
		{"a-z", "[a-]", "0-1 1-2"},
		{"x^y", "[x^]", "0-1 1-2"},
		{"x^y", "[^^]", "0-1 2-3"},
		{"a.b", "%.", "1-2"},
		{"a$", "a$", ""},
		{"a$b", "$b", "1-3"},
		{"aaa", "a-", "0-0 1-1 2-2 3-3"},
		{"aaab", "a-b", "0-4"},
		{"abc", "%w*", "0-3 3-3"},
		{"", "x*", "0-0"},
		{"\x00a", "%z", "0-1"},
		{"ab12", "%a%d", "1-3"},
		{"nested", "((n)(e))", "0-2 0-2 0-1 1-2"},
		{"*+", "*", "0-1"},
		{"]", "]", "0-1"},
	} {
		got, err := spans(c.src, c.pat, -1)
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%q in %q: got %q (%v), want %q", c.pat, c.src, got, err, c.want)
		}
	}
}

func TestMalformedPatterns(t *testing.T) {
	for pat, want := range map[string]error{
		"%": errPatternPercent, "[a": errPatternBracket, "[": errPatternBracket, "[^": errPatternBracket, "[%": errPatternBracket, "[%a": errPatternBracket,
		"(a": nil, "a)": errPatternClose, "%1": errPatternIndex, "(a%1)": errPatternIndex, "%b": errPatternBalance, "%bx": errPatternBalance,
		"%fa": errPatternBorder, "%f": errPatternBorder, strings.Repeat("()", 33): errPatternMany, "%0": errPatternIndex,
	} {
		var m matcher
		m.setup("aaaa", pat, nil)
		m.find(0)
		if m.err != want { //nolint:errorlint // sentinel, never wrapped
			t.Errorf("%q: got %v, want %v", pat, m.err, want)
		}
	}
	h := newHost(t, Options{})
	got := mustRun(t, h, `return pcall(string.find, "a", "(a")`)
	if got != "false test.lua:1: unfinished capture" {
		t.Errorf("got %q", got)
	}
}

// patternPieces is what the fuzz target builds patterns from: all that
// gopher-lua's matcher does as Lua does.
var patternPieces = []string{
	"a", "b", "c", ".", "%a", "%d", "%s", "%w", "%A", "%.", "[ab]", "[^a]", "[a-c]", "[%d_]", "[^%s]", "%b()", "%bab",
	"a*", "b+", "c-", ".-", "a?", "%w*", "[ab]+", ".*", "()", "(", ")", "(a)", "%1", "$", "1", " ",
}

// FuzzPattern compares the matcher with gopher-lua's.
func FuzzPattern(f *testing.F) {
	f.Add("abc aab(ab)1", []byte{0, 17, 1})
	f.Add("aaa bbb ccc", []byte{26, 17, 27, 29})
	f.Add("(a(b)c)", []byte{15, 30})
	f.Add("abcabc", []byte{255, 24, 25, 12})
	f.Add("00000000000000000000000000", []byte{22, 22, 22, 22, 22, 15})
	f.Fuzz(func(t *testing.T, src string, recipe []byte) {
		pat, ok := buildPattern(recipe)
		if !ok || len(src) > 40 {
			return
		}
		want, err := stockSpans(src, pat)
		if err != nil {
			return // what stock refuses is covered by TestMalformedPatterns
		}
		got, err := spans(src, pat, -1)
		if err != nil && strings.Contains(err.Error(), "too many steps") && strings.ContainsAny(pat, "*+-") {
			return // stock has no limit, and gets there in its time
		}
		if err != nil {
			t.Fatalf("%q in %q: %v, stock finds %q", pat, src, err, want)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q in %q: got %q, stock %q", pat, src, got, want)
		}
	})
}

// buildPattern makes a pattern with balanced captures and bounded backtracking.
func buildPattern(recipe []byte) (pat string, ok bool) {
	if len(recipe) > 8 {
		return "", false
	}
	depth, closed := 0, 0
	for i, b := range recipe {
		if i == 0 && b == 255 {
			pat = "^"
			continue
		}
		piece := patternPieces[int(b)%len(patternPieces)]
		switch piece {
		case "(":
			depth++
		case ")":
			if depth--; depth < 0 {
				return "", false
			}
			closed++
		case "(a)", "()":
			closed++
		case "%1":
			if closed == 0 || depth > 0 || strings.Contains(pat, "()") {
				return "", false
			}
		}
		pat += piece
	}
	return pat, depth == 0
}
