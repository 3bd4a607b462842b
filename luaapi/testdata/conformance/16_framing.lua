-- Requests' surface §16: how a response is framed, and what cuts it.
local volley = require "volley"
require "checks"

local function fault(kind, raw, opts)
  server.on("/f", type(raw) == "table" and raw or {raw, {close = true}})
  local err = fails(kind, volley.get(server.url("/f"), opts):send())
  eq(err.retryable ~= nil, true)
  return err
end

local function good(raw, want, opts)
  server.on("/g", type(raw) == "table" and raw or {raw, {close = true}})
  local resp = sent(volley.get(server.url("/g"), opts))
  if want then eq(resp.content, want) end
  return resp
end

case("RS 16.1 fewer bytes than Content-Length are incomplete_body", function()
  local err = fault("incomplete_body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
  ok(err:is "protocol")
  eq(err.phase, "body")
  eq(err.sent, "yes")
  has(err.message, "3")
  fault("incomplete_body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
end)

case("RS 16.1 a stream that is cut raises incomplete_body where it is read", function()
  server.on("/f", {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", {close = true}})
  local resp = sent(volley.get(server.url("/f"), {stream = true}))
  local next_piece = resp:iter_content()
  eq(next_piece(), "abc")
  raises("incomplete_body", next_piece)
end)

case("RS 16.1 a reset inside a body is closed", function()
  local err = fault("closed", {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", {sleep = 0.02}, {reset = true}})
  ok(err:is "connection")
end)

case("RS 16.2 bytes beyond Content-Length are not part of it, nor of the next response", function()
  good({"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON"}, "abc")
  eq(sent(volley.get(server.url("/next"))).text, "/next")
end)

case("RS 16.3 without a length the body ends with the connection", function()
  good("HTTP/1.1 200 OK\r\n\r\nall of it", "all of it")
  good("HTTP/1.1 200 OK\r\n\r\n", "")
  sent(volley.get(server.url("/next")))
  eq(server.conns(), 3)
end)

case("RS 16.4 chunks that are cut, without their end, or of a bad size", function()
  local head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  for _, body in ipairs {"5\r\nab", "5\r\nabcde\r\n", "5\r\nabcde", "", "5", "0\r\n"} do
    fault("incomplete_body", head .. body)
  end
  for _, body in ipairs {"zz\r\nabc\r\n0\r\n\r\n", "-1\r\nabc\r\n0\r\n\r\n", "3\r\nabcdef\r\n0\r\n\r\n", "ffffffffffffffffff\r\nabc"} do
    local err = fault("invalid_response", head .. body)
    ok(err:is "protocol")
  end
end)

case("RS 16.4 headers that are cut or malformed are invalid_response", function()
  for _, raw in ipairs {
    "HTTP/1.1 2", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nX-A: 1", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX A: 1\r\nContent-Length: 0\r\n\r\n",
  } do
    local err = fault("invalid_response", raw)
    ok(err:is "protocol")
    ok(err.sent ~= "no")
  end
end)

case("RS 16.4 headers without an end are headers_too_large", function()
  local err = fault("headers_too_large", "HTTP/1.1 200 OK\r\nX-Big: " .. ("x"):rep(1200000) .. "\r\n\r\n")
  ok(err:is "too_large")
end)

case("RS 16.5 no byte is closed, garbage is invalid_response", function()
  local err = fault("closed", {{close = true}})
  ok(err:is "connection")
  eq(err.sent, "maybe")
  fault("closed", {{reset = true}})
  for _, raw in ipairs {"garbage\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "<html>", "\0\1\2\3\r\n\r\n"} do
    fault("invalid_response", raw)
  end
end)

case("RS 16.6 two lengths that differ are invalid_response, equal ones are one", function()
  fault("invalid_response", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
  fault("invalid_response", "HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd")
  fault("invalid_response", "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabcd")
  fault("invalid_response", "HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabcd")
  good("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "abc")
  good("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc", "abc")
end)

case("RS 16.6 a length beside chunks does not count, and ends the connection", function()
  good({"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"}, "abcde")
  sent(volley.get(server.url("/next")))
  eq(server.conns(), 2)
end)

case("RS 16.7 100 Continue is passed over", function()
  good({"HTTP/1.1 100 Continue\r\n\r\n" .. reply(200, {}, "x")}, "x")
  sent(volley.get(server.url("/next")))
  eq(server.conns(), 1)
end)

case("W41 every 1xx is passed over but 101", function()
  local resp = good({
    "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\nSet-Cookie: early=1\r\n\r\n" ..
    "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 199 Odd\r\n\r\n" .. reply(200, {"X-Own: 1"}, "x"),
  }, "x")
  eq(resp.status_code, 200)
  eq(resp.headers["link"], nil)
  eq(resp.headers["x-early"], nil)
  eq(resp.cookies:get "early", nil)
  eq(resp.headers["x-own"], "1")
  server.on("/u", {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", {hangup = true}})
  local switched, err = volley.get(server.url("/u"), {timeout = 2}):send()
  ok(switched and switched.status_code == 101 or err:is "protocol", tostring(err))
end)

case("RS 16.8 HTTP/1.0 is understood, and kept only when it says so", function()
  eq(good({"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", {close = true}}, "x").protocol, "HTTP/1.0")
  good("HTTP/1.0 200 OK\r\n\r\nto the end", "to the end")
  good({"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx"}, "x")
  sent(volley.get(server.url("/next")))
  eq(server.conns(), 3)
end)
