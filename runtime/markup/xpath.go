package markup

import (
	"context"

	"github.com/antchfx/xpath"

	"volley/runtime"
)

// steps bounds the moves of one evaluation.
const steps = 50_000_000

// Evaluate returns what expr yields below root: a number, string, boolean or
// the nodes found, as navigators of root's own kind. The error is a
// *runtime.Error: of kind script when the expression takes too many steps on
// this document, else why ctx ended.
func Evaluate(ctx context.Context, expr *xpath.Expr, root xpath.NodeNavigator) (v any, err error) {
	bound := &bound{ctx: ctx, left: steps}
	defer func() {
		if p := recover(); p != nil {
			over, ok := p.(*runtime.Error)
			if !ok {
				panic(p)
			}
			v, err = nil, over
		}
	}()
	v = expr.Evaluate(&navigator{root, bound})
	nodes, ok := v.(*xpath.NodeIterator)
	if !ok {
		return v, nil
	}
	found := []xpath.NodeNavigator{}
	for nodes.MoveNext() {
		found = append(found, unwrap(nodes.Current()).Copy())
	}
	return found, nil
}

// bound counts the moves that are left.
type bound struct {
	ctx  context.Context //nolint:containedctx // of one evaluation
	left int
}

// spend panics with an Error when the evaluation must end: there is no other
// way out of the library. Evaluate catches it.
func (b *bound) spend(n int) {
	before := b.left
	b.left -= n
	if b.left < 0 {
		panic(runtime.Errorf(runtime.KindScript, "the XPath expression takes more than %d steps on this document; make it simpler", steps))
	}
	if before>>12 != b.left>>12 && b.ctx.Err() != nil {
		panic(runtime.Cancelled(b.ctx))
	}
}

// navigator is another one with a bound on its moves.
type navigator struct {
	xpath.NodeNavigator
	bound *bound
}

func unwrap(n xpath.NodeNavigator) xpath.NodeNavigator {
	if bounded, ok := n.(*navigator); ok {
		return bounded.NodeNavigator
	}
	return n
}

// Copy implements xpath.NodeNavigator.
func (n *navigator) Copy() xpath.NodeNavigator {
	n.bound.spend(1)
	return &navigator{n.NodeNavigator.Copy(), n.bound}
}

// MoveTo implements xpath.NodeNavigator.
func (n *navigator) MoveTo(other xpath.NodeNavigator) bool {
	n.bound.spend(1)
	return n.NodeNavigator.MoveTo(unwrap(other))
}

// MoveToChild implements xpath.NodeNavigator.
func (n *navigator) MoveToChild() bool {
	n.bound.spend(1)
	return n.NodeNavigator.MoveToChild()
}

// MoveToNext implements xpath.NodeNavigator.
func (n *navigator) MoveToNext() bool {
	n.bound.spend(1)
	return n.NodeNavigator.MoveToNext()
}

// Value implements xpath.NodeNavigator. The text of an element is gathered
// from all below it.
func (n *navigator) Value() string {
	v := n.NodeNavigator.Value()
	n.bound.spend(1 + len(v)/16)
	return v
}

// NamespaceURL is what the library asks a navigator for beyond its interface.
func (n *navigator) NamespaceURL() string {
	if named, ok := n.NodeNavigator.(interface{ NamespaceURL() string }); ok {
		return named.NamespaceURL()
	}
	return ""
}
