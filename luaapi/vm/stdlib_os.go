package vm

import (
	"time"

	lua "github.com/yuin/gopher-lua"
)

func osFunctions(h *Host) map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"time": osTime, "clock": h.osClock, "date": osDate, "difftime": osDiffTime,
		"exit": h.osExit, "getenv": h.osGetenv,
	}
}

// osClock is the time since the host was made, in seconds.
func (h *Host) osClock(L *lua.LState) int {
	L.Push(lua.LNumber(time.Since(h.started).Seconds()))
	return 1
}

func osDiffTime(L *lua.LState) int {
	L.Push(L.CheckNumber(1) - L.OptNumber(2, 0))
	return 1
}

// osTime is the time now, or of a table as os.date("*t") makes it.
func osTime(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		L.Push(lua.LNumber(time.Now().Unix()))
		return 1
	}
	t := L.CheckTable(1)
	year, month, day := dateField(L, t, "year", nil), dateField(L, t, "month", nil), dateField(L, t, "day", nil)
	zero, noon := 0, 12
	hour, minute, sec := dateField(L, t, "hour", &noon), dateField(L, t, "min", &zero), dateField(L, t, "sec", &zero)
	at := time.Date(year, time.Month(month), day, hour, minute, sec, 0, time.Local)
	L.Push(lua.LNumber(at.Unix()))
	return 1
}

// dateField reads an integer field; without a default it must be there.
func dateField(L *lua.LState, t *lua.LTable, name string, missing *int) int {
	v := t.RawGetString(name)
	if s, ok := v.(lua.LString); ok {
		if n, ok := parseNumber(string(s), 10); ok {
			v = n
		}
	}
	n, ok := v.(lua.LNumber)
	switch {
	case ok:
		return int(n)
	case missing == nil:
		L.RaiseError("field '%s' missing in date table", name)
		return 0
	}
	return *missing
}

// osDate formats a time as strftime does in the C locale; "*t" makes a table,
// "!" before either means UTC.
func osDate(L *lua.LState) int {
	format := L.OptString(1, "%c")
	at := time.Now()
	if L.Get(2) != lua.LNil {
		at = time.Unix(int64(L.CheckNumber(2)), 0)
	}
	if len(format) > 0 && format[0] == '!' {
		format, at = format[1:], at.UTC()
	}
	if len(format) >= 2 && format[:2] == "*t" {
		L.Push(dateTable(L, at))
		return 1
	}
	reserveString(L, len(format)*8)
	L.Push(lua.LString(strftime(format, at)))
	return 1
}

func dateTable(L *lua.LState, at time.Time) *lua.LTable {
	t := L.CreateTable(0, 9)
	for _, f := range []struct {
		name  string
		value int
	}{
		{"year", at.Year()},
		{"month", int(at.Month())},
		{"day", at.Day()},
		{"hour", at.Hour()},
		{"min", at.Minute()},
		{"sec", at.Second()},
		{"wday", int(at.Weekday()) + 1},
		{"yday", at.YearDay()},
	} {
		t.RawSetString(f.name, lua.LNumber(f.value))
	}
	t.RawSetString("isdst", lua.LBool(at.IsDST()))
	return t
}

// osGetenv asks Options.Getenv.
func (h *Host) osGetenv(L *lua.LState) int {
	name := L.CheckString(1)
	if h.opts.Getenv == nil {
		L.Push(lua.LNil)
		return 1
	}
	value, err := h.opts.Getenv(name)
	if err != nil {
		Raise(L, err)
	}
	if value == "" {
		L.Push(lua.LNil)
	} else {
		L.Push(lua.LString(value))
	}
	return 1
}

// osExit tells Options.Exit and stops the host: sinks and the like are closed
// by whoever runs it.
func (h *Host) osExit(L *lua.LState) int {
	code := 0
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		code = int(v)
	case lua.LBool:
		if !v {
			code = 1
		}
	}
	if h.opts.Exit != nil {
		h.opts.Exit(code)
	}
	h.Interrupt(&ExitError{Code: code})
	unwind(L, h.guard.halt.Load())
	return 0
}
