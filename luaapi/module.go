package luaapi

import (
	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
)

// volleyModule is the table that require "volley" returns.
func volleyModule() Module {
	m := Module{Name: "volley", Doc: "Also a global in scripts."}
	m.Functions = append(m.Functions, verbs()...)
	m.Functions = append(m.Functions, batchFunctions()...)
	m.Functions = append(m.Functions, taskFunctions()...)
	m.Functions = append(m.Functions,
		Function{
			Name: "session", Params: []Param{{"opts", "volley.SessionOptions?", "See SessionOptions."}}, Returns: "volley.Session",
			Doc:     "Settings and cookies shared by its requests.",
			Example: "local s = volley.session{base_url = base, headers = {[\"X-Team\"] = \"a\"}}\nassert(s:get(\"/headers\"):send():json().headers[\"X-Team\"][1] == \"a\")",
			call:    newSession,
		},
		Function{
			Name: "pool", Params: []Param{{"n", "integer", "How many run at once."}}, Returns: "volley.Pool",
			Doc: "A pool of green threads.", Example: "assert(volley.pool(3).size == 3)", call: newPool,
		},
		Function{
			Name: "queue", Params: []Param{{"max", "integer?", "Values it holds before put blocks; none: any number."}}, Returns: "volley.Queue",
			Doc: "A queue between green threads.", Example: "local q = volley.queue(2)\nq:put(1)\nassert(#q == 1)", call: newQueue,
		},
		Function{
			Name: "httpbin", Returns: "string",
			Doc:     "Starts the built-in go-httpbin on loopback, once, and returns its URL.",
			Example: "assert(volley.get(volley.httpbin() .. \"/get\"):send().ok)",
			call: func(c call) int {
				url, err := c.s.config.HTTPBin()
				if err != nil {
					c.raise(runtime.Errorf(runtime.KindIO, "the built-in httpbin cannot be started: %w", err))
				}
				return c.push(lua.LString(url))
			},
		},
		Function{
			Name: "exit", Params: []Param{{"code", "integer?", "Default 0."}},
			Doc: "Ends the run at once with that exit code: what is in flight is cancelled, outputs are flushed. It cannot be caught.",
			call: func(c call) int {
				code := 0
				if c.arg(1) != lua.LNil {
					code = c.integer(1, 0, 255)
				}
				c.s.requestExit(code)
				c.raise(c.s.exit)
				return 0
			},
		},
	)
	m.Functions = append(append(m.Functions, checkFunctions()...), emitFunction())
	m.Functions = append(m.Functions, fileFunctions()...)
	m.Functions = append(m.Functions, uuidFunction(), arrayFunction(), syntheticResponse())
	m.Values = environmentValues()
	return m
}
