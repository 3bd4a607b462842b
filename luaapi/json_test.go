package luaapi

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// jsonHost is a Lua state to decode into.
func jsonHost(t testing.TB) *lua.LState {
	t.Helper()
	h := vm.New(vm.Options{})
	t.Cleanup(h.Close)
	return h.L()
}

func TestJSONRoundTrip(t *testing.T) {
	L := jsonHost(t)
	for _, text := range []string{
		`null`, `true`, `false`, `0`, `-7`, `1.5`, `1e300`, `1e-300`, `9007199254740991`, `""`, `"é 😀 </script>"`, `"\\ \" \n \u0001"`,
		`[]`, `{}`, `[[],{},[null]]`, `{"":1}`, `{"a":{"b":[1,2,{"c":null}]},"z":"…"}`,
	} {
		v, err := decodeJSON(L, []byte(text), jsonOptions{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		data, err := encodeJSON(L, v)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got, want any
		if err := errors.Join(json.Unmarshal(data, &got), json.Unmarshal([]byte(text), &want)); err != nil {
			t.Errorf("%s became %s: %v", text, data, err)
		} else if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s became %s", text, data)
		}
	}
}

func TestJSONEncode(t *testing.T) {
	l := newLibrary(t)
	for code, want := range map[string]string{
		`{b = 1, a = {x = 1, c = 2}}`: `{"a":{"c":2,"x":1},"b":1}`,
		`{1, "two", {3}}`:             `[1,"two",[3]]`,
		`{}`:                          `{}`,
		`volley.array{}`:              `[]`,
		`{volley.null}`:               `[null]`,
		`2^53 - 1`:                    `9007199254740991`,
		`123456789012`:                `123456789012`,
		`1e21`:                        `1e+21`,
		`0.1`:                         `0.1`,
		`"<a href='x'>&"`:             `"<a href='x'>&"`,
		`volley.json.decode("[1]")`:   `[1]`,
		`(function() local t = volley.json.decode("[1]"); table.remove(t); return t end)()`: `[]`,
	} {
		l.pass(t, `local got = volley.json.encode(`+code+`); assert(got == `+"[==["+want+"]==]"+`, got)`)
	}
}

func TestJSONEncodeRefuses(t *testing.T) {
	l := newLibrary(t)
	for code, text := range map[string]string{
		`{a = {1, 0/0}}`:          `$.a[2]: not a number`,
		`{-1/0}`:                  `$[1]: infinity`,
		`{a = {["b c"] = print}}`: `$.a["b c"]: a function`,
		`{1, nil, 3}`:             `$: the list has a hole: item 2`,
		`{1, x = 2}`:              `mixes list items with named keys ("x")`,
		`{[1.5] = 1}`:             `the key 1.5`,
		`{[true] = 1}`:            `a boolean as a key`,
		`{a = "\255"}`:            `$.a: the string is not UTF-8 at byte 1`,
		`{["a\255"] = 1}`:         `a key: the string is not UTF-8 at byte 2`,
		`(function() local t = {} t.t = {t} return t end)()`:                     `$.t[1]: the table contains itself`,
		`(function() local t = {} for i = 1, 600 do t = {t} end return t end)()`: `nested more than 500 deep`,
		`{volley.get("http://127.0.0.1/")}`:                                      `$[1]: a Request is no JSON value`,
		`nil`:                                                                    `use volley.null`,
	} {
		l.raises(t, `volley.json.encode(`+code+`)`, runtime.KindJSON, text)
	}
}

func TestJSONDecodeRefuses(t *testing.T) {
	L := jsonHost(t)
	for text, want := range map[string]string{
		``:                          "the text is empty",
		` `:                         "the text is empty",
		"{\n  \"a\": 1,\n  b: 2\n}": "line 3, column 3 (offset 14)",
		"[1, 2":                     "ends too early",
		`{"a"`:                      "ends too early",
		`[1] x`:                     "column 5",
		`1 2`:                       "something follows the document",
		`[NaN]`:                     "column 2",
		`[Infinity]`:                "column 2",
		`[1e400]`:                   "out of range",
		`[01]`:                      "column 3",
		`['a']`:                     "column 2",
		`[1,]`:                      "column 3",
		"\"a\nb\"":                  "line 1, column 3",
		"[\"\xff\"]":                "column 3 (offset 2): the text is not UTF-8",
		`["é", x]`:                  `column 7 (offset 7)`,
		strings.Repeat("[", 501):    "nested more than 500 deep",
		strings.Repeat(" ", 100) + "!" + strings.Repeat("y", 100): `near "                    !yyyyyyyyyyyyyyyyyyy"`,
	} {
		v, err := decodeJSON(L, []byte(text), jsonOptions{})
		if err == nil {
			t.Errorf("%q gave %v", text, v)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, want %q in it", text, err, want)
		}
	}
}

func TestJSONDecodeValues(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
local d = volley.json.decode
assert(d("null") == volley.null and d("[null, 1]")[1] == volley.null and #d("[null, 1]") == 2)
assert(d('{"a": 1, "a": 2}').a == 2, "the last of a repeated key wins")
assert(d("\239\187\191[1]")[1] == 1, "byte order mark")
assert(d(" \t\r\n1 \n") == 1)
assert(d('"\\u00e9\\ud83d\\ude00\\/"') == "é😀/")
assert(d('"\\ud83d"') == "\239\191\189", "a lone surrogate is U+FFFD")
assert(d("12345678901234567890") == 12345678901234567168)
local t = d('{"id": 12345678901234567890, "neg": -9007199254740993, "edge": 9007199254740992, "f": 1e300, "n": 5}', {bigint = "string"})
assert(t.id == "12345678901234567890" and t.neg == "-9007199254740993")
assert(t.edge == 2^53 and t.f == 1e300 and t.n == 5)
`)
	l.raises(t, `volley.json.decode("1", {bigint = "number"})`, runtime.KindInvalidArgument, `must be "string"`)
	l.raises(t, `volley.json.decode("1", {bigInt = "string"})`, runtime.KindInvalidArgument, `did you mean "bigint"?`)
	l.raises(t, `volley.json.decode({})`, runtime.KindInvalidArgument, `must be a string, got a table`)
}

func TestJSONDecodeUnicodeEncodings(t *testing.T) {
	L := jsonHost(t)
	const text = `{"é":"😀"}`
	for name, data := range map[string][]byte{
		"utf-16-le":     encodeUTF16(text, binary.LittleEndian),
		"utf-16-be":     encodeUTF16(text, binary.BigEndian),
		"utf-16-le bom": encodeUTF16("\uFEFF"+text, binary.LittleEndian),
		"utf-16-be bom": encodeUTF16("\uFEFF"+text, binary.BigEndian),
		"utf-32-le":     encodeUTF32(text, binary.LittleEndian),
		"utf-32-be":     encodeUTF32(text, binary.BigEndian),
		"utf-32-le bom": encodeUTF32("\uFEFF"+text, binary.LittleEndian),
		"utf-32-be bom": encodeUTF32("\uFEFF"+text, binary.BigEndian),
	} {
		// Without a mark the encoding shows only where the text begins in ASCII.
		if !strings.Contains(name, "bom") {
			data = bytes.ReplaceAll(data, encode(name, `{"é"`), encode(name, `{"e"`))
		}
		v, err := decodeJSON(L, data, jsonOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := v.(*lua.LTable)
		if s := got.RawGetString("é").String() + got.RawGetString("e").String(); !strings.Contains(s, "😀") {
			t.Errorf("%s: got %q", name, s)
		}
	}
}

func encode(name, s string) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if strings.Contains(name, "-be") {
		order = binary.BigEndian
	}
	if strings.HasPrefix(name, "utf-16") {
		return encodeUTF16(s, order)
	}
	return encodeUTF32(s, order)
}

func encodeUTF16(s string, order binary.ByteOrder) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, 0, 0)
		order.PutUint16(out[len(out)-2:], u)
	}
	return out
}

func encodeUTF32(s string, order binary.ByteOrder) []byte {
	var out []byte
	for _, r := range s {
		out = append(out, 0, 0, 0, 0)
		order.PutUint32(out[len(out)-4:], uint32(r))
	}
	return out
}

// FuzzJSONDecode holds decodeJSON against encoding/json: they accept the same
// texts, but for three rules of ours: at most 500 levels, bytes that are no
// UTF-8 are refused, and UTF-16, UTF-32 and a byte order mark are understood.
// What was accepted means the same when it is written again.
func FuzzJSONDecode(f *testing.F) {
	for _, seed := range []string{
		`null`, `{"a":[1,2.5,-0,1e5,true,false,null,"x\u00e9\ud83d\ude00"]}`, `[[[]]]`, `{"a":1,"a":2}`, ` 1 `, `[1,]`, `01`, `1e400`, `"\ud800"`, "\"\x00\"", `{}x`, `-`,
	} {
		f.Add([]byte(seed))
	}
	L := jsonHost(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := decodeJSON(L, data, jsonOptions{})
		if !bytes.Equal(jsonText(data), data) {
			return
		}
		var want any
		wantErr := json.Unmarshal(data, &want)
		if !utf8.Valid(data) || errors.Is(errors.Unwrap(err), errJSONDepth) || err != nil && strings.Contains(err.Error(), errJSONDepth.Error()) {
			return
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: got error %v, encoding/json %v", data, err, wantErr)
		}
		if err != nil {
			return
		}
		out, err := encodeJSON(L, v)
		if err != nil {
			t.Fatalf("%q was read but cannot be written: %v", data, err)
		}
		var got any
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q was written as %q: %v", data, out, err)
		}
		if !sameJSON(got, want) {
			t.Fatalf("%q became %q", data, out)
		}
	})
}

// sameJSON compares trees; -0 and 0 are the same number.
func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		m, ok := b.(map[string]any)
		if !ok || len(a) != len(m) {
			return false
		}
		for k := range a {
			if !sameJSON(a[k], m[k]) {
				return false
			}
		}
		return true
	case []any:
		l, ok := b.([]any)
		if !ok || len(a) != len(l) {
			return false
		}
		for i := range a {
			if !sameJSON(a[i], l[i]) {
				return false
			}
		}
		return true
	case float64:
		f, ok := b.(float64)
		return ok && (a == f || math.IsNaN(a))
	}
	return a == b
}

// jsonDocument is a document of about 10 KB as APIs return them.
func jsonDocument() []byte {
	type item struct {
		ID     int      `json:"id"`
		Name   string   `json:"name"`
		Price  float64  `json:"price"`
		Tags   []string `json:"tags"`
		Active bool     `json:"active"`
		Note   *string  `json:"note"`
	}
	var items []item
	for i := range 90 {
		items = append(items, item{ID: i * 7919, Name: fmt.Sprintf("item number %d", i), Price: float64(i) * 1.25, Tags: []string{"red", "green"}, Active: i%2 == 0})
	}
	data, _ := json.Marshal(map[string]any{"items": items, "total": len(items)})
	return data
}

func BenchmarkJSONDecode(b *testing.B) {
	L, data := jsonHost(b), jsonDocument()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeJSON(L, data, jsonOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJSONDecodeAny is the way over encoding/json and vm.ToLua.
func BenchmarkJSONDecodeAny(b *testing.B) {
	L, data := jsonHost(b), jsonDocument()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			b.Fatal(err)
		}
		vm.ToLua(L, v)
	}
}

func BenchmarkJSONEncode(b *testing.B) {
	L, data := jsonHost(b), jsonDocument()
	v, err := decodeJSON(L, data, jsonOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encodeJSON(L, v); err != nil {
			b.Fatal(err)
		}
	}
}

func TestJSONEncodeOfOneStringManyTimesIsBounded(t *testing.T) {
	l := newLibrary(t)
	l.raises(t, `local s, t = ("x"):rep(2^22), {}
for i = 1, 17 do t[i] = s end
volley.json.encode(t)`, runtime.KindJSON, "longer than 64 MiB")
	l.raises(t, `volley.json.encode{[("x"):rep(2^26)] = 1}`, runtime.KindJSON, "longer than 64 MiB")
}

func TestJSONEncodeOfSharedTablesIsBounded(t *testing.T) {
	newLibrary(t).raises(t, `
local t = {("x"):rep(1000)}
for _ = 1, 40 do t = {t, t} end
volley.json.encode(t)`, runtime.KindJSON, "longer than 64 MiB")
}

// TestJSONLongTokens: what is read apart from the loop reads the same.
func TestJSONLongTokens(t *testing.T) {
	newLibrary(t).pass(t, `
local n = 300000
local escapes, spaces = ("\\u0041\\\""):rep(n), (" \n"):rep(n)
local text = "[" .. spaces .. '"' .. escapes .. '"' .. spaces .. ',{"' .. ("k"):rep(n) .. '":"' .. ("é"):rep(n) .. '"},"",1.5' .. spaces .. "]"
local v = volley.json.decode(text)
assert(#v == 4 and v[1] == ('A"'):rep(n) and v[2][("k"):rep(n)] == ("é"):rep(n) and v[3] == "" and v[4] == 1.5)
assert(volley.json.decode(volley.json.encode(v))[1] == v[1])
local ok, err = pcall(volley.json.decode, "[1" .. ("0"):rep(n) .. "]")
assert(not ok and err.kind == "json" and err.message:find("the number is longer than 256 KiB", 1, true), err)
local ok, err = pcall(volley.json.decode, '["' .. ("x"):rep(n) .. "]")
assert(not ok and err.kind == "json" and err.message:find("the text ends too early", 1, true), err)`)
}
