package tree

import "strings"

// suspect is text that YAML reads in another way than people mean it.
type suspect struct {
	pos           Pos
	message, hint string
	flow          bool // a template in { } or [ ] without quotes
}

// reader goes through YAML that does not parse, as far as finding suspects
// takes: it knows quotes, comments, block scalars, and { } and [ ].
type reader struct {
	source *source
	found  []suspect

	line    int   // from 1
	opened  []Pos // { and [ that are not closed yet
	deep    *Pos  // the first that is nested deeper than maxDepth
	quote   byte
	quoteAt Pos
	block   int // column from 0 of what owns the block scalar; -1: none
	owner   int // column of the latest name or dash of the line
}

// maxSuspects is how many are worth finding.
const maxSuspects = 50

// suspects goes through all of s. What may be why it is not YAML is found, in
// order, and what is left open.
func suspects(s *source) *reader {
	r := &reader{source: s, block: -1}
	for i, text := range s.lines {
		r.line = i + 1
		indent := len(text) - len(strings.TrimLeft(text, " "))
		if r.block >= 0 {
			if indent > r.block || strings.TrimSpace(text) == "" {
				continue
			}
			r.block = -1
		}
		r.owner = indent
		r.read(text)
		if r.enough() {
			break
		}
	}
	return r
}

func (r *reader) suspect(at int, message, hint string) {
	r.found = append(r.found, suspect{pos: r.source.at(r.line, at), message: message, hint: hint})
}

// open notes a { or [.
func (r *reader) open(pos Pos) {
	if r.opened = append(r.opened, pos); len(r.opened) > maxDepth && r.deep == nil {
		r.deep = &pos
	}
}

// enough reports that the rest of the file does not matter.
func (r *reader) enough() bool { return r.deep != nil || len(r.found) >= maxSuspects }

// read goes through one line.
func (r *reader) read(text string) {
	value := false // behind a name and its colon
	for i := 0; i < len(text) && !r.enough(); {
		if r.quote != 0 {
			i = r.quoted(text, i)
			continue
		}
		switch c := text[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t'):
			return
		case c == '"' || c == '\'':
			r.quote, r.quoteAt = c, r.source.at(r.line, i)
			i++
		case c == '[' || c == '{':
			r.open(r.source.at(r.line, i))
			i++
		case (c == ']' || c == '}' || c == ',') && len(r.opened) > 0:
			if c != ',' {
				r.opened = r.opened[:len(r.opened)-1]
			}
			i++
		case c == ':' || c == '?':
			value = value || c == ':' && len(r.opened) == 0
			i++
		case c == '-' && (i+1 == len(text) || text[i+1] == ' '):
			if value {
				r.suspect(i, `"- " behind a name does not begin a list`, "write the list in the next lines, or quote the text")
			}
			r.owner = i
			i++
		case c == '&' || c == '!':
			i = wordEnd(text, i)
		case (c == '|' || c == '>') && len(r.opened) == 0:
			r.blockScalar(text, i)
			return
		default:
			i = r.plain(text, i, &value)
		}
	}
}

// quoted goes to the end of a quoted text and looks at what follows it.
func (r *reader) quoted(text string, i int) int {
	for ; i < len(text); i++ {
		switch {
		case text[i] == '\\' && r.quote == '"':
			i++
		case text[i] != r.quote:
		case r.quote == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
		default:
			r.quote = 0
			rest := strings.TrimLeft(text[i+1:], " \t")
			if rest != "" && len(r.opened) == 0 && !strings.ContainsRune(":#,]}", rune(rest[0])) {
				r.suspect(i+1, "text follows the closing quote", `write the whole text in quotes; inside '…' a ' is written '', inside "…" a " is \"`)
			}
			return i + 1
		}
	}
	return i
}

// blockScalar notes where the block scalar that begins at i ends, or that it is
// an operator.
func (r *reader) blockScalar(text string, i int) {
	rest := strings.TrimLeft(text[i+1:], "+-0123456789")
	if rest = strings.TrimLeft(rest, " \t"); rest == "" || rest[0] == '#' {
		r.block = r.owner
		return
	}
	r.suspect(i, "| and > begin a block of text in the next lines", "operators are names, as in {gte: 3}; quote it if it is text")
}

// plain goes to the end of a text without quotes.
func (r *reader) plain(text string, i int, value *bool) int {
	if c := text[i]; c == '@' || c == '`' || c == '%' || c == '*' && wordEnd(text, i) == i+1 {
		r.suspect(i, `text cannot begin with "`+string(c)+`" without quotes`, "quote it: '"+firstWord(text[i:])+"'")
	}
	start := i
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '#' && i > start && text[i-1] == ' ':
			return len(text)
		case len(r.opened) > 0 && strings.ContainsRune(",[]{}", rune(c)):
			if c == '{' && text[i-1] == '$' {
				return r.flowTemplate(text, start, i)
			}
			return i
		case c == ':' && (i+1 == len(text) || text[i+1] == ' ' || len(r.opened) > 0 && strings.ContainsRune(",[]{}", rune(text[i+1]))):
			if *value && len(r.opened) == 0 {
				r.colon(text, start, i)
				return len(text)
			}
			r.owner = start
			return i
		}
	}
	return i
}

// flowTemplate tells of a template without quotes in { } or [ ], and returns
// where it ends.
func (r *reader) flowTemplate(text string, start, brace int) int {
	stop := strings.Index(text[brace:], "}}")
	width := 2
	if stop < 0 || !strings.HasPrefix(text[brace:], "{{") {
		stop, width = strings.Index(text[brace:], "}"), 1
	}
	if stop < 0 {
		stop, width = len(text)-brace, 0
	}
	whole := text[start : brace+stop+width]
	quote := `"`
	if strings.Contains(whole, `"`) {
		quote = "'"
	}
	r.found = append(r.found, suspect{
		pos:     r.source.at(r.line, start),
		message: "a template in { } or [ ] has to be quoted",
		hint:    "write " + quote + clip(whole) + quote,
		flow:    true,
	})
	return brace + stop + width
}

// colon tells of a text without quotes that holds ": ".
func (r *reader) colon(text string, start, at int) {
	if before := text[start:at]; strings.Contains(before, "${{") {
		r.suspect(start, `the template holds ": ", which YAML takes for the end of a name`, "quote the whole text: '…'")
		return
	}
	r.suspect(start, `the text holds ": ", which YAML takes for the end of a name`, "quote the whole text")
}

// wordEnd returns where the name of an anchor, alias or tag at i ends.
func wordEnd(text string, i int) int {
	i++
	for i < len(text) && (text[i] == '_' || text[i] == '-' || text[i] == '!' || text[i] >= '0' && text[i] <= '9' || text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z') {
		i++
	}
	return i
}

// firstWord returns text up to a blank or what would end it in { } or [ ].
func firstWord(text string) string {
	if i := strings.IndexAny(text, " \t,]}"); i > 0 {
		text = text[:i]
	}
	return clip(text)
}
