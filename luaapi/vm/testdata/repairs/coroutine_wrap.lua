-- A wrapped coroutine that failed is dead, and its values arrive whole.
local co
local gen = coroutine.wrap(function()
  co = coroutine.running()
  local a, b = coroutine.yield()
  assert(a == 1 and b == nil)
  error("boom", 0)
end)
gen()
local ok, err = pcall(gen, 1)
assert(not ok and err == "boom", err)
assert(coroutine.status(co) == "dead", coroutine.status(co))
