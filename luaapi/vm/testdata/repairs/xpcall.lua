-- A closure that escaped a failed function keeps its upvalues.
local escaped
xpcall(function()
  local v = "mine"
  escaped = function() return v end
  error("x")
end, function(e) return e end)
local function noise() local a, b, c, d, e, f = 1, 2, 3, 4, 5, 6 return a + b + c + d + e + f end
for i = 1, 3 do noise() end
assert(escaped() == "mine", tostring(escaped()))
