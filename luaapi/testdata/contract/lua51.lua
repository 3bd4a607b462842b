-- Lua 5.1: what the language promises and is not kept yet.
require "checks"

case("LUA 5.1 a multiple assignment evaluates all expressions before it assigns (locals)", function()
  local a, b = 1, 2
  a, b = b, a
  eq(a, 2)
  eq(b, 1)
end)

case("LUA 5.1 a, b = nil, a", function()
  local function f(a, b)
    if not b then a, b = nil, a end
    return a, b
  end
  local a, b = f(1)
  eq(a, nil)
  eq(b, 1)
end)

case("LUA 5.1 fibonacci by multiple assignment", function()
  local a, b = 0, 1
  for _ = 1, 10 do a, b = b, a + b end
  eq(a, 55)
end)
