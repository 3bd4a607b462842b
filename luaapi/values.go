package luaapi

import (
	"fmt"
	"math"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// fieldSink takes names and values as fieldList reads them.
type fieldSink struct {
	add  func(name, value string)
	drop func(name string) // nil and volley.null
	// falseDrops makes false remove a name, as for headers and proxies, where
	// elsewhere it is the text "false".
	falseDrops bool
}

// fieldList reads a table of names and values, or an array of pairs: a table
// sorted by name, pairs in their order. A list as a value repeats its name.
func fieldList(v lua.LValue, into fieldSink) error {
	t, ok := v.(*lua.LTable)
	if !ok {
		return fmt.Errorf("must be a table of names and values, or an array of pairs, got %s", typeName(v))
	}
	if t.Len() > 0 {
		return into.pairs(t)
	}
	var keys []string
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return fmt.Errorf("must have names as keys, got %s", k.String())
		}
		keys = append(keys, string(name))
	}
	slices.Sort(keys)
	for _, k := range keys {
		if err := into.one(k, t.RawGetString(k)); err != nil {
			return err
		}
	}
	return nil
}

func (into fieldSink) pairs(t *lua.LTable) error {
	for i := 1; i <= t.Len(); i++ {
		pair, ok := t.RawGetInt(i).(*lua.LTable)
		if !ok {
			return fmt.Errorf("item %d must be a pair {name, value}, got %s", i, typeName(t.RawGetInt(i)))
		}
		name, ok := plainText(pair.RawGetInt(1))
		if !ok {
			return fmt.Errorf("item %d must be a pair {name, value}: its name is %s", i, typeName(pair.RawGetInt(1)))
		}
		if err := into.one(name, pair.RawGetInt(2)); err != nil {
			return err
		}
	}
	return nil
}

func (into fieldSink) one(name string, v lua.LValue) error {
	if vm.IsNull(v) || v == lua.LNil || into.falseDrops && v == lua.LFalse {
		if into.drop != nil {
			into.drop(name)
		}
		return nil
	}
	if text, ok := fieldText(v); ok {
		into.add(name, text)
		return nil
	}
	list, ok := v.(*lua.LTable)
	if !ok {
		return fmt.Errorf("%q must be a string, a number, a boolean or a list of these, got %s", name, typeName(v))
	}
	for k, item := list.Next(lua.LNil); k != lua.LNil; k, item = list.Next(k) {
		if _, isNumber := k.(lua.LNumber); !isNumber {
			return fmt.Errorf("%q holds a table with names; only lists can be sent here", name)
		}
		if vm.IsNull(item) {
			continue
		}
		text, ok := fieldText(item)
		if !ok {
			return fmt.Errorf("%q holds %s in its list", name, typeName(item))
		}
		into.add(name, text)
	}
	return nil
}

// fieldsOf collects what fieldList reads.
func fieldsOf(v lua.LValue) ([]runtime.Field, error) {
	var out []runtime.Field
	err := fieldList(v, fieldSink{add: func(name, value string) {
		out = append(out, runtime.Field{Name: name, Value: value})
	}})
	if err == nil {
		err = fieldsFit(out)
	}
	return out, err
}

// fieldsFit refuses fields that would be written as a text longer than any
// other: a table may hold one long string many times.
func fieldsFit(fields []runtime.Field) error {
	size := 0
	for _, f := range fields {
		size += len(f.Name) + len(f.Value)
	}
	if size > maxEncoded {
		return fmt.Errorf("its names and values are longer than %d MiB together; send large data with volley.file or an iterator", maxEncoded>>20)
	}
	return nil
}

// off reports the two ways to switch something off.
func off(v lua.LValue) bool { return v == lua.LFalse || vm.IsNull(v) }

// seconds reads a positive number of seconds; math.huge and 1/0 are no limit,
// which is a negative duration.
func seconds(v lua.LValue) (time.Duration, error) {
	if off(v) {
		return -1, nil
	}
	n, ok := v.(lua.LNumber)
	if !ok {
		return 0, fmt.Errorf("must be a number of seconds, got %s", typeName(v))
	}
	if f := float64(n); f > 0 {
		return duration(f), nil
	}
	return 0, fmt.Errorf("must be more than 0 seconds, got %s; false switches it off", n.String())
}

// duration converts seconds; what no Duration can hold is no limit. A part of
// a nanosecond counts as one, for zero would be no limit.
func duration(seconds float64) time.Duration {
	d := seconds * float64(time.Second)
	if d >= math.MaxInt64 {
		return -1
	}
	if 0 < d && d < 1 {
		return 1
	}
	return time.Duration(d)
}

func boolean(v lua.LValue) (bool, error) {
	b, ok := v.(lua.LBool)
	if !ok {
		return false, fmt.Errorf("must be true or false, got %s", typeName(v))
	}
	return bool(b), nil
}

func text(v lua.LValue) (string, error) {
	s, ok := v.(lua.LString)
	if !ok {
		return "", fmt.Errorf("must be a string, got %s", typeName(v))
	}
	return string(s), nil
}

func function(v lua.LValue) (*lua.LFunction, error) {
	f, ok := v.(*lua.LFunction)
	if !ok {
		return nil, fmt.Errorf("must be a function, got %s", typeName(v))
	}
	return f, nil
}

func whole(v lua.LValue, low int) (int, error) {
	n, ok := v.(lua.LNumber)
	if !ok {
		return 0, fmt.Errorf("must be a number, got %s", typeName(v))
	}
	f := float64(n)
	if f != math.Trunc(f) || f < float64(low) || f > math.MaxInt32 {
		return 0, fmt.Errorf("must be a whole number of at least %d, got %s", low, n.String())
	}
	return int(f), nil
}

// rateOf reads requests per second, or text such as "30/m".
func rateOf(v lua.LValue) (runtime.Rate, error) {
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); f > 0 && !math.IsInf(f, 0) {
			return runtime.Rate(f), nil
		}
		return 0, fmt.Errorf("must be more than 0 requests per second, got %s", v.String())
	case lua.LString:
		return runtime.ParseRate(string(v))
	}
	return 0, fmt.Errorf(`must be requests per second or text such as "30/m", got %s`, typeName(v))
}

// perHostOf reads a number in flight, or {concurrency=, rate=}.
func perHostOf(v lua.LValue) (runtime.PerHost, error) {
	var out runtime.PerHost
	t, ok := v.(*lua.LTable)
	if !ok {
		n, err := whole(v, 1)
		out.Concurrency = n
		return out, err
	}
	for k, item := t.Next(lua.LNil); k != lua.LNil; k, item = t.Next(k) {
		var err error
		switch k.String() {
		case "concurrency":
			out.Concurrency, err = whole(item, 1)
		case "rate":
			out.Rate, err = rateOf(item)
		default:
			err = fmt.Errorf("takes concurrency and rate, got %q", k.String())
		}
		if err != nil {
			return out, fmt.Errorf("%s: %w", k.String(), err)
		}
	}
	return out, nil
}

// timeoutOf reads a number, which sets connect and read as in requests, or a
// table of parts.
func timeoutOf(v lua.LValue) (runtime.Timeout, error) {
	var out runtime.Timeout
	t, ok := v.(*lua.LTable)
	if !ok {
		d, err := seconds(v)
		return runtime.Timeout{Connect: d, Read: d}, err
	}
	for k, item := t.Next(lua.LNil); k != lua.LNil; k, item = t.Next(k) {
		d, err := seconds(item)
		switch k.String() {
		case "connect":
			out.Connect = d
		case "read":
			out.Read = d
		case "total":
			out.Total = d
		default:
			return out, fmt.Errorf("takes connect, read and total, got %q", k.String())
		}
		if err != nil {
			return out, fmt.Errorf("%s %w", k.String(), err)
		}
	}
	return out, nil
}
