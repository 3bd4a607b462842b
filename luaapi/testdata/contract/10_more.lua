-- More of the contract, found by use.
local volley = require "volley"
require "checks"

case("LUA 10.30 a huge redirect body is not waited for", function()
  server.on("/1", {"HTTP/1.1 302 F\r\nLocation: /2\r\nContent-Length: 100000000\r\n\r\nxx", {hangup = true}})
  local began = harness.clock()
  eq(sent(volley.get(server.url("/1"), {timeout = 2})).text, "/2")
  ok(harness.clock() - began < 1, "followed after " .. (harness.clock() - began))
end)
