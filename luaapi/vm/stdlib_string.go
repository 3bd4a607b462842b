package vm

import (
	"errors"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func stringFunctions(h *Host) map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"find": h.strFind, "match": h.strMatch, "gmatch": h.strGmatch, "gsub": h.strGsub,
		"rep": strRep, "format": strFormat, "byte": strByte, "lower": strLower, "upper": strUpper,
	}
}

// startIndex turns the optional argument n, an index from 1 that may be
// negative, into an offset within s.
func startIndex(L *lua.LState, n int, s string) int {
	i := L.OptInt(n, 1)
	if i < 0 {
		i = len(s) + i + 1
	}
	return min(max(i-1, 0), len(s))
}

// check raises the matcher's error, if any.
func (m *matcher) check(L *lua.LState) {
	if m.err == nil {
		return
	}
	if errors.Is(m.err, errPatternStopped) {
		unwind(L, m.guard.stopped())
	}
	L.RaiseError("%s", m.err.Error())
}

// pushCapture pushes capture i of the match src[start:end]; the whole match is
// capture 0 of a pattern without captures.
func (m *matcher) pushCapture(L *lua.LState, i, start, end int) {
	L.Push(m.captured(L, i, start, end))
}

func (m *matcher) captured(L *lua.LState, i, start, end int) lua.LValue {
	if i >= m.level {
		if i != 0 {
			L.RaiseError("%s", errPatternIndex.Error())
		}
		return lua.LString(m.src[start:end])
	}
	c := m.captures[i]
	switch c.length {
	case capturePosition:
		return lua.LNumber(c.start + 1)
	case captureOpen:
		L.RaiseError("%s", errPatternOpen.Error())
	}
	return lua.LString(m.src[c.start : c.start+c.length])
}

// pushCaptures pushes all captures, or the whole match if there are none.
func (m *matcher) pushCaptures(L *lua.LState, start, end int) int {
	n := max(m.level, 1)
	for i := range n {
		m.pushCapture(L, i, start, end)
	}
	return n
}

func (h *Host) strFind(L *lua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	init := startIndex(L, 3, src)
	if L.ToBool(4) || !strings.ContainsAny(pat, "^$*+?.([%-") {
		at := strings.Index(src[init:], pat)
		if at < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(init + at + 1))
		L.Push(lua.LNumber(init + at + len(pat)))
		return 2
	}
	var m matcher
	m.setup(src, pat, h.guard)
	start, end := m.find(init)
	m.check(L)
	if start < 0 {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(start + 1))
	L.Push(lua.LNumber(end))
	if m.level == 0 {
		return 2
	}
	return 2 + m.pushCaptures(L, start, end)
}

// strMatch returns nil, not nothing, when there is no match.
func (h *Host) strMatch(L *lua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	init := startIndex(L, 3, src)
	var m matcher
	m.setup(src, pat, h.guard)
	start, end := m.find(init)
	m.check(L)
	if start < 0 {
		L.Push(lua.LNil)
		return 1
	}
	return m.pushCaptures(L, start, end)
}

// strGmatch returns an iterator that searches as it goes and may be called
// anywhere.
func (h *Host) strGmatch(L *lua.LState) int {
	m := &matcher{}
	m.setup(L.CheckString(1), L.CheckString(2), h.guard)
	next := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if next > len(m.src) {
			L.Push(lua.LNil)
			return 1
		}
		m.setupAgain()
		start, end := m.find(next)
		m.check(L)
		if start < 0 {
			next = len(m.src) + 1
			L.Push(lua.LNil)
			return 1
		}
		next = end
		if end == start || m.anchored {
			next++
		}
		if m.anchored {
			next = len(m.src) + 1
		}
		return m.pushCaptures(L, start, end)
	}))
	return 1
}

// setupAgain gives the next search of the same matcher its own steps.
func (m *matcher) setupAgain() {
	m.err, m.depth = nil, 0
	m.steps = baseSteps + stepsPerByte*int64(len(m.src))
}

// strGsub builds its result once; stock copies it for every replacement.
func (h *Host) strGsub(L *lua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	repl := L.Get(3)
	switch repl.Type() {
	case lua.LTString, lua.LTNumber, lua.LTTable, lua.LTFunction:
	default:
		L.ArgError(3, "string/function/table expected, got "+repl.Type().String())
	}
	most := L.OptInt(4, len(src)+1)
	var m matcher
	m.setup(src, pat, h.guard)
	b := result{L: L}
	n, s := 0, 0
	for n < most {
		m.level = 0
		e := m.match(s, 0)
		m.check(L)
		if e >= 0 {
			n++
			m.replace(L, &b, repl, s, e)
		}
		if e > s {
			s = e
		} else if s < len(src) {
			b.text.WriteByte(src[s])
			s++
		} else {
			break
		}
		if m.anchored {
			break
		}
	}
	b.add(src[s:])
	L.Push(b.value())
	L.Push(lua.LNumber(n))
	return 2
}

// replace appends what stands for the match src[start:end].
func (m *matcher) replace(L *lua.LState, b *result, repl lua.LValue, start, end int) {
	var value lua.LValue
	switch r := repl.(type) {
	case *lua.LTable:
		value = L.GetTable(r, m.captured(L, 0, start, end))
	case *lua.LFunction:
		L.Push(r)
		L.Call(m.pushCaptures(L, start, end), 1)
		value = L.Get(-1)
		L.Pop(1)
	default:
		m.expand(L, b, repl.String(), start, end)
		return
	}
	switch v := value.(type) {
	case lua.LString, lua.LNumber:
		b.add(v.String())
	default:
		if lua.LVAsBool(value) {
			L.RaiseError("invalid replacement value (a %s)", value.Type().String())
		}
		b.add(m.src[start:end])
	}
}

// expand appends a replacement string: %0 is the match, %1 a capture.
func (m *matcher) expand(L *lua.LState, b *result, repl string, start, end int) {
	for {
		i := strings.IndexByte(repl, '%')
		if i < 0 {
			b.add(repl)
			return
		}
		b.add(repl[:i])
		if i+1 == len(repl) {
			L.RaiseError("invalid use of '%%' in replacement string (write %%%%)")
		}
		switch c := repl[i+1]; {
		case c == '0':
			b.add(m.src[start:end])
		case isDigit(c):
			b.add(m.captured(L, int(c)-'1', start, end).String())
		default:
			b.text.WriteByte(c)
		}
		repl = repl[i+2:]
	}
}

// strByte makes place for its results at once.
func strByte(L *lua.LState) int {
	s := L.CheckString(1)
	from := position(L.OptInt(2, 1), len(s))
	to := position(L.OptInt(3, from), len(s))
	from, to = max(from, 1), min(to, len(s))
	if from > to {
		return 0
	}
	n := room(L, to-from+1)
	for i := range n {
		L.Push(lua.LNumber(s[from-1+i]))
	}
	return n
}

// position counts a negative index from the end; 0 is before the first byte.
func position(i, length int) int {
	if i >= 0 {
		return i
	}
	return max(length+i+1, 0)
}

func strRep(L *lua.LState) int {
	s, n := L.CheckString(1), L.CheckNumber(2)
	if n < 1 || s == "" {
		L.Push(lua.LString(""))
		return 1
	}
	reserveString(L, int(min(float64(n)*float64(len(s)), math.MaxInt64/2)))
	L.Push(lua.LString(strings.Repeat(s, int(n))))
	return 1
}

// strLower is for bytes: stock decodes UTF-8 and damages what is none.
func strLower(L *lua.LState) int { return mapBytes(L, 'A', 'Z', 'a'-'A') }

// strUpper likewise.
func strUpper(L *lua.LState) int { return mapBytes(L, 'a', 'z', 'A'-'a'+256) }

// bytesBetweenChecks is how many bytes a pass over a string takes between two
// looks at whether to stop.
const bytesBetweenChecks = 1 << 20

// mapBytes adds shift, modulo 256, to the bytes from low to high.
func mapBytes(L *lua.LState, low, high byte, shift int) int {
	s := L.CheckString(1)
	i := 0
	for i < len(s) && (s[i] < low || s[i] > high) {
		i++
	}
	if i == len(s) {
		L.Push(lua.LString(s))
		return 1
	}
	reserve(L, 2*len(s))
	b := []byte(s)
	for i < len(b) {
		if err := Stopping(L); err != nil {
			Raise(L, err)
		}
		for end := min(i+bytesBetweenChecks, len(b)); i < end; i++ {
			if low <= b[i] && b[i] <= high {
				b[i] = byte(int(b[i]) + shift)
			}
		}
	}
	L.Push(lua.LString(b))
	return 1
}
