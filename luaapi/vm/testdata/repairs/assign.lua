local a, b = 1, 2
a, b = b, a
assert(a == 2 and b == 1)
local function swap(x, y)
  if not y then x, y = nil, x end
  return x, y
end
assert(select(1, swap(1)) == nil and select(2, swap(1)) == 1)
local f, g = 0, 1
for _ = 1, 10 do f, g = g, f + g end
assert(f == 55)
local i, t = 1, {}
i, t[i] = i + 1, "x"
assert(i == 2 and t[1] == "x" and t[2] == nil)
i, t[i], t.k = i + 1, "y"
assert(i == 3 and t[2] == "y" and t.k == nil)
local function three() return 1, 2, 3 end
local x, y, z
x, y, z = three()
assert(x == 1 and y == 2 and z == 3)
x, y = three(), 5
assert(x == 1 and y == 5)
G1, G2 = 1, 2
G1, G2 = G2, G1
assert(G1 == 2 and G2 == 1)
