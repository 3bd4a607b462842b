package luaapi

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// Scope answers the names that an expression of a spec begins with. A value is
// plain (nil, bool, float64, json.Number, string, []any, map[string]any) or a
// Namespace.
type Scope interface {
	Lookup(root string) (value any, ok bool)
}

// Namespace is a value whose members are looked up when they are asked for.
type Namespace interface {
	Member(name string) (value any, err error)
	Names() []string
}

// Place is where a piece of Lua begins in a file. Line and Column count from
// 1; the zero Place is the start of text without a name.
type Place struct {
	File         string
	Line, Column int
}

// Expression is compiled Lua of a spec. It belongs to no Script; its method
// Eval belongs to the loop goroutine of the one it is given.
type Expression struct {
	at     Place
	source string
	chunk  *vm.Chunk
	s      *Script     // that idle belongs to
	idle   []*instance // not running just now
}

// instance is an Expression in one Script, with the names it sees. While one
// runs and waits, another is made for whoever evaluates it next.
type instance struct {
	fn    *lua.LFunction
	env   *lua.LTable
	scope Scope
}

// prefix goes before the Lua of a spec. Since it names ..., a call makes no
// table of its arguments.
const prefix = "local _ = ...; "

// CompileExpression compiles one Lua expression; nothing runs. The error is a
// *vm.SyntaxError with its place in the file that at names.
func CompileExpression(source string, at Place) (*Expression, error) {
	return compileAt(prefix+"return ", source, at)
}

// CompileInline compiles Lua that is written in place of a function's name: an
// expression or statements. The error is that of CompileExpression.
func CompileInline(source string, at Place) (*Expression, error) {
	if e, err := CompileExpression(source, at); err == nil {
		return e, nil
	}
	return compileAt(prefix, source, at)
}

// compileAt compiles before and source so that lines count as in the file.
func compileAt(before, source string, at Place) (*Expression, error) {
	if at.File == "" {
		at.File = "lua"
	}
	at.Line, at.Column = max(at.Line, 1), max(at.Column, 1)
	text := strings.Repeat("\n", at.Line-1) + before + source + "\n"
	chunk, err := vm.Compile(at.File, []byte(text))
	if err == nil {
		return &Expression{at: at, source: source, chunk: chunk}, nil
	}
	var syntax *vm.SyntaxError
	if !errors.As(err, &syntax) {
		return nil, err
	}
	syntax.Source = strings.TrimPrefix(syntax.Source, before)
	syntax.Line = max(syntax.Line, at.Line)
	if syntax.Line == at.Line {
		syntax.Column = max(syntax.Column-len(before), 1) + at.Column - 1
	}
	return nil, syntax
}

// Eval runs e on the running green thread of s, which may be parked meanwhile,
// and returns its plain value: a Namespace as a map. The error is a
// *runtime.Error whose message has file, line and column.
func (e *Expression) Eval(s *Script, scope Scope) (any, error) {
	L := s.host.Running()
	if L == nil {
		return nil, outsideThread(e.at)
	}
	in := e.take(s, scope)
	v, err := s.host.CallBounded(L, in.fn)
	e.give(in)
	if err != nil {
		return nil, e.placedError(err)
	}
	return e.plain(v)
}

func outsideThread(at Place) error {
	return runtime.Errorf(runtime.KindInternal, "%s:%d: Lua is called outside a green thread; this is a bug in volley", at.File, at.Line)
}

func (e *Expression) plain(v lua.LValue) (any, error) {
	plain, err := plainValue(v)
	if err != nil {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "%s:%d:%d: %w", e.at.File, e.at.Line, e.at.Column, err)
	}
	return plain, nil
}

// plainValue is FromLua for what may be a Namespace.
func plainValue(v lua.LValue) (any, error) {
	if ud, ok := v.(*lua.LUserData); ok {
		if o, ok := ud.Value.(*namespaceObject); ok {
			return o.plain()
		}
	}
	return vm.FromLua(nil, v)
}

// placedError is what Lua of a spec raised, with where. Of a fault in e itself,
// which may be nil, that is where e begins, or its text in a later line: of what
// runs only lines are known.
func (e *Expression) placedError(err error) error {
	out := *raisedError(err)
	var se *vm.ScriptError
	if errors.As(err, &se) {
		out.Message, out.Traceback = se.Message, se.Traceback
		var inner *runtime.Error
		if errors.As(se.Cause, &inner) {
			out.Message = inner.Message
		}
		switch column := e.column(se); {
		case column > 0:
			out.Message = fmt.Sprintf("%s:%d:%d: %s", se.File, se.Line, column, out.Message)
		case se.File != "":
			out.Message = fmt.Sprintf("%s:%d: %s", se.File, se.Line, out.Message)
		}
	}
	return &out
}

// column is where the line of an error that e raised begins, from 1; 0 if it is
// in another file, or e is nil.
func (e *Expression) column(se *vm.ScriptError) int {
	if e == nil || se.File != e.at.File || se.Line < e.at.Line {
		return 0
	}
	if se.Line == e.at.Line {
		return e.at.Column
	}
	lines := strings.Split(e.source, "\n")
	if n := se.Line - e.at.Line; n < len(lines) {
		return 1 + len(lines[n]) - len(strings.TrimLeft(lines[n], " \t"))
	}
	return 0
}

// take returns an instance that nobody runs.
func (e *Expression) take(s *Script, scope Scope) *instance {
	if e.s != s {
		e.s, e.idle = s, nil
	}
	var in *instance
	if n := len(e.idle); n > 0 {
		in = e.idle[n-1]
		e.idle = e.idle[:n-1]
	} else {
		in = s.newInstance(e.chunk)
	}
	in.scope = scope
	return in
}

func (e *Expression) give(in *instance) {
	in.scope = nil
	e.idle = append(e.idle, in)
}

// newInstance loads a chunk with an environment of its own: the names of the
// scope, then the sandbox's. It cannot make globals.
func (s *Script) newInstance(chunk *vm.Chunk) *instance {
	in := &instance{fn: s.host.Instance(chunk), env: s.L.NewTable()}
	mt := s.L.NewTable()
	mt.RawSetString("__index", s.L.NewFunction(func(L *lua.LState) int {
		L.Push(s.nameInScope(L, in.scope, L.Get(2).String()))
		return 1
	}))
	mt.RawSetString("__newindex", s.L.NewFunction(func(L *lua.LState) int {
		vm.Raise(L, runtime.Errorf(runtime.KindInvalidArgument, "%q is no local variable: write local %s = …, or keep it in volley.shared", L.Get(2).String(), L.Get(2).String()))
		return 0
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	in.env.Metatable = mt
	in.fn.Env = in.env
	return in
}

func (s *Script) nameInScope(L *lua.LState, scope Scope, name string) lua.LValue {
	if scope != nil {
		if v, ok := scope.Lookup(name); ok {
			return s.scopeValue(L, v)
		}
	}
	if name == "hash" {
		return s.hash()
	}
	globals := s.L.G.Global
	if v := globals.RawGetString(name); v != lua.LNil {
		return v
	}
	vm.Raise(L, unknownName(name, keysOf(globals)))
	return lua.LNil
}
