package vm

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// null is the Go value inside a host's null sentinel.
type null struct{}

const (
	// arrayField marks the metatable of tables that are arrays even when empty.
	arrayField   = "__array"
	maxTreeDepth = 500
	exactInteger = 1 << 53
)

// Null returns the sentinel that stands for null where nil would leave a hole.
// There is one per host: it equals only itself, is truthy, and tostring says
// "null".
func Null(L *lua.LState) *lua.LUserData {
	if h := hostOf(L); h != nil {
		return h.lua.null
	}
	return &lua.LUserData{Value: null{}, Metatable: lua.LNil}
}

// IsNull reports whether v is a null sentinel.
func IsNull(v lua.LValue) bool {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return false
	}
	_, ok = ud.Value.(null)
	return ok
}

// typeOf is the type of v for messages, in which null has a name of its own.
func typeOf(v lua.LValue) string {
	if IsNull(v) {
		return "null"
	}
	return v.Type().String()
}

// SetArray marks t as an array, so that an empty one stays [].
func SetArray(L *lua.LState, t *lua.LTable) {
	if h := hostOf(L); h != nil {
		t.Metatable = h.lua.arrayMark
	}
}

// IsArray reports whether t carries the array mark.
func IsArray(t *lua.LTable) bool {
	mt, ok := t.Metatable.(*lua.LTable)
	return ok && mt.RawGetString(arrayField) == lua.LTrue
}

func (h *Host) openSentinels() {
	mt := h.main.CreateTable(0, 10)
	mt.RawSetString("__metatable", lua.LFalse)
	mt.RawSetString("__tostring", h.main.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("null"))
		return 1
	}))
	for _, operation := range [...]string{"concat", "add", "sub", "mul", "div", "mod", "pow"} {
		mt.RawSetString("__"+operation, h.main.NewFunction(func(L *lua.LState) int {
			raiseAt(L, "cannot perform "+operation+" operation between "+typeOf(L.Get(1))+" and "+typeOf(L.Get(2)))
			return 0
		}))
	}
	mt.RawSetString("__index", h.main.NewFunction(func(L *lua.LState) int {
		raiseAt(L, "attempt to index null with key '"+L.Get(2).String()+"'")
		return 0
	}))
	h.lua.null = &lua.LUserData{Value: null{}, Env: h.main.Env, Metatable: mt}
	h.lua.arrayMark = h.main.CreateTable(0, 2)
	h.lua.arrayMark.RawSetString(arrayField, lua.LTrue)
	h.lua.arrayMark.RawSetString("__metatable", lua.LFalse)
}

// ToLua converts a plain Go tree: nil (to Null), bool, float64, int, int64,
// string, []byte, json.Number, []any (marked as an array), map[string]any
// (keys in sorted order). An integer json.Number beyond 2^53 becomes a string,
// because a Lua number would change it. A lua.LValue is returned as it is;
// other types become their fmt text.
func ToLua(L *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return Null(L)
	case lua.LValue:
		return v
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case int:
		return lua.LNumber(v)
	case int64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case []byte:
		return lua.LString(v)
	case json.Number:
		return numberToLua(v)
	case []any:
		t := L.CreateTable(len(v), 0)
		for i, e := range v {
			t.RawSetInt(i+1, ToLua(L, e))
		}
		SetArray(L, t)
		return t
	case map[string]any:
		t := L.CreateTable(0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			t.RawSetString(k, ToLua(L, v[k]))
		}
		return t
	}
	return lua.LString(fmt.Sprint(v))
}

func numberToLua(n json.Number) lua.LValue {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil && i >= -exactInteger && i <= exactInteger {
		return lua.LNumber(i)
	}
	f, err := n.Float64()
	if err != nil || !strings.ContainsAny(string(n), ".eE") {
		return lua.LString(n)
	}
	return lua.LNumber(f)
}

// FromLua converts a plain Lua tree: nil and Null to nil, booleans, numbers to
// float64, strings, tables to []any or map[string]any. A table with the array
// mark or with the keys 1…n is an array; an empty one without mark is a map.
// Holes, mixed or odd keys, functions, userdata, threads, cycles, trees deeper
// than 500 and of more than 4,194,304 values are errors that name the path, as
// "value.users[3]". L, when it is not nil, is asked whether to go on.
func FromLua(L *lua.LState, v lua.LValue) (any, error) {
	w := &treeWalk{L: L}
	return w.value(v)
}

// maxTreeValues bounds a tree: tables that hold one table twice, which holds
// another twice, are short to write and endless to walk.
const maxTreeValues = 1 << 22

// treeWalk is one conversion: the tables it is in, and the path to there.
type treeWalk struct {
	L      *lua.LState
	steps  Steps
	values int
	tables []*lua.LTable
	path   []string
}

func (w *treeWalk) fail(format string, args ...any) error {
	return fmt.Errorf("value%s: %s", strings.Join(w.path, ""), fmt.Sprintf(format, args...))
}

// next counts a value.
func (w *treeWalk) next() error {
	if w.values++; w.values > maxTreeValues {
		return w.fail("more than %d values in all", maxTreeValues)
	}
	if w.L == nil {
		return nil
	}
	return w.steps.Next(w.L)
}

func (w *treeWalk) value(v lua.LValue) (any, error) {
	if err := w.next(); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LString:
		return string(v), nil
	case *lua.LTable:
		return w.table(v)
	}
	if IsNull(v) {
		return nil, nil
	}
	return nil, w.fail("a %s is no plain value", v.Type())
}

func (w *treeWalk) table(t *lua.LTable) (any, error) {
	if slices.Contains(w.tables, t) {
		return nil, w.fail("the table contains itself")
	}
	if len(w.tables) >= maxTreeDepth {
		return nil, w.fail("nested more than %d deep", maxTreeDepth)
	}
	w.tables = append(w.tables, t)
	defer func() { w.tables = w.tables[:len(w.tables)-1] }()
	n := t.MaxN()
	if n > 0 || IsArray(t) {
		return w.array(t, n)
	}
	return w.object(t)
}

func (w *treeWalk) array(t *lua.LTable, n int) (any, error) {
	list := make([]any, n)
	for i := range list {
		e := t.RawGetInt(i + 1)
		if e == lua.LNil {
			return nil, w.fail("item %d of %d is nil; a list has no holes", i+1, n)
		}
		var err error
		if list[i], err = w.step("["+strconv.Itoa(i+1)+"]", e); err != nil {
			return nil, err
		}
	}
	last := lua.LValue(lua.LNumber(n))
	if n == 0 {
		last = lua.LNil
	}
	if key, _ := t.Next(last); key != lua.LNil {
		return nil, w.fail("a list with the key %s; use either 1…n or names", keyText(key))
	}
	return list, nil
}

func (w *treeWalk) object(t *lua.LTable) (any, error) {
	object := map[string]any{}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return nil, w.fail("the key %s is no string", keyText(k))
		}
		e, err := w.step("."+string(name), v)
		if err != nil {
			return nil, err
		}
		object[string(name)] = e
	}
	return object, nil
}

func (w *treeWalk) step(name string, v lua.LValue) (any, error) {
	w.path = append(w.path, name)
	e, err := w.value(v)
	w.path = w.path[:len(w.path)-1]
	return e, err
}

func keyText(k lua.LValue) string {
	if n, ok := k.(lua.LNumber); ok && float64(n) == math.Trunc(float64(n)) {
		return "[" + n.String() + "]"
	}
	return fmt.Sprintf("%q", k.String())
}
