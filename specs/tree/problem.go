package tree

import (
	"cmp"
	"slices"
	"strconv"
)

// Problem is one thing wrong with a spec.
type Problem struct {
	Pos     Pos
	Path    string // "requests[1].expect.status"; "" when unknown
	Message string // what is wrong
	Hint    string // what to do; "" when there is nothing to say
	Source  string // the text of the line; filled in from the file that Parse read
	Warning bool   // the spec still runs
}

// most is how many problems are kept. A file can hold a hundred thousand of
// one kind, and nobody reads them.
const most = 1000

// Problems gathers what is wrong with a spec and what it includes, all of it.
// The zero value is ready.
type Problems struct {
	list   []Problem
	files  []*source // each file read, in order
	errors int
	more   int // not kept
}

// Add notes an error. path may be "", as may hint.
func (p *Problems) Add(pos Pos, path, message, hint string) {
	p.errors++
	p.note(Problem{Pos: pos, Path: path, Message: message, Hint: hint})
}

// Warn notes something that does not keep the spec from running.
func (p *Problems) Warn(pos Pos, path, message, hint string) {
	p.note(Problem{Pos: pos, Path: path, Message: message, Hint: hint, Warning: true})
}

// full reports that no more problems are kept.
func (p *Problems) full() bool { return len(p.list) == most }

func (p *Problems) note(problem Problem) {
	if p.full() {
		p.more++
		return
	}
	p.list = append(p.list, problem)
}

// All returns the problems with their source lines: files in the order they
// were read, and by position within them. What was noted twice of one place,
// because an alias brought it there again, is listed once. At most 1000 are
// kept.
func (p *Problems) All() []Problem {
	order := make(map[string]int, len(p.files))
	for i, f := range p.files {
		order[f.name] = i + 1
	}
	list := slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(order[a.Pos.File], order[b.Pos.File]),
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column),
		)
	})
	type told struct {
		pos     Pos
		message string
	}
	seen := make(map[told]bool, len(list))
	list = slices.DeleteFunc(list, func(x Problem) bool {
		key := told{x.Pos, x.Message}
		again := seen[key]
		seen[key] = true
		return again
	})
	for i := range list {
		if at := order[list[i].Pos.File]; at > 0 {
			list[i].Source = p.files[at-1].line(list[i].Pos.Line)
		}
	}
	return list
}

// Err returns nil when there are only warnings, else an error that tells the
// first problem and how many more there are.
func (p *Problems) Err() error {
	if p.errors == 0 {
		return nil
	}
	e := &problemsError{}
	for _, x := range p.All() {
		if !x.Warning {
			if e.others++; e.others == 1 {
				e.first = x
			}
		}
	}
	e.others += p.more - 1
	return e
}

// problemsError is the problems of a spec as one error.
type problemsError struct {
	first  Problem
	others int
}

func (e *problemsError) Error() string {
	text := e.first.Pos.String() + ": " + e.first.Message
	if e.others > 0 {
		text += " (and " + strconv.Itoa(e.others) + " more)"
	}
	return text
}
