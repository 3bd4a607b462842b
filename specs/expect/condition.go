package expect

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"volley/runtime"
	"volley/runtime/spell"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// compiling is a block on its way to becoming a Set or a Capture.
type compiling struct {
	c    *template.Compiler
	uses Uses
}

// problem notes what is wrong, unless something was said of that place before:
// the check of the shape sees some of it too.
func (c *compiling) problem(pos tree.Pos, path, message, hint string) {
	told := slices.ContainsFunc(c.c.Problems.All(), func(p tree.Problem) bool { return !p.Warning && p.Pos == pos })
	if !told {
		c.c.Problems.Add(pos, path, message, hint)
	}
}

// template compiles a node that may hold templates.
func (c *compiling) template(n *tree.Node, path string) *template.Value {
	v := c.c.Compile(n, path)
	c.uses.Values = append(c.uses.Values, v)
	return v
}

// condition is an operator with its operand, as far as it is known before
// there is an answer.
type condition struct {
	op    string
	kind  valueKind
	pos   tree.Pos
	fixed *wanted         // without templates
	value *template.Value // the operand, when it has any
	subs  []condition     // of any_of, all_of, not, len with operators
}

// conditions reads what is wanted of a subject: a literal or a map of
// operators.
func (c *compiling) conditions(n *tree.Node, kind valueKind, path string) []condition {
	if n.Kind == tree.Map && c.isOperators(n, kind, path) {
		var out []condition
		for _, m := range n.Members {
			if m.Name != "severity" && slices.Contains(operators, m.Name) {
				out = append(out, c.operator(m.Name, m.Value, kind, shape.Member(path, m.Name))...)
			}
		}
		return out
	}
	if n.Kind == tree.List && kind == kindStatus {
		return c.operator("in", n, kind, path)
	}
	return c.operator("eq", n, kind, path)
}

// isOperators tells a map of operators from one that is a literal, which only
// JSON has. Where the names are of both sorts, or all look like operators,
// there is a slip.
func (c *compiling) isOperators(n *tree.Node, kind valueKind, path string) bool {
	var other []tree.Member
	known, slips := 0, 0
	for _, m := range n.Members {
		switch {
		case slices.Contains(operators, m.Name):
			known++
		case m.Name != "severity" && !shape.Ignored(m.Name):
			other = append(other, m)
			if looksLikeOperator(m.Name) {
				slips++
			}
		}
	}
	if kind == kindAny && known == 0 && (slips == 0 || slips < len(other)) {
		return false
	}
	for _, m := range other {
		hint := "there is " + strings.Join(operators, " ")
		if near := spell.Nearest(m.Name, operators); near != "" {
			hint = "did you mean " + strconv.Quote(near) + "?"
		}
		if kind == kindAny {
			hint += " A map to compare with is written eq: {…}"
		}
		c.problem(m.Pos, shape.Member(path, m.Name), "unknown operator "+shortText(m.Name, longestValue), hint)
	}
	return true
}

// looksLikeOperator reports a slip of one of the longer names; the short ones
// are near to too many words.
func looksLikeOperator(name string) bool {
	near := spell.Nearest(name, operators)
	return len(name) >= 5 && len(near) >= 5 && name[0] == near[0]
}

// operator compiles one operator; none when it is wrong.
func (c *compiling) operator(op string, n *tree.Node, kind valueKind, path string) []condition {
	cond := condition{op: op, kind: kind, pos: n.Pos}
	switch op {
	case "any_of", "all_of":
		if n.Kind != tree.List || len(n.Items) == 0 {
			c.problem(n.Pos, path, op+" must be a list of values and operators", op+": [3, {gt: 10}]")
			return nil
		}
		for i, item := range n.Items {
			cond.subs = append(cond.subs, group(c.conditions(item, kind, tree.Item(path, i)))...)
		}
	case "not":
		cond.subs = c.conditions(n, kind, path)
	case "len":
		if n.Kind == tree.Map {
			cond.subs = c.conditions(n, kindAny, path)
			break
		}
		return c.leaf(cond, n, path)
	default:
		return c.leaf(cond, n, path)
	}
	if cond.subs == nil {
		return nil
	}
	return []condition{fix(cond, n)}
}

// group makes one condition of those that one item of a list has.
func group(list []condition) []condition {
	if len(list) < 2 {
		return list
	}
	return []condition{fix(condition{op: "all_of", kind: list[0].kind, pos: list[0].pos, subs: list}, nil)}
}

// fix settles a composite whose parts are all without templates.
func fix(cond condition, n *tree.Node) condition {
	w := wanted{op: cond.op, kind: cond.kind}
	if n != nil {
		w.want = n.Plain()
	}
	for i := range cond.subs {
		if cond.subs[i].fixed == nil {
			return cond
		}
		w.subs = append(w.subs, *cond.subs[i].fixed)
	}
	cond.fixed = &w
	return cond
}

func (c *compiling) leaf(cond condition, n *tree.Node, path string) []condition {
	if cond.value = c.template(n, path); !cond.value.Static() {
		return []condition{cond}
	}
	w, err := newWanted(cond.op, cond.kind, n.Plain())
	if err != nil {
		c.problem(n.Pos, path, cond.op+": "+err.Error(), operatorHints[cond.op])
		return nil
	}
	cond.value, cond.fixed = nil, &w
	return []condition{cond}
}

// operatorHints say how an operator is used.
var operatorHints = map[string]string{
	"in":       "in: [200, 204]",
	"not_in":   "not_in: [500, 503]",
	"matches":  `write backslashes in single quotes, such as matches: '^\d+$'`,
	"exists":   "exists: true",
	"empty":    "empty: false",
	"type":     "type: number",
	"len":      "len: 5, or len: {gt: 0}",
	"contains": "contains: text",
}

// resolve renders the operands.
func (cond *condition) resolve(scope template.Scope) (wanted, error) {
	if cond.fixed != nil {
		return *cond.fixed, nil
	}
	if cond.value == nil {
		w := wanted{op: cond.op, kind: cond.kind, subs: make([]wanted, len(cond.subs))}
		list := make([]any, len(cond.subs))
		for i := range cond.subs {
			var err error
			if w.subs[i], err = cond.subs[i].resolve(scope); err != nil {
				return w, err
			}
			list[i] = w.subs[i].want
		}
		w.want = list
		return w, nil
	}
	v, err := cond.value.Any(scope)
	if err != nil {
		return wanted{}, err
	}
	w, err := newWanted(cond.op, cond.kind, v)
	if err != nil {
		return w, invalid(cond.pos, cond.op+": "+err.Error())
	}
	return w, nil
}

// invalid is the error of a template that yields what does not fit its place.
func invalid(pos tree.Pos, message string) error {
	return &runtime.Error{Kind: runtime.KindInvalidArgument, Message: pos.String() + ": " + message, Cause: errors.New(message)}
}
