-- More of the contract, found by use.
local volley = require "volley"
require "checks"

case("LUA 5.6b s.params can be changed in place", function()
  local s = volley.session {params = {a = 1}}
  s.params.b = 2
  sent(s:get(server.url("/x")))
  has(last().target, "b=2")
end)

case("LUA 5.30 pool.per_host bounds connections; waiting for one never counts against a timeout", function()
  for i = 1, 4 do server.on("/" .. i, {{sleep = 0.3}, reply(200, {}, "x")}) end
  local s = volley.session {pool = {per_host = 1}, timeout = 0.9}
  local resps, errors = volley.map({s:get(server.url("/1")), s:get(server.url("/2")), s:get(server.url("/3")), s:get(server.url("/4"))})
  for i = 1, 4 do ok(resps[i], tostring(errors[i])) end
  eq(server.peak(), 1)
end)
