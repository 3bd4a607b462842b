package luaapi

import (
	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
)

// PlainMeta makes a value that JSON has of what a script put into a request's
// meta; of a function, an object or a circle the text. Loop goroutine only.
func PlainMeta(meta any) any {
	v, ok := meta.(lua.LValue)
	if !ok {
		return meta
	}
	plain, err := vm.FromLua(nil, v)
	if err != nil {
		return v.String()
	}
	return plain
}
