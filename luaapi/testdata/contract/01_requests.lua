-- LUA §1: what a Request is, URLs, proxies, TLS.
local volley = require "volley"
require "checks"

case("LUA 1.42 meta is the same object everywhere and never sent", function()
  local meta = {secret = "m3ta"}
  local req = volley.get(server.url("/"), {meta = meta})
  local resp = sent(req)
  eq(req.meta, meta)
  eq(resp.request.meta, meta)
  hasnt(last().raw, "m3ta")
  local r2 = volley.get("http://127.0.0.1:1/", {meta = meta})
  local err = fails("connect", r2:send())
  eq(err.request.meta, meta)
end)

case("LUA 1.43 meta may be any value", function()
  for _, v in ipairs {7, "s", true, print} do
    eq(sent(volley.get(server.url("/"), {meta = v})).request.meta, v)
  end
end)

case("LUA 1.44 raise_for_status makes a 4xx a failure of kind http with its response", function()
  server.on("/no", reply("404 Not Found", {}, "gone"))
  local err = fails("http", volley.get(server.url("/no"), {raise_for_status = true}):send())
  eq(err.response.status_code, 404)
  eq(err.response.text, "gone")
  has(tostring(err), "404")
end)

case("LUA 1.45 max_body bounds the decoded bytes", function()
  server.on("/big", reply(200, {}, ("x"):rep(2000)))
  fails("body_too_large", volley.get(server.url("/big"), {max_body = 1999}):send())
  eq(#sent(volley.get(server.url("/big"), {max_body = 2000})).content, 2000)
  fails("body_too_large", volley.get(volley.httpbin() .. "/gzip", {max_body = 20}):send())
end)

case("LUA 1.46 id and session are readable; id is a string", function()
  local s = volley.session {}
  local req = s:get(server.url("/"), {id = "r1"})
  eq(req.id, "r1")
  eq(req.session, s)
  eq(volley.get(server.url("/")).session, nil)
end)

case("LUA 1.47 req.response and req.error hold the last send", function()
  server.on("/flip", reply(200, {}, "ok"), {{reset = true}})
  local req = volley.get(server.url("/flip"), {headers = {Connection = "close"}})
  eq(req.response, nil)
  eq(req.error, nil)
  local resp = sent(req)
  eq(req.response, resp)
  fails("closed", req:send())
  eq(req.response, nil, "a failed send leaves no stale response")
  eq(req.error.kind, "closed")
end)

case("LUA 1.48 req:copy lays options over and is a request of its own", function()
  local req = volley.post(server.url("/c"), {data = "one", headers = {["X-A"] = "1"}, meta = "m"})
  local copy = req:copy {data = "two", headers = {["X-B"] = "2"}}
  eq(copy.meta, "m")
  sent(copy)
  eq(last().body, "two")
  eq(header(last(), "X-B"), "2")
  sent(req)
  eq(last().body, "one")
  raises("invalid_argument", function() req:copy {nope = 1} end, "nope")
end)

case("LUA 1.49 req:curl is a shell command with method, URL, headers and body", function()
  local curl = volley.post(server.url("/c"), {data = "it's", headers = {["X-A"] = "1"}}):curl()
  ok(curl:find("^curl "))
  has(curl, server.url("/c"))
  has(curl, "X-A: 1")
  has(curl, [[it'\''s]])
  eq(server.count(), 0)
end)

case("LUA 1.50 reading an unknown field raises with a suggestion", function()
  throws(function() return volley.get(server.url("/")).metod end, "metod", "method")
  throws(function() return volley.gett end, "gett", "get")
end)

case("LUA 1.51 status_code, text and json of a request say that it was not sent", function()
  local req = volley.get(server.url("/"))
  for _, f in ipairs {"status_code", "text", "json"} do
    throws(function() return req[f] end, "not sent yet", "req:send()")
  end
end)

case("LUA 1.52 a bad URL does not raise when built; its slot fails when sent", function()
  local kinds = {
    ["example.com/x"] = "missing_schema", [""] = "missing_schema", ["/rel"] = "missing_schema",
    ["ftp://h/x"] = "invalid_schema", ["mailto:a@b"] = "invalid_schema",
    ["http://"] = "invalid_url", ["http:///x"] = "invalid_url", ["http://h:99999/"] = "invalid_url",
    ["http://exa mple.test/"] = "invalid_url", ["http://[::1/"] = "invalid_url",
  }
  for url, kind in pairs(kinds) do
    local err = fails(kind, volley.get(url):send())
    eq(err.sent, "no", url)
    ok(err:is("request_error"))
  end
  has(tostring(select(2, volley.get("example.com/x"):send())), "http", "missing_schema suggests a scheme")
end)

case("LUA 1.53 a bad header value does not raise when built and nothing is sent", function()
  for name, value in pairs {["X-A"] = "a\r\nX-Evil: 1", ["X B"] = "1", ["X:C"] = "1", [""] = "1", ["X-N"] = "a\0b"} do
    local req = volley.get(server.url("/"), {headers = {{name, value}}})
    fails("invalid_argument", req:send())
  end
  eq(server.count(), 0)
end)

case("LUA 1.54 a bad method fails before anything is sent", function()
  local good, err = pcall(function()
    local _, e = volley.request("GE T", server.url("/")):send()
    error(e)
  end)
  eq(good, false)
  eq(err.kind, "invalid_argument")
  eq(server.count(), 0)
end)

case("LUA 1.55 URL preparation follows requests", function()
  local cases = {
    ["?x"] = "/?x", ["/a/../b/./c"] = "/b/c", ["/%7Euser/%2f"] = "/~user/%2F", ["/a b?c d=e f"] = "/a%20b?c%20d=e%20f",
    ["//v"] = "//v", ["/ü"] = "/%C3%BC", ["/x#frag"] = "/x",
  }
  for given, want in pairs(cases) do
    sent(volley.get("http://" .. server.addr .. given))
    eq(last().target, want, given)
  end
end)

case("LUA 1.56 proxies: an http target goes to the proxy in absolute form, with its credentials", function()
  sent(volley.get("http://example.test/p?q=1#f", {proxies = {http = "http://us:pw@" .. server.addr}}))
  eq(last().target, "http://example.test/p?q=1")
  eq(header(last(), "Host"), "example.test")
  eq(header(last(), "Proxy-Authorization"), "Basic " .. volley.base64.encode("us:pw"))
end)

case("LUA 1.57 proxies: all and no_proxy", function()
  sent(volley.get(other.url("/d"), {proxies = {all = "http://" .. server.addr, no_proxy = "127.0.0.1"}}))
  eq(server.count(), 0)
  eq(other.count(), 1)
  sent(volley.get(other.url("/d"), {proxies = {all = "http://" .. server.addr}}))
  eq(server.count(), 1)
end)

case("LUA 1.58 proxies: socks5h names the host to the proxy", function()
  local proxy = harness.socks("u", "p")
  local s = "socks5h://u:p@" .. proxy.addr
  sent(volley.get("http://localhost:" .. server.port .. "/s", {proxies = {http = s}}))
  list(proxy.targets(), {"localhost:" .. server.port})
end)

case("LUA 1.59 proxies: explicit beats the environment", {env = {http_proxy = "http://127.0.0.1:1"}}, function()
  fails("proxy", volley.get("http://example.test/"):send())
  sent(volley.get("http://example.test/", {proxies = {http = "http://" .. server.addr}}))
  eq(server.count(), 1)
end)

case("LUA 1.60 verify: an untrusted certificate is kind tls, a CA file makes it good, false too", function()
  local s = harness.secure("good")
  local err = fails("tls", volley.get(s.url("/")):send())
  ok(err:is("connection"))
  eq(err.phase, "tls")
  eq(err.sent, "no")
  eq(sent(volley.get(s.url("/"), {verify = s.ca})).text, "/")
  eq(sent(volley.get(s.url("/"), {verify = false})).text, "/")
  fails("tls", volley.get(s.url("/")):send())
end)

case("LUA 1.61 verify: a CA file that is not there fails the request and names it", function()
  local s = harness.secure("good")
  local good, err = pcall(function()
    local _, e = volley.get(s.url("/"), {verify = "nope.pem"}):send()
    error(e)
  end)
  eq(good, false)
  has(tostring(err), "nope.pem")
end)

case("LUA 1.62 cert: a client certificate", function()
  local s = harness.secure("good", true)
  fails("tls", volley.get(s.url("/"), {verify = s.ca}):send())
  eq(sent(volley.get(s.url("/"), {verify = s.ca, cert = {cert = s.cert, key = s.key}})).text, "/")
end)

case("LUA 1.63 tls: expired and wrong host", function()
  for _, which in ipairs {"expired", "wrong_host", "self_signed"} do
    local s = harness.secure(which)
    fails("tls", volley.get(s.url("/"), {verify = s.ca}):send())
  end
end)

case("LUA 1.64 http_version 2 over TLS, and ALPN by default", function()
  local h2 = harness.h2()
  local resp = sent(volley.get(h2.base .. "/v", {verify = h2.ca}))
  eq(resp.protocol, "HTTP/2.0")
  eq(resp.text, "HTTP/2.0 GET /v")
  eq(sent(volley.get(h2.base .. "/v", {verify = h2.ca, http_version = "1.1"})).protocol, "HTTP/1.1")
  eq(sent(volley.get(h2.base .. "/v", {verify = h2.ca, http_version = "2"})).protocol, "HTTP/2.0")
end)
