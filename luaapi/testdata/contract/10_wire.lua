-- LUA §10: on the wire.
local volley = require "volley"
require "checks"

local function wire(method, opts)
  sent(volley.request(method, server.url("/x"), opts))
  return last()
end

case("LUA 10.1 default headers and their order", function()
  local r = wire("GET")
  list(names(r), {"Host", "User-Agent", "Accept-Encoding", "Accept"})
  eq(header(r, "User-Agent"), "volley/1.2.3")
  eq(header(r, "Accept-Encoding"), "gzip, deflate, br, zstd")
  eq(header(r, "Accept"), "*/*")
  eq(header(r, "Host"), server.addr)
  eq(header(r, "Connection"), nil)
end)

case("LUA 10.2 Host first, session and defaults, the request's own, then what we add", function()
  local s = volley.session {headers = {["X-Session"] = "1"}}
  sent(s:post(server.url("/x"), {json = {a = 1}, headers = {{"x-own-B", "1"}, {"X-own-a", "2"}}}))
  local n = names(last())
  eq(n[1], "Host")
  list({n[#n - 3], n[#n - 2], n[#n - 1], n[#n]}, {"x-own-B", "X-own-a", "Content-Type", "Content-Length"})
  eq(#n, 9)
end)

case("LUA 10.3 a default that the request gives goes out once, as the request's", function()
  local r = wire("GET", {headers = {{"X-First", "1"}, {"user-agent", "mine"}}})
  list(names(r), {"Host", "Accept-Encoding", "Accept", "X-First", "user-agent"})
  eq(header(r, "User-Agent"), "mine")
end)

case("LUA 10.4 an own Host header replaces it, first and once", function()
  local r = wire("GET", {headers = {{"X-A", "1"}, {"Host", "virtual.test"}}})
  eq(names(r)[1], "Host")
  eq(header(r, "Host"), "virtual.test")
  local _, n = r.head:gsub("[Hh]ost:", "")
  eq(n, 1)
end)

case("LUA 10.5 never both Content-Length and chunked; a Content-Length by hand does not cut the body", function()
  local done
  local r = wire("POST", {data = function() if not done then done = true return "abc" end end, headers = {["Content-Length"] = "3"}})
  eq(r.body, "abc")
  ok((header(r, "Content-Length") == nil) ~= (header(r, "Transfer-Encoding") == nil))
  local resp, err = volley.post(server.url("/y"), {data = "abcdef", headers = {["Content-Length"] = "2"}}):send()
  if resp then eq(last().body, "abcdef") else eq(err.kind, "invalid_argument") end
end)

case("LUA 10.6 tabs and inner spaces in values are fine, leading and trailing ones never make a second line", function()
  eq(header(wire("GET", {headers = {["X-A"] = "a \tb"}}), "X-A"), "a \tb")
end)

case("LUA 10.7 a UTF-8 header value goes out as its bytes", function()
  eq(header(wire("GET", {headers = {["X-A"] = "é"}}), "X-A"), "é")
end)

case("LUA 10.8 CTLs and non-token names in cookies, form names and hosts inject no line", function()
  local resp = volley.get(server.url("/x"), {cookies = {a = "1\r\nX-Evil: 1"}}):send()
  volley.get(server.url("/x\r\nX-Evil: 1")):send()
  volley.get(server.url("/x"), {params = {a = "1\r\nX-Evil: 1"}}):send()
  volley.get(server.url("/x"), {auth = {"u\r\nX-Evil: 1", "p"}}):send()
  for _, r in ipairs(server.requests()) do eq(header(r, "X-Evil"), nil) end
  ok(true, resp)
end)

case("LUA 10.9 redirects: methods and bodies", function()
  local want = {
    -- status, method, method after, body kept
    {301, "GET", "GET"}, {301, "POST", "GET", false}, {301, "PUT", "PUT", true}, {301, "DELETE", "DELETE", true},
    {301, "PATCH", "PATCH", true}, {302, "POST", "GET", false}, {302, "PUT", "GET", false}, {302, "HEAD", "HEAD"},
    {303, "POST", "GET", false}, {303, "DELETE", "GET", false}, {303, "HEAD", "HEAD"},
    {307, "POST", "POST", true}, {308, "POST", "POST", true}, {307, "PUT", "PUT", true}, {308, "GET", "GET"},
  }
  for _, w in ipairs(want) do
    local what = w[1] .. " " .. w[2]
    server.on("/r", redirect(w[1], "/to"))
    local opts = {allow_redirects = true}
    if w[4] ~= nil then opts.data, opts.headers = "body", {["Content-Type"] = "text/x"} end
    sent(volley.request(w[2], server.url("/r"), opts))
    eq(last().target, "/to", what)
    eq(last().method, w[3], what)
    if w[4] ~= nil then
      eq(last().body, w[4] and "body" or "", what)
      eq(header(last(), "Content-Type"), w[4] and "text/x" or nil, what)
    end
  end
end)

case("LUA 10.10 HEAD does not follow by default, GET does; allow_redirects=false", function()
  server.on("/r", redirect(302, "/to"))
  eq(sent(volley.head(server.url("/r"))).status_code, 302)
  eq(sent(volley.get(server.url("/r"), {allow_redirects = false})).status_code, 302)
  eq(sent(volley.get(server.url("/r"))).status_code, 200)
end)

case("LUA 10.11 307 with a one-shot body is unrewindable_body, with a file it is sent again", function()
  server.on("/r", redirect(307, "/to"))
  local done
  local err = fails("unrewindable_body", volley.post(server.url("/r"), {data = function()
    if not done then done = true return "once" end
  end}):send())
  ok(err:is("redirect"))
  eq(server.count("/to"), 0)
  harness.put("f.txt", "again")
  sent(volley.post(server.url("/r"), {data = volley.file("f.txt")}))
  eq(last().body, "again")
  sent(volley.post(server.url("/r"), {files = {f = volley.file("f.txt")}}))
  has(last().body, "again")
end)

case("LUA 10.12 300, 304, 305 and a missing or empty Location are returned", function()
  for _, code in ipairs {300, 304, 305} do
    server.on("/r", "HTTP/1.1 " .. code .. " X\r\nLocation: /to\r\n" .. (code ~= 304 and "Content-Length: 0\r\n" or "") .. "\r\n")
    eq(sent(volley.get(server.url("/r"))).status_code, code)
  end
  server.on("/r", reply("302 F"))
  eq(sent(volley.get(server.url("/r"))).status_code, 302)
  server.on("/r", reply("302 F", {"Location: "}))
  eq(sent(volley.get(server.url("/r"))).status_code, 302)
  server.on("/r", reply("201 C", {"Location: /to"}))
  eq(sent(volley.get(server.url("/r"))).status_code, 201)
  eq(server.count("/to"), 0)
end)

case("LUA 10.13 Location forms: relative, .., query, scheme-relative, upper case, raw UTF-8, spaces", function()
  local forms = {
    ["to"] = "/a/to", ["../to"] = "/to", ["?q=1"] = "/a/r?q=1", ["//" .. server.addr .. "/sr"] = "/sr",
    ["HTTP://" .. server.addr .. "/up"] = "/up", ["/a b"] = "/a%20b", ["/ü"] = "/%C3%BC",
  }
  for location, want in pairs(forms) do
    server.on("/a/r", redirect(302, location), reply(200, {}, ""))
    sent(volley.get(server.url("/a/r")))
    eq(last().target, want, location)
  end
end)

case("LUA 10.14 fragments are inherited unless the Location has its own", function()
  server.on("/r", redirect(302, "/to"))
  eq(sent(volley.get(server.url("/r#frag"))).url, server.url("/to#frag"))
  server.on("/r", redirect(302, "/to#own"))
  eq(sent(volley.get(server.url("/r#frag"))).url, server.url("/to#own"))
end)

case("LUA 10.15 same origin keeps Authorization, cookies=, Cookie and own headers", function()
  server.on("/r", redirect(302, "/to"))
  sent(volley.get(server.url("/r"), {auth = {"u", "p"}, cookies = {c = "1"}, headers = {["X-A"] = "1"}}))
  local r = last()
  ok(header(r, "Authorization"))
  has(header(r, "Cookie"), "c=1")
  eq(header(r, "X-A"), "1")
end)

case("LUA 10.16 across origins (another port) credentials, cookies=, Host and secret headers are dropped", function()
  server.on("/r", redirect(302, other.url("/to")))
  local s = volley.session {secret_headers = {"X-Api-Key"}, headers = {["X-Api-Key"] = "k"}}
  sent(s:get(server.url("/r"), {
    headers = {
      Authorization = "Bearer t", Cookie = "h=1", ["Proxy-Authorization"] = "Basic x", Host = "virtual.test",
      ["X-Plain"] = "stays", ["x-api-key"] = "k2",
    },
    cookies = {c = "1"},
  }))
  local first, r = server.requests()[1], other.requests()[1]
  eq(header(first, "X-Api-Key"), "k2")
  for _, name in ipairs {"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key"} do eq(header(r, name), nil, name) end
  eq(header(r, "Host"), other.addr)
  eq(header(r, "X-Plain"), "stays")
end)

case("LUA 10.17 auth= is dropped across origins, session auth too, and stays off on the way on", function()
  server.on("/r", redirect(302, other.url("/o")))
  other.on("/o", redirect(302, other.url("/o2")))
  sent(volley.get(server.url("/r"), {auth = {"u", "p"}}))
  for _, r in ipairs(other.requests()) do eq(header(r, "Authorization"), nil) end
  sent(volley.session {auth = {"u", "p"}}:get(server.url("/r")))
  for _, r in ipairs(other.requests()) do eq(header(r, "Authorization"), nil) end
  eq(#other.requests(), 4)
end)

case("LUA 10.18 userinfo of a Location is for that hop only", function()
  server.on("/r", redirect(302, "http://hop:pw@" .. other.addr .. "/o"))
  other.on("/o", redirect(302, server.url("/back")))
  local resp = sent(volley.get(server.url("/r")))
  eq(header(other.requests()[1], "Authorization"), "Basic " .. volley.base64.encode("hop:pw"))
  eq(header(last(), "Authorization"), nil)
  eq(resp.text, "/back")
end)

case("LUA 10.19 a body goes across origins with 307", function()
  server.on("/r", redirect(307, other.url("/o")))
  sent(volley.post(server.url("/r"), {data = "b"}))
  eq(other.requests()[1].body, "b")
end)

case("LUA 10.20 1xx are skipped; 101 unasked is a protocol error", function()
  server.on("/i", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\n" .. reply(200, {}, "x"))
  local resp = sent(volley.get(server.url("/i")))
  eq(resp.status_code, 200)
  eq(resp.headers["Link"], nil)
  server.on("/u", {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", {hangup = true}})
  local r2, err = volley.get(server.url("/u"), {timeout = 1}):send()
  ok(r2 and r2.status_code == 101 or err:is("protocol"), tostring(err))
end)

case("LUA 10.21 a connection is reused only after a fully read body", function()
  for _ = 1, 5 do sent(volley.get(server.url("/x"))) end
  eq(server.conns(), 1)
  server.on("/c", reply(200, {"Connection: close"}, "x"))
  sent(volley.get(server.url("/c")))
  sent(volley.get(server.url("/x")))
  eq(server.conns(), 2)
  server.on("/10", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx")
  sent(volley.get(server.url("/10")))
  sent(volley.get(server.url("/x")))
  eq(server.conns(), 3)
end)

case("LUA 10.22 a reused connection that dies: GET is sent again once, unseen", function()
  server.on("/d", reply(200, {}, "a"), {{reset = true}}, reply(200, {}, "c"))
  eq(sent(volley.get(server.url("/d"))).text, "a")
  local resp = sent(volley.get(server.url("/d")))
  eq(resp.text, "c")
  eq(server.count("/d"), 3)
end)

case("LUA 10.23 a reused connection that dies: a written POST is never sent twice unasked", function()
  server.on("/d", reply(200, {}, "a"), {{reset = true}}, reply(200, {}, "c"))
  sent(volley.post(server.url("/d"), {data = "x"}))
  local err = fails("closed", volley.post(server.url("/d"), {data = "x"}):send())
  eq(server.count("/d"), 2)
  ok(err.sent ~= "no")
end)

case("LUA 10.24 a reused connection that dies: a POST with Idempotency-Key is sent again", function()
  server.on("/d", reply(200, {}, "a"), {{reset = true}}, reply(200, {}, "c"))
  local opts = {data = "x", headers = {["Idempotency-Key"] = "k"}}
  sent(volley.post(server.url("/d"), opts))
  eq(sent(volley.post(server.url("/d"), opts)).text, "c")
end)

case("LUA 10.25 a fresh connection that dies is not retried", function()
  server.on("/d", {{reset = true}}, reply(200, {}, "b"))
  fails("closed", volley.get(server.url("/d")):send())
  eq(server.count("/d"), 1)
end)

case("LUA 10.26 a reused connection that answers with half a status line is not retried", function()
  server.on("/d", reply(200, {}, "a"), {"HTTP/1.1 2", {close = true}}, reply(200, {}, "c"))
  sent(volley.get(server.url("/d")))
  fails("invalid_response", volley.get(server.url("/d")):send())
  eq(server.count("/d"), 2)
end)

case("LUA 10.27 unsolicited bytes on an idle connection are never taken for a response", function()
  server.on("/d", {reply(200, {}, "a"), {sleep = 0.02}, reply(200, {}, "POISON")})
  sent(volley.get(server.url("/d")))
  volley.sleep(0.06)
  eq(sent(volley.get(server.url("/next"))).text, "/next")
end)

case("LUA 10.28 the connection after a HEAD or 304 with a length is clean", function()
  server.on("/h", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
  sent(volley.head(server.url("/h")))
  eq(sent(volley.get(server.url("/n"))).text, "/n")
end)

case("LUA 10.29 the hops of a redirect share a connection", function()
  server.on("/1", reply("302 F", {"Location: /2"}, "some body"))
  sent(volley.get(server.url("/1")))
  eq(server.conns(), 1)
end)

case("LUA 10.31 a response without a length ends with the connection", function()
  server.on("/c", {"HTTP/1.1 200 OK\r\n\r\nuntil close", {close = true}})
  eq(sent(volley.get(server.url("/c"))).text, "until close")
end)

case("LUA 10.32 chunked with extensions and trailers", function()
  server.on("/c", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n0\r\nX-Trailer: 1\r\nSet-Cookie: evil=1\r\n\r\n")
  local s = volley.session {}
  eq(sent(s:get(server.url("/c"))).text, "abc")
  eq(s.cookies:get("evil"), nil)
  sent(s:get(server.url("/n")))
  eq(server.conns(), 1)
end)

case("LUA 10.33 folded header lines become one", function()
  server.on("/f", "HTTP/1.1 200 OK\r\nX-F: a\r\n b\r\nContent-Length: 0\r\n\r\n")
  eq(sent(volley.get(server.url("/f"))).headers["x-f"], "a b")
end)

case("LUA 10.34 an early answer to an upload is the result", function()
  server.on("/up", reply("413 Too Big", {"Connection: close"}, "no"))
  eq(sent(volley.post(server.url("/up"), {data = ("x"):rep(100000)})).status_code, 413)
end)

case("LUA 10.35 HTTP/2: header names are lower case, requests share one connection", function()
  local h2 = harness.h2()
  local reqs = {}
  for i = 1, 8 do reqs[i] = volley.get(h2.base .. "/" .. i, {verify = h2.ca, headers = {["X-UPPER"] = "1"}}) end
  local resps = volley.map(reqs)
  local remote = {}
  local n = 0
  for i = 1, 8 do
    eq(resps[i].protocol, "HTTP/2.0")
    if not remote[resps[i].headers["x-remote"]] then n = n + 1 end
    remote[resps[i].headers["x-remote"]] = true
  end
  eq(n, 1)
end)

case("LUA 10.36 verify=false does not stick to the pool", function()
  local s = harness.secure("good")
  sent(volley.get(s.url("/"), {verify = false}))
  fails("tls", volley.get(s.url("/")):send())
end)

case("LUA 10.37 a second Location that differs", function()
  server.on("/r", "HTTP/1.1 302 F\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
  local resp, err = volley.get(server.url("/r")):send()
  if not resp then ok(err:is("redirect") or err:is("protocol"), err.kind) else eq(resp.text, "/a") end
end)
