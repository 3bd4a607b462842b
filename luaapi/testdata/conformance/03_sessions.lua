-- Sessions: what they share, how a request lies over them, mounts.
local volley = require "volley"
require "checks"

-- through sends with session s and returns what came.
local function through(s, opts, path)
  sent(s:get(server.url(path or "/x"), opts))
  return last()
end

case("RS 3.1 headers in any case, read and set; null or false removes", function()
  local s = volley.session {headers = {["X-Tok"] = "1"}}
  eq(s.headers["x-tok"], "1")
  s.headers["X-TOK"] = "2"
  eq(header(through(s), "X-Tok"), "2")
  eq(header(through(s, {headers = {["x-tok"] = "3"}}), "X-Tok"), "3")
  eq(header(through(s, {headers = {["x-tok"] = volley.null}}), "X-Tok"), nil)
  eq(header(through(s), "X-Tok"), "2")
end)

case("RS 3.1b a session takes a default header's place, or takes it out", function()
  eq(header(through(volley.session {headers = {["user-agent"] = "mine"}}), "User-Agent"), "mine")
  local s = volley.session {headers = {["User-Agent"] = false, Accept = volley.null}}
  eq(header(through(s), "User-Agent"), nil)
  eq(header(through(s), "Accept"), nil)
  eq(header(through(s, {headers = {Accept = "text/html"}}), "Accept"), "text/html")
  local t = volley.session {}
  eq(t.headers["User-Agent"], nil, "the defaults are not listed")
  t.headers["User-Agent"] = "later"
  eq(header(through(t), "User-Agent"), "later")
end)

case("RS 3.2 request and session are merged key by key, tables and pairs", function()
  local s = volley.session {params = {a = 1, b = 2}}
  eq(through(s, {params = {b = 3, c = 4}}).target, "/x?a=1&b=3&c=4")
  eq(through(s, {params = {{"q", "1"}, {"b", "9"}}}).target, "/x?a=1&b=9&q=1")
  eq(through(s, {params = "z=1"}).target, "/x?z=1", "a string has no keys: it is all there is")
  local p = volley.session {params = {{"z", 1}, {"a", 2}}}
  eq(through(p, {params = {a = 3}}).target, "/x?z=1&a=3")
end)

case("RS 3.3 order: the session's headers and the defaults, then the request's own", function()
  local s = volley.session {headers = {{"X-S1", "1"}, {"X-S2", "2"}, {"X-S3", "3"}}}
  local r = through(s, {headers = {{"X-R1", "1"}, {"x-s2", "r"}, {"X-R2", "2"}}})
  local mine = {}
  for _, n in ipairs(names(r)) do if n:lower():find("^x%-") then mine[#mine + 1] = n end end
  list(mine, {"X-S1", "X-S3", "X-R1", "x-s2", "X-R2"})
  eq(header(r, "X-S2"), "r")
end)

case("RS 3.4 params: by exact name, null removes, not added again on redirects", function()
  local s = volley.session {params = {a = 1, A = 2}}
  eq(through(s).target, "/x?A=2&a=1")
  eq(through(s, {params = {a = volley.null}}).target, "/x?A=2")
  server.on("/r", redirect(302, "/to"))
  eq(through(s, {}, "/r").target, "/to")
  s.params = nil
  eq(through(s).target, "/x")
  s.params.k = 1
  eq(through(s).target, "/x?k=1")
end)

case("RS 3.5 auth: for requests without their own; false is none", function()
  local s = volley.session {auth = {"s", "s"}}
  eq(header(through(s), "Authorization"), "Basic czpz")
  eq(header(through(s, {auth = {"u", "p"}}), "Authorization"), "Basic dTpw")
  eq(header(through(s, {auth = false}), "Authorization"), nil)
  eq(header(through(s, {auth = function() end}), "Authorization"), nil)
  s.auth = nil
  eq(header(through(s), "Authorization"), nil)
end)

case("RS 3.6 cookies are kept and sent back; the jar can be changed between requests", function()
  server.on("/set", reply(200, {"Set-Cookie: a=1; Path=/"}))
  local s = volley.session {}
  through(s, {}, "/set")
  eq(header(through(s), "Cookie"), "a=1")
  s.cookies:set("b", "2", {domain = "127.0.0.1"})
  eq(header(through(s), "Cookie"), "a=1; b=2")
  s.cookies:delete("a")
  eq(header(through(s), "Cookie"), "b=2")
  s.cookies:clear()
  eq(header(through(s), "Cookie"), nil)
end)

case("RS 3.7, W13 the session's proxies beat the environment's", {env = {http_proxy = "http://127.0.0.1:1", all_proxy = "http://127.0.0.1:1"}}, function()
  fails("proxy", volley.session {}:get("http://a.test/"):send())
  local s = volley.session {proxies = {http = "http://" .. server.addr}}
  sent(s:get("http://a.test/"))
  eq(last().target, "http://a.test/")
  sent(volley.session {proxies = {all = "http://" .. server.addr}}:get("http://b.test/"))
  eq(last().target, "http://b.test/")
  sent(volley.session {proxies = {http = false}}:get(server.url("/direct")))
  eq(last().target, "/direct")
end)

case("RS 3.7b, W13b the session's verify beats the environment's bundle, false included", {env = {REQUESTS_CA_BUNDLE = "/nowhere/ca.pem"}}, function()
  local srv = harness.secure("good")
  sent(volley.session {verify = false}:get(srv.url("/")))
  sent(volley.session {verify = srv.ca}:get(srv.url("/")))
  local s = volley.session {verify = srv.ca}
  fails("tls", s:get(srv.url("/"), {verify = true}):send())
end)

case("RS 3.7c a session's cert is for its requests", function()
  local srv = harness.secure("good", true)
  local s = volley.session {verify = srv.ca, cert = {cert = srv.cert, key = srv.key}}
  sent(s:get(srv.url("/")))
  fails("tls", volley.get(srv.url("/"), {verify = srv.ca}):send())
end)

case("RS 3.8 max_redirects: 30, or the session's; 0 fails the first", function()
  server.on("/l", redirect(302, "/l"))
  local err = fails("too_many_redirects", volley.session {}:get(server.url("/l")):send())
  eq(server.count(), 31)
  eq(#err.response.history, 30)
  err = fails("too_many_redirects", volley.session {max_redirects = 0}:get(server.url("/l")):send())
  eq(server.count(), 32)
  eq(err.response.status_code, 302)
  fails("too_many_redirects", volley.session {max_redirects = 0}:get(server.url("/l"), {max_redirects = 2}):send())
  eq(server.count(), 35)
end)

case("RS 3.9 trust_env=false reads no proxy and no CA bundle", {env = {http_proxy = "http://127.0.0.1:1", SSL_CERT_FILE = "/nowhere"}}, function()
  local s = volley.session {trust_env = false}
  eq(s.trust_env, false)
  eq(through(s).target, "/x")
  fails("proxy", volley.get(server.url("/")):send())
  s.trust_env = true
  fails("proxy", s:get(server.url("/")):send())
end)

case("RS 3.10, W2b session hooks and request hooks all run, session first", function()
  local order = {}
  local function note(x) return function() order[#order + 1] = x end end
  local s = volley.session {hooks = {response = {note "s1", note "s2"}, before_request = note "sb"}}
  through(s, {hooks = {response = note "r", before_request = note "rb"}})
  list(order, {"sb", "rb", "s1", "s2", "r"})
end)

case("RS 3.11, W14 mount: the longest prefix, at a host's boundary, in any case of scheme and host", function()
  local at = "127.0.0.1:" .. server.port
  local s = volley.session {headers = {["X-M"] = "session"}}
  s:mount("http://", {headers = {["X-M"] = "scheme"}})
  s:mount("HTTP://" .. at, {headers = {["X-M"] = "host"}})
  s:mount("http://" .. at .. "/v1/", {headers = {["X-M"] = "path"}})
  s:mount("http://127.0.0.1:" .. server.port:sub(1, -2), {headers = {["X-M"] = "shorter port"}})
  s:mount("http://local", {headers = {["X-M"] = "half a name"}})
  eq(header(through(s, {}, "/"), "X-M"), "host")
  eq(header(through(s, {}, "/v1/x"), "X-M"), "path")
  eq(header(through(s, {}, "/V1/x"), "X-M"), "host", "paths keep their case")
  sent(s:get("http://localhost:" .. server.port .. "/"))
  eq(header(last(), "X-M"), "scheme")
end)

case("RS 3.11b mount: a name that goes on with another domain is another host", function()
  local s = volley.session {resolve = {["example.test.evil.test:" .. server.port] = "127.0.0.1", ["example.test:" .. server.port] = "127.0.0.1"}}
  s:mount("http://example.test", {auth = {"u", "p"}})
  sent(s:get("http://example.test:" .. server.port .. "/"))
  ok(header(last(), "Authorization"))
  sent(s:get("http://example.test.evil.test:" .. server.port .. "/"))
  eq(header(last(), "Authorization"), nil)
end)

case("RS 3.11c mount: the same prefix again takes the first one's place", function()
  local s = volley.session {}
  s:mount(server.url("/"), {headers = {["X-M"] = "first", ["X-Old"] = "1"}})
  s:mount(server.url("/"), {headers = {["X-M"] = "second"}})
  local r = through(s)
  eq(header(r, "X-M"), "second")
  eq(header(r, "X-Old"), nil)
  raises("invalid_argument", function() s:mount("ftp://h/", {}) end, "prefix")
  raises("invalid_argument", function() s:mount("no url", {}) end, "prefix")
end)

case("RS 3.12 before_request sees the request as it goes out, the session's part included", function()
  local s = volley.session {headers = {["X-S"] = "1"}, params = {p = 1}, cookies = {c = "1"}}
  local seen
  through(s, {headers = {["X-R"] = "2"}, hooks = {before_request = function(req)
    seen = {req.url, req.headers["X-S"], req.headers["X-R"], req.headers["User-Agent"]}
  end}})
  list(seen, {server.url("/x?p=1"), "1", "2", "volley/1.2.3"})
end)

case("RS 3.13 a request that went out can be sent again as it was", function()
  local s = volley.session {headers = {["X-S"] = "1"}, params = {p = 1}}
  local resp = sent(s:post(server.url("/x"), {data = "body"}))
  sent(resp.request)
  local first, second = server.requests()[1], server.requests()[2]
  eq(second.raw, first.raw)
end)

case("RS 3.14, RS 17.4 the redirect hook sees the next request and may stop it; before_request may change it", function()
  server.on("/r", redirect(302, "/to"))
  local s = volley.session {hooks = {
    redirect = function(resp, next_req)
      eq(resp.status_code, 302)
      eq(next_req.url, server.url("/to"))
      throws(function() next_req.url = server.url("/elsewhere") end, "cannot be changed")
    end,
    before_request = function(req)
      if req.url == server.url("/to") then req.headers["X-Hop"] = "2" end
    end,
  }}
  eq(sent(s:get(server.url("/r"))).text, "/to")
  eq(header(last(), "X-Hop"), "2")
  local resp = sent(s:get(server.url("/r"), {hooks = {redirect = function() return false end}}))
  eq(resp.status_code, 302)
  eq(#resp.history, 0)
end)

case("RS 3.15 a closed session sends nothing more; closing again is nothing", function()
  local s = volley.session {}
  local req = s:get(server.url("/"))
  s:close()
  s:close()
  fails("invalid_argument", req:send())
  fails("invalid_argument", volley.get(server.url("/"), {session = s}):send())
  eq(server.count(), 0)
end)

case("RS 3.17 one session in many green threads", function()
  local s, tasks = volley.session {}, {}
  for i = 1, 30 do
    server.on("/" .. i, reply(200, {"Set-Cookie: c" .. i .. "=1; Path=/"}))
    tasks[i] = volley.spawn(function()
      s.headers["X-" .. i] = "1"
      sent(s:get(server.url("/" .. i)))
      s.cookies:set("own" .. i, "1", {domain = "127.0.0.1"})
    end)
  end
  ok(volley.joinall(tasks))
  eq(#s.cookies:list(), 60)
end)

case("RS 3.18 a request without a session keeps no cookies, but its connection", function()
  server.on("/set", reply(200, {"Set-Cookie: a=1; Path=/"}))
  sent(volley.get(server.url("/set")))
  sent(volley.get(server.url("/x")))
  eq(header(last(), "Cookie"), nil)
  eq(server.conns(), 1)
end)
