package vm

import "errors"

// Lua patterns. gopher-lua compiles them for a matcher that recurses once per
// byte and cannot be stopped; this one recurses once per pattern item, counts
// its steps, and knows %f.

const (
	maxCaptures     = 32
	maxPatternDepth = 200
	stepBatch       = 1 << 12 // steps between two looks at the guard
	stepsPerOp      = 16      // steps that count as one VM instruction
	baseSteps       = 2_000_000
	stepsPerByte    = 256 // what a match may take on top, per byte of its subject
)

// Lengths of captures that are none yet.
const (
	captureOpen     = -1
	capturePosition = -2
)

var (
	errPatternSteps   = errors.New("pattern needs too many steps on this string; simplify it or use a linear-time regular expression")
	errPatternDepth   = errors.New("pattern too complex")
	errPatternStopped = errors.New("stopped in a pattern")
	errPatternPercent = errors.New("malformed pattern (ends with '%')")
	errPatternBracket = errors.New("malformed pattern (missing ']')")
	errPatternBalance = errors.New("malformed pattern (missing arguments to '%b')")
	errPatternBorder  = errors.New("missing '[' after '%f' in pattern")
	errPatternClose   = errors.New("invalid pattern capture")
	errPatternOpen    = errors.New("unfinished capture")
	errPatternMany    = errors.New("too many captures")
	errPatternIndex   = errors.New("invalid capture index")
)

// capture is a byte range of the subject; length may be one of the constants.
type capture struct{ start, length int }

// matcher matches one pattern against one subject. An error, once set, makes
// everything fail.
type matcher struct {
	src, pat string
	anchored bool
	guard    *guard // asked now and then whether to stop; may be nil
	batch    int64  // steps left until then
	steps    int64  // steps left at all
	depth    int
	level    int // captures in use
	captures [maxCaptures]capture
	err      error
}

// setup prepares m. A leading ^ anchors the pattern.
func (m *matcher) setup(src, pat string, g *guard) {
	if len(pat) > 0 && pat[0] == '^' {
		m.anchored, pat = true, pat[1:]
	}
	m.src, m.pat, m.guard = src, pat, g
	m.batch = stepBatch
	m.steps = baseSteps + stepsPerByte*int64(len(src))
}

// find returns the first match at or behind init; start is -1 if there is none.
func (m *matcher) find(init int) (start, end int) {
	for s := init; s <= len(m.src); s++ {
		m.level = 0
		if e := m.match(s, 0); e >= 0 {
			return s, e
		}
		if m.anchored || m.err != nil {
			break
		}
	}
	return -1, -1
}

func (m *matcher) fail(err error) int {
	if m.err == nil {
		m.err = err
	}
	return -1
}

// spend takes n steps and reports whether to go on.
func (m *matcher) spend(n int) bool {
	m.batch -= int64(n)
	return m.batch > 0 || m.refill()
}

func (m *matcher) refill() bool {
	used := stepBatch - m.batch
	m.batch = stepBatch
	m.steps -= used
	switch {
	case m.err != nil:
	case m.guard != nil && m.guard.spend(used/stepsPerOp):
		m.err = errPatternStopped
	case m.steps < 0:
		m.err = errPatternSteps
	}
	return m.err == nil
}

// match matches the pattern from p at s and returns the end of the match, -1
// if there is none.
func (m *matcher) match(s, p int) int {
	if m.depth >= maxPatternDepth {
		return m.fail(errPatternDepth)
	}
	m.depth++
	end := m.items(s, p)
	m.depth--
	return end
}

// items goes from pattern item to pattern item until one needs a choice.
func (m *matcher) items(s, p int) int {
	for p < len(m.pat) {
		if !m.spend(1) {
			return -1
		}
		switch c := m.pat[p]; {
		case c == '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.open(s, p+2, capturePosition)
			}
			return m.open(s, p+1, captureOpen)
		case c == ')':
			return m.closeCapture(s, p+1)
		case c == '$' && p+1 == len(m.pat):
			if s == len(m.src) {
				return s
			}
			return -1
		case c == '%' && p+1 < len(m.pat) && special(m.pat[p+1]):
			if s, p = m.escape(s, p); s < 0 {
				return -1
			}
		default:
			end, done, ns, np := m.item(s, p)
			if done {
				return end
			}
			s, p = ns, np
		}
	}
	return s
}

// special reports whether %c is more than a character class.
func special(c byte) bool { return c == 'b' || c == 'f' || isDigit(c) }

// escape matches %b, %f and %1; s is -1 if that fails.
func (m *matcher) escape(s, p int) (int, int) {
	switch m.pat[p+1] {
	case 'b':
		return m.balance(s, p+2), p + 4
	case 'f':
		return m.border(s, p+2)
	default:
		return m.backReference(s, m.pat[p+1]), p + 2
	}
}

// item matches a single character class with its quantifier. done: end is the
// result of the whole match; else it goes on at ns, np.
func (m *matcher) item(s, p int) (end int, done bool, ns, np int) {
	ep := m.classEnd(p)
	if ep < 0 {
		return -1, true, 0, 0
	}
	matched := s < len(m.src) && m.single(m.src[s], p, ep)
	quantifier := byte(0)
	if ep < len(m.pat) {
		quantifier = m.pat[ep]
	}
	switch quantifier {
	case '?':
		if matched {
			if e := m.match(s+1, ep+1); e >= 0 {
				return e, true, 0, 0
			}
		}
		return 0, false, s, ep + 1
	case '*':
		return m.longest(s, p, ep), true, 0, 0
	case '+':
		if !matched {
			return -1, true, 0, 0
		}
		return m.longest(s+1, p, ep), true, 0, 0
	case '-':
		return m.shortest(s, p, ep), true, 0, 0
	}
	if !matched {
		return -1, true, 0, 0
	}
	return 0, false, s + 1, ep
}

// longest is * and +: as many as match, then fewer.
func (m *matcher) longest(s, p, ep int) int {
	n := 0
	for s+n < len(m.src) && m.single(m.src[s+n], p, ep) {
		n++
		if !m.spend(1) {
			return -1
		}
	}
	for ; n >= 0; n-- {
		if e := m.match(s+n, ep+1); e >= 0 {
			return e
		}
		if m.err != nil {
			return -1
		}
	}
	return -1
}

// shortest is -: as few as possible.
func (m *matcher) shortest(s, p, ep int) int {
	for {
		if e := m.match(s, ep+1); e >= 0 {
			return e
		}
		if m.err != nil || s >= len(m.src) || !m.single(m.src[s], p, ep) {
			return -1
		}
		s++
	}
}

func (m *matcher) open(s, p, length int) int {
	if m.level >= maxCaptures {
		return m.fail(errPatternMany)
	}
	m.captures[m.level] = capture{s, length}
	m.level++
	e := m.match(s, p)
	if e < 0 {
		m.level--
	}
	return e
}

func (m *matcher) closeCapture(s, p int) int {
	i := m.level - 1
	for i >= 0 && m.captures[i].length != captureOpen {
		i--
	}
	if i < 0 {
		return m.fail(errPatternClose)
	}
	m.captures[i].length = s - m.captures[i].start
	e := m.match(s, p)
	if e < 0 {
		m.captures[i].length = captureOpen
	}
	return e
}

// balance is %bxy; p is where x stands.
func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		return m.fail(errPatternBalance)
	}
	if s >= len(m.src) || m.src[s] != m.pat[p] {
		return -1
	}
	begin, end := m.pat[p], m.pat[p+1]
	depth := 1
	for i := s + 1; i < len(m.src); i++ {
		if !m.spend(1) {
			return -1
		}
		switch m.src[i] {
		case end:
			if depth--; depth == 0 {
				return i + 1
			}
		case begin:
			depth++
		}
	}
	return -1
}

// border is %f[set]: the place between a character outside the set and one in
// it. Before the first and behind the last there is a \0.
func (m *matcher) border(s, p int) (int, int) {
	if p >= len(m.pat) || m.pat[p] != '[' {
		return m.fail(errPatternBorder), p
	}
	ep := m.classEnd(p)
	if ep < 0 {
		return -1, p
	}
	var before, after byte
	if s > 0 {
		before = m.src[s-1]
	}
	if s < len(m.src) {
		after = m.src[s]
	}
	if m.inSet(before, p, ep-1) || !m.inSet(after, p, ep-1) {
		return -1, p
	}
	return s, ep
}

func (m *matcher) backReference(s int, digit byte) int {
	i := int(digit) - '1'
	if i < 0 || i >= m.level || m.captures[i].length == captureOpen {
		return m.fail(errPatternIndex)
	}
	c := m.captures[i]
	if c.length == capturePosition {
		c.length = 0
	}
	if !m.spend(c.length/8) || len(m.src)-s < c.length || m.src[c.start:c.start+c.length] != m.src[s:s+c.length] {
		return -1
	}
	return s + c.length
}
