-- LUA §4: errors.
local volley = require "volley"
require "checks"

local function get(steps, opts)
  server.on("/e", steps)
  return volley.get(server.url("/e"), opts):send()
end

case("LUA 4.1 an Error's fields", function()
  local req = volley.get("http://127.0.0.1:1/x", {meta = 5})
  local err = fails("connect", req:send())
  eq(err.request, req)
  eq(err.response, nil)
  eq(err.attempts, 1)
  eq(err.phase, "connect")
  eq(err.sent, "no")
  eq(err.retryable, true)
  eq(type(err.message), "string")
  ok(#err.message > 0)
end)

case("LUA 4.2 err:is follows the tree", function()
  local err = fails("connect", volley.get("http://127.0.0.1:1/"):send())
  for _, k in ipairs {"connect", "connection", "request_error"} do eq(err:is(k), true, k) end
  for _, k in ipairs {"timeout", "closed", "protocol"} do eq(err:is(k), false, k) end
  raises("invalid_argument", function() err:is("conection") end, "conection")
end)

case("LUA 4.3 tostring is METHOD url: kind: message, userinfo masked", function()
  local err = select(2, volley.get("http://user:s3cret@127.0.0.1:1/p"):send())
  ok(tostring(err):find("^GET http://"))
  has(tostring(err), ": connect: ")
  hasnt(tostring(err), "s3cret")
  hasnt(err.message, "s3cret")
end)

case("LUA 4.4 a reset at any point is closed", function()
  local at = {
    {{reset = true}}, {"HTTP/1.1 200 OK\r\n", {sleep = 0.03}, {reset = true}},
    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {sleep = 0.03}, {reset = true}},
    {"HTTP/1.1 200 OK\r\n\r\nab", {sleep = 0.03}, {reset = true}},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", {sleep = 0.03}, {reset = true}},
  }
  for i, steps in ipairs(at) do
    local err = fails("closed", get(steps))
    ok(err:is("connection"), "case " .. i)
  end
end)

case("LUA 4.5 a FIN before the first byte is closed", function()
  local err = fails("closed", get {{close = true}})
  eq(err.sent, "maybe")
end)

case("LUA 4.6 a FIN inside status line or headers is invalid_response", function()
  local err = fails("invalid_response", get {"HTTP/1.1 20", {close = true}})
  ok(err:is("protocol"))
  fails("invalid_response", get {"HTTP/1.1 200 OK\r\nX-A: 1\r\n", {close = true}})
end)

case("LUA 4.7 a FIN inside a body is incomplete_body, never a short success", function()
  local err = fails("incomplete_body", get {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {close = true}})
  eq(err.phase, "body")
  ok(err:is("protocol"))
  fails("incomplete_body", get {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", {close = true}})
  fails("incomplete_body", get {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", {close = true}})
end)

case("LUA 4.8 garbage is invalid_response", function()
  for _, raw in ipairs {
    "SSH-2.0-OpenSSH\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "HTTP/1.1 200 OK\r\nX A: 1\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nabcde",
    "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
  } do
    fails("invalid_response", get {raw, {close = true}})
  end
end)

case("LUA 4.9 a bad chunk size is invalid_response or incomplete_body, never ok", function()
  for _, body in ipairs {"zz\r\nab\r\n0\r\n\r\n", "-1\r\n", "0x2\r\nab\r\n0\r\n\r\n", "2\r\nabXX0\r\n\r\n"} do
    local resp, err = get {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" .. body, {close = true}}
    eq(resp, nil)
    ok(err:is("protocol"), err.kind)
  end
end)

case("LUA 4.10 equal Content-Lengths are fine, bytes beyond are not taken for a response", function()
  eq(sent(volley.get((function()
    server.on("/e", {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON"})
    return server.url("/e")
  end)())).text, "ok")
  eq(sent(volley.get(server.url("/next"))).text, "/next")
end)

case("LUA 4.11 headers over the limit are headers_too_large", function()
  local err = fails("headers_too_large", get {"HTTP/1.1 200 OK\r\nX-Big: " .. ("x"):rep(300 * 1024) .. "\r\nContent-Length: 0\r\n\r\n", {close = true}})
  ok(err:is("too_large"))
end)

case("LUA 4.12 body_too_large carries no short success", function()
  local err = fails("body_too_large", get({reply(200, {}, ("x"):rep(100))}, {max_body = 10}))
  ok(err:is("too_large"))
  eq(err.retryable, false)
end)

case("LUA 4.13 read_timeout: no answer, a stall in headers, a stall in the body", function()
  for _, steps in ipairs {
    {{hangup = true}}, {"HTTP/1.1 200 OK\r\nX-A", {hangup = true}},
    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {hangup = true}},
  } do
    local err = fails("read_timeout", get(steps, {timeout = {read = 0.08}}))
    ok(err:is("timeout"))
    ok(not err:is("connection"))
    eq(err.sent == "no", false)
  end
end)

case("LUA 4.14 phases of a read_timeout: wait, headers, body", function()
  eq(fails("read_timeout", get({{hangup = true}}, {timeout = 0.08})).phase, "wait")
  eq(fails("read_timeout", get({"HTTP/1.1 200 OK\r\nX-A: 1\r\n", {hangup = true}}, {timeout = 0.08})).phase, "headers")
  eq(fails("read_timeout", get({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {hangup = true}}, {timeout = 0.08})).phase, "body")
end)

case("LUA 4.15 the read timeout is per wait, not total: a drip passes", function()
  local steps = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}
  for i = 1, 5 do
    steps[#steps + 1] = {sleep = 0.25}
    steps[#steps + 1] = tostring(i)
  end
  server.on("/d", steps)
  eq(sent(volley.get(server.url("/d"), {timeout = 1})).text, "12345")
end)

case("LUA 4.16 total_timeout covers the body and redirects", function()
  local steps = {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"}
  for _ = 1, 40 do steps[#steps + 1] = "x" steps[#steps + 1] = {sleep = 0.02} end
  server.on("/d", steps)
  local err = fails("total_timeout", volley.get(server.url("/d"), {timeout = {total = 0.15}}):send())
  ok(err:is("timeout"))
  server.on("/loop", {{sleep = 0.05}, redirect(302, "/loop")})
  fails("total_timeout", volley.get(server.url("/loop"), {timeout = {total = 0.2}}):send())
end)

case("LUA 4.17 timeout=false and volley.null switch it off", function()
  local s = volley.session {timeout = 0.05}
  server.on("/w", {{sleep = 0.8}, reply(200, {}, "late")})
  fails("read_timeout", s:get(server.url("/w")):send())
  eq(sent(s:get(server.url("/w"), {timeout = false})).text, "late")
  eq(sent(s:get(server.url("/w"), {timeout = volley.null})).text, "late")
end)

case("LUA 4.18 connect_timeout is both a timeout and a connection error", function()
  local s = harness.secure("good")
  local err = fails("connect_timeout", volley.get("https://" .. other.addr .. "/", {timeout = {connect = 0.1}}):send())
  ok(err:is("timeout") and err:is("connection"))
  eq(err.sent, "no")
  eq(err.phase, "tls", "it covers TLS")
  ok(s)
end)

case("LUA 4.19 dns: a name that does not exist", function()
  local err = fails("dns", volley.get("http://no-such-host.invalid/", {timeout = 5}):send())
  ok(err:is("connection"))
  eq(err.phase, "dns")
  eq(err.sent, "no")
  has(tostring(err), "no-such-host.invalid")
end)

case("LUA 4.20 plain HTTP to a TLS port, TLS to a plain port", function()
  local s = harness.secure("good")
  local resp, err = volley.get((s.url("/"):gsub("https", "http"))):send()
  ok(resp == nil and (err:is("protocol") or err:is("connection")), "plain to TLS: " .. tostring(err))
end)

case("LUA 4.21 decode: corrupt, truncated, unknown; the raw bytes are in err.response.content", function()
  local err = fails("decode", get {reply(200, {"Content-Encoding: gzip"}, "not gzip")})
  eq(err.phase, "decode")
  eq(err.sent, "yes")
  eq(err.response.content, "not gzip")
  err = fails("decode", get {reply(200, {"Content-Encoding: bogus"}, "raw")})
  eq(err.response.content, "raw")
  eq(err.response.status_code, 200)
end)

case("LUA 4.22 decode: a truncated gzip is not a short success", function()
  local gz = sent(volley.get(volley.httpbin() .. "/gzip", {headers = {["Accept-Encoding"] = "gzip"}}))
  ok(gz.size.body > 0)
  local hello = volley.base64.decode("H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==")
  fails("decode", get {reply(200, {"Content-Encoding: gzip"}, hello:sub(1, -5))})
  fails("decode", get {reply(200, {"Content-Encoding: gzip"}, hello:sub(1, 12))})
end)

case("LUA 4.23 an empty body, identity and an empty coding are fine", function()
  eq(sent(volley.get((function() server.on("/i", reply(200, {"Content-Encoding: identity"}, "x")) return server.url("/i") end)())).text, "x")
  eq(sent(volley.get((function() server.on("/j", reply(200, {"Content-Encoding: "}, "x")) return server.url("/j") end)())).text, "x")
  eq(sent(volley.get((function() server.on("/k", reply(200, {"Content-Encoding: gzip"}, "")) return server.url("/k") end)())).text, "")
end)

case("LUA 4.24 more than five codings are refused", function()
  fails("decode", get {reply(200, {"Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip"}, "x")})
end)

case("LUA 4.25 too_many_redirects carries the last response and its history", function()
  server.on("/loop", redirect(302, "/loop"))
  local err = fails("too_many_redirects", volley.get(server.url("/loop"), {max_redirects = 3}):send())
  ok(err:is("redirect"))
  eq(server.count(), 4)
  eq(err.response.status_code, 302)
  eq(#err.response.history, 3)
end)

case("LUA 4.26 the default limit is 30 redirects", function()
  server.on("/loop", redirect(302, "/loop"))
  fails("too_many_redirects", volley.get(server.url("/loop")):send())
  eq(server.count(), 31)
end)

case("LUA 4.27 max_redirects = 0 fails at the first redirect", function()
  server.on("/r", redirect(302, "/x"))
  fails("too_many_redirects", volley.get(server.url("/r"), {max_redirects = 0}):send())
  eq(server.count(), 1)
end)

case("LUA 4.28 invalid_redirect for a Location that is no http(s) URL", function()
  for _, l in ipairs {"ftp://x.test/", "javascript:alert(1)", "file:///etc/passwd", "http://:1/"} do
    server.on("/r", redirect(302, l))
    local err = fails("invalid_redirect", volley.get(server.url("/r")):send())
    ok(err:is("redirect"))
  end
end)

case("LUA 4.29 a proxy that is not there is kind proxy", function()
  local err = fails("proxy", volley.get("http://example.test/", {proxies = {http = "http://127.0.0.1:1"}}):send())
  ok(err:is("connection"))
  eq(err.sent, "no")
end)

case("LUA 4.30 a proxy that refuses CONNECT is kind proxy", function()
  server.on("", reply("407 Proxy Authentication Required"))
  local err = fails("proxy", volley.get("https://example.test/", {proxies = {https = "http://" .. server.addr}, timeout = 2}):send())
  has(tostring(err), "407")
  eq(last().method, "CONNECT")
  eq(last().target, "example.test:443")
end)

case("LUA 4.31 an error can be raised and caught as itself", function()
  local err = select(2, volley.get("http://127.0.0.1:1/"):send())
  local good, caught = pcall(error, err)
  eq(good, false)
  eq(caught, err)
end)

case("LUA 4.32 unknown fields of an error raise with a suggestion", function()
  local err = select(2, volley.get("http://127.0.0.1:1/"):send())
  throws(function() return err.knd end, "kind")
end)

case("LUA 4.33 an uncaught Error ends the script with its text", function()
  harness.ends_with("connect")
  error(select(2, volley.get("http://127.0.0.1:1/"):send()))
end)

case("LUA 4.34 callback errors: the value that was raised is the cause or its text", function()
  local _, err = volley.get(server.url("/"), {callback = function() error({code = 7}) end}):send()
  eq(err.kind, "callback")
  ok(err.traceback)
end)

case("LUA 4.35 reset storms lose no slot", function()
  server.on("/s", {{reset = true}})
  local t = {}
  for i = 1, 40 do t[i] = volley.get(server.url(i % 2 == 0 and "/s" or "/fine")) end
  local resps, errors = volley.map(t, {size = 10})
  for i = 1, 40 do
    if i % 2 == 0 then eq(errors[i].kind, "closed") else eq(resps[i].text, "/fine") end
  end
end)

case("LUA 4.36 one timeout does not poison the others", function()
  server.on("/h", {{hangup = true}})
  local resps, errors = volley.map({volley.get(server.url("/h"), {timeout = 0.05}), volley.get(server.url("/a")), volley.get(server.url("/b"))}, {size = 1})
  eq(errors[1].kind, "read_timeout")
  eq(resps[2].text, "/a")
  eq(resps[3].text, "/b")
end)
