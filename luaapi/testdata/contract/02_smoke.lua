local volley = require "volley"
require "checks"

case("smoke", function()
  local resp = sent(volley.get(server.url("/x")))
  eq(resp.text, "/x")
  print(last().raw)
  has(harness.stdout(), "GET")
  ok(volley.get(volley.httpbin() .. "/get"):send())
end)
