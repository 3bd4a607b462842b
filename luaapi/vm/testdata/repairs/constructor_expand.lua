-- Values that follow exactly fifty items do not overwrite them.
local function f() return "x", "y" end
local t = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 30,
  1, 2, 3, 4, 5, 6, 7, 8, 9, 40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50, f() }
assert(t[1] == 1 and t[2] == 2 and t[50] == 50 and t[51] == "x" and t[52] == "y" and #t == 52, t[1])
