package vm

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// gopher-lua stores the positional items of a constructor 50 at a time. What
// goes wrong there:
//
//   - {1, x = f()}: the call is taken for the end of the list, and whatever
//     lies in the registers becomes items;
//   - {50 items, x = v}: behind each full batch, every keyed field stores the
//     batch again, out of registers that now hold keys and values;
//   - {50 items, f()}: the values of f overwrite the items from the first one;
//   - more than 25 550 items: the rest is dropped.

// table repairs a constructor and returns what takes its place.
func (r *repairer) table(e *ast.TableExpr) ast.Expr {
	positional := 0
	for _, f := range e.Fields {
		f.Value = r.expr(f.Value)
		if f.Key == nil {
			positional++
			continue
		}
		f.Key = r.expr(f.Key)
		single(f.Value)
	}
	if positional > maxPositional && r.failure == nil {
		r.failure = &SyntaxError{
			Line:    e.Line(),
			Message: fmt.Sprintf("table constructor with %d items; %d are possible", positional, maxPositional),
			Hint:    bigLiteralHint,
		}
	}
	if positional < flushItems {
		return e
	}
	if positional < len(e.Fields) {
		e.Fields = keyedFirst(e.Fields)
	}
	last := e.Fields[len(e.Fields)-1]
	if full := positional - 1; full > 0 && full%flushItems == 0 && multiple(last.Value) {
		e.Fields = e.Fields[:len(e.Fields)-1]
		return appendValues(e, full, last.Value)
	}
	return e
}

// keyedFirst puts the keyed fields before the positional ones.
func keyedFirst(fields []*ast.Field) []*ast.Field {
	sorted := make([]*ast.Field, 0, len(fields))
	for _, f := range fields {
		if f.Key != nil {
			sorted = append(sorted, f)
		}
	}
	for i, f := range fields {
		if f.Key != nil {
			continue
		}
		if i < len(fields)-1 {
			single(f.Value) // must not become the end of the list that it was not
		}
		sorted = append(sorted, f)
	}
	return sorted
}

// appendValues makes the call of a function that appends the values of more to
// the n items of table.
func appendValues(table *ast.TableExpr, n int, more ast.Expr) ast.Expr {
	src := fmt.Sprintf(`return (function(t, ...)
		local list = {...}
		for i = 1, #list do t[%d + i] = list[i] end
		return t
	end)()`, n)
	stmts, err := parse.Parse(strings.NewReader(src), HostChunk)
	if err != nil {
		return table
	}
	call := stmts[0].(*ast.ReturnStmt).Exprs[0].(*ast.FuncCallExpr) //nolint:forcetypeassert // as written above
	call.Args = []ast.Expr{table, more}
	call.AdjustRet = true
	call.SetLine(table.Line())
	call.SetLastLine(table.LastLine())
	return call
}
