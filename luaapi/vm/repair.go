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
	for i, s := range stmts {
		if r.failure != nil {
			return
		}
		r.statement(s)
		switch s := s.(type) {
		case *ast.GenericForStmt:
			stmts[i] = hoistIterator(s)
		case *ast.AssignStmt:
			stmts[i] = assignLast(s)
		}
	}
}

// loop walks a loop's body. gopher-lua takes a jump at its very beginning for
// a label when it patches the code: an instruction before it keeps them apart.
func (r *repairer) loop(body []ast.Stmt) []ast.Stmt {
	r.block(body)
	if !beginsWithBreak(body) {
		return body
	}
	blank := &ast.LocalAssignStmt{Names: []string{"(blank)"}}
	at(blank, body[0])
	return append([]ast.Stmt{blank}, body...)
}

func beginsWithBreak(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	switch s := body[0].(type) {
	case *ast.BreakStmt, *ast.GotoStmt:
		return true
	case *ast.DoBlockStmt:
		return beginsWithBreak(s.Stmts)
	}
	return false
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
		s.Stmts = r.loop(s.Stmts)
	case *ast.RepeatStmt:
		s.Stmts = r.loop(s.Stmts)
		s.Condition = r.expr(s.Condition)
	case *ast.IfStmt:
		s.Condition = r.expr(s.Condition)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit, s.Step = r.expr(s.Init), r.expr(s.Limit), r.expr(s.Step)
		s.Stmts = r.loop(s.Stmts)
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		padIterator(s)
		s.Stmts = r.loop(s.Stmts)
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

// hoistIterator evaluates a generic for's expressions into locals of their own
// when they hold more than a plain call: in the head of the loop gopher-lua
// computes nested calls in registers that the loop has already taken.
func hoistIterator(s *ast.GenericForStmt) ast.Stmt {
	plain := true
	for _, e := range s.Exprs {
		plain = plain && plainHead(e)
	}
	if plain {
		return s
	}
	names := []string{"(iterator)", "(state)", "(control)"}
	assign := &ast.LocalAssignStmt{Names: names, Exprs: s.Exprs}
	at(assign, s)
	s.Exprs = nil
	for _, n := range names {
		id := &ast.IdentExpr{Value: n}
		at(id, s)
		s.Exprs = append(s.Exprs, id)
	}
	block := &ast.DoBlockStmt{Stmts: []ast.Stmt{assign, s}}
	at(block, s)
	return block
}

// plainHead reports an expression that stays in one register: a name, a
// constant, or one call of a name with such arguments.
func plainHead(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok {
		return plainOperand(e)
	}
	if call.Receiver != nil || !plainOperand(call.Func) {
		return false
	}
	for _, a := range call.Args {
		if !plainOperand(a) {
			return false
		}
	}
	return true
}

func plainOperand(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.IdentExpr, *ast.NumberExpr, *ast.StringExpr, *ast.NilExpr, *ast.TrueExpr, *ast.FalseExpr:
		return true
	case *ast.AttrGetExpr:
		return plainOperand(e.Object) && plainOperand(e.Key)
	}
	return false
}

// at gives a node that was put in the place of another its position.
func at(n, of ast.PositionHolder) {
	n.SetLine(of.Line())
	n.SetLastLine(of.LastLine())
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
