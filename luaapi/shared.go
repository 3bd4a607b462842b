package luaapi

import (
	"fmt"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
)

// Shared holds the values that every script of a run sees. What is stored is
// never changed, only replaced, so that readers convert it without the lock.
type Shared struct {
	mu     sync.Mutex
	values map[string]any
}

// NewShared returns an empty Shared.
func NewShared() *Shared { return &Shared{values: make(map[string]any)} }

func (h *Shared) get(key string) (any, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.values[key]
	return v, ok
}

func (h *Shared) set(key string, v any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.values[key] = v
}

func (h *Shared) remove(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.values, key)
}

// incr adds n to a number, which begins at 0.
func (h *Shared) incr(key string, n float64) (float64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before, ok := h.values[key].(float64)
	if !ok && h.values[key] != nil {
		return 0, fmt.Errorf("%q holds no number", key)
	}
	h.values[key] = before + n
	return before + n, nil
}

// append adds v to a list, which begins empty, and returns its length. Readers
// hold the shorter slice: what they see is not written to again.
func (h *Shared) append(key string, v any) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []any
	switch before := h.values[key].(type) {
	case nil:
	case []any:
		list = before
	case map[string]any:
		if len(before) > 0 {
			return 0, fmt.Errorf("%q holds a table with names, not a list", key)
		}
	default:
		return 0, fmt.Errorf("%q holds no list", key)
	}
	list = append(list, v)
	h.values[key] = list
	return len(list), nil
}

func sharedModule() Module {
	key := Param{"key", "string", "Any name."}
	return Module{
		Name: "volley.shared",
		Doc: "Values that every script and handler of the run sees. Each call is atomic. Values are plain and copied: " +
			"booleans, numbers, strings, and tables of these.",
		Functions: []Function{
			{
				Name: "get", Params: []Param{key}, Returns: "any",
				Doc: "A copy of the value, or nil.",
				Example: `volley.shared.set("user", {id = 7})
assert(volley.shared.get("user").id == 7 and volley.shared.get("nobody") == nil)`,
				call: func(c call) int {
					v, ok := c.s.config.Shared.get(c.text(1))
					if !ok {
						return c.push(lua.LNil)
					}
					return c.push(vm.ToLua(c.L, v))
				},
			},
			{
				Name: "set", Params: []Param{key, {"value", "any", "nil removes it."}},
				Doc:     "Stores a copy. Functions and objects raise.",
				Example: `volley.shared.set("token", "abc")`,
				call: func(c call) int {
					if c.arg(2) == lua.LNil {
						c.s.config.Shared.remove(c.text(1))
						return 0
					}
					c.s.config.Shared.set(c.text(1), plainCopy(c, 2))
					return 0
				},
			},
			{
				Name: "incr", Params: []Param{key, {"n", "number?", "Default 1; may be negative."}}, Returns: "number",
				Doc:     "Adds to a number, which begins at 0, and returns it.",
				Example: `assert(volley.shared.incr("pages") == 1 and volley.shared.incr("pages", 4) == 5)`,
				call: func(c call) int {
					n, err := c.s.config.Shared.incr(c.text(1), c.numberOr(2, 1))
					if err != nil {
						c.raisef("%s", err.Error())
					}
					return c.push(lua.LNumber(n))
				},
			},
			{
				Name: "append", Params: []Param{key, {"value", "any", "Not nil."}}, Returns: "integer",
				Doc: "Adds a copy to the end of a list, which begins empty, and returns its length.",
				Example: `volley.shared.append("ids", 3)
assert(volley.shared.append("ids", 4) == 2 and volley.shared.get("ids")[2] == 4)`,
				call: func(c call) int {
					if c.arg(2) == lua.LNil {
						c.wrong(2, "a value")
					}
					n, err := c.s.config.Shared.append(c.text(1), plainCopy(c, 2))
					if err != nil {
						c.raisef("%s", err.Error())
					}
					return c.push(lua.LNumber(n))
				},
			},
		},
	}
}

// plainCopy takes parameter i as a tree of plain Go values.
func plainCopy(c call, i int) any {
	v, err := vm.FromLua(c.L, c.arg(i))
	if err != nil {
		c.raisef("%s", err.Error())
	}
	return v
}
