package luaapi

import (
	"bytes"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

func jsonlModule() Module {
	return Module{
		Name: "volley.jsonl",
		Doc:  "Files with one JSON value on each line.",
		Functions: []Function{{
			Name:    "read",
			Params:  []Param{{"path", "string", "A relative path starts at the working directory."}, {"opts", `{bigint?: "string"}?`, "As for `volley.json.decode`."}},
			Returns: "fun(): any, integer?",
			Doc: "An iterator of the decoded values and their line numbers; it holds one line, of at most 64 MiB, at a time. Blank lines are skipped. " +
				"A line that is no JSON raises kind `json` with its number.",
			Example: `volley.write("users.jsonl", '{"id": 1}\n\n{"id": 2}\n')
local sum = 0
for user, line in volley.jsonl.read("users.jsonl") do sum = sum + user.id * line end
assert(sum == 1 * 1 + 2 * 3)`,
			call: func(c call) int {
				options := jsonOptionsOf(c, c.tableOr(2))
				in := c.input(1)
				return c.push(c.s.iterator(in, func(L *lua.LState) (lua.LValue, error) { return in.jsonValue(L, options) }))
			},
		}},
	}
}

// jsonValue decodes the next line that is not blank.
func (in *input) jsonValue(L *lua.LState, options jsonOptions) (lua.LValue, error) {
	for {
		line, err := in.line()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		v, err := decodeJSON(L, line, options)
		var fault *jsonError
		if errors.As(err, &fault) {
			_, column := fault.position()
			return nil, &runtime.Error{
				Kind:    runtime.KindJSON,
				Message: fmt.Sprintf("reading %s: line %d, column %d: %s%s", in.path, in.number, column, fault.reason, fault.near()),
			}
		}
		return v, err
	}
}
