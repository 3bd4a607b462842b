-- Requests' surface §8: cookies.
local volley = require "volley"
require "checks"

-- learned is a session that was given Set-Cookie lines at path.
local function learned(lines, path)
  path = path or "/set"
  for i, line in ipairs(lines) do lines[i] = "Set-Cookie: " .. line end
  server.on(path, reply(200, lines))
  local s = volley.session {}
  sent(s:get(server.url(path)))
  return s
end

-- cookie is the Cookie header of s at path.
local function cookie(s, path, opts)
  sent(s:get(server.url(path or "/x"), opts))
  return header(last(), "Cookie")
end

case("RS 8.1 ports do not matter, hosts do; an address and localhost keep cookies", function()
  local s = learned {"a=1; Path=/"}
  sent(s:get(other.url("/x")))
  eq(header(other.requests()[1], "Cookie"), "a=1")
  sent(s:get("http://localhost:" .. server.port .. "/x"))
  eq(header(last(), "Cookie"), nil)
  local t = volley.session {}
  sent(t:get("http://localhost:" .. server.port .. "/set"))
  sent(t:get("http://localhost:" .. server.port .. "/x"))
  eq(header(last(), "Cookie"), "a=1")
end)

case("RS 8.1 a Domain reaches its subdomains; foreign domains and public suffixes are refused", function()
  local s = volley.session {proxies = {http = "http://" .. server.addr}}
  server.on("/set", reply(200, {
    "Set-Cookie: wide=1; Domain=example.com; Path=/", "Set-Cookie: narrow=2; Path=/", "Set-Cookie: bad=3; Domain=elsewhere.test",
    "Set-Cookie: worse=4; Domain=com", "Set-Cookie: below=5; Domain=sub.www.example.com",
  }))
  sent(s:get("http://www.example.com/set"))
  sent(s:get("http://www.example.com/x"))
  eq(header(last(), "Cookie"), "wide=1; narrow=2")
  sent(s:get("http://api.example.com/x"))
  eq(header(last(), "Cookie"), "wide=1")
  sent(s:get("http://example.com/x"))
  eq(header(last(), "Cookie"), "wide=1")
  sent(s:get("http://badexample.com/x"))
  eq(header(last(), "Cookie"), nil)
  eq(#s.cookies:list(), 2)
end)

case("RS 8.1 Secure stays off http; Max-Age=0 and a past Expires delete; Max-Age beats Expires", function()
  local s = learned {
    "sec=1; Secure; Path=/", "gone=1; Path=/", "gone=1; Max-Age=0; Path=/", "old=1; Path=/",
    "old=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", "stays=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/",
  }
  eq(cookie(s), "stays=1")
  eq(s.cookies:get "gone", nil)
  eq(s.cookies:get "old", nil)
end)

case("RS 8.1 the path is the request's up to its last slash unless one is set; SameSite and HttpOnly do not bar", function()
  local s = learned({"d=1", "same=2; SameSite=Strict; Path=/", "h=3; HttpOnly; Path=/"}, "/a/b/set")
  eq(cookie(s, "/a/b"), "d=1; same=2; h=3")
  eq(cookie(s, "/a/b/c"), "d=1; same=2; h=3")
  eq(cookie(s, "/a/bc"), "same=2; h=3")
  eq(cookie(s, "/a"), "same=2; h=3")
end)

case("RS 8.1 a Secure cookie goes over https", function()
  local srv = harness.secure "good"
  srv.on("/set", reply(200, {"Set-Cookie: sec=1; Secure; Path=/"}))
  local s = volley.session {verify = srv.ca}
  sent(s:get(srv.url("/set")))
  sent(s:get(srv.url("/x")))
  eq(header(srv.requests()[2], "Cookie"), "sec=1")
  eq(cookie(s), nil)
end)

case("W24 a cookie without a value has the value \"\"", function()
  local s = learned {"flag; Path=/", "empty=; Path=/"}
  eq(s.cookies:get "flag", "")
  eq(s.cookies:get "empty", "")
  eq(cookie(s), "flag=; empty=")
end)

case("RS 8.2 one header, longer paths first, then by age; values go out as they came", function()
  local s = learned {'q="q v"; Path=/', "deep=2; Path=/a/b", "utf=é ü; Path=/", "mid=3; Path=/a", "z=1; Path=/"}
  eq(cookie(s, "/a/b/c"), 'deep=2; mid=3; q="q v"; utf=é ü; z=1')
  local n = 0
  for _, name in ipairs(names(last())) do if name == "Cookie" then n = n + 1 end end
  eq(n, 1)
end)

case("RS 8.3 every response is heard, errors and redirect hops too; resp.cookies are its own", function()
  server.on("/1", reply("302 Found", {"Location: /2", "Set-Cookie: hop=1; Path=/"}))
  server.on("/2", reply("404 Not Found", {"Set-Cookie: final=2; Path=/"}))
  local s = volley.session {}
  local resp = sent(s:get(server.url("/1")))
  eq(header(last(), "Cookie"), "hop=1")
  eq(resp.cookies:get "final", "2")
  eq(resp.cookies:get "hop", nil)
  eq(resp.history[1].cookies:get "hop", "1")
  eq(s.cookies:get "hop", "1")
  eq(s.cookies:get "final", "2")
end)

case("RS 8.3 the cookies of a login redirect come back", function()
  local s = volley.session {}
  local resp = sent(s:get(volley.httpbin() .. "/cookies/set?sid=abc&lang=en"))
  eq(#resp.history, 1)
  has(resp.text, "abc")
  eq(s.cookies:get "sid", "abc")
  eq(s.cookies:get "lang", "en")
end)

case("RS 8.4 cookies= override the session's of the same name for one request; numbers are taken", function()
  local s = volley.session {cookies = {a = "s", b = "s"}}
  eq(cookie(s, "/x", {cookies = {b = 7}}), "a=s; b=7")
  eq(cookie(s), "a=s; b=s")
  eq(s.cookies:get "b", "s")
end)

case("RS 8.4 a cookie that could not be sent fails its request unsent", function()
  for _, cookies in ipairs {{a = "1;b=2"}, {a = "1\r\nX: 1"}, {["a=b"] = "1"}, {["a b;"] = "1"}, {[""] = "1"}} do
    fails("invalid_argument", volley.get(server.url("/x"), {cookies = cookies}):send())
  end
  eq(server.conns(), 0)
end)

case("RS 8.5 cookies= follow a redirect within the origin", function()
  server.on("/r", redirect(302, "/to"))
  sent(volley.get(server.url("/r"), {cookies = {c = "1"}}))
  eq(header(last(), "Cookie"), "c=1")
end)

case("W25 cookies= of a request, and a session's without a domain, go to the host asked for alone", function()
  server.on("/r", redirect(302, "http://localhost:" .. other.port .. "/o"))
  sent(volley.get(server.url("/r"), {cookies = {c = "1"}}))
  eq(header(server.requests()[1], "Cookie"), "c=1")
  eq(header(other.requests()[1], "Cookie"), nil)
  local s = volley.session {cookies = {k = "2"}}
  sent(s:get(server.url("/r")))
  eq(header(last(), "Cookie"), "k=2")
  eq(header(other.requests()[2], "Cookie"), nil)
end)

case("W25 cookies= do not come back after the origin was left", function()
  server.on("/r", redirect(302, other.url("/o")))
  other.on("/o", redirect(302, server.url("/back")))
  sent(volley.get(server.url("/r"), {cookies = {c = "1"}}))
  eq(last().target, "/back")
  eq(header(last(), "Cookie"), nil)
end)

case("RS 8.6 a Cookie header by hand keeps the jar out for that request", function()
  local s = volley.session {cookies = {a = "1"}}
  eq(cookie(s, "/x", {headers = {Cookie = "by=hand"}}), "by=hand")
  eq(cookie(s, "/x", {headers = {cookie = "by=hand"}, cookies = {b = "2"}}), "by=hand")
  eq(cookie(s), "a=1")
end)

case("W26 a Cookie header by hand is kept on redirects within its origin, and dropped beyond", function()
  server.on("/r", redirect(302, "/to"))
  sent(volley.get(server.url("/r"), {headers = {Cookie = "by=hand"}}))
  eq(last().target, "/to")
  eq(header(last(), "Cookie"), "by=hand")
  server.on("/r", redirect(302, other.url("/o")))
  sent(volley.get(server.url("/r"), {headers = {Cookie = "by=hand"}}))
  eq(header(other.requests()[1], "Cookie"), nil)
end)

case("RS 8.7 the jar: get with a default, set, names, delete, list, to_table, clear", function()
  local jar = volley.session {}.cookies
  eq(jar:get "none" or "default", "default")
  jar:set("a", 1, {domain = "x.test"})
  jar:set("a", "2", {domain = "y.test", path = "/p"})
  jar:set("b", "3", {domain = "x.test", expires = 4102444800, secure = true, http_only = true})
  eq(jar:get("a", {domain = "x.test"}), "1")
  eq(jar:get("a", {domain = "y.test", path = "/p"}), "2")
  eq(jar:get("a", {path = "/none"}), nil)
  eq(jar.b, "3")
  eq(jar.none, nil)
  local c
  for _, each in ipairs(jar:list()) do if each.name == "b" then c = each end end
  list({c.value, c.domain, c.path, tostring(c.secure), tostring(c.http_only), c.expires}, {"3", "x.test", "/", "true", "true", 4102444800})
  local n = 0
  for name, value in pairs(jar) do
    ok(name == "a" or name == "b")
    ok(value)
    n = n + 1
  end
  eq(n, 3)
  eq(jar:to_table().b, "3")
  eq(jar:delete("a", {domain = "y.test"}), 1)
  eq(jar:delete "none", 0)
  jar:clear {domain = "x.test"}
  eq(#jar:list(), 0)
  jar:set("c", "4")
  jar:clear()
  eq(#jar:list(), 0)
end)

case("RS 8.7 several cookies of one name are never an error", function()
  local jar = volley.session {}.cookies
  jar:set("a", "1", {domain = "x.test"})
  jar:set("a", "2", {domain = "y.test"})
  ok(jar:get "a" == "1" or jar:get "a" == "2")
  eq(jar:delete "a", 2)
end)

case("RS 8.7 a jar of one session is the cookies of another, and survives a file", {write = true}, function()
  local s = learned {"a=1; Path=/; Max-Age=600", "b=2; Path=/; Max-Age=600"}
  s.cookies:save "jar.txt"
  local t = volley.session {}
  t.cookies:load "jar.txt"
  eq(cookie(t), "a=1; b=2")
  local u = volley.session {cookies = s.cookies}
  eq(cookie(u), "a=1; b=2")
end)
