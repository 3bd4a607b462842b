package vm

import (
	"io"
	"math"
	"runtime/metrics"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// baseAssert raises its second argument as it is, also an error object; stock
// accepts only strings.
func baseAssert(L *lua.LState) int {
	if lua.LVAsBool(L.CheckAny(1)) {
		return L.GetTop()
	}
	if L.GetTop() < 2 {
		L.Error(lua.LString("assertion failed!"), 0)
	}
	L.Error(L.Get(2), 0)
	return 0
}

// baseError accepts nil, and finds no position rather than a blank where a
// level lies outside the thread.
func baseError(L *lua.LState) int {
	value := L.Get(1)
	level := L.OptInt(2, 1)
	text, ok := value.(lua.LString)
	if !ok || level <= 0 {
		L.Error(value, 0)
		return 0
	}
	where := L.Where(level)
	if strings.HasPrefix(where, "[G]") || strings.HasPrefix(where, HostChunk) {
		where = ""
	}
	if where != "" {
		text = lua.LString(where) + " " + text
	}
	L.Error(text, 0)
	return 0
}

// baseSetMetatable is for tables: stock lets a script change the metatable of
// all numbers or functions.
func baseSetMetatable(L *lua.LState) int {
	t := L.CheckTable(1)
	L.CheckTypes(2, lua.LTNil, lua.LTTable)
	if old, ok := t.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		L.RaiseError("cannot change a protected metatable")
	}
	t.Metatable = L.Get(2)
	L.SetTop(1)
	return 1
}

// baseRawSet looks at the key before gopher-lua grows the table to it.
func baseRawSet(L *lua.LState) int {
	t, key, value := L.CheckTable(1), L.CheckAny(2), L.CheckAny(3)
	if n, ok := key.(lua.LNumber); ok {
		makeRoom(L, t, n)
	}
	L.RawSet(t, key, value)
	L.SetTop(1)
	return 1
}

// baseToNumber reads what Lua 5.1 reads: stock refuses exponents without a
// point and takes Go's octal, binary and underscored forms.
func baseToNumber(L *lua.LState) int {
	base := L.OptInt(2, 10)
	if base < 2 || base > 36 {
		L.ArgError(2, "base out of range")
	}
	switch v := L.CheckAny(1).(type) {
	case lua.LNumber:
		L.Push(v)
	case lua.LString:
		n, ok := parseNumber(string(v), base)
		if !ok {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(n)
	default:
		L.Push(lua.LNil)
	}
	return 1
}

// parseNumber reads a numeral with optional white space around it.
func parseNumber(s string, base int) (lua.LNumber, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	digits := strings.TrimLeft(s, "+-")
	sign := s[:len(s)-len(digits)]
	if digits == "" || len(sign) > 1 || strings.ContainsRune(digits, '_') {
		return 0, false
	}
	var n float64
	hex := len(digits) > 2 && (digits[:2] == "0x" || digits[:2] == "0X")
	switch {
	case hex && (base == 10 || base == 16):
		u, err := strconv.ParseUint(digits[2:], 16, 64)
		if err != nil {
			return 0, false
		}
		n = float64(u)
	case base != 10:
		u, err := strconv.ParseUint(digits, base, 64)
		if err != nil {
			return 0, false
		}
		n = float64(u)
	default:
		if c := digits[0]; c != '.' && !isDigit(c) { // no inf, no nan
			return 0, false
		}
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil && !math.IsInf(f, 0) {
			return 0, false
		}
		n = f
	}
	if sign == "-" {
		n = -n
	}
	return lua.LNumber(n), true
}

// baseCollectGarbage answers "count" without stopping the world; everything
// else is left to Go's collector.
func baseCollectGarbage(L *lua.LState) int {
	if L.OptString(1, "collect") != "count" {
		L.Push(lua.LNumber(0))
		return 1
	}
	sample := []metrics.Sample{{Name: heapMetric}}
	metrics.Read(sample)
	L.Push(lua.LNumber(float64(sample[0].Value.Uint64()) / 1024))
	return 1
}

// pairs honours __pairs, which userdata need.
func (h *Host) pairs(L *lua.LState) int {
	v := L.CheckAny(1)
	if meta := L.GetMetaField(v, "__pairs"); meta != lua.LNil {
		L.Push(meta)
		L.Push(v)
		L.Call(1, 3)
		return 3
	}
	L.CheckTable(1)
	L.Push(h.lua.pairsStep)
	L.Push(v)
	L.Push(lua.LNil)
	return 3
}

// ipairs honours __ipairs, and goes over userdata by index.
func (h *Host) ipairs(L *lua.LState) int {
	v := L.CheckAny(1)
	if meta := L.GetMetaField(v, "__ipairs"); meta != lua.LNil {
		L.Push(meta)
		L.Push(v)
		L.Call(1, 3)
		return 3
	}
	if v.Type() == lua.LTUserData {
		L.Push(L.NewFunction(nextItem))
	} else {
		L.CheckTable(1)
		L.Push(h.lua.ipairStep)
	}
	L.Push(v)
	L.Push(lua.LNumber(0))
	return 3
}

// nextItem is the iterator of ipairs over userdata.
func nextItem(L *lua.LState) int {
	i := L.CheckNumber(2) + 1
	v := L.GetTable(L.Get(1), i)
	if v == lua.LNil {
		return 0
	}
	L.Push(i)
	L.Push(v)
	return 2
}

// print writes its arguments with a single Write, unless they are large.
func (h *Host) print(L *lua.LState) int {
	line := output{L: L, to: h.opts.Stdout}
	for i := 1; i <= L.GetTop(); i++ {
		if i > 1 {
			line.add("\t")
		}
		line.add(L.ToStringMeta(L.Get(i)).String())
	}
	line.add("\n")
	line.flush()
	return 0
}

// ioWrite is io.write: strings and numbers, nothing between them.
func (h *Host) ioWrite(L *lua.LState) int {
	writeFrom(L, h.opts.Stdout, 1)
	L.Push(lua.LTrue)
	return 1
}

// stderrWrite is io.stderr:write.
func (h *Host) stderrWrite(L *lua.LState) int {
	writeFrom(L, h.opts.Stderr, 2)
	L.SetTop(1)
	return 1
}

// writeFrom writes the arguments from the nth on.
func writeFrom(L *lua.LState, to io.Writer, n int) {
	text := output{L: L, to: to}
	for ; n <= L.GetTop(); n++ {
		text.add(L.CheckString(n))
	}
	text.flush()
}

// output gathers what is one Write, unless it is large.
type output struct {
	L    *lua.LState
	to   io.Writer
	text []byte
}

func (o *output) add(s string) {
	for room := largeRequest - len(o.text); len(s) > room; room = largeRequest {
		o.text = append(o.text, s[:room]...)
		s = s[room:]
		o.flush()
	}
	o.text = append(o.text, s...)
}

func (o *output) flush() {
	if _, err := o.to.Write(o.text); err != nil {
		Raise(o.L, err)
	}
	o.text = o.text[:0]
}
