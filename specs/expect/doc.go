// Package expect judges answers and takes values from them: the expect and
// capture blocks of a spec.
//
// Compile reads an expect block into a Set. Each entry of the block is a
// subject, what of the answer is looked at, and conditions, which are
// operators with operands; a literal is short for eq. Subjects are read from
// an Answer, which decodes a Response as far as it is asked: its text, JSON
// (JSONPath, see package jsonpath), HTML (CSS, XPath) or XML (XPath). Set.Run
// makes a runtime.Expectation of each condition, with a message that says
// what was wanted and what was there.
//
// A subject that cannot be read, such as $.id of a body that is no JSON, is a
// broken expectation that says why; a template or a Lua function that fails
// is an error. Nothing an answer holds makes more of it: regular expressions
// are RE2, JSONPath and XPath count their steps.
//
// A path, a CSS selector or an XPath expression may match several times. len,
// empty, exists and eq with a list look at all matches as one list; contains
// wants one of them to be, or to contain, the operand; every other operator
// has to hold for each match. A JSONPath of names and indexes only yields a
// single value.
//
// CompileCaptures reads a capture block, whose sources are the same.
package expect
