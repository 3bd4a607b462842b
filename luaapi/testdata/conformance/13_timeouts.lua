-- Surface §13: timeouts.
local volley = require "volley"
require "checks"

-- drip is a body of n bytes, one every gap seconds.
local function drip(n, gap)
  local steps = {"HTTP/1.1 200 OK\r\nContent-Length: " .. n .. "\r\n\r\n"}
  for _ = 1, n do
    steps[#steps + 1] = {sleep = gap}
    steps[#steps + 1] = "x"
  end
  return steps
end

case("RS 13.1 connect covers the TLS handshake; it is a timeout and a connection error", function()
  local err = fails("connect_timeout", volley.get("https://" .. server.addr .. "/", {timeout = {connect = 0.1}}):send())
  ok(err:is("timeout") and err:is("connection"))
  eq(err.sent, "no")
  eq(err.retryable, true)
end)

case("RS 13.1b connect covers the proxy's answer to CONNECT", function()
  server.on("", {{hangup = true}})
  fails("connect_timeout", volley.get("https://h.test/", {proxies = {https = "http://" .. server.addr}, timeout = {connect = 0.1}}):send())
end)

case("RS 13.1c connect covers name resolution", function()
  local s = volley.session {resolver = "127.0.0.1:9"}
  local _, err = s:get("http://h.test/", {timeout = {connect = 0.2}}):send()
  ok(err.kind == "connect_timeout" or err.kind == "dns", tostring(err))
  eq(err.phase, "dns")
end)

case("RS 13.1d once connected it does not count: sending and waiting have the read timeout", function()
  server.on("/slow", {{sleep = 0.7}, reply(200, {}, "late")})
  eq(sent(volley.get(server.url("/slow"), {timeout = {connect = 0.5, read = 5}})).text, "late")
end)

case("RS 13.2 read is per wait, not total", function()
  server.on("/d", drip(10, 0.12))
  eq(sent(volley.get(server.url("/d"), {timeout = 1})).text, ("x"):rep(10))
end)

case("RS 13.3 waiting for headers: read_timeout", function()
  server.on("/w", {{hangup = true}})
  server.on("/h", {"HTTP/1.1 200 OK\r\nX-A: 1\r\n", {hangup = true}})
  for _, path in ipairs {"/w", "/h"} do
    local err = fails("read_timeout", volley.get(server.url(path), {timeout = {read = 0.1}}):send())
    ok(err:is("timeout") and not err:is("connection"))
  end
end)

case("RS 13.4 a stall inside the body", function()
  server.on("/b", {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {hangup = true}})
  local err = fails("read_timeout", volley.get(server.url("/b"), {timeout = {read = 0.1}}):send())
  eq(err.phase, "body")
end)

case("W34 a stall in the body is read_timeout everywhere: plain, chunked, until close, compressed, streamed", function()
  local gz = volley.base64.decode("H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==")
  local bodies = {
    "Content-Length: 9\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n9\r\nab", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    "\r\nab", "Content-Encoding: gzip\r\nContent-Length: " .. #gz .. "\r\n\r\n" .. gz:sub(1, 14),
  }
  for i, body in ipairs(bodies) do
    server.on("/b", {"HTTP/1.1 200 OK\r\n" .. body, {hangup = true}})
    local err = fails("read_timeout", volley.get(server.url("/b"), {timeout = {read = 0.1}}):send())
    ok(err:is("timeout") and not err:is("connection"), i)
    local resp = sent(volley.get(server.url("/b"), {timeout = {read = 0.4}, stream = true}))
    raises("read_timeout", function() for _ in resp:iter_content() do end end)
  end
end)

case("W34b a stall in the sending of a body too", function()
  server.on("/up", {{hangup = true}})
  local sock = volley.session {timeout = {read = 0.2}}
  local chunk, n = ("x"):rep(65536), 0
  local err = fails("read_timeout", sock:post(server.url("/up"), {data = function()
    n = n + 1
    if n <= 400 then return chunk end
  end}):send())
  ok(err.sent ~= "no")
end)

case("RS 13.5 a bare number is for both waits, and the session's is the default", function()
  local s = volley.session {timeout = 0.1}
  server.on("/w", {{hangup = true}})
  fails("read_timeout", s:get(server.url("/w")):send())
  fails("connect_timeout", s:get("https://" .. other.addr .. "/"):send())
  s.timeout = {read = 5}
  server.on("/slow", {{sleep = 0.2}, reply(200, {}, "late")})
  eq(sent(s:get(server.url("/slow"))).text, "late")
end)

case("W35 a server that never answers ends a request; to wait for ever takes timeout=false", function()
  server.on("/w", {{sleep = 0.8}, reply(200, {}, "late")})
  local s = volley.session {timeout = 0.1}
  fails("read_timeout", s:get(server.url("/w")):send())
  eq(sent(s:get(server.url("/w"), {timeout = false})).text, "late")
  eq(sent(s:get(server.url("/w"), {timeout = {read = false}})).text, "late")
end)

case("RS 13.6 a total deadline: over the drip of a body, redirects and retries", function()
  server.on("/d", drip(40, 0.05))
  local err = fails("total_timeout", volley.get(server.url("/d"), {timeout = {total = 0.3}}):send())
  ok(err:is("timeout") and not err:is("connection"))
  server.on("/r", {{sleep = 0.1}, redirect(302, "/r")})
  fails("total_timeout", volley.get(server.url("/r"), {timeout = {total = 0.3}}):send())
  server.on("/f", {{sleep = 0.4}, reply(503)})
  local _, failed = volley.get(server.url("/f"), {timeout = {total = 0.6}, retry = {total = 100, backoff = 0.001}}):send()
  eq(failed and failed.kind, "total_timeout")
end)

case("RS 13.6b what is no timeout is invalid_argument", function()
  for _, bad in ipairs {-1, 0, "5s", {0.1, 0.2}, {conect = 1}, {read = -1}, true} do
    raises("invalid_argument", function() volley.get(server.url("/"), {timeout = bad}) end, "timeout")
  end
end)
