package luaapi

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
)

// jsonPathError says which part of a Lua value is no JSON.
type jsonPathError struct {
	path   string // below the root, ".a[2]"
	reason string
}

func (e *jsonPathError) Error() string { return "$" + e.path + ": " + e.reason }

// encodeJSON writes v as compact JSON with sorted keys. Every error is a
// *jsonPathError.
func encodeJSON(L *lua.LState, v lua.LValue) ([]byte, error) {
	e := jsonEncoder{L: L}
	if err := e.value(v); err != nil {
		return nil, err
	}
	return e.out, nil
}

type jsonEncoder struct {
	L     *lua.LState
	steps vm.Steps
	out   []byte
	open  []*lua.LTable // those around the current value
	keys  []string      // of the open objects
}

// next counts a value, and is the place to stop.
func (e *jsonEncoder) next() *jsonPathError {
	if err := e.steps.Next(e.L); err != nil {
		return &jsonPathError{reason: err.Error()}
	}
	return nil
}

func (e *jsonEncoder) value(v lua.LValue) *jsonPathError {
	if err := e.next(); err != nil {
		return err
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return &jsonPathError{reason: "nil is no JSON value; use volley.null"}
	case lua.LBool:
		e.out = strconv.AppendBool(e.out, bool(v))
	case lua.LNumber:
		return e.number(float64(v))
	case lua.LString:
		return e.text(string(v))
	case *lua.LTable:
		return e.table(v)
	default:
		if !vm.IsNull(v) {
			return &jsonPathError{reason: typeName(v) + " is no JSON value"}
		}
		e.out = append(e.out, "null"...)
	}
	return nil
}

// number writes integers below 2^53 without an exponent, the rest as short
// as it reads back the same.
func (e *jsonEncoder) number(f float64) *jsonPathError {
	switch {
	case math.IsNaN(f):
		return &jsonPathError{reason: "not a number (0/0) cannot be written as JSON"}
	case math.IsInf(f, 0):
		return &jsonPathError{reason: "infinity cannot be written as JSON"}
	case f == math.Trunc(f) && math.Abs(f) < maxExact:
		e.out = strconv.AppendInt(e.out, int64(f), 10)
	default:
		e.out = jsontext.AppendFloat(e.out, f, 64)
	}
	return nil
}

func (e *jsonEncoder) text(s string) *jsonPathError {
	if err := e.fits(len(s)); err != nil {
		return err
	}
	out, err := apart(call{L: e.L}, len(s) >= longText, func() ([]byte, error) { return jsontext.AppendQuote(e.out, s) })
	if err != nil {
		return &jsonPathError{reason: fmt.Sprintf("the string is not UTF-8 at byte %d; volley.base64.encode it", invalidUTF8(s)+1)}
	}
	e.out = out
	return nil
}

// maxEncoded bounds the text: tables that hold one table twice, which holds
// another twice, and lists of one long string are short to write and endless
// to read.
const maxEncoded = 64 << 20

// fits reports by an error that n more bytes are too many.
func (e *jsonEncoder) fits(n int) *jsonPathError {
	if n > maxEncoded-len(e.out) {
		return &jsonPathError{reason: fmt.Sprintf("the JSON text is longer than %d MiB", maxEncoded>>20)}
	}
	return nil
}

func (e *jsonEncoder) table(t *lua.LTable) *jsonPathError {
	if err := e.fits(0); err != nil {
		return err
	}
	if len(e.open) == maxJSONDepth {
		return &jsonPathError{reason: errJSONDepth.Error()}
	}
	if slices.Contains(e.open, t) {
		return &jsonPathError{reason: "the table contains itself"}
	}
	e.open = append(e.open, t)
	defer func() { e.open = e.open[:len(e.open)-1] }()
	first, _ := t.Next(lua.LNil)
	switch _, isNumber := first.(lua.LNumber); {
	case isNumber || vm.IsArray(t):
		return e.list(t)
	case first == lua.LNil:
		e.out = append(e.out, "{}"...)
		return nil
	}
	return e.object(t)
}

func (e *jsonEncoder) list(t *lua.LTable) *jsonPathError {
	n, err := e.length(t)
	if err != nil {
		return &jsonPathError{reason: err.Error()}
	}
	e.out = append(e.out, '[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.out = append(e.out, ',')
		}
		if err := e.value(t.RawGetInt(i)); err != nil {
			err.path = "[" + strconv.Itoa(i) + "]" + err.path
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

// length returns n when the keys of t are 1 … n.
func (e *jsonEncoder) length(t *lua.LTable) (int, error) {
	n := 0
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if err := e.steps.Next(e.L); err != nil {
			return 0, err
		}
		i, ok := k.(lua.LNumber)
		if !ok {
			return 0, fmt.Errorf("the table mixes list items with named keys (%q)", k.String())
		}
		if f := float64(i); f != math.Trunc(f) || f < 1 {
			return 0, fmt.Errorf("the key %s is neither a name nor the number of a list item", i.String())
		}
		n++
	}
	for i := 1; i <= n; i++ {
		if t.RawGetInt(i) == lua.LNil {
			return 0, fmt.Errorf("the list has a hole: item %d is nil; use volley.null, or strings as keys", i)
		}
	}
	return n, nil
}

func (e *jsonEncoder) object(t *lua.LTable) *jsonPathError {
	base := len(e.keys)
	defer func() { e.keys = e.keys[:base] }()
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return &jsonPathError{reason: fmt.Sprintf("the table has %s as a key (%s) beside names", typeName(k), k.String())}
		}
		e.keys = append(e.keys, string(name))
		if err := e.next(); err != nil {
			return err
		}
	}
	keys := e.keys[base:]
	if err := e.sort(keys); err != nil {
		return err
	}
	for i, k := range keys {
		if i == 0 {
			e.out = append(e.out, '{')
		} else {
			e.out = append(e.out, ',')
		}
		if err := e.text(k); err != nil {
			err.reason = "a key: " + err.reason
			return err
		}
		e.out = append(e.out, ':')
		if err := e.value(t.RawGetString(k)); err != nil {
			err.path = jsonStep(k) + err.path
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

// manyKeys is the number of them from which to sort takes long.
const manyKeys = 1 << 14

func (e *jsonEncoder) sort(keys []string) *jsonPathError {
	_, err := apart(call{L: e.L}, len(keys) >= manyKeys, func() (struct{}, error) {
		slices.Sort(keys)
		return struct{}{}, nil
	})
	if err != nil {
		return &jsonPathError{reason: err.Error()}
	}
	return nil
}

// jsonStep is a key in a path: ".name", or ["any text"].
func jsonStep(key string) string {
	for i := 0; i < len(key); i++ {
		c := key[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return "[" + strconv.Quote(key) + "]"
		}
	}
	if key == "" {
		return `[""]`
	}
	return "." + key
}
