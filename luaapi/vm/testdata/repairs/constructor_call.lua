-- A call as the value of the last field is not the end of the list.
local function f() return 1, 2, 3 end
local t = { "a", x = f() }
assert(#t == 1 and t.x == 1, #t)
