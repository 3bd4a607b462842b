package vm

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

func mathFunctions(h *Host) map[string]lua.LGFunction {
	lib := h.library("math", nil)
	lib.RawSetString("huge", lua.LNumber(math.Inf(1)))
	return map[string]lua.LGFunction{"random": h.mathRandom, "randomseed": h.mathRandomSeed}
}

// mathRandom draws from the host's own source, which randomseed can repeat.
func (h *Host) mathRandom(L *lua.LState) int {
	r := h.random.Float64()
	low, high := lua.LNumber(1), lua.LNumber(0)
	switch L.GetTop() {
	case 0:
		L.Push(lua.LNumber(r))
		return 1
	case 1:
		high = floor(L.CheckNumber(1))
	case 2:
		low, high = floor(L.CheckNumber(1)), floor(L.CheckNumber(2))
	default:
		L.RaiseError("wrong number of arguments")
	}
	if !(low <= high) { // also with NaN
		L.ArgError(L.GetTop(), "interval is empty")
	}
	L.Push(low + floor(lua.LNumber(r)*(high-low+1)))
	return 1
}

func floor(n lua.LNumber) lua.LNumber { return lua.LNumber(math.Floor(float64(n))) }

func (h *Host) mathRandomSeed(L *lua.LState) int {
	h.random = rand.New(rand.NewPCG(math.Float64bits(float64(L.CheckNumber(1))), 0))
	return 0
}
