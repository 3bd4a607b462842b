-- A yield that cannot reach its resume is an error, not the end of the coroutine.
local co = coroutine.create(function()
  local t = setmetatable({}, { __index = function() return coroutine.yield("lost") end })
  local ok, err = pcall(function() return t.x end)
  return ok, err
end)
local resumed, ok, err = coroutine.resume(co)
assert(resumed and ok == false and err:find("yield", 1, true), tostring(err))
local it = coroutine.wrap(function() for v in coroutine.yield do return v end end)
local fine, why = pcall(it)
assert(not fine and why:find("yield", 1, true), tostring(why))
