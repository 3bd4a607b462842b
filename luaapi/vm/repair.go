package vm

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

// repairer is one walk over a syntax tree.
type repairer struct {
	failure   *SyntaxError
	constants map[string]struct{} // of the function being walked
}

// function walks a function body, which has constants of its own.
func (r *repairer) function(stmts []ast.Stmt) {
	outer := r.constants
	r.constants = map[string]struct{}{}
	r.block(stmts)
	r.constants = outer
}

func (r *repairer) block(stmts []ast.Stmt) {
	for _, s := range stmts {
		if r.failure != nil {
			return
		}
		r.statement(s)
	}
}

func (r *repairer) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		r.exprs(s.Lhs)
		r.exprs(s.Rhs)
	case *ast.LocalAssignStmt:
		r.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		r.expr(s.Expr)
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		r.expr(s.Condition)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		r.block(s.Stmts)
		r.expr(s.Condition)
	case *ast.IfStmt:
		r.expr(s.Condition)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.NumberForStmt:
		r.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
		r.block(s.Stmts)
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		padIterator(s)
		r.block(s.Stmts)
	case *ast.FuncDefStmt:
		r.exprs([]ast.Expr{s.Name.Func, s.Name.Receiver})
		r.expr(s.Func)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	}
}

func (r *repairer) exprs(list []ast.Expr) {
	for _, e := range list {
		r.expr(e)
	}
}

func (r *repairer) expr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.NumberExpr:
		r.constant(e, "n"+e.Value)
	case *ast.StringExpr:
		r.constant(e, "s"+e.Value)
	case *ast.AttrGetExpr:
		r.expr(e.Object)
		r.expr(e.Key)
	case *ast.TableExpr:
		r.table(e)
	case *ast.FuncCallExpr:
		r.expr(e.Func)
		r.expr(e.Receiver)
		r.exprs(e.Args)
	case *ast.LogicalOpExpr:
		r.expr(e.Lhs)
		r.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		r.expr(e.Lhs)
		r.expr(e.Rhs)
	case *ast.StringConcatOpExpr:
		r.expr(e.Lhs)
		r.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		r.expr(e.Lhs)
		r.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		r.expr(e.Expr)
	case *ast.FunctionExpr:
		r.function(e.Stmts)
	}
}

func (r *repairer) constant(at ast.PositionHolder, key string) {
	r.constants[key] = struct{}{}
	if len(r.constants) > maxConstants && r.failure == nil {
		r.failure = &SyntaxError{
			Line:    at.Line(),
			Message: fmt.Sprintf("more than %d different numbers and strings in one function", maxConstants),
			Hint:    bigLiteralHint,
		}
	}
}

// table refuses constructors that gopher-lua would cut off, and puts the keyed
// fields of long ones first: behind each 50th positional field the compiler
// stores registers that a keyed field has overwritten.
func (r *repairer) table(e *ast.TableExpr) {
	positional := 0
	for _, f := range e.Fields {
		if f.Key == nil {
			positional++
		} else {
			r.expr(f.Key)
		}
		r.expr(f.Value)
	}
	if positional > maxPositional && r.failure == nil {
		r.failure = &SyntaxError{
			Line:    e.Line(),
			Message: fmt.Sprintf("table constructor with %d items; %d are possible", positional, maxPositional),
			Hint:    bigLiteralHint,
		}
	}
	if positional >= 50 && positional < len(e.Fields) {
		e.Fields = keyedFirst(e.Fields)
	}
}

func keyedFirst(fields []*ast.Field) []*ast.Field {
	sorted := make([]*ast.Field, 0, len(fields))
	for _, f := range fields {
		if f.Key != nil {
			sorted = append(sorted, f)
		}
	}
	for _, f := range fields {
		if f.Key == nil {
			sorted = append(sorted, f)
		}
	}
	return sorted
}

// padIterator gives a generic for all three of its values: gopher-lua leaves
// missing ones to whatever the register held.
func padIterator(s *ast.GenericForStmt) {
	if n := len(s.Exprs); n == 0 || multiple(s.Exprs[n-1]) {
		return
	}
	for len(s.Exprs) < 3 {
		pad := &ast.NilExpr{}
		pad.SetLine(s.Line())
		pad.SetLastLine(s.Line())
		s.Exprs = append(s.Exprs, pad)
	}
}

// multiple reports whether e may yield several values.
func multiple(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}
