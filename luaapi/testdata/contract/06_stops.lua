-- LUA §6 and §9: what a stop must reach, and what it must give back.
local volley = require "volley"
require "checks"

case("LUA 6.60 volley.timeout around a wait for another task is no deadlock", function()
  local q = volley.queue()
  local v, err = volley.timeout(0.05, function() return q:get() end)
  eq(v, nil)
  eq(err.kind, "total_timeout")
  local sleeper = volley.spawn(volley.sleep, 60)
  v, err = volley.timeout(0.05, function() return sleeper:get() end)
  eq(v, nil)
  eq(err.kind, "total_timeout")
  sleeper:kill()
end)

case("LUA 6.61 a task killed between two reads of a stream gives its host's slot back", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxx", {hangup = true}})
  local s = volley.session {per_host = 1}
  local t = volley.spawn(function()
    for _ in sent(s:get(server.url("/s"), {stream = true})):iter_content() do end
  end)
  wait_until(function() return server.count("/s") == 1 end)
  volley.sleep(0.03)
  t:kill()
  eq(sent(s:get(server.url("/after"), {timeout = 2})).status_code, 200)
end)

case("LUA 9.40 a costly XPath expression ends, and can be stopped", function()
  local page = volley.response {body = ("<p>"):rep(3000)}
  local v, err = volley.timeout(0.2, function() return page:xpath("//*[//*[//*[//z]]]") end)
  eq(v, nil)
  eq(err.kind, "total_timeout")
end)
