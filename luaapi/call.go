package luaapi

import (
	"errors"
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/spell"
)

// call is one call of a registered function: its arguments, checked as they
// are taken.
type call struct {
	s  *Script
	L  *lua.LState
	fn *Function
	in string // "volley" or the class's name
}

// name is how the function is called in messages: "volley.get", "Response:json".
func (c call) name() string {
	if c.fn == nil {
		return c.in
	}
	if strings.HasPrefix(c.in, "volley") {
		return c.in + "." + c.fn.Name
	}
	return c.in + ":" + c.fn.Name
}

// first is the stack index of the first parameter: methods have self before it.
func (c call) first() int {
	if strings.HasPrefix(c.in, "volley") {
		return 1
	}
	return 2
}

// raise ends the call with err as a Lua error.
func (c call) raise(err error) {
	vm.Raise(c.L, err)
}

func (c call) raisef(format string, args ...any) {
	c.raise(runtime.Errorf(runtime.KindInvalidArgument, "%s: %s", c.name(), fmt.Sprintf(format, args...)))
}

// refuse raises what is wrong with an argument. An Error, such as a refusal of
// the sandbox, keeps its kind.
func (c call) refuse(what string, err error) {
	var e *runtime.Error
	if errors.As(err, &e) {
		kept := *e
		kept.Message = c.name() + ": " + what + ": " + e.Message
		c.raise(&kept)
	}
	c.raisef("%s: %s", what, err.Error())
}

// arg returns parameter i (from 1), nil when it was not given.
func (c call) arg(i int) lua.LValue { return c.L.Get(c.first() + i - 1) }

func (c call) wrong(i int, want string) {
	got := typeName(c.arg(i))
	if c.L.GetTop() < c.first()+i-1 {
		got = "nothing"
	}
	label := "argument"
	if c.fn != nil && i <= len(c.fn.Params) {
		label = c.fn.Params[i-1].Name
	}
	c.raisef("%s (argument %d) must be %s, got %s", label, i, want, got)
}

// typeName is a value's type in the user's words.
func typeName(v lua.LValue) string {
	if ud, ok := v.(*lua.LUserData); ok {
		if o, ok := ud.Value.(object); ok {
			return "a " + o.className()
		}
	}
	switch v.Type() {
	case lua.LTNil:
		return "nil"
	case lua.LTString, lua.LTNumber, lua.LTBool, lua.LTFunction, lua.LTTable, lua.LTThread:
		return "a " + v.Type().String()
	default:
		return "an object"
	}
}

// text takes a string; a number counts as its text.
func (c call) text(i int) string {
	switch v := c.arg(i).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return v.String()
	}
	c.wrong(i, "a string")
	return ""
}

func (c call) textOr(i int, otherwise string) string {
	if c.arg(i) == lua.LNil {
		return otherwise
	}
	return c.text(i)
}

func (c call) number(i int) float64 {
	n, ok := c.arg(i).(lua.LNumber)
	if !ok {
		c.wrong(i, "a number")
	}
	return float64(n)
}

func (c call) numberOr(i int, otherwise float64) float64 {
	if c.arg(i) == lua.LNil {
		return otherwise
	}
	return c.number(i)
}

// integer takes a whole number in low … high.
func (c call) integer(i, low, high int) int {
	n := c.number(i)
	if n != math.Trunc(n) || n < float64(low) || n > float64(high) {
		c.raisef("%s must be a whole number from %d to %d, got %v", c.fn.Params[i-1].Name, low, high, lua.LNumber(n))
	}
	return int(n)
}

func (c call) function(i int) *lua.LFunction {
	f, ok := c.arg(i).(*lua.LFunction)
	if !ok {
		c.wrong(i, "a function")
	}
	return f
}

// table takes an options table; nil when it was not given.
func (c call) tableOr(i int) *lua.LTable {
	v := c.arg(i)
	if v == lua.LNil {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		c.wrong(i, "a table")
	}
	return t
}

// rest returns the arguments from parameter i on.
func (c call) rest(i int) []lua.LValue {
	var out []lua.LValue
	for n := c.first() + i - 1; n <= c.L.GetTop(); n++ {
		out = append(out, c.L.Get(n))
	}
	return out
}

// self returns the object a method was called on.
func self[T object](c call) T {
	if ud, ok := c.L.Get(1).(*lua.LUserData); ok {
		if o, ok := ud.Value.(T); ok {
			return o
		}
	}
	c.raisef("called on %s; write it with a colon, object:%s(…)", typeName(c.L.Get(1)), c.fn.Name)
	panic("unreachable: raise does not return")
}

// push returns one value.
func (c call) push(v lua.LValue) int {
	c.L.Push(v)
	return 1
}

// fail returns nil and err as a script sees it.
func (c call) fail(err error) int {
	c.L.Push(lua.LNil)
	c.L.Push(c.s.errorValue(runtime.AsError(err)))
	return 2
}

// apply reads an options table into a T: unknown names and wrong types raise.
func apply[T any](c call, what string, options map[string]*option[T], t *lua.LTable, into *T) {
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			c.raisef("%s must have names as keys, got %s", what, k.String())
		}
		o := options[string(name)]
		if o == nil {
			c.raisef("unknown option %q%s", string(name), spell.Hint(string(name), names(options)))
		}
		if err := o.set(c, into, v); err != nil {
			c.refuse(fmt.Sprintf("option %q", string(name)), err)
		}
	}
}

func names[T any](options map[string]*option[T]) []string {
	out := make([]string, 0, len(options))
	for n := range options {
		out = append(out, n)
	}
	return out
}

func index[T any](list []option[T]) map[string]*option[T] {
	m := make(map[string]*option[T], len(list))
	for i := range list {
		m[list[i].Name] = &list[i]
	}
	return m
}
