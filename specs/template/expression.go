package template

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"volley/runtime"
	"volley/specs/template/lualex"
	"volley/specs/tree"
)

// expression is what stands in one ${{ }}: a path, or Lua.
type expression struct {
	source     string // without blanks around it
	pos        tree.Pos
	steps      []lualex.Step // nil: Lua
	lua        Expression    // nil: it did not compile, or there is no Lua
	references []Reference
}

// at returns the place of a byte of the source.
func (e *expression) at(offset int) tree.Pos {
	before := e.source[:offset]
	pos := e.pos
	if line := strings.LastIndexByte(before, '\n'); line >= 0 {
		pos.Line += strings.Count(before, "\n")
		pos.Column = 1
		before = before[line+1:]
	}
	pos.Column += utf8.RuneCountInString(before)
	return pos
}

// short returns the expression for a message.
func (e *expression) short() string {
	text := strings.Join(strings.Fields(e.source), " ")
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:60]) + "…"
	}
	return lualex.Open + " " + text + " " + lualex.Close
}

// fault makes the error of an expression: its place, its text, and why.
func (e *expression) fault(message string) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidArgument, "%s: %s: %s", e.pos, e.short(), message)
}

// eval returns the value of the expression, a Namespace included.
func (e *expression) eval(s Scope) (any, error) {
	if e.steps != nil {
		return e.walk(s)
	}
	if e.lua == nil {
		return nil, e.fault("there is no Lua here to evaluate it")
	}
	v, err := e.lua.Eval(s)
	if err != nil {
		return nil, e.located(err, runtime.KindScript)
	}
	return v, nil
}

// located returns err with the place of the expression, its kind kept if it
// has one.
func (e *expression) located(err error, kind runtime.Kind) *runtime.Error {
	fault := &runtime.Error{Kind: kind, Message: err.Error(), Cause: err}
	var known *runtime.Error
	if errors.As(err, &known) {
		c := *known
		fault = &c
	}
	if !strings.HasPrefix(fault.Message, e.pos.File+":") || e.pos.File == "" {
		fault.Message = e.pos.String() + ": " + e.short() + ": " + fault.Message
	}
	return fault
}

// walk resolves a path.
func (e *expression) walk(s Scope) (any, error) {
	var v any
	ok := false
	if s != nil {
		v, ok = s.Lookup(e.steps[0].Name)
	}
	if !ok {
		return nil, e.fault("there is no " + e.steps[0].Name + " here")
	}
	for i := 1; i < len(e.steps); i++ {
		step := &e.steps[i]
		switch from := v.(type) {
		case Namespace:
			if step.Index > 0 {
				return nil, e.fault(e.upTo(i) + " has names, not items")
			}
			var err error
			if v, err = from.Member(step.Name); err != nil {
				return nil, e.located(err, runtime.KindInvalidArgument)
			}
		case map[string]any:
			if step.Index > 0 {
				return nil, e.fault(e.upTo(i) + " has names, not items")
			}
			v = from[step.Name]
		case []any:
			v = nil
			if step.Index > 0 && step.Index <= len(from) {
				v = from[step.Index-1]
			}
		case nil:
			return nil, e.fault(e.upTo(i) + " is nil")
		default:
			return nil, e.fault(e.upTo(i) + " is " + what(v) + ", which has nothing in it")
		}
	}
	return v, nil
}

// upTo returns the text of the first n steps.
func (e *expression) upTo(n int) string {
	text := e.steps[0].Name
	for _, step := range e.steps[1:n] {
		if step.Index > 0 {
			text += "[" + strconv.Itoa(step.Index) + "]"
		} else {
			text += "." + step.Name
		}
	}
	return text
}

// what says what a plain value is.
func what(v any) string {
	switch v.(type) {
	case nil:
		return "nil"
	case bool:
		return "true or false"
	case float64, json.Number:
		return "a number"
	case string:
		return "text"
	case []any:
		return "a list"
	case map[string]any, Namespace:
		return "a map"
	}
	return "no plain value"
}
