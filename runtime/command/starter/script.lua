-- Try it:  volley run script.lua
-- The reference:  volley api map
local volley = require "volley"
local base = volley.vars.base or volley.httpbin() -- yours: --var base=https://api.example.com

local requests = {}
for id = 1, 5 do
  requests[id] = volley.get(base .. "/get", {params = {id = id}, timeout = 5, meta = {id = id}})
end

local responses, errors = volley.map(requests, {
  size = 20,
  exception_handler = function(req, err) print("failed", req.url, err.kind) end,
})
for i = 1, responses.n do
  if responses[i] then print(i, responses[i].status_code, responses[i].elapsed) end
end
