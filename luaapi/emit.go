package luaapi

import (
	"volley/runtime"
)

// emitFunction is volley.emit.
func emitFunction() Function {
	return Function{
		Name: "emit", Params: []Param{{"row", "any", "Plain: a table of names and values, mostly."}},
		Doc:     "Writes a record of your own to the outputs of the run. Raises when there are none, and for what is no JSON, with kind `json`.",
		Example: `volley.emit({url = base, links = 3})`,
		call: func(c call) int {
			row := plainCopy(c, 1)
			if row == nil {
				c.wrong(1, "a table or another plain value")
			}
			if c.s.config.Emit == nil {
				c.raisef("this run has no output; add -o FILE")
			}
			// The record would hold null for what is no JSON.
			if _, err := encodeJSON(c.L, c.arg(1)); err != nil {
				c.raise(&runtime.Error{Kind: runtime.KindJSON, Message: c.name() + ": " + err.Error(), Cause: err})
			}
			if err := c.s.config.Emit(row); err != nil {
				c.raise(runtime.Errorf(runtime.KindIO, "%s: %w", c.name(), err))
			}
			return 0
		},
	}
}
