package luaapi

import (
	"context"

	"github.com/antchfx/htmlquery"
	"github.com/antchfx/xpath"
	"golang.org/x/net/html"

	"volley/runtime"
)

// xpathSteps bounds the moves of one evaluation: expressions within
// expressions grow with a power of the document's size.
const xpathSteps = 50_000_000

// evaluateXPath returns a number, string, boolean or the nodes found. It ends
// with ctx, which the library underneath knows nothing of.
func evaluateXPath(ctx context.Context, expr *xpath.Expr, root *html.Node) (v any, err error) {
	bound := &xpathBound{ctx: ctx, left: xpathSteps}
	defer func() {
		if p := recover(); p != nil {
			over, ok := p.(*runtime.Error)
			if !ok {
				panic(p)
			}
			v, err = nil, over
		}
	}()
	v = expr.Evaluate(&boundedNavigator{htmlquery.CreateXPathNavigator(root), bound})
	nodes, ok := v.(*xpath.NodeIterator)
	if !ok {
		return v, nil
	}
	found := []xpath.NodeNavigator{}
	for nodes.MoveNext() {
		found = append(found, nodes.Current().Copy())
	}
	return found, nil
}

// xpathBound counts the moves that are left.
type xpathBound struct {
	ctx  context.Context //nolint:containedctx // of one evaluation
	left int
}

// step panics with an Error when the evaluation must end: there is no other
// way out of the library. evaluateXPath catches it.
func (b *xpathBound) step() {
	b.left--
	if b.left < 0 {
		panic(runtime.Errorf(runtime.KindScript, "the XPath expression takes more than %d steps on this document; make it simpler", xpathSteps))
	}
	if b.left%4096 == 0 && b.ctx.Err() != nil {
		panic(runtime.Cancelled(b.ctx))
	}
}

// boundedNavigator is htmlquery's navigator with a bound on its moves.
type boundedNavigator struct {
	*htmlquery.NodeNavigator
	bound *xpathBound
}

// Copy implements xpath.NodeNavigator.
func (n *boundedNavigator) Copy() xpath.NodeNavigator {
	n.bound.step()
	c := *n.NodeNavigator
	return &boundedNavigator{&c, n.bound}
}

// MoveTo implements xpath.NodeNavigator.
func (n *boundedNavigator) MoveTo(other xpath.NodeNavigator) bool {
	n.bound.step()
	o, ok := other.(*boundedNavigator)
	return ok && n.NodeNavigator.MoveTo(o.NodeNavigator)
}

// MoveToChild implements xpath.NodeNavigator.
func (n *boundedNavigator) MoveToChild() bool {
	n.bound.step()
	return n.NodeNavigator.MoveToChild()
}

// MoveToNext implements xpath.NodeNavigator.
func (n *boundedNavigator) MoveToNext() bool {
	n.bound.step()
	return n.NodeNavigator.MoveToNext()
}
