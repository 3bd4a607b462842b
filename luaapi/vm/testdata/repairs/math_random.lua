-- The interval may span more than an int, and is inclusive.
for i = 1, 200 do
  local v = math.random(3, 4)
  assert(v == 3 or v == 4)
  v = math.random(-2 ^ 53, 2 ^ 53)
  assert(v >= -2 ^ 53 and v <= 2 ^ 53 and v == math.floor(v))
end
local ok, err = pcall(math.random, 0)
assert(not ok and err:find("interval is empty", 1, true), err)
