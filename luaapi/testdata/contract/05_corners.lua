-- LUA §1, §5, §6, the corners.
local volley = require "volley"
require "checks"

case("LUA 1.70 a body of two kinds raises", function()
  raises("invalid_argument", function() volley.post(server.url("/"), {data = "s", files = {f = "x"}}) end)
  raises("invalid_argument", function() volley.post(server.url("/"), {data = function() end, files = {f = "x"}}) end)
end)

case("LUA 1.71 a nested table in a form is an error, not its keys", function()
  local good, err = pcall(function() error(select(2, volley.post(server.url("/"), {data = {a = {b = "c"}}}):send())) end)
  eq(good, false)
  eq(err.kind, "invalid_argument")
end)

case("LUA 1.72 files as a bare list raises", function()
  raises("invalid_argument", function() volley.post(server.url("/"), {files = {"x"}}) end, "files")
end)

case("LUA 1.73 a Content-Type by hand with files never breaks the boundary", function()
  local resp = volley.post(server.url("/x"), {files = {f = "x"}, headers = {["Content-Type"] = "multipart/form-data"}}):send()
  if resp then ok(header(last(), "Content-Type"):match("boundary=")) else eq(server.count(), 0) end
  ok(true)
end)

case("LUA 1.74 a list of volley.file keeps going after a file changed: Content-Length is right or the request fails", function()
  harness.put("g.txt", "12345")
  local f = volley.file("g.txt")
  harness.put("g.txt", "1234567890")
  local resp, err = volley.post(server.url("/x"), {data = f}):send()
  if resp then eq(tonumber(header(last(), "Content-Length")), #last().body) else ok(err.kind) end
  ok(true)
end)

case("LUA 1.75 volley.file of a file that is not there", function()
  local good, err = pcall(function() error(select(2, volley.post(server.url("/"), {data = volley.file("missing.txt")}):send())) end)
  eq(good, false)
  eq(err.kind, "io")
  has(tostring(err), "missing.txt")
  eq(server.count(), 0)
end)

case("LUA 1.76 an option table is not kept: changing it later changes nothing", function()
  local opts = {headers = {["X-A"] = "1"}, params = {p = 1}}
  local req = volley.get(server.url("/x"), opts)
  opts.headers["X-A"] = "2"
  opts.params.p = 2
  sent(req)
  eq(header(last(), "X-A"), "1")
  eq(last().target, "/x?p=1")
end)

case("LUA 1.77 copies share nothing", function()
  local req = volley.get(server.url("/x"), {headers = {["X-A"] = "1"}})
  local copy = req:copy()
  copy.headers["X-A"] = "2"
  sent(req)
  eq(header(last(), "X-A"), "1")
  sent(copy)
  eq(header(last(), "X-A"), "2")
end)

case("LUA 1.78 headers of a request: get, set, delete in any case", function()
  local req = volley.get(server.url("/x"), {headers = {{"X-A", "1"}, {"x-a", "2"}}})
  eq(req.headers["x-A"], "1, 2")
  list(req.headers:get_all("X-a"), {"1", "2"})
  req.headers["X-A"] = nil
  eq(req.headers["x-a"], nil)
  sent(req)
  eq(header(last(), "X-A"), nil)
end)

case("LUA 1.79 json of a table that a request was given may be changed after", function()
  local body = {a = 1}
  local req = volley.post(server.url("/x"), {json = body})
  body.a = 2
  sent(req)
  eq(last().body, '{"a":1}')
end)

case("LUA 5.50 a session's settings can change between requests", function()
  local srv = harness.secure("good")
  local s = volley.session {}
  fails("tls", s:get(srv.url("/")):send())
  s.verify = srv.ca
  sent(s:get(srv.url("/")))
  s.base_url = server.url("/base/")
  sent(s:get("x"))
  eq(last().target, "/base/x")
  local n = 0
  s.hooks = {response = function() n = n + 1 end}
  sent(s:get("y"))
  eq(n, 1)
  s.cookies = {k = "v"}
  sent(s:get("z"))
  eq(header(last(), "Cookie"), "k=v")
  s.max_redirects = 1
  server.on("/l", redirect(302, "/l"))
  fails("too_many_redirects", s:get(server.url("/l")):send())
end)

case("LUA 5.51 a session's auth may be a function and a table", function()
  local s = volley.session {auth = function(req) req.headers["X-Auth"] = "fn" end}
  sent(s:get(server.url("/")))
  eq(header(last(), "X-Auth"), "fn")
  sent(s:get(server.url("/"), {auth = {"a", "b"}}))
  eq(header(last(), "X-Auth"), nil)
  ok(header(last(), "Authorization"))
end)

case("LUA 5.52 auth= beats an Authorization header, and the URL's userinfo beats it not", function()
  sent(volley.get((server.url("/"):gsub("//", "//url:u@")), {auth = {"opt", "o"}}))
  eq(header(last(), "Authorization"), "Basic " .. volley.base64.encode("opt:o"))
end)

case("LUA 5.53 a session closed while its requests are in flight", function()
  server.on("/s", {{sleep = 0.05}, reply(200, {}, "x")})
  local s = volley.session {}
  local t = volley.send(s:get(server.url("/s")))
  wait_until(function() return server.count() == 1 end)
  s:close()
  local resp, err = t:get()
  ok(resp and resp.text == "x" or err.kind == "cancelled" or err.kind == "invalid_argument", tostring(err))
end)

case("LUA 5.54 cookies set by hand for a domain go to it only", function()
  local s = volley.session {}
  s.cookies:set("a", "1", {domain = "127.0.0.1"})
  s.cookies:set("b", "2", {domain = "elsewhere.test"})
  sent(s:get(server.url("/")))
  eq(header(last(), "Cookie"), "a=1")
end)

case("LUA 5.55 longer paths come first in the Cookie header", function()
  local s = volley.session {}
  server.on("/set", reply(200, {"Set-Cookie: root=1; Path=/", "Set-Cookie: deep=2; Path=/a/b"}))
  sent(s:get(server.url("/set")))
  sent(s:get(server.url("/a/b/c")))
  eq(header(last(), "Cookie"), "deep=2; root=1")
end)

case("LUA 5.56 two thousand cookies do not break the next request", function()
  local lines = {}
  for i = 1, 2000 do lines[i] = "Set-Cookie: c" .. i .. "=" .. ("x"):rep(60) .. "; Path=/" end
  server.on("/set", reply(200, lines))
  local s = volley.session {}
  sent(s:get(server.url("/set")))
  sent(s:get(server.url("/n")))
  ok(#(header(last(), "Cookie") or "") <= 8190)
end)

case("LUA 6.40 a killed task's get is nil and kind cancelled", function()
  local t = volley.spawn(function() volley.sleep(10) end)
  t:kill()
  local v, err = t:get()
  eq(v, nil)
  eq(err.kind, "cancelled")
  t:kill()
end)

case("LUA 6.41 a task killed before it ran", function()
  local ran
  local t = volley.spawn(function() ran = true end)
  t:kill()
  t:join()
  eq(t.done, true)
  ok(true, ran)
end)

case("LUA 6.42 a task that waits for itself is a deadlock", function()
  harness.ends_with("deadlock")
  local t
  t = volley.spawn(function() volley.sleep(0) t:get() end)
  t:join()
end)

case("LUA 6.43 killing a task in a full pool frees its place", function()
  local pool = volley.pool(1)
  local t = pool:spawn(function() volley.sleep(10) end)
  t:kill()
  eq(pool:spawn(function() return "in" end):get(), "in")
end)

case("LUA 6.44 a task that raises in a pool frees its place, map goes on to raise", function()
  harness.allow_unhandled()
  local pool = volley.pool(1)
  local a = pool:spawn(function() error("x") end)
  eq(pool:spawn(function() return 2 end):get(), 2)
  local v, err = a:get()
  eq(v, nil)
  ok(err)
end)

case("LUA 6.45 two getters of one queue, in order of asking", function()
  local q, got = volley.queue(), {}
  local a = volley.spawn(function() got[1] = q:get() end)
  local b = volley.spawn(function() got[2] = q:get() end)
  volley.sleep(0.01)
  q:put("first")
  q:put("second")
  volley.joinall {a, b}
  list(got, {"first", "second"})
end)

case("LUA 6.46 closing a queue wakes those who wait", function()
  local q = volley.queue()
  local t = volley.spawn(function() return q:get() == nil end)
  volley.sleep(0.01)
  q:close()
  eq(t:get(), true)
end)

case("LUA 6.47 a raised value comes back from task:get as the cause of an Error of kind script", function()
  local value = {code = 1}
  local _, err = volley.spawn(function() error(value) end):get()
  ok(err:is("script"))
  eq(err.cause, value)
end)

case("LUA 6.48 a volley Error raised in a task keeps its kind", function()
  local _, err = volley.spawn(function() volley.get(server.url("/"), {nope = 1}) end):get()
  eq(err.kind, "invalid_argument")
end)

case("LUA 6.49 kind timeout of task:get is under request_error and is timeout", function()
  local enough = false
  local t = volley.spawn(function() while not enough do volley.sleep(0.01) end end)
  local _, err = t:get(0.001)
  ok(err:is("timeout") and err:is("request_error"))
  enough = true
  t:get()
end)
