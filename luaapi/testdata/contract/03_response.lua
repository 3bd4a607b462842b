-- LUA §3: Response.
local volley = require "volley"
require "checks"

local function get(raw, opts)
  server.on("/r", raw)
  return sent(volley.get(server.url("/r"), opts))
end

case("LUA 3.1 status_code, reason, ok, url, request, tostring", function()
  local resp = get(reply("404 Nothing Here", {}, "x"))
  eq(resp.status_code, 404)
  eq(resp.reason, "Nothing Here")
  eq(resp.ok, false)
  eq(resp.url, server.url("/r"))
  eq(resp.request.method, "GET")
  eq(tostring(resp), "<Response [404]>")
  eq(tostring(get(reply(200))), "<Response [200]>")
end)

case("LUA 3.2 ok is status < 400; a missing reason is empty; unusual codes are fine", function()
  eq(get(reply("399 X")).ok, true)
  eq(get(reply("400 X")).ok, false)
  local resp = get("HTTP/1.1 999\r\nContent-Length: 0\r\n\r\n")
  eq(resp.status_code, 999)
  eq(resp.reason, "")
end)

case("LUA 3.3 headers are case-insensitive, repeats are joined with a comma", function()
  local resp = get(reply(200, {"X-Twice: a", "X-One: 1", "x-twice: b"}))
  eq(resp.headers["x-ONE"], "1")
  eq(resp.headers["X-Twice"], "a, b")
  eq(resp.headers["missing"], nil)
  list(resp.headers:get_all("X-TWICE"), {"a", "b"})
  list(resp.headers:get_all("none"), {})
end)

case("LUA 3.4 headers keep order, case and repeats; pairs works on them", function()
  local resp = get(reply(200, {"X-b: 1", "x-A: 2", "X-b: 3"}))
  local got = {}
  for n, v in resp.headers:pairs() do if n:lower():find("^x%-") then got[#got + 1] = n .. "=" .. v end end
  list(got, {"X-b=1", "x-A=2", "X-b=3"})
  local n = 0
  for k in pairs(resp.headers) do if k:lower() == "x-a" then n = n + 1 end end
  eq(n, 1)
end)

case("LUA 3.5 text by the charset parameter", function()
  eq(get(reply(200, {"Content-Type: text/plain; charset=ISO-8859-1"}, "caf\233")).text, "café")
  eq(get(reply(200, {'Content-Type: text/plain; Charset="utf-8"'}, "caf\195\169")).text, "café")
end)

case("LUA 3.6 text without a charset: valid UTF-8, else windows-1252", function()
  eq(get(reply(200, {"Content-Type: text/plain"}, "caf\195\169")).text, "café")
  eq(get(reply(200, {"Content-Type: text/plain"}, "caf\233 \128")).text, "café €")
end)

case("LUA 3.7 text by BOM, which is not part of it, and by meta and XML declaration", function()
  eq(get(reply(200, {}, "\239\187\191x")).text, "x")
  eq(get(reply(200, {}, "\255\254h\0i\0")).text, "hi")
  has(get(reply(200, {"Content-Type: text/html"}, '<html><head><meta charset="iso-8859-2"></head>\177')).text, "ą")
  has(get(reply(200, {"Content-Type: text/xml"}, '<?xml version="1.0" encoding="iso-8859-2"?><a>\177</a>')).text, "ą")
end)

case("LUA 3.8 encoding can be set and redoes text; content stays", function()
  local resp = get(reply(200, {"Content-Type: text/plain; charset=utf-8"}, "\233"))
  eq(resp.content, "\233")
  resp.encoding = "iso-8859-1"
  eq(resp.text, "é")
  eq(resp.encoding:lower(), "iso-8859-1")
  eq(resp.content, "\233")
end)

case("LUA 3.9 encoding and apparent_encoding", function()
  local resp = get(reply(200, {"Content-Type: text/plain; charset=utf-8"}, "é"))
  eq(resp.encoding:lower(), "utf-8")
  eq(resp.apparent_encoding:lower(), "utf-8")
end)

case("LUA 3.10 json decodes; null is volley.null and truthy", function()
  local t = get(reply(200, {}, '{"a":[1,2,{"b":null}],"s":"\\u00e9","t":true,"f":1.5}')):json()
  eq(t.a[2], 2)
  eq(t.a[3].b, volley.null)
  ok(t.a[3].b)
  eq(t.s, "é")
  eq(t.t, true)
  eq(t.f, 1.5)
end)

case("LUA 3.11 json keeps [] a list when encoded again", function()
  eq(volley.json.encode(get(reply(200, {}, '{"a":[],"o":{}}')):json()), '{"a":[],"o":{}}')
end)

case("LUA 3.12 json of something else raises kind json with the response", function()
  for _, body in ipairs {"", "{", "<html>", "{} x", "nul"} do
    local resp = get(reply(200, {}, body))
    local err = raises("json", function() resp:json() end)
    eq(err.response, resp)
  end
end)

case("LUA 3.13 json: BOM is fine, the last repeated key wins, bigint keeps digits", function()
  eq(get(reply(200, {"Content-Type: application/json"}, '\239\187\191{"a":1,"a":2}')):json().a, 2)
  local resp = get(reply(200, {}, '{"id":12345678901234567890,"n":7,"neg":-9007199254740993}'))
  eq(resp:json {bigint = "string"}.id, "12345678901234567890")
  eq(resp:json {bigint = "string"}.neg, "-9007199254740993")
  eq(resp:json {bigint = "string"}.n, 7)
end)

case("LUA 3.14 raise_for_status raises kind http for 4xx and 5xx, else returns the response", function()
  local resp = get(reply(200))
  eq(resp:raise_for_status(), resp)
  resp = get(reply("503 Busy"))
  local err = raises("http", function() resp:raise_for_status() end, "503")
  eq(err.response, resp)
end)

case("LUA 3.15 iter_content gives chunks of at most n, in order", function()
  local got = {}
  for c in get(reply(200, {}, "abcdefg")):iter_content(3) do got[#got + 1] = c end
  list(got, {"abc", "def", "g"})
  got = {}
  for c in get(reply(200, {}, "abcdefg"), {stream = true}):iter_content(3) do
    ok(#c <= 3)
    got[#got + 1] = c
  end
  eq(table.concat(got), "abcdefg")
end)

case("LUA 3.16 iter_lines ends lines at \\n, \\r\\n, \\r, however they are cut into packets", function()
  local want = {"a", "b", "", "c", "d"}
  local got = {}
  for l in get(reply(200, {}, "a\nb\r\n\r\nc\rd")):iter_lines() do got[#got + 1] = l end
  list(got, want)
  got = {}
  server.on("/l", {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na\nb\r", {sleep = 0.02}, "\n\r", {sleep = 0.02}, "\nc\rd", {close = true}})
  for l in sent(volley.get(server.url("/l"), {stream = true})):iter_lines() do got[#got + 1] = l end
  list(got, want)
end)

case("LUA 3.17 iter_lines hands lines over as they come", function()
  server.on("/l", {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na\n", {gate = "g"}, "b\n"})
  local next_line = sent(volley.get(server.url("/l"), {stream = true})):iter_lines()
  eq(next_line(), "a")
  server.release("g")
  eq(next_line(), "b")
  eq(next_line(), nil)
end)

case("LUA 3.18 stream hands the response over at its headers", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", {gate = "g"}, "ok"})
  local resp = sent(volley.get(server.url("/s"), {stream = true}))
  eq(resp.status_code, 200)
  server.release("g")
  eq(resp.content, "ok")
  eq(resp.text, "ok", "content is kept")
end)

case("LUA 3.19 a connection of a stream that was read to its end is used again, of a closed one not", function()
  local resp = get(reply(200, {}, "abc"), {stream = true})
  for _ in resp:iter_content() do end
  sent(volley.get(server.url("/next")))
  eq(server.conns(), 1)
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", {hangup = true}})
  sent(volley.get(server.url("/s"), {stream = true})):close()
  wait_until(function() return server.hangups() == 1 end)
  sent(volley.get(server.url("/next")))
  eq(server.conns(), 2)
end)

case("LUA 3.20 content after close is closed_response", function()
  local resp = get(reply(200, {}, "abc"), {stream = true})
  resp:close()
  raises("closed_response", function() return resp.content end)
  raises("closed_response", function() return resp.text end)
  resp:close()
end)

case("LUA 3.21 save writes the body whole and returns its size", {write = true}, function()
  eq(get(reply(200, {}, "saved"), {stream = true}):save("out.bin"), 5)
  eq(harness.slurp("out.bin"), "saved")
  eq(get(reply(200, {}, "again")):save("out2.bin"), 5)
  eq(harness.slurp("out2.bin"), "again")
end)

case("LUA 3.22 save of a cut body is an error and leaves the old file", {write = true}, function()
  harness.put("old.bin", "old")
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nab", {close = true}})
  local resp = sent(volley.get(server.url("/s"), {stream = true}))
  raises("incomplete_body", function() resp:save("old.bin") end)
  eq(harness.slurp("old.bin"), "old")
end)

case("LUA 3.23 a cut body raises incomplete_body from the iterator of a stream", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nab", {close = true}})
  local resp = sent(volley.get(server.url("/s"), {stream = true}))
  raises("incomplete_body", function() for _ in resp:iter_content() do end end)
end)

case("LUA 3.24 history, oldest first; each entry's request is its own", function()
  server.on("/1", redirect(302, "/2"))
  server.on("/2", redirect(301, "/3"))
  local resp = sent(volley.get(server.url("/1")))
  eq(#resp.history, 2)
  eq(resp.history[1].status_code, 302)
  eq(resp.history[1].request.url, server.url("/1"))
  eq(resp.history[2].url, server.url("/2"))
  eq(resp.request.url, server.url("/3"))
  eq(resp.url, server.url("/3"))
end)

case("LUA 3.25 is_redirect, is_permanent_redirect, next", function()
  server.on("/p", redirect(301, "/to"))
  server.on("/t", redirect(302, "/to"))
  local p = sent(volley.get(server.url("/p"), {allow_redirects = false}))
  eq(p.is_redirect, true)
  eq(p.is_permanent_redirect, true)
  eq(p.next.url, server.url("/to"))
  eq(sent(p.next).text, "/to")
  local t = sent(volley.get(server.url("/t"), {allow_redirects = false}))
  eq(t.is_redirect, true)
  eq(t.is_permanent_redirect, false)
  local plain = sent(volley.get(server.url("/x")))
  eq(plain.is_redirect, false)
  eq(plain.next, nil)
end)

case("LUA 3.26 links by rel", function()
  local resp = get(reply(200, {'Link: <https://x.test/2>; rel="next", <https://x.test/9>; rel=last; title="L"'}))
  eq(resp.links.next.url, "https://x.test/2")
  eq(resp.links.last.url, "https://x.test/9")
  eq(resp.links.last.title, "L")
end)

case("LUA 3.27 cookies are those this response set", function()
  server.on("/1", reply("302 F", {"Location: /2", "Set-Cookie: a=1"}))
  server.on("/2", reply(200, {"Set-Cookie: b=2; Path=/"}))
  local resp = sent(volley.get(server.url("/1")))
  eq(resp.cookies:get("b"), "2")
  eq(resp.cookies:get("a"), nil)
  eq(resp.history[1].cookies:get("a"), "1")
end)

case("LUA 3.28 elapsed and timings are seconds; a reused connection dials nothing", function()
  server.on("/slow", {{sleep = 0.05}, reply(200, {}, "x")})
  local a = sent(volley.get(server.url("/slow")))
  ok(a.elapsed >= 0.045 and a.elapsed < 5, "elapsed " .. a.elapsed)
  ok(a.timings.connect > 0)
  ok(a.timings.ttfb >= 0.045)
  ok(a.timings.total >= a.timings.ttfb)
  local b = sent(volley.get(server.url("/slow")))
  eq(b.timings.dns, 0)
  eq(b.timings.connect, 0)
  eq(b.timings.tls, 0)
end)

case("LUA 3.29 elapsed ends at the headers", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", {sleep = 0.2}, "ok"})
  local resp = sent(volley.get(server.url("/s")))
  ok(resp.elapsed < 0.15, "elapsed " .. resp.elapsed)
  ok(resp.timings.total >= 0.19)
end)

case("LUA 3.30 size: headers, decoded body, bytes received", function()
  local resp = sent(volley.get(volley.httpbin() .. "/gzip"))
  eq(resp.size.body, #resp.content)
  ok(resp.size.wire > 0)
  ok(resp.size.headers > 0)
  local plain = get(reply(200, {}, ("x"):rep(1000)))
  eq(plain.size.body, 1000)
  ok(plain.size.wire >= 1000)
end)

case("LUA 3.31 protocol, remote_addr, attempts", function()
  local resp = get(reply(200))
  eq(resp.protocol, "HTTP/1.1")
  eq(resp.remote_addr, server.addr)
  eq(resp.attempts, 1)
end)

case("LUA 3.32 an unknown field of a response raises with a suggestion", function()
  local resp = get(reply(200))
  throws(function() return resp.status_cod end, "status_code")
  throws(function() return resp.jsn end, "json")
end)

case("LUA 3.33 gzip, deflate, br and chains of httpbin are decoded", function()
  for _, p in ipairs {"/gzip", "/deflate"} do
    ok(sent(volley.get(volley.httpbin() .. p)):json())
  end
end)

case("LUA 3.34 resp.meta is the caller's", function()
  eq(sent(volley.get(server.url("/"), {meta = "m"})).meta, "m")
end)

case("LUA 3.35 a 204, a 304 and a HEAD have no body, whatever the headers say", function()
  server.on("/204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")
  server.on("/304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
  server.on("/h", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
  eq(sent(volley.get(server.url("/204"))).content, "")
  eq(sent(volley.get(server.url("/304"))).content, "")
  eq(sent(volley.head(server.url("/h"))).content, "")
end)
