-- What Lua makes of the rows: absence, order, holes, truth.
require "checks"

case("L10 a response is true whatever its status", function()
  server.on("/404", reply(404))
  local resp = sent(volley.get(server.url("/404")))
  eq(resp and true, true)
  eq(resp.ok, false)
end)
