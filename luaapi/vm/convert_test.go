package vm

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

func TestToLua(t *testing.T) {
	h := newHost(t, Options{})
	h.L().SetGlobal("v", ToLua(h.L(), map[string]any{
		"n": nil, "b": true, "f": 1.5, "i": 7, "l": int64(8), "s": "text", "raw": []byte{0, 255},
		"small": json.Number("12"), "big": json.Number("9007199254740993"), "dec": json.Number("1.5e3"), "huge": json.Number("1e999"),
		"list": []any{1, nil, "x"}, "empty": []any{}, "map": map[string]any{"z": 1, "a": 2, "m": 3},
		"value": lua.LNumber(4), "other": struct{ X int }{1},
	}))
	mustRun(t, h, `
		assert(tostring(v.n) == "null" and v.n ~= nil and v.n == v.list[2] and v.n and getmetatable(v.n) == false)
		assert(v.b == true and v.f == 1.5 and v.i == 7 and v.l == 8 and v.s == "text" and v.raw == "\0\255")
		assert(v.small == 12 and v.big == "9007199254740993" and v.dec == 1500 and v.huge == "1e999")
		assert(#v.list == 3 and v.list[3] == "x" and #v.empty == 0 and v.value == 4 and v.other == "{1}")
		local keys = {}
		for k in pairs(v.map) do keys[#keys + 1] = k end
		assert(table.concat(keys) == "amz")`)
}

func TestFromLua(t *testing.T) {
	h := newHost(t, Options{})
	global(h, "array", func(L *lua.LState) int {
		SetArray(L, L.CheckTable(1))
		return 1
	})
	h.L().SetGlobal("null", Null(h.L()))
	for src, want := range map[string]any{
		`nil`: nil, `null`: nil, `true`: true, `1.5`: 1.5, `"x"`: "x", `{}`: map[string]any{}, `array({})`: []any{},
		`{1, "b", null}`: []any{1.0, "b", nil}, `{a = {b = {}}}`: map[string]any{"a": map[string]any{"b": map[string]any{}}},
		`(function() local shared = {1} return {shared, shared} end)()`: []any{[]any{1.0}, []any{1.0}},
		`(function() local t = {1, 2, 3} t[3] = nil return t end)()`:    []any{1.0, 2.0},
	} {
		values, err := run(t, h, "return "+src)
		if err != nil {
			t.Fatal(err)
		}
		got, err := FromLua(nil, values[0])
		if err != nil {
			t.Errorf("%s: %v", src, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
	}
}

func TestFromLuaErrors(t *testing.T) {
	h := newHost(t, Options{})
	for src, want := range map[string]string{
		`print`:                            "value: a function is no plain value",
		`{users = {1, 2, {name = print}}}`: "value.users[3].name: a function is no plain value",
		`(function() local t = {} t.self = {t} return t end)()`: "value.self[1]: the table contains itself",
		`{1, nil, 3}`:                      "value: item 2 of 3 is nil; a list has no holes",
		`{1, 2, x = 3}`:                    `value: a list with the key "x"; use either 1…n or names`,
		`{[true] = 1}`:                     `value: the key "true" is no string`,
		`{[0] = 1}`:                        `value: the key [0] is no string`,
		`{[1.5] = 1, a = 2}`:               `value: the key "1.5" is no string`,
		`coroutine.create(function() end)`: "value: a thread is no plain value",
		`(function() local t = 1 for i = 1, 600 do t = {t} end return t end)()`: "nested more than 500 deep",
	} {
		values, err := run(t, h, "return "+src)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := FromLua(nil, values[0]); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", src, err, want)
		}
	}
}

func TestArrayMark(t *testing.T) {
	h := newHost(t, Options{})
	marked, plain := h.L().NewTable(), h.L().NewTable()
	SetArray(h.L(), marked)
	if !IsArray(marked) || IsArray(plain) || !IsNull(Null(h.L())) || IsNull(lua.LNil) || IsNull(&lua.LUserData{}) {
		t.Error("marks are not told apart")
	}
}
