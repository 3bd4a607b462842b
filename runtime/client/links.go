package client

import (
	"strings"

	"volley/runtime"
)

// Link is one target of a Link field (RFC 8288). A target with several
// relations is one Link for each.
type Link struct {
	URL    string // as written, often relative
	Rel    string // lower case; "" when the link names none
	Params []runtime.Field
}

// Links reads the Link fields of a header, in order. What cannot be read is
// passed over.
func Links(h runtime.Header) []Link {
	line, ok := h.Joined("Link")
	if !ok {
		return nil
	}
	var out []Link
	for {
		_, after, found := strings.Cut(line, "<")
		if !found {
			return out
		}
		target, rest, closed := strings.Cut(after, ">")
		if !closed {
			return out
		}
		l := Link{URL: strings.TrimSpace(target)}
		params := ""
		params, line = runtime.CutUnquoted(rest, ',')
		rels := l.read(params)
		if len(rels) == 0 {
			rels = []string{""}
		}
		for _, rel := range rels {
			l.Rel = rel
			out = append(out, l)
		}
	}
}

// read takes the parameters and returns the relations; of several rel
// parameters the first counts.
func (l *Link) read(params string) []string {
	var rels []string
	for params != "" {
		var part string
		part, params = runtime.CutUnquoted(params, ';')
		key, value, _ := strings.Cut(part, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		if key == "" {
			continue
		}
		value = unquoteString(strings.TrimSpace(value))
		l.Params = append(l.Params, runtime.Field{Name: key, Value: value})
		if key == "rel" && rels == nil {
			rels = strings.Fields(strings.ToLower(value))
		}
	}
	return rels
}
