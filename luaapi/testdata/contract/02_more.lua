-- More of the contract, found by use.
local volley = require "volley"
require "checks"

local function gets(n, opts)
  local t = {}
  for i = 1, n do t[i] = volley.get(server.url("/" .. i), opts) end
  return t
end

case("LUA 2.9b a request's own exception handler runs as soon as it fails, in map too", function()
  server.on("/slow", {{sleep = 0.3}, reply(200, {}, "x")})
  local order = {}
  volley.map {
    volley.get("http://127.0.0.1:1/", {exception_handler = function() order[#order + 1] = "handler" end}),
    volley.get(server.url("/slow"), {callback = function() order[#order + 1] = "slow" end}),
  }
  list(order, {"handler", "slow"})
end)

case("LUA 2.59b a stream that was read to its end is stream_consumed", function()
  local resp = sent(volley.get(server.url("/1"), {stream = true}))
  for _ in resp:iter_content() do end
  raises("stream_consumed", function() for _ in resp:iter_content() do end end)
end)
