package luaapi

import (
	"context"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"github.com/antchfx/htmlquery"
	"github.com/antchfx/xpath"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/net/html"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/markup"
)

// longFind is the size of a document, in bytes, from which to look through it
// takes long.
const longFind = 16 << 10

// selectionObject is a set of HTML elements.
type selectionObject struct {
	set  *goquery.Selection
	size int // of the document it is from, in bytes of its text
}

func (*selectionObject) className() string { return "Selection" }

func (s *Script) newSelection(set *goquery.Selection, size int) *lua.LUserData {
	return s.wrap(&selectionObject{set: set, size: size})
}

// newSelection is one from the same document, which search finds.
func (o *selectionObject) newSelection(c call, search func() *goquery.Selection) int {
	return c.push(c.s.newSelection(apartOn(c, o.size, search), o.size))
}

// document parses the body as HTML; the parser takes anything.
func (s *Script) document(c call, o *responseObject) *html.Node {
	if o.document == nil {
		text, ok := s.textOf(c, o).(lua.LString)
		if !ok {
			c.raise(&runtime.Error{Kind: runtime.KindInternal, Message: "the body has no text"})
		}
		node, err := html.Parse(stoppable{strings.NewReader(string(text)), c.L})
		if err != nil {
			c.raise(&runtime.Error{Kind: runtime.KindDecode, Message: "the body is no HTML: " + err.Error(), Request: o.r.Request, Response: o.r, Cause: err})
		}
		o.document = node
	}
	return o.document
}

// textSize is the size of the text that document has parsed.
func textSize(o *responseObject) int {
	text, _ := o.text.(lua.LString)
	return len(text)
}

func htmlMethods() []Function {
	return []Function{
		{
			Name: "html", Returns: "volley.Selection",
			Doc:     "The body parsed as HTML, to search with CSS selectors.",
			Example: `assert(volley.get(base .. "/html"):send():html():find("h1"):text():find("Herman"))`,
			call: func(c call) int {
				o := self[*responseObject](c)
				return c.push(c.s.newSelection(goquery.NewDocumentFromNode(c.s.document(c, o)).Selection, textSize(o)))
			},
		},
		{
			Name: "xpath", Params: []Param{{"expr", "string", "XPath 1.0."}}, Returns: "any",
			Doc:     "Evaluates an XPath expression over the body as HTML: a list of Selections (of strings for attributes and texts), or the number, string or boolean that the expression yields.",
			Example: `local resp = volley.get(base .. "/html"):send()` + "\n" + `assert(resp:xpath("//h1")[1]:text():find("Herman") and resp:xpath("count(//h1)") == 1)`,
			call: func(c call) int {
				o := self[*responseObject](c)
				expr, err := xpath.Compile(c.text(1))
				if err != nil {
					c.raisef("%q is no XPath expression: %s", c.text(1), err.Error())
				}
				return c.push(c.s.evaluate(c, expr, c.s.document(c, o), textSize(o)))
			},
		},
	}
}

// evaluate runs an expression off the event loop, so that a costly one holds
// nobody up, and turns what it yields into Lua.
func (s *Script) evaluate(c call, expr *xpath.Expr, root *html.Node, size int) lua.LValue {
	v, err := vm.Await(s.host, c.L, func(ctx context.Context) (any, error) {
		return markup.Evaluate(ctx, expr, htmlquery.CreateXPathNavigator(root))
	})
	if err != nil {
		c.raise(err)
	}
	switch v := v.(type) {
	case float64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case []xpath.NodeNavigator:
		out := c.L.CreateTable(len(v), 0)
		for i, at := range v {
			out.RawSetInt(i+1, s.found(at, size))
		}
		return out
	}
	return lua.LNil
}

// found is one node of a result: an element as a Selection, anything else as
// its text.
func (s *Script) found(at xpath.NodeNavigator, size int) lua.LValue {
	nav, ok := at.(*htmlquery.NodeNavigator)
	if ok && at.NodeType() == xpath.ElementNode {
		return s.newSelection(goquery.NewDocumentFromNode(nav.Current()).Selection, size)
	}
	return lua.LString(at.Value())
}

func selectionClass() Class {
	return Class{
		Name:     "Selection",
		Doc:      "HTML elements; #sel is how many.",
		Methods:  append(selectionReads(), selectionSteps()...),
		length:   func(ud *lua.LUserData) int { o, _ := ud.Value.(*selectionObject); return o.set.Length() },
		tostring: func(_ *Script, ud *lua.LUserData) string { o, _ := ud.Value.(*selectionObject); return o.set.Text() },
	}
}

func selectionReads() []Function {
	const find = `local page = volley.response{body = "<p class=a>one <b>two</b></p>"}:html()` + "\n"
	return []Function{
		{
			Name: "text", Returns: "string", Doc: "The text of all of them, tags left out.",
			Example: find + `assert(page:find("p"):text() == "one two")`,
			call: func(c call) int {
				o := self[*selectionObject](c)
				return c.push(lua.LString(apartOn(c, o.size, o.set.Text)))
			},
		},
		{
			Name: "html", Returns: "string", Doc: "What is inside the first one, as HTML.",
			Example: find + `assert(page:find("p"):html() == "one <b>two</b>")`,
			call: func(c call) int {
				o := self[*selectionObject](c)
				text, err := apart(c, o.size >= longText, o.set.Html)
				if err != nil {
					c.raisef("%s", err.Error())
				}
				return c.push(lua.LString(text))
			},
		},
		{
			Name: "attr", Params: []Param{{"name", "string", ""}}, Returns: "string?", Doc: "An attribute of the first one, or nil.",
			Example: find + `assert(page:find("p"):attr("class") == "a" and page:find("b"):attr("class") == nil)`,
			call: func(c call) int {
				if v, ok := self[*selectionObject](c).set.Attr(c.text(1)); ok {
					return c.push(lua.LString(v))
				}
				return c.push(lua.LNil)
			},
		},
		{
			Name: "each", Returns: "fun(): volley.Selection?", Doc: "Iterates over them, one by one.",
			Example: find + `for p in page:find("p"):each() do assert(p:attr("class") == "a") end`,
			call: func(c call) int {
				o, i := self[*selectionObject](c), 0
				return c.push(c.L.NewFunction(func(L *lua.LState) int {
					if i == o.set.Length() {
						return 0
					}
					i++
					L.Push(c.s.newSelection(o.set.Eq(i-1), o.size))
					return 1
				}))
			},
		},
	}
}

func selectionSteps() []Function {
	const find = `local page = volley.response{body = "<ul><li>1</li><li>2</li></ul>"}:html()` + "\n"
	return []Function{
		{
			Name: "find", Params: []Param{{"css", "string", "A CSS selector."}}, Returns: "volley.Selection", Doc: "The elements below that match.",
			Example: find + `assert(#page:find("ul > li") == 2)`,
			call: func(c call) int {
				matcher, err := cascadia.Compile(c.text(1))
				if err != nil {
					c.raisef("%q is no CSS selector: %s", c.text(1), err.Error())
				}
				o, long := self[*selectionObject](c), longFind
				if strings.ContainsRune(c.text(1), '(') {
					long = 0 // :has within :has looks at everything below everything
				}
				found, err := apart(c, o.size >= long, func() (*goquery.Selection, error) { return o.set.FindMatcher(matcher), nil })
				if err != nil {
					c.raise(err)
				}
				return c.push(c.s.newSelection(found, o.size))
			},
		},
		{
			Name: "eq", Params: []Param{{"i", "integer", "From 1; -1 is the last."}}, Returns: "volley.Selection", Doc: "One of them, or none.",
			Example: find + `assert(page:find("li"):eq(2):text() == "2" and page:find("li"):eq(-1):text() == "2")`,
			call: func(c call) int {
				i := c.integer(1, -1<<30, 1<<30)
				if i > 0 {
					i--
				}
				o := self[*selectionObject](c)
				return c.push(c.s.newSelection(o.set.Eq(i), o.size))
			},
		},
		{
			Name: "parent", Returns: "volley.Selection", Doc: "The elements right above.",
			Example: find + `assert(#page:find("li"):parent() == 1)`,
			call: func(c call) int {
				o := self[*selectionObject](c)
				return o.newSelection(c, func() *goquery.Selection { return o.set.Parent() })
			},
		},
		{
			Name: "children", Returns: "volley.Selection", Doc: "The elements right below.",
			Example: find + `assert(#page:find("ul"):children() == 2)`,
			call: func(c call) int {
				o := self[*selectionObject](c)
				return o.newSelection(c, func() *goquery.Selection { return o.set.Children() })
			},
		},
	}
}
