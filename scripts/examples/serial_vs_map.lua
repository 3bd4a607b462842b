-- The same 100 requests one after another, and all at once.
local volley = require "volley"
local url = volley.httpbin() .. "/delay/0.01" -- answers after 10 ms

local function requests()
  local list = {}
  for i = 1, 100 do list[i] = volley.get(url) end
  return list
end

local began = volley.time.now()
for _, req in ipairs(requests()) do assert(req:send()) end
local serial = volley.time.now() - began

began = volley.time.now()
local responses = volley.map(requests(), {size = 100})
local together = volley.time.now() - began

print(("serial  %d requests in %.3f s"):format(100, serial))
print(("map     %d requests in %.3f s, %.0f times as fast"):format(responses.n, together, serial / together))
