package tree

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// source is the text of a file, for the lines that problems show and the
// places of templates inside scalars.
type source struct {
	name  string
	lines []string
	marks map[int][]int // of each long line: the offset of every 1024th character
}

const (
	longLine = 4096 // bytes
	stride   = 1024 // characters
)

// newSource cuts text where yaml.v3 does: at every line break of YAML 1.1.
func newSource(name, text string) *source {
	s := &source{name: name, lines: make([]string, 0, strings.Count(text, "\n")+1)}
	start := 0
	for i := 0; i < len(text); {
		n := lineBreak(text[i:])
		if n == 0 {
			i++
			continue
		}
		s.lines = append(s.lines, text[start:i])
		i += n
		start = i
	}
	s.lines = append(s.lines, text[start:])
	s.mark()
	return s
}

// mark notes places within long lines: a spec may be one line of a megabyte,
// with a hundred thousand templates in it to be found.
func (s *source) mark() {
	for i, line := range s.lines {
		if len(line) < longLine {
			continue
		}
		if s.marks == nil {
			s.marks = make(map[int][]int)
		}
		marks := make([]int, 0, len(line)/stride+1)
		character := 0
		for offset := range line {
			if character%stride == 0 {
				marks = append(marks, offset)
			}
			character++
		}
		s.marks[i+1] = marks
	}
}

// lineBreak returns the length of the line break that text begins with, or 0.
func lineBreak(text string) int {
	switch text[0] {
	case '\n':
		return 1
	case '\r':
		if strings.HasPrefix(text, "\r\n") {
			return 2
		}
		return 1
	case 0xC2:
		if strings.HasPrefix(text, "\u0085") {
			return 2
		}
	case 0xE2:
		if strings.HasPrefix(text, "\u2028") || strings.HasPrefix(text, "\u2029") {
			return 3
		}
	}
	return 0
}

// line returns the text of a line, "" when there is none of that number.
func (s *source) line(number int) string {
	if s == nil || number < 1 || number > len(s.lines) {
		return ""
	}
	return s.lines[number-1]
}

// at returns the place of a byte offset in a line.
func (s *source) at(line, offset int) Pos {
	text, before := s.line(line), 0
	start := 0
	if marks := s.marks[line]; marks != nil {
		i, exact := slices.BinarySearch(marks, offset)
		if !exact {
			i--
		}
		start, before = marks[i], i*stride
	}
	return Pos{File: s.name, Line: line, Column: before + utf8.RuneCountInString(text[start:offset]) + 1}
}

// offset returns the byte offset of a place within its line.
func (s *source) offset(p Pos) int {
	text, i, column := s.line(p.Line), 0, 1
	if marks := s.marks[p.Line]; marks != nil && p.Column > 0 {
		mark := min((p.Column-1)/stride, len(marks)-1)
		i, column = marks[mark], mark*stride+1
	}
	for ; column < p.Column && i < len(text); column++ {
		_, n := utf8.DecodeRuneInString(text[i:])
		i += n
	}
	return i
}

// Places returns where text occurs in n's file at or after from, the first
// count times. from stands for those that are not there, as after an escape in
// a quoted scalar.
func (n *Node) Places(from Pos, text string, count int) []Pos {
	places := make([]Pos, 0, count)
	if s := n.source; s != nil && from.File == s.name {
		places = s.places(places, from, text)
	}
	for len(places) < count {
		places = append(places, from)
	}
	return places
}

// CodePos is where the text of a scalar begins, less the space in front: of a
// block that is in the lines below.
func (n *Node) CodePos() Pos {
	first, _, _ := strings.Cut(strings.TrimLeft(n.Text, space), "\n")
	if first == "" {
		return n.Pos
	}
	return n.Places(n.Pos, first, 1)[0]
}

// space is what Code cuts off in front.
const space = " \t\r\n"

// Code is the text of a scalar from CodePos on.
func (n *Node) Code() string { return strings.TrimLeft(n.Text, space) }

// places appends occurrences until the capacity is used up.
func (s *source) places(to []Pos, from Pos, text string) []Pos {
	start := s.offset(from)
	column := from.Column
	for line := from.Line; line >= 1 && line <= len(s.lines); line++ {
		for rest := s.lines[line-1][start:]; len(to) < cap(to); {
			i := strings.Index(rest, text)
			if i < 0 {
				break
			}
			column += utf8.RuneCountInString(rest[:i])
			to = append(to, Pos{File: s.name, Line: line, Column: column})
			column += utf8.RuneCountInString(text)
			rest = rest[i+len(text):]
		}
		if len(to) == cap(to) {
			break
		}
		start, column = 0, 1
	}
	return to
}
