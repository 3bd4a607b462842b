package template

import "volley/specs/tree"

// Scope answers the names that an expression begins with: vars, env, secrets,
// row, matrix, captures, res, run. A value is plain (nil, bool, float64,
// json.Number, string, []any, map[string]any) or a Namespace. false: there is
// nothing by that name here, which is an error for the expression.
type Scope interface {
	Lookup(root string) (any, bool)
}

// Namespace is a value whose members are looked up when they are asked for,
// such as res and row. Missing members are an error when err says so, else nil.
type Namespace interface {
	Member(name string) (value any, err error)
	// Names lists the members, for "did you mean" and for pairs in Lua.
	Names() []string
}

// Lua compiles expressions that are more than a dotted path. It checks syntax
// only: nothing runs before the first Eval.
type Lua interface {
	Compile(source string, pos tree.Pos) (Expression, error)
}

// Expression is a compiled Lua expression.
type Expression interface {
	// Eval runs it; it may block. It is called on the consumer's goroutine,
	// in its green thread. The value is plain.
	Eval(Scope) (any, error)
}

// SyntaxError is what Lua.Compile returns when it knows the place of a fault.
type SyntaxError struct {
	Pos     tree.Pos
	Message string
}

// Error returns "file:line:col: message".
func (e *SyntaxError) Error() string { return e.Pos.String() + ": " + e.Message }
