package template

import (
	"errors"
	"slices"
	"strconv"

	"volley/runtime/spell"
	"volley/specs/template/lualex"
)

// roots are the words a path begins with.
var roots = []string{"vars", "env", "secrets", "row", "matrix", "captures", "res", "run"}

// luaNames are the globals that an expression may use beside the roots.
var luaNames = map[string]bool{
	"volley": true, "hash": true,
	"assert": true, "error": true, "getmetatable": true, "ipairs": true, "next": true, "pairs": true, "pcall": true,
	"print": true, "rawequal": true, "rawget": true, "rawlen": true, "rawset": true, "require": true, "select": true,
	"setmetatable": true, "tonumber": true, "tostring": true, "type": true, "unpack": true, "xpcall": true,
	"coroutine": true, "math": true, "os": true, "string": true, "table": true, "_G": true, "_VERSION": true,
}

// names notes the references of e, and the names in it that stand for nothing.
func (c *Compiler) names(e *expression, path string) {
	for _, use := range lualex.Uses(e.source) {
		pos := e.at(use.At)
		switch {
		case slices.Contains(roots, use.Root):
			e.references = append(e.references, Reference{Root: use.Root, Name: use.Member, Pos: pos})
		case !luaNames[use.Root]:
			c.Problems.Add(pos, path, "unknown reference "+strconv.Quote(use.Root), unknownHint(use))
		}
	}
}

func unknownHint(use lualex.Use) string {
	if use.Dashed {
		return `Lua takes the "-" for a minus: write row["order-id"]`
	}
	known := slices.Clone(roots)
	for name := range luaNames {
		if len(name) > 4 { // any short word is near to another
			known = append(known, name)
		}
	}
	if near := spell.Nearest(use.Root, known); near != "" {
		return `did you mean "` + near + `"?`
	}
	return "an expression begins with vars, env, secrets, row, matrix, captures, res or run; text is written 'in quotes'"
}

// syntax notes why Lua does not take an expression.
func (c *Compiler) syntax(e *expression, path string, err error) {
	var fault *SyntaxError
	if errors.As(err, &fault) {
		c.Problems.Add(fault.Pos, path, fault.Message, "")
		return
	}
	c.Problems.Add(e.pos, path, e.short()+": "+err.Error(), "")
}
