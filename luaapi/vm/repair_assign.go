package vm

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

// assignLast makes a multiple assignment evaluate everything before it assigns
// anything: gopher-lua writes to a local while expressions to its right still
// want its old value. The values, and what tables and keys the targets name,
// go into hidden locals first; the assignments follow, the last one first, as
// in Lua.
func assignLast(s *ast.AssignStmt) ast.Stmt {
	named := false
	for _, target := range s.Lhs {
		_, name := target.(*ast.IdentExpr)
		named = named || name
	}
	if len(s.Lhs) < 2 || !named {
		return s
	}
	h := hidden{of: s}
	for i, target := range s.Lhs {
		if t, ok := target.(*ast.AttrGetExpr); ok {
			t.Object = h.local(fmt.Sprintf("(table %d)", i), t.Object)
			t.Key = h.local(fmt.Sprintf("(key %d)", i), t.Key)
		}
	}
	values := &ast.LocalAssignStmt{Exprs: s.Rhs}
	at(values, s)
	for i := range s.Lhs {
		values.Names = append(values.Names, fmt.Sprintf("(value %d)", i))
	}
	h.block = append(h.block, values)
	for i := len(s.Lhs) - 1; i >= 0; i-- {
		one := &ast.AssignStmt{Lhs: s.Lhs[i : i+1], Rhs: []ast.Expr{h.name(values.Names[i])}}
		at(one, s)
		h.block = append(h.block, one)
	}
	block := &ast.DoBlockStmt{Stmts: h.block}
	at(block, s)
	return block
}

// hidden is a block of locals whose names no script can write.
type hidden struct {
	of    ast.PositionHolder
	block []ast.Stmt
}

// local evaluates e into a local and returns its name; a constant stays.
func (h *hidden) local(name string, e ast.Expr) ast.Expr {
	switch e.(type) {
	case *ast.StringExpr, *ast.NumberExpr:
		return e
	}
	assign := &ast.LocalAssignStmt{Names: []string{name}, Exprs: []ast.Expr{e}}
	at(assign, h.of)
	h.block = append(h.block, assign)
	return h.name(name)
}

func (h *hidden) name(name string) ast.Expr {
	id := &ast.IdentExpr{Value: name}
	at(id, h.of)
	return id
}
