package luaapi

import (
	"iter"
	"regexp"
	"regexp/syntax"
	"sync"

	"volley/luaapi/vm"
)

// pattern is a compiled regular expression, and what a search with it costs.
type pattern struct {
	re *regexp.Regexp
	// size is the number of instructions: the most work for one byte of text.
	size int
	// looksBehind: whether something matches depends on what stands before it.
	looksBehind bool
}

const behind = syntax.EmptyBeginLine | syntax.EmptyBeginText | syntax.EmptyWordBoundary | syntax.EmptyNoWordBoundary

func compilePattern(text string) (*pattern, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	p := &pattern{re: re, size: len(program.Inst)}
	for _, in := range program.Inst {
		if in.Op == syntax.InstEmptyWidth && syntax.EmptyOp(in.Arg)&behind != 0 {
			p.looksBehind = true
		}
	}
	return p, nil
}

// patternCache keeps compiled patterns: the ones used since the last turn,
// and those of the turn before. It is shared by the scripts of a registry.
type patternCache struct {
	mu       sync.Mutex
	now, old map[string]*pattern
}

const (
	// patternsPerTurn is half of what the cache holds at most.
	patternsPerTurn = 128
	// longPattern is the length in bytes from which to compile takes long.
	longPattern = 1 << 12
	// largestKept is the size up to which a pattern is worth its memory.
	largestKept = 1 << 15
)

// of is the compiled pattern of parameter i.
func (p *patternCache) of(c call, i int) *pattern {
	text := c.text(i)
	if kept := p.kept(text); kept != nil {
		return kept
	}
	compiled, err := apart(c, len(text) > longPattern, func() (*pattern, error) { return compilePattern(text) })
	if err != nil {
		c.raisef("%s", err.Error())
	}
	p.keep(text, compiled)
	return compiled
}

// kept is a pattern that was compiled before, or nil.
func (p *patternCache) kept(text string) *pattern {
	p.mu.Lock()
	defer p.mu.Unlock()
	if kept := p.now[text]; kept != nil {
		return kept
	}
	kept := p.old[text]
	if kept != nil {
		p.put(text, kept)
	}
	return kept
}

func (p *patternCache) keep(text string, compiled *pattern) {
	if compiled.size > largestKept {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(text, compiled)
}

func (p *patternCache) put(text string, compiled *pattern) {
	if p.now == nil || len(p.now) == patternsPerTurn {
		p.now, p.old = make(map[string]*pattern), p.now
	}
	p.now[text] = compiled
}

const (
	// longSearch is the work, in bytes times instructions, from which a search
	// goes apart, so that a stop does not wait for it.
	longSearch = 1 << 20
	// matchesAtOnce bounds the matches that are held as positions.
	matchesAtOnce = 1 << 12
	// matchesBehind bounds those of a pattern that looks behind: its search
	// cannot be taken up in the middle of the text.
	matchesBehind = 1 << 20
)

// search runs a search on text, apart when it is long.
func search[T any](c call, p *pattern, text string, find func() T) T {
	found, err := apart(c, len(text)*p.size >= longSearch, func() (T, error) { return find(), nil })
	if err != nil {
		c.raise(err)
	}
	return found
}

// first is the first match in s as positions, nil for none.
func (p *pattern) first(c call, s string) []int {
	return search(c, p, s, func() []int { return p.re.FindStringSubmatchIndex(s) })
}

// all yields the matches in s as positions, at most n of them; -1: all. It
// searches for a number of them at a time, whatever their number is.
func (p *pattern) all(c call, s string, n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		var steps vm.Steps
		for from, left := 0, n; left != 0; {
			batch, more := p.batch(c, s[from:], left)
			for _, m := range batch {
				if m[1] == 0 && from > 0 {
					continue // empty, at the end of the match before
				}
				if err := steps.Next(c.L); err != nil {
					c.raise(err)
				}
				for i := range m {
					if m[i] >= 0 {
						m[i] += from
					}
				}
				if left--; !yield(m) || left == 0 {
					return
				}
			}
			if !more {
				return
			}
			from = batch[len(batch)-1][1]
		}
	}
}

// batch is the first matches in s, at least n if there are so many and n is not
// large, and whether there may be more.
func (p *pattern) batch(c call, s string, n int) (found [][]int, more bool) {
	most, spare := matchesAtOnce, 1 // the first may not count
	if p.looksBehind {
		most, spare = matchesBehind+1, 0
	}
	if n >= 0 {
		most = min(n+spare, most)
	}
	found = search(c, p, s, func() [][]int { return p.re.FindAllStringSubmatchIndex(s, most) })
	if len(found) > matchesBehind {
		c.raisef("more than %d matches of a pattern with ^, \\A, \\b or \\B; cut the text into parts", matchesBehind)
	}
	return found, len(found) == most && !p.looksBehind
}
