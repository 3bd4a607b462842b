package runtime

import "strings"

// MaskURL returns a URL fit for a log: userinfo becomes ***. It works on the
// text, since a URL that does not parse is what error messages are about.
func MaskURL(raw string) string {
	start := afterScheme(raw)
	end := len(raw)
	if i := strings.IndexAny(raw[start:], "/?#"); i >= 0 {
		end = start + i
	}
	at := strings.LastIndexByte(raw[start:end], '@')
	if at < 0 {
		return raw
	}
	return raw[:start] + "***" + raw[start+at:]
}

// afterScheme returns where the authority begins: after "scheme:" and any
// number of slashes, since "http:/user:secret@host" is a likely slip.
func afterScheme(raw string) int {
	start := 0
	if i := strings.IndexAny(raw, ":/?#@"); i >= 0 && strings.HasPrefix(raw[i:], ":/") {
		start = i + 1
	}
	if start == 0 && !strings.HasPrefix(raw, "//") {
		return 0
	}
	for start < len(raw) && raw[start] == '/' {
		start++
	}
	return start
}
