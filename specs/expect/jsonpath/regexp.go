package jsonpath

import (
	"regexp"
	"strings"
)

func newMatched(whole bool, text, pattern operand) matched {
	m := matched{whole: whole, text: text, pattern: pattern}
	if l, ok := pattern.(literal); ok {
		m.literal = true
		if s, ok := l.v.(string); ok {
			m.compiled = compileRegexp(s, whole)
		}
	}
	return m
}

// compileRegexp returns nil for what is no regular expression: it matches
// nothing (RFC 9535, section 2.4.6).
func compileRegexp(pattern string, whole bool) *regexp.Regexp {
	pattern = dotWithoutLineEnds(pattern)
	if whole {
		pattern = `\A(?:` + pattern + `)\z`
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil
	}
	return re
}

// dotWithoutLineEnds makes a dot outside brackets match all but \n and \r, as
// I-Regexp has it (RFC 9485, section 5.3).
func dotWithoutLineEnds(pattern string) string {
	if !strings.Contains(pattern, ".") {
		return pattern
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			b.WriteByte(c)
			i++
			b.WriteByte(pattern[i])
			continue
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '.' && !class:
			b.WriteString(`[^\n\r]`)
			continue
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}
