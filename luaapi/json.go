package luaapi

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

// maxJSONDepth bounds the nesting of what is read and written.
const maxJSONDepth = 500

// jsonOptions say how JSON is read.
type jsonOptions struct {
	BigInt string // "string": integers beyond 2^53 become strings; "": numbers
}

var jsonOptionTable = index([]option[jsonOptions]{{
	Option: Option{"bigint", `"string"`, "Integers beyond ±2^53 become strings and keep their digits."},
	set: func(_ call, o *jsonOptions, v lua.LValue) error {
		if v != lua.LString("string") {
			return fmt.Errorf(`must be "string", got %s`, v.String())
		}
		o.BigInt = "string"
		return nil
	},
}})

func jsonOptionsOf(c call, t *lua.LTable) jsonOptions {
	var o jsonOptions
	if t != nil {
		apply(c, "json options", jsonOptionTable, t, &o)
	}
	return o
}

func jsonModule() Module {
	return Module{
		Name: "volley.json",
		Doc:  "JSON as RFC 8259 has it. `null` is `volley.null`; a list that was empty stays one.",
		Functions: []Function{
			{
				Name: "encode", Params: []Param{{"value", "any", "Plain values; a table is a list when its keys are 1 … n, else an object."}},
				Returns: "string",
				Doc: "Writes JSON, keys sorted. `{}` is an object, `volley.array{}` a list. NaN, infinities, holes, mixed keys, functions, " +
					"cycles and text that is not UTF-8 raise kind `json` with the path to them.",
				Example: `assert(volley.json.encode{b = {1, 2}, a = volley.null, c = volley.array{}} == '{"a":null,"b":[1,2],"c":[]}')
local ok, err = pcall(volley.json.encode, {a = {1, 0/0}})
assert(not ok and err.kind == "json" and err.message:find("$.a[2]", 1, true))`,
				call: func(c call) int {
					data, err := encodeJSON(c.L, c.arg(1))
					if err != nil {
						c.raise(&runtime.Error{Kind: runtime.KindJSON, Message: c.name() + ": " + err.Error(), Cause: err})
					}
					return c.push(lua.LString(data))
				},
			},
			{
				Name:    "decode",
				Params:  []Param{{"s", "string", "UTF-8, or UTF-16 and UTF-32 by their zeros."}, {"opts", `{bigint?: "string"}?`, `bigint = "string" keeps integers beyond 2^53 as strings.`}},
				Returns: "any",
				Doc:     "Reads one JSON document; of a repeated key the last wins. Raises kind `json` with line, column and what stands there.",
				Example: `local v = volley.json.decode('{"id": 12345678901234567890, "none": null}', {bigint = "string"})
assert(v.id == "12345678901234567890" and v.none == volley.null)`,
				call: func(c call) int {
					v, err := decodeJSON(c.L, []byte(c.text(1)), jsonOptionsOf(c, c.tableOr(2)))
					if err != nil {
						c.raise(&runtime.Error{Kind: runtime.KindJSON, Message: c.name() + ": " + err.Error(), Cause: err})
					}
					return c.push(v)
				},
			},
		},
	}
}
