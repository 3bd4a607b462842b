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
		s.Expr = r.expr(s.Expr)
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.expr(s.Condition)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		r.block(s.Stmts)
		s.Condition = r.expr(s.Condition)
	case *ast.IfStmt:
		s.Condition = r.expr(s.Condition)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit, s.Step = r.expr(s.Init), r.expr(s.Limit), r.expr(s.Step)
		r.block(s.Stmts)
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		padIterator(s)
		r.block(s.Stmts)
	case *ast.FuncDefStmt:
		s.Name.Func, s.Name.Receiver = r.expr(s.Name.Func), r.expr(s.Name.Receiver)
		r.function(s.Func.Stmts)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	}
}

func (r *repairer) exprs(list []ast.Expr) {
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

// expr repairs an expression, nil for none, and returns what takes its place.
func (r *repairer) expr(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.NumberExpr:
		r.constant(e, "n"+e.Value)
	case *ast.StringExpr:
		r.constant(e, "s"+e.Value)
	case *ast.AttrGetExpr:
		e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
	case *ast.TableExpr:
		return r.table(e)
	case *ast.FuncCallExpr:
		e.Func, e.Receiver = r.expr(e.Func), r.expr(e.Receiver)
		r.exprs(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.StringConcatOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.FunctionExpr:
		r.function(e.Stmts)
	}
	return e
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

// single makes e yield one value, as parentheses do.
func single(e ast.Expr) {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
}
