-- A header of its own for every request; the status of each is checked.
local threads = {}
function setup(thread) threads[#threads + 1] = thread end

local i = 0
bad = 0
function request()
  i = i + 1
  wrk.headers["X-Id"] = i
  return wrk.format("GET")
end
function response(status)
  if status ~= 200 then bad = bad + 1 end
end
function done()
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get("bad") end
  print("bad answers: " .. sum)
end
