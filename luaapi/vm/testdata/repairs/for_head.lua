local list = {}
function list:each()
  local i = 0
  return function()
    i = i + 1
    return self[i]
  end
end
list[1], list[2] = "a", "b"
local function get(url) return {send = function(_) return {body = {lines = list}} end} end
local base, seen = "http://x", ""
for item in get(base .. "/get"):send().body.lines:each() do seen = seen .. item end
assert(seen == "ab")
local ok, message = pcall(function()
  for item in get(base .. "/get"):nothing() do end
end)
assert(not ok and message:find(":15:"), message)
