package expect_test

import (
	"strings"
	"testing"

	"volley/specs/expect"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

func TestProblems(t *testing.T) {
	for block, want := range map[string]string{
		"statsu: 200":                           `1:1 unknown subject "statsu" | did you mean "status"?`,
		"header.X: 1":                           `1:1 unknown subject "header.X"`,
		"status: {lessthan: 400}":               `1:10 unknown operator "lessthan"`,
		"status: {it: 400}":                     `1:10 unknown operator "it" | did you mean "gt"?`,
		"$.a: {matchs: x}":                      `1:7 unknown operator "matchs" | did you mean "matches"? A map to compare with is written eq: {…}`,
		"$.a: {gt: 1, other: 2}":                `1:14 unknown operator "other"`,
		"text: {matches: '('}":                  "1:17 matches: is no regular expression (RE2): missing closing ): `(` | write backslashes",
		"status: {lt: [1]}":                     "1:14 lt: must be a number or text, got [1]",
		"status: {lt: 5xx}":                     `1:14 lt: must be one status, got "5xx"`,
		"status: abc":                           `1:9 eq: "abc" is no status`,
		"status: {in: 200}":                     "1:14 in: must be a list, got 200 | in: [200, 204]",
		"elapsed: {lt: soon}":                   `1:15 lt: "soon" is no duration`,
		"size: {lt: 5 apples}":                  `1:12 lt: "5 apples" is no size`,
		"$.a: {type: strnig}":                   `1:13 type: there is no type "strnig"`,
		"$.a: {len: -1}":                        "1:12 len: must be a whole number of at least 0",
		"$.a: {exists: 1}":                      "1:15 exists: must be true or false, got 1",
		"$.a: {any_of: 3}":                      "1:15 any_of must be a list of values and operators",
		"$.a: {not: {lt: null}}":                "1:17 lt: must be a number or text, got null",
		"$.a[: 1":                               `1:1 "$.a[" is no JSONPath`,
		"json.a..b: 1":                          `1:1 "a..b" is no JSONPath`,
		"xpath: {'//[': 1}":                     `1:9 "//[" is no XPath expression`,
		"css: {'h1[': 1}":                       `1:7 "h1[" is no CSS selector`,
		"css: h1":                               "1:6 css must be a map, got text | css: {h1: Welcome}",
		"headers: {A: [1, 2]}":                  "1:14 eq: must be text or a number, got [1, 2]; write in: […] for one of several",
		"tls: {alpnn: 1.3}":                     `1:7 tls has no "alpnn"; did you mean "alpn"?`,
		"severity: bad":                         "1:11 severity must be warn, fail or stop",
		"status: {lt: 400, severity: bad}":      "1:29 severity must be warn, fail or stop",
		"schema: [1]":                           "1:9 schema must be a JSON Schema or the path of one, got a list",
		"schema: {type: objekt}":                "1:9 the JSON Schema is not valid: $.type",
		"schema: {$ref: 'http://x.test/a'}":     "1:9 the JSON Schema is not valid: ",
		"schema: none.json":                     `1:9 the JSON Schema "none.json" cannot be read: file does not exist`,
		"same_as: {ignore: [a]}":                "1:10 request is missing",
		"same_as: {request: r, ignore: [$.a[]}": `1:`,
		"same_as: {request: r, ignor: []}":      `1:23 unknown field "ignor"`,
		"lua: 3":                                "1:6 lua must be a Lua expression",
		"- status: 200\n- 5":                    "2:3 an expect block must be a map, got a whole number",
	} {
		_, problems := compile(t, block)
		if len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%s: got %q", block, problems)
		}
	}
}

// TestShape checks that everything that compiles has the shape.
func TestShape(t *testing.T) {
	for _, block := range []string{
		"status: [200, 5xx]", "status: {any_of: [1, {gt: 2}]}", "- {headers: {A: b}}\n- {severity: stop}", "headers.A: {exists: false}",
		"$.a: {b: c}", "json: [1]", "tls: {version: 1.3, dns_names: {contains: a.test}, exists: true}", "same_as: read",
		"same_as: {request: r, ignore: [$.a], status: false}", "schema: {type: object}", "schema: a.json", "lua: check",
		"status: ${{ vars.code }}", "elapsed: {lt: '${{ vars.max }}', severity: warn}",
	} {
		var problems tree.Problems
		shape.Check(tree.Parse("spec.yaml", []byte(block), &problems), expect.Shape(), "expect", &problems)
		if got := told(&problems); got != nil {
			t.Errorf("%s: %q", block, got)
		}
	}
	for _, block := range []string{"status: {lessthan: 3}", "css: h1", "severity: bad", "tls: {nope: 1}", "same_as: {ignore: []}"} {
		var problems tree.Problems
		n := tree.Parse("spec.yaml", []byte(block), &problems)
		shape.Check(n, expect.Shape(), "expect", &problems)
		expect.Compile(n, "expect", &template.Compiler{Problems: &problems})
		if got := told(&problems); len(got) != 1 {
			t.Errorf("%s: told %q", block, got)
		}
	}
}
