package tree

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// faultLine is the number that yaml.v3's errors begin with.
var faultLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// explain tells of text that is not YAML: where, and what was probably meant.
func explain(s *source, src []byte, err error, p *Problems) {
	match := faultLine.FindStringSubmatch(err.Error())
	if match == nil {
		p.Add(Pos{s.name, 1, 1}, "", strings.TrimPrefix(err.Error(), "yaml: "), "")
		return
	}
	line, _ := strconv.Atoi(match[1]) // none: the first line
	message := match[2]
	if name, ok := unknownAnchor(message); ok {
		pos := aliasPlace(s, name)
		p.Add(pos, "", "there is no &"+name+" that *"+name+" could stand for",
			"the anchor has to be written further up; text that begins with * has to be quoted")
		return
	}
	parsing := strings.HasPrefix(message, "did not find expected") && !strings.Contains(message, "alphabetic") &&
		!strings.Contains(message, "line break")
	if parsing && line > 0 {
		line++ // the parser counts from 0, the scanner from 1
	}
	line = min(max(line, 1), len(s.lines))
	if parsing {
		line = max(line, brokenAt(src, message))
	}
	read := suspects(s)
	if tell(read.found, line, parsing, p) {
		return
	}
	text := s.line(line)
	pos := s.at(line, len(text)-len(strings.TrimLeft(text, " \t")))
	switch {
	case strings.Contains(message, "end of stream") && read.quote != 0:
		pos = read.quoteAt
	case strings.Contains(message, "expected ','") && len(read.opened) > 0:
		pos = read.opened[len(read.opened)-1]
	}
	said, hint := inWords(message, text)
	p.Add(pos, "", said, hint)
}

// tell reports the suspects that explain a fault on that line: those on it, or
// the nearest ones if the fault is of a structure that began there.
func tell(all []suspect, line int, parsing bool, p *Problems) bool {
	best := -1
	for i, x := range all {
		if x.pos.Line == line || parsing && x.flow && x.pos.Line >= line {
			best = i
			break
		}
	}
	if best < 0 {
		return false
	}
	for i, x := range all {
		if i == best || x.flow && all[best].flow {
			p.Add(x.pos, "", x.message, x.hint)
		}
	}
	return true
}

func unknownAnchor(message string) (string, bool) {
	name, ok := strings.CutPrefix(message, "unknown anchor '")
	return strings.TrimSuffix(name, "' referenced"), ok
}

// aliasPlace finds an alias that yaml.v3 names without a line.
func aliasPlace(s *source, name string) Pos {
	alias := regexp.MustCompile(`(?:^|[\s\[{,:-])(\*` + regexp.QuoteMeta(name) + `)(?:$|[\s\]},:])`)
	for i, line := range s.lines {
		if at := alias.FindStringSubmatchIndex(line); at != nil {
			return s.at(i+1, at[2])
		}
	}
	return Pos{s.name, 1, 1}
}

// bisected bounds the files whose faults are searched by reading them in part:
// a dozen readings of it still take a few milliseconds.
const bisected = 32 << 10

// brokenAt returns the line at which yaml.v3 begins to give that message: for
// the fault of a block it names only the line where the block begins. 0: the
// file is too large to look, or the message is of another kind.
func brokenAt(src []byte, message string) int {
	if len(src) > bisected || message != "did not find expected key" && message != "did not find expected '-' indicator" {
		return 0
	}
	ends := []int{0}
	for i, c := range src {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	ends = append(ends, len(src))
	good, bad := 0, len(ends)-1
	for bad-good > 1 {
		middle := (good + bad) / 2
		_, err := decode(yaml.NewDecoder(bytes.NewReader(src[:ends[middle]])))
		if err != nil && strings.HasSuffix(err.Error(), message) {
			bad = middle
		} else {
			good = middle
		}
	}
	return bad
}

// inWords says what yaml.v3's message means, and what helps.
func inWords(message, line string) (said, hint string) {
	has := func(part string) bool { return strings.Contains(message, part) }
	switch {
	case has("tab character") || has("cannot start any token") && strings.Contains(line, "\t"):
		return "a tab stands where YAML wants spaces", "indent with spaces"
	case has("mapping values are not allowed"):
		return `": " stands where it makes a name of the text before it`,
			`quote the whole text if it holds ": ", else check the indentation`
	case has("cannot start any token"):
		return "this character cannot begin a text", "quote the whole text"
	case has("',' or ']'"):
		return "the list in [ ] is not closed or lacks a comma", "close it with ], and quote text that holds [ ] { } or a comma"
	case has("',' or '}'"):
		return "the map in { } is not closed or lacks a comma", "close it with }, and quote text that holds [ ] { } or a comma"
	case has("unexpected end of stream"):
		return "the quote that begins here is not closed", ""
	case has("unknown escape character"):
		return `the text in double quotes has a \ that is no escape`, `in single quotes a \ means itself: '\d+'`
	case has("did not find expected key") || has("'-' indicator"):
		return "this line does not go with the lines above it", "check the indentation and the quotes"
	case has("could not find expected ':'"):
		return `a name without ":"`, `write "name: value", and check the indentation`
	case has("exceeded max depth"):
		return "lists and maps are nested deeper than 100 levels", "move data into a file of its own"
	}
	return "this is not YAML: " + message, ""
}
