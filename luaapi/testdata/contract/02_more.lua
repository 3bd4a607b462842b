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

case("LUA 2.59c a stream that was read whole is iterated like a body in memory", {write = true}, function()
  server.on("/lines", {reply(200, {}, "one\ntwo\n")})
  local resp = sent(volley.get(server.url("/lines"), {stream = true}))
  eq(resp.text, "one\ntwo\n")
  for _ = 1, 2 do
    local lines, pieces = {}, {}
    for line in resp:iter_lines() do lines[#lines + 1] = line end
    for piece in resp:iter_content(5) do pieces[#pieces + 1] = piece end
    list(lines, {"one", "two"})
    list(pieces, {"one\nt", "wo\n"})
  end
  eq(resp:save("lines.txt"), 8)
  eq(harness.slurp("lines.txt"), "one\ntwo\n")
end)
