-- LUA §5: sessions, mounts, cookies.
local volley = require "volley"
require "checks"

case("LUA 5.1 session headers lie under the request's, key by key in any case", function()
  local s = volley.session {headers = {["X-A"] = "s", ["X-B"] = "s"}}
  sent(s:get(server.url("/"), {headers = {["x-a"] = "r"}}))
  eq(header(last(), "X-A"), "r")
  eq(header(last(), "X-B"), "s")
  local n = 0
  for _, name in ipairs(names(last())) do if name:lower() == "x-a" then n = n + 1 end end
  eq(n, 1)
end)

case("LUA 5.2 false and volley.null remove a session header for one request", function()
  local s = volley.session {headers = {["X-A"] = "s"}}
  sent(s:get(server.url("/"), {headers = {["x-a"] = false}}))
  eq(header(last(), "X-A"), nil)
  sent(s:get(server.url("/"), {headers = {["X-A"] = volley.null}}))
  eq(header(last(), "X-A"), nil)
  sent(s:get(server.url("/")))
  eq(header(last(), "X-A"), "s")
end)

case("LUA 5.3 session params come first and merge key by key", function()
  local s = volley.session {params = {a = 1, b = 2}}
  sent(s:get(server.url("/x"), {params = {b = 3, c = 4}}))
  local t = last().target
  has(t, "a=1")
  has(t, "b=3")
  has(t, "c=4")
  hasnt(t, "b=2")
end)

case("LUA 5.4 session params are not added again on redirects", function()
  server.on("/r", redirect(302, "/to"))
  sent(volley.session {params = {k = 1}}:get(server.url("/r")))
  eq(last().target, "/to")
end)

case("LUA 5.5 attributes can be read and set after creation and hold for the requests that follow", function()
  local s = volley.session {headers = {["X-A"] = "1"}}
  eq(s.headers["x-a"], "1")
  s.headers["X-B"] = "2"
  s.headers["X-A"] = nil
  s.params = {q = 1}
  s.auth = {"u", "p"}
  sent(s:get(server.url("/")))
  eq(header(last(), "X-A"), nil)
  eq(header(last(), "X-B"), "2")
  ok(header(last(), "Authorization"))
  has(last().target, "q=1")
  s.auth = nil
  s.headers = {["X-C"] = "3"}
  sent(s:get(server.url("/")))
  eq(header(last(), "X-B"), nil)
  eq(header(last(), "X-C"), "3")
  eq(header(last(), "Authorization"), nil)
end)

case("LUA 5.6 s.params and s.timeout can be set", function()
  local s = volley.session {params = {a = 1}}
  s.params = {b = 2}
  sent(s:get(server.url("/x")))
  eq(last().target, "/x?b=2")
  server.on("/h", {{hangup = true}})
  s.timeout = 0.05
  fails("read_timeout", s:get(server.url("/h")):send())
end)

case("LUA 5.7 unknown session options and attributes raise with a suggestion", function()
  raises("invalid_argument", function() volley.session {heders = {}} end, '"headers"')
  local s = volley.session {}
  throws(function() return s.heders end, "headers")
  throws(function() s.heders = {} end, "headers")
  throws(function() s.timeout = "x" end, "timeout")
end)

case("LUA 5.8 base_url is joined as RFC 3986 does", function()
  local s = volley.session {base_url = server.url("/api/v1/")}
  sent(s:get("users"))
  eq(last().target, "/api/v1/users")
  sent(s:get("/root"))
  eq(last().target, "/root")
  sent(s:get("../v2?q=1"))
  eq(last().target, "/api/v2?q=1")
  sent(s:get(other.url("/abs")))
  eq(other.requests()[1].target, "/abs")
end)

case("LUA 5.9 cookies are kept per session and sent back", function()
  server.on("/set", reply(200, {"Set-Cookie: sid=abc; Path=/"}))
  local s = volley.session {}
  sent(s:get(server.url("/set")))
  sent(s:get(server.url("/next")))
  eq(header(last(), "Cookie"), "sid=abc")
  eq(s.cookies:get("sid"), "abc")
end)

case("LUA 5.10 requests without a session share no cookies; nor do sessions", function()
  server.on("/set", reply(200, {"Set-Cookie: sid=abc; Path=/"}))
  sent(volley.get(server.url("/set")))
  sent(volley.get(server.url("/next")))
  eq(header(last(), "Cookie"), nil)
  local a, b = volley.session {}, volley.session {}
  sent(a:get(server.url("/set")))
  sent(b:get(server.url("/next")))
  eq(header(last(), "Cookie"), nil)
end)

case("LUA 5.11 requests without a session share the connection pool", function()
  for _ = 1, 3 do sent(volley.get(server.url("/"))) end
  sent(volley.session {}:get(server.url("/")))
  ok(server.conns() <= 2, "connections: " .. server.conns())
end)

case("LUA 5.12 a request without a session keeps its cookies within its redirects", function()
  server.on("/1", reply("302 F", {"Location: /2", "Set-Cookie: hop=1; Path=/"}))
  sent(volley.get(server.url("/1")))
  eq(header(last(), "Cookie"), "hop=1")
end)

case("LUA 5.13 session cookies option, request cookies override by name and are not kept", function()
  local s = volley.session {cookies = {a = "1", b = "2"}}
  sent(s:get(server.url("/"), {cookies = {b = "R"}}))
  local c = header(last(), "Cookie")
  has(c, "a=1")
  has(c, "b=R")
  hasnt(c, "b=2")
  sent(s:get(server.url("/")))
  has(header(last(), "Cookie"), "b=2")
end)

case("LUA 5.14 an explicit Cookie header wins for its own origin", function()
  server.on("/r", redirect(302, "/to"))
  local s = volley.session {cookies = {a = "1"}}
  sent(s:get(server.url("/r"), {headers = {Cookie = "x=y"}}))
  eq(header(server.requests()[1], "Cookie"), "x=y")
  eq(header(server.requests()[2], "Cookie"), "x=y", "same origin")
end)

case("LUA 5.15 cookie attributes: Path, Secure, Max-Age=0, foreign Domain", function()
  server.on("/set", reply(200, {
    "Set-Cookie: p=1; Path=/deep", "Set-Cookie: s=1; Secure; Path=/", "Set-Cookie: gone=1; Path=/",
    "Set-Cookie: gone=; Max-Age=0; Path=/", "Set-Cookie: f=1; Domain=example.com", "Set-Cookie: k=v; Path=/",
  }))
  local s = volley.session {}
  sent(s:get(server.url("/set")))
  sent(s:get(server.url("/x")))
  eq(header(last(), "Cookie"), "k=v")
  sent(s:get(server.url("/deep/er")))
  has(header(last(), "Cookie"), "p=1")
  eq(s.cookies:get("f"), nil)
end)

case("LUA 5.16 cookies of redirect hops and of 4xx are kept", function()
  server.on("/1", reply("302 F", {"Location: /2", "Set-Cookie: a=1; Path=/"}))
  server.on("/2", reply("404 N", {"Set-Cookie: b=2; Path=/"}))
  local s = volley.session {}
  sent(s:get(server.url("/1")))
  eq(s.cookies:get("a"), "1")
  eq(s.cookies:get("b"), "2")
end)

case("LUA 5.17 jar: set, get, list, delete, clear, to_table", function()
  local jar = volley.session {}.cookies
  jar:set("a", "1", {domain = "x.test", path = "/p", secure = true, http_only = true})
  jar:set("a", 2, {domain = "y.test"})
  jar:set("b", "3", {domain = "x.test"})
  eq(jar:get("a", {domain = "x.test"}), "1")
  eq(jar:get("a", {domain = "y.test"}), "2")
  eq(jar:get("none"), nil)
  ok(jar:get("a"), "several of one name are never an error")
  local found
  for _, c in ipairs(jar:list()) do if c.value == "1" then found = c end end
  eq(found.name, "a")
  eq(found.path, "/p")
  eq(found.secure, true)
  eq(found.http_only, true)
  ok(found.domain:find("x.test", 1, true))
  eq(#jar:list(), 3)
  eq(jar:to_table().b, "3")
  jar:delete("a", {domain = "y.test"})
  eq(#jar:list(), 2)
  jar:clear {domain = "x.test"}
  eq(#jar:list(), 0)
end)

case("LUA 5.18 jar: save and load in Netscape format", {write = true}, function()
  local a = volley.session {}
  a.cookies:set("k", "v", {domain = "x.test", path = "/", expires = 4102444800})
  a.cookies:save("jar.txt")
  ok(harness.slurp("jar.txt"):find("# Netscape HTTP Cookie File", 1, true) or harness.slurp("jar.txt"):find("# HTTP Cookie File", 1, true))
  has(harness.slurp("jar.txt"), "\tk\tv")
  local b = volley.session {}
  b.cookies:load("jar.txt")
  eq(b.cookies:get("k", {domain = "x.test"}), "v")
end)

case("LUA 5.19 a jar as cookies=", function()
  local s = volley.session {}
  s.cookies:set("k", "v", {domain = "127.0.0.1"})
  sent(volley.get(server.url("/"), {cookies = s.cookies}))
  eq(header(last(), "Cookie"), "k=v")
end)

case("LUA 5.20 pairs works on a jar and on session headers", function()
  local s = volley.session {headers = {["X-A"] = "1"}, cookies = {c = "2"}}
  local n = 0
  for _ in pairs(s.cookies) do n = n + 1 end
  eq(n, 1)
  local found
  for k, v in pairs(s.headers) do if k == "X-A" then found = v end end
  eq(found, "1")
end)

case("LUA 5.21 session and request hooks all run, session first", function()
  local order = {}
  local function note(x) return function() order[#order + 1] = x end end
  local s = volley.session {hooks = {response = {note "s1", note "s2"}}}
  sent(s:get(server.url("/"), {hooks = {response = note "r"}}))
  list(order, {"s1", "s2", "r"})
end)

case("LUA 5.22 mount: the longest prefix wins", function()
  local s = volley.session {headers = {["X-M"] = "none"}}
  s:mount(server.url("/"), {headers = {["X-M"] = "short"}})
  s:mount(server.url("/api/"), {headers = {["X-M"] = "long"}})
  sent(s:get(server.url("/api/x")))
  eq(header(last(), "X-M"), "long")
  sent(s:get(server.url("/other")))
  eq(header(last(), "X-M"), "short")
  sent(s:get(other.url("/")))
  eq(header(other.requests()[1], "X-M"), "none")
end)

case("LUA 5.23 mount: host boundary and case", function()
  local s = volley.session {}
  s:mount("HTTP://127.0.0.1:" .. server.port:sub(1, -2), {headers = {["X-M"] = "prefix"}})
  sent(s:get(server.url("/")))
  eq(header(last(), "X-M"), nil, "a port's beginning is no match")
  s:mount("HTTP://LOCALHOST:" .. server.port, {headers = {["X-M"] = "case"}})
  sent(s:get("http://localhost:" .. server.port .. "/"))
  eq(header(last(), "X-M"), "case")
  raises("invalid_argument", function() s:mount(server.url("/"), {heders = {}}) end, "headers")
end)

case("LUA 5.24 using a closed session is invalid_argument", function()
  local s = volley.session {}
  sent(s:get(server.url("/")))
  local req = s:get(server.url("/"))
  s:close()
  fails("invalid_argument", req:send())
  s:close()
end)

case("LUA 5.25 session= on a request", function()
  local s = volley.session {headers = {["X-S"] = "1"}}
  sent(volley.get(server.url("/"), {session = s}))
  eq(header(last(), "X-S"), "1")
end)

case("LUA 5.26 trust_env=false ignores the environment's proxy; an explicit session proxy beats it", {env = {http_proxy = "http://127.0.0.1:1"}}, function()
  fails("proxy", volley.get("http://x.test/"):send())
  sent(volley.session {proxies = {http = "http://" .. server.addr}}:get("http://x.test/"))
  eq(last().target, "http://x.test/")
  sent(volley.session {trust_env = false}:get(server.url("/d")))
  eq(last().target, "/d")
end)

case("LUA 5.27 environment: proxy from http_proxy, no_proxy, and the CA bundle", {env = {http_proxy = "http://127.0.0.1:1", no_proxy = "127.0.0.1"}}, function()
  sent(volley.get(server.url("/d")))
  eq(last().target, "/d")
end)

case("LUA 5.28 verify on the session, and explicit on the request beats it", function()
  local srv = harness.secure("good")
  local s = volley.session {verify = srv.ca}
  eq(sent(s:get(srv.url("/"))).status_code, 200)
  fails("tls", s:get(srv.url("/"), {verify = true}):send())
end)

case("LUA 5.29 resolve connects elsewhere and keeps the Host", function()
  local s = volley.session {resolve = {["api.test:" .. server.port] = "127.0.0.1"}}
  sent(s:get("http://api.test:" .. server.port .. "/r"))
  eq(header(last(), "Host"), "api.test:" .. server.port)
end)

case("LUA 5.31 session retry is a default for its requests", function()
  server.on("/f", reply("503 B"), reply(200, {}, "ok"))
  local s = volley.session {retry = {total = 1, backoff = 0.01}}
  eq(sent(s:get(server.url("/f"))).text, "ok")
end)

case("LUA 5.32 max_redirects of the session", function()
  server.on("/l", redirect(302, "/l"))
  fails("too_many_redirects", volley.session {max_redirects = 2}:get(server.url("/l")):send())
  eq(server.count(), 3)
end)

case("LUA 5.33 a session cannot be told what is not known", function()
  raises("invalid_argument", function() volley.session {pool = {perhost = 1}} end, "per_host")
end)

case("LUA 5.34 s:request and the verbs build requests bound to it", function()
  local s = volley.session {}
  for _, m in ipairs {"get", "options", "head", "post", "put", "patch", "delete"} do
    local req = s[m](s, server.url("/"))
    eq(req.method, m:upper())
    eq(req.session, s)
  end
  eq(s:request("report", server.url("/")).method, "REPORT")
  eq(server.count(), 0)
end)

case("LUA 5.35 concurrent Set-Cookies lose none", function()
  local reqs, s = {}, volley.session {}
  for i = 1, 20 do
    server.on("/" .. i, reply(200, {"Set-Cookie: c" .. i .. "=" .. i .. "; Path=/"}))
    reqs[i] = s:get(server.url("/" .. i))
  end
  volley.map(reqs)
  eq(#s.cookies:list(), 20)
end)

case("LUA 5.36 a valueless and an empty cookie keep working", function()
  server.on("/set", reply(200, {"Set-Cookie: e=; Path=/", 'Set-Cookie: q="a b"; Path=/'}))
  local s = volley.session {}
  sent(s:get(server.url("/set")))
  eq(s.cookies:get("e"), "")
  sent(s:get(server.url("/x")))
  has(header(last(), "Cookie"), 'q="a b"')
end)
