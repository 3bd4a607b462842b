package markup_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/antchfx/htmlquery"
	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"
	"golang.org/x/net/html"

	"volley/runtime"
	"volley/runtime/markup"
)

func page(t *testing.T, text string) xpath.NodeNavigator {
	t.Helper()
	node, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return htmlquery.CreateXPathNavigator(node)
}

func compile(t *testing.T, text string) *xpath.Expr {
	t.Helper()
	expr, err := xpath.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	return expr
}

func TestEvaluate(t *testing.T) {
	root := page(t, "<ul><li>1<li class=b>2</ul>")
	for expr, want := range map[string]any{"count(//li)": 2.0, "string(//li[2])": "2", "//li = '2'": true} {
		if got, err := markup.Evaluate(t.Context(), compile(t, expr), root); err != nil || got != want {
			t.Errorf("%s: got %v, %v", expr, got, err)
		}
	}
	got, err := markup.Evaluate(t.Context(), compile(t, "//li[@class='b'] | //li/@class"), root)
	if err != nil {
		t.Fatal(err)
	}
	nodes, ok := got.([]xpath.NodeNavigator)
	if !ok || len(nodes) != 2 {
		t.Fatalf("got %v", got)
	}
	if _, ok := nodes[0].(*htmlquery.NodeNavigator); !ok || nodes[0].Value() != "2" || nodes[1].Value() != "b" {
		t.Errorf("got %T %q, %q", nodes[0], nodes[0].Value(), nodes[1].Value())
	}
}

func TestEvaluateIsBounded(t *testing.T) {
	root := page(t, strings.Repeat("<p>a</p>", 3000))
	expr := compile(t, "//*[count(//*[count(//*) > 0]) > 0]")
	_, err := markup.Evaluate(t.Context(), expr, root)
	if !errors.Is(err, &runtime.Error{Kind: runtime.KindScript}) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = markup.Evaluate(ctx, expr, root); !errors.Is(err, &runtime.Error{Kind: runtime.KindCancelled}) {
		t.Errorf("got %v", err)
	}
}

func TestParseXML(t *testing.T) {
	root, err := markup.ParseXML(`<?xml version="1.0" encoding="windows-1252"?><a xmlns:x="urn:x"><x:b>ä</x:b></a>`)
	if err != nil {
		t.Fatal(err)
	}
	for expr, want := range map[string]any{"string(//x:b)": "ä", "namespace-uri(//*[local-name()='b'])": "urn:x"} {
		got, err := markup.Evaluate(t.Context(), compile(t, expr), xmlquery.CreateXPathNavigator(root))
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v", expr, got, err)
		}
	}
	for text, want := range map[string]string{
		"<a><b></a>":                   "no XML",
		"a < b":                        "no XML",
		strings.Repeat("<a>", 100_000): "nested more than",
		`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`:                         "no XML",
		`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`: "no XML",
	} {
		if _, err := markup.ParseXML(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v", text, err)
		}
	}
}
