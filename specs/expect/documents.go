package expect

import (
	"context"
	"fmt"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/antchfx/htmlquery"
	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"
	"golang.org/x/net/html"

	"volley/runtime/markup"
)

// documents are the parsed forms of a body.
type documents struct {
	html *html.Node
	xml  *xmlquery.Node
}

// isXML tells by the content type, or how the body begins where there is none.
func (a *Answer) isXML(text string) bool {
	contentType, _, _ := strings.Cut(strings.ToLower(a.resp.Header.Get("Content-Type")), ";")
	contentType = strings.TrimSpace(contentType)
	switch {
	case strings.HasSuffix(contentType, "/xml"), strings.HasSuffix(contentType, "+xml") && contentType != "application/xhtml+xml":
		return true
	case contentType == "":
		return strings.HasPrefix(strings.TrimSpace(text), "<?xml")
	}
	return false
}

func (a *Answer) htmlDocument() (*html.Node, error) {
	text, err := a.Text()
	if err != nil {
		return nil, err
	}
	if a.documents.html == nil {
		if a.documents.html, err = html.Parse(strings.NewReader(text)); err != nil {
			return nil, fmt.Errorf("the body is not HTML: %w", err)
		}
	}
	return a.documents.html, nil
}

// navigator returns the body as XML or HTML, by its content type.
func (a *Answer) navigator() (xpath.NodeNavigator, error) {
	text, err := a.Text()
	if err != nil {
		return nil, err
	}
	if !a.isXML(text) {
		node, err := a.htmlDocument()
		if err != nil {
			return nil, err
		}
		return htmlquery.CreateXPathNavigator(node), nil
	}
	if a.documents.xml == nil {
		if a.documents.xml, err = markup.ParseXML(text); err != nil {
			return nil, fmt.Errorf("the body is not XML: %w", err)
		}
	}
	return xmlquery.CreateXPathNavigator(a.documents.xml), nil
}

// xpath returns the texts of the nodes that expr finds, or the one value that
// it yields.
func (a *Answer) xpath(expr *xpath.Expr) found {
	root, err := a.navigator()
	if err != nil {
		return nothing(err)
	}
	v, err := markup.Evaluate(context.Background(), expr, root)
	if err != nil {
		return nothing(err)
	}
	nodes, ok := v.([]xpath.NodeNavigator)
	if !ok {
		return single(v)
	}
	list := make([]any, len(nodes))
	for i, at := range nodes {
		list[i] = strings.TrimSpace(at.Value())
	}
	return several(list)
}

// css returns the texts of the elements that match, or those of an attribute.
func (a *Answer) css(matcher goquery.Matcher, attr string) found {
	root, err := a.htmlDocument()
	if err != nil {
		return nothing(err)
	}
	var list []any
	goquery.NewDocumentFromNode(root).FindMatcher(matcher).Each(func(_ int, one *goquery.Selection) {
		if attr == "" {
			list = append(list, strings.TrimSpace(one.Text()))
		} else if v, ok := one.Attr(attr); ok {
			list = append(list, v)
		}
	})
	return several(list)
}
