package vm

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// verb is one conversion of string.format.
type verb struct {
	flags     string
	width     int
	precision int // -1: none
	letter    byte
}

// strFormat is C's printf as far as Lua 5.1 has it; stock hands the format to
// Go's, which differs in half of the verbs.
func strFormat(L *lua.LState) int {
	format := L.CheckString(1)
	b := result{L: L}
	arg := 1
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			b.add(format)
			break
		}
		b.add(format[:i])
		format = format[i+1:]
		if strings.HasPrefix(format, "%") {
			b.text.WriteByte('%')
			format = format[1:]
			continue
		}
		v, rest, problem := parseVerb(format)
		if problem != "" {
			L.RaiseError("%s", problem)
		}
		format = rest
		arg++
		b.add(v.text(L, arg))
	}
	L.Push(b.value())
	return 1
}

// parseVerb reads what follows a %.
func parseVerb(s string) (v verb, rest, problem string) {
	i := 0
	for i < len(s) && strings.IndexByte("-+ #0", s[i]) >= 0 {
		i++
	}
	v.flags = s[:i]
	var long bool
	v.width, i, long = twoDigits(s, i)
	v.precision = -1
	if i < len(s) && s[i] == '.' {
		var tooLong bool
		v.precision, i, tooLong = twoDigits(s, i+1)
		long = long || tooLong
	}
	switch {
	case len(v.flags) > 5:
		return v, "", "invalid format (repeated flags)"
	case long:
		return v, "", "invalid format (width or precision too long)"
	case i == len(s):
		return v, "", "invalid format (ends with '%')"
	case strings.IndexByte("cdiouxXeEfgGqs", s[i]) < 0:
		return v, "", fmt.Sprintf("invalid option '%%%c' to 'format'", s[i])
	}
	v.letter = s[i]
	return v, s[i+1:], ""
}

func twoDigits(s string, i int) (n, next int, long bool) {
	start := i
	for i < len(s) && isDigit(s[i]) {
		n = min(n*10+int(s[i]-'0'), 100)
		i++
	}
	return n, i, i-start > 2
}

// text formats argument n of the call.
func (v verb) text(L *lua.LState, n int) string {
	if n > L.GetTop() {
		L.RaiseError("bad argument #%d to 'format' (no value)", n)
	}
	switch v.letter {
	case 'c':
		return v.pad(string([]byte{byte(formatNumber(L, n))}))
	case 'd', 'i':
		return v.sprintf('d', integer(formatNumber(L, n)))
	case 'o', 'u', 'x', 'X':
		letter := v.letter
		if letter == 'u' {
			letter = 'd'
		}
		return v.sprintf(letter, unsigned(formatNumber(L, n)))
	case 'q':
		return quote(L, L.CheckString(n))
	case 's':
		return v.str(L.ToStringMeta(L.Get(n)).String())
	}
	return v.float(formatNumber(L, n))
}

// formatNumber is argument n as a number; the numerals of Lua count as such.
func formatNumber(L *lua.LState, n int) float64 {
	switch a := L.Get(n).(type) {
	case lua.LNumber:
		return float64(a)
	case lua.LString:
		if f, ok := parseNumber(string(a), 10); ok {
			return float64(f)
		}
	}
	L.RaiseError("bad argument #%d to 'format' (number expected, got %s)", n, L.Get(n).Type().String())
	return 0
}

// integer truncates, within the range of int64.
func integer(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return math.MinInt64
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// unsigned wraps negative numbers around, as C does.
func unsigned(f float64) uint64 {
	if f >= math.MaxInt64 && f < math.MaxUint64 {
		return uint64(f)
	}
	return uint64(integer(f))
}

func (v verb) sprintf(letter byte, value any) string {
	var spec strings.Builder
	spec.WriteByte('%')
	spec.WriteString(v.flags)
	if v.width > 0 {
		spec.WriteString(strconv.Itoa(v.width))
	}
	if v.precision >= 0 {
		spec.WriteByte('.')
		spec.WriteString(strconv.Itoa(v.precision))
	}
	spec.WriteByte(letter)
	return fmt.Sprintf(spec.String(), value)
}

// float formats with C's default of six digits, and C's names of what is no number.
func (v verb) float(f float64) string {
	if v.precision < 0 {
		v.precision = 6
	}
	if !math.IsNaN(f) && !math.IsInf(f, 0) {
		return v.sprintf(v.letter, f)
	}
	name := "nan"
	switch {
	case math.IsInf(f, -1):
		name = "-inf"
	case math.IsInf(f, 1) && strings.Contains(v.flags, "+"):
		name = "+inf"
	case math.IsInf(f, 1):
		name = "inf"
	}
	if v.letter == 'E' || v.letter == 'G' {
		name = strings.ToUpper(name)
	}
	return v.pad(name)
}

func (v verb) str(s string) string {
	if v.precision >= 0 && v.precision < len(s) {
		s = s[:v.precision]
	}
	return v.pad(s)
}

// pad fills up to the width, in bytes.
func (v verb) pad(s string) string {
	n := v.width - len(s)
	switch {
	case n <= 0:
		return s
	case strings.Contains(v.flags, "-"):
		return s + strings.Repeat(" ", n)
	}
	return strings.Repeat(" ", n) + s
}

// quote is %q: a literal that Lua reads back.
func quote(L *lua.LState, s string) string {
	b := result{L: L}
	b.add("\"")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b.add(`\`)
			b.text.WriteByte(c)
		case '\r':
			b.add(`\r`)
		case 0:
			b.add(`\000`)
		default:
			b.text.WriteByte(c)
		}
	}
	b.add("\"")
	return string(b.value())
}
