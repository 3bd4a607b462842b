-- Requests' surface §14: the Response.
local volley = require "volley"
require "checks"

local function get(raw, opts)
  server.on("/r", raw)
  return sent(volley.get(server.url("/r"), opts))
end

local function typed(content_type, body, opts)
  return get(reply(200, {"Content-Type: " .. content_type}, body), opts)
end

local function lines_of(body)
  local out = {}
  for line in get(reply(200, {}, body)):iter_lines() do out[#out + 1] = line end
  return out
end

local function is_closed(f) raises("closed_response", f) end

case("RS 14.1 status_code is any number of three digits", function()
  for _, code in ipairs {200, 299, 404, 503, 600, 999} do eq(get(reply(code .. " X")).status_code, code) end
end)

case("RS 14.2 reason is as sent, empty when there is none", function()
  eq(get(reply "200 Fine  By Me").reason, "Fine  By Me")
  eq(get("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").reason, "")
  eq(get("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").reason, "")
end)

case("RS 14.3 ok is a status below 400", function()
  for code, want in pairs {[200] = true, [302] = true, [399] = true, [400] = false, [404] = false, [500] = false, [599] = false, [600] = false} do
    eq(get(reply(code .. " X")).ok, want, code)
  end
end)

case("RS 14.4 url is the final one, with its fragment and without userinfo", function()
  server.on("/1", redirect(302, "/2?q=1"))
  eq(sent(volley.get((server.url("/1#f"):gsub("//", "//u:p@")))).url, server.url("/2?q=1#f"))
end)

case("RS 14.5 headers: any case, repeats joined and apart, in order; Set-Cookie too", function()
  local h = get(reply(200, {"X-A: 1", "Set-Cookie: a=1", "x-a: 2", "Set-Cookie: b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT"})).headers
  eq(h["X-a"], "1, 2")
  eq(h["SET-COOKIE"], "a=1, b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT")
  list(h:get_all "set-cookie", {"a=1", "b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT"})
  local order = {}
  for name, value in h:pairs() do order[#order + 1] = name .. "=" .. value end
  list({order[1], order[3]}, {"X-A=1", "x-a=2"})
  eq(h["none"], nil)
  throws(function() h["X-A"] = "3" end)
end)

case("RS 14.6 encoding is the charset parameter in any case and quotes, utf-8 for JSON, else nothing", function()
  eq(typed('text/html; Charset="ISO-8859-1"', "x").encoding, "ISO-8859-1")
  eq(typed("text/html; a=b;charset='latin1'", "x").encoding, "latin1")
  eq(typed("application/json", "{}").encoding, "utf-8")
  eq(typed("application/octet-stream", "x").encoding, nil)
  eq(typed("text/plain", "x").encoding, nil)
  eq(get(reply(200, {}, "x")).encoding, nil)
end)

case("RS 14.6 encoding can be set, and text follows", function()
  local resp = typed("text/plain; charset=utf-8", "caf\233")
  has(resp.text, "\239\191\189")
  resp.encoding = "latin1"
  eq(resp.text, "café")
  eq(resp.encoding, "latin1")
end)

case("RS 14.7 apparent_encoding goes by mark, declaration, valid UTF-8, else windows-1252", function()
  eq(typed("text/plain; charset=latin1", "é").apparent_encoding, "utf-8")
  eq(get(reply(200, {}, "\255\254h\0")).apparent_encoding, "utf-16le")
  eq(get(reply(200, {}, "\254\255\0h")).apparent_encoding, "utf-16be")
  eq(get(reply(200, {}, '<meta charset="iso-8859-2">')).apparent_encoding:lower(), "iso-8859-2")
  eq(get(reply(200, {}, "caf\233")).apparent_encoding, "windows-1252")
  eq(get(reply(200, {}, "")).apparent_encoding, "utf-8")
end)

case("RS 14.8 text is UTF-8: bytes that mean nothing are replaced, a mark is left out", function()
  eq(typed("text/plain; charset=utf-8", "a\255b").text, "a\239\191\189b")
  eq(typed("text/plain; charset=utf-8", "\239\187\191x").text, "x")
  eq(typed("text/plain; charset=shift_jis", "\147\250\150\123").text, "日本")
  eq(typed("text/plain; charset=utf-16", "\255\254h\0i\0").text, "hi")
  eq(typed("text/plain", "caf\233").text, "café")
end)

case("RS 14.8 a charset that nobody knows counts as none", function()
  eq(typed("text/plain; charset=x-nobody", "caf\195\169").text, "café")
  eq(typed("text/plain; charset=x-nobody", "caf\233").text, "café")
  eq(get(reply(204)).text, "")
end)

case("RS 14.9 content is the bytes, as often as it is read", function()
  local resp = typed("text/plain; charset=latin1", "\0\233\255")
  eq(resp.content, "\0\233\255")
  eq(resp.content, "\0\233\255")
  local stream = get(reply(200, {}, "abc"), {stream = true})
  eq(stream.content, "abc")
  eq(stream.content, "abc")
  eq(stream.text, "abc")
end)

case("RS 14.10 json reads UTF-8, UTF-16 and UTF-32, with or without a mark", function()
  local function wide(s, before, after)
    return (s:gsub(".", function(c) return ("\0"):rep(before) .. c .. ("\0"):rep(after) end))
  end
  local doc = '{"a":1}'
  for _, body in ipairs {
    doc, wide(doc, 0, 1), wide(doc, 1, 0), "\255\254" .. wide(doc, 0, 1), "\254\255" .. wide(doc, 1, 0),
    wide(doc, 0, 3), wide(doc, 3, 0), "\255\254\0\0" .. wide(doc, 0, 3),
  } do
    eq(get(reply(200, {}, body)):json().a, 1)
  end
end)

case("RS 14.10 what is no JSON raises kind json with the place and the response", function()
  local resp = typed("application/json", '{"a": 1,\n "b": nope}')
  local err = raises("json", function() resp:json() end, "line 2")
  eq(err.response, resp)
  for _, body in ipairs {"", " ", "{", "[1,]", "{} {}", "'a'", "NaN", "[Infinity]", "\255"} do
    resp = get(reply(200, {}, body))
    raises("json", function() resp:json() end)
  end
  resp = get(reply(204))
  raises("json", function() resp:json() end)
end)

case("RS 14.10 of a key that is there twice the last wins; numbers beyond 2^53 can keep their digits", function()
  eq(get(reply(200, {}, '{"a":1,"a":2}')):json().a, 2)
  eq(get(reply(200, {}, '[12345678901234567890]')):json {bigint = "string"}[1], "12345678901234567890")
end)

case("W36 a byte order mark in front of JSON is no error", function()
  eq(typed("application/json", '\239\187\191{"a":1}'):json().a, 1)
  eq(typed("application/json; charset=utf-8", '\239\187\191[2]'):json()[1], 2)
end)

case("RS 14.11 history is oldest first, each entry with the history before it", function()
  server.on("/1", redirect(301, "/2"))
  server.on("/2", redirect(302, "/3"))
  local resp = sent(volley.get(server.url("/1")))
  eq(#resp.history, 2)
  list({resp.history[1].status_code, resp.history[2].status_code}, {301, 302})
  list({resp.history[1].url, resp.history[2].url}, {server.url("/1"), server.url("/2")})
  eq(resp.history[2].request.url, server.url("/2"))
  eq(#resp.history[1].history, 0)
  eq(#resp.history[2].history, 1)
  eq(resp.history[2].history[1], resp.history[1])
  ok(resp.history[1].elapsed > 0)
  eq(#sent(volley.get(server.url("/x"))).history, 0)
end)

case("RS 14.12 is_redirect, is_permanent_redirect and next", function()
  local function of(status, location)
    server.on("/r", reply(status .. " X", location and {"Location: " .. location} or {}))
    return sent(volley.get(server.url("/r"), {allow_redirects = false}))
  end
  for status, permanent in pairs {[301] = true, [302] = false, [303] = false, [307] = false, [308] = true} do
    local resp = of(status, "/to")
    eq(resp.is_redirect, true, status)
    eq(resp.is_permanent_redirect, permanent, status)
    eq(resp.next.url, server.url("/to"), status)
    eq(#resp.history, 0)
    eq(of(status).is_redirect, false, status)
    eq(of(status).next, nil, status)
  end
  eq(of(300, "/to").is_redirect, false)
  eq(of(200, "/to").next, nil)
end)

case("RS 14.12 next can be sent", function()
  server.on("/r", redirect(303, "/to"))
  local resp = sent(volley.post(server.url("/r"), {data = "x", allow_redirects = false}))
  eq(resp.next.method, "GET")
  eq(sent(resp.next).text, "/to")
end)

case("RS 14.13 links by rel, several rels apart, without one by URL; commas and semicolons in quotes", function()
  local links = get(reply(200, {
    'Link: </2>; rel="next prev"; title="a, b; c", <https://x.test/9>; Rel=last', "Link: </plain>; type=text/html",
  })).links
  eq(links.next.url, "/2")
  eq(links.next.title, "a, b; c")
  eq(links.prev.url, "/2")
  eq(links.last.url, "https://x.test/9")
  eq(links["/plain"].type, "text/html")
  eq(next(get(reply(200)).links), nil)
end)

case("RS 14.14 elapsed ends at the headers of the last hop, in seconds", function()
  server.on("/1", {{sleep = 0.1}, redirect(302, "/2")})
  server.on("/2", {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", {sleep = 0.1}, "ok"})
  local resp = sent(volley.get(server.url("/1")))
  ok(resp.history[1].elapsed >= 0.09, "the first hop waited")
  ok(resp.elapsed > 0 and resp.elapsed < resp.timings.total, "the body is not in it")
  ok(resp.timings.total >= 0.09)
  for _, name in ipairs {"dns", "connect", "tls", "ttfb", "total"} do eq(type(resp.timings[name]), "number", name) end
end)

case("RS 14.15 cookies are the jar of this response", function()
  local jar = get(reply(200, {"Set-Cookie: a=1; Path=/p", "Set-Cookie: b=2"})).cookies
  eq(jar:get "a", "1")
  eq(jar.b, "2")
  eq(jar:get("a", {path = "/p"}), "1")
  eq(#get(reply(200)).cookies:list(), 0)
end)

case("RS 14.16 request is the one that was sent: method, url, headers, body, and a copy to send again", function()
  local resp = sent(volley.post(server.url("/x"), {params = {q = 1}, json = {a = 1}, headers = {["X-A"] = "1"}}))
  local req = resp.request
  eq(req.method, "POST")
  eq(req.url, server.url("/x?q=1"))
  eq(req.headers["content-type"], "application/json")
  eq(req.headers["user-agent"], "volley/" .. volley.version)
  eq(req.body, '{"a":1}')
  sent(req:copy())
  eq(last().target, "/x?q=1")
  eq(last().body, '{"a":1}')
  sent(req)
  eq(last().target, "/x?q=1", "as it is, too")
  local s = volley.session {params = {s = 1}}
  sent(sent(s:get(server.url("/x"), {params = {q = 1}})).request:copy {headers = {["X-B"] = "2"}})
  eq(last().target, "/x?s=1&q=1")
  eq(header(last(), "X-B"), "2")
  throws(function() req.url = "http://h.test/" end)
end)

case("RS 14.17 raise_for_status raises for 4xx and 5xx with reason and URL, else returns the response", function()
  local resp = get(reply "404 Not Found")
  local err = raises("http", function() resp:raise_for_status() end, "404 Client Error: Not Found for url: " .. server.url("/r"))
  eq(err.response, resp)
  resp = get(reply "503 Busy")
  raises("http", function() resp:raise_for_status() end, "503 Server Error: Busy for url: ")
  local teapot = sent(volley.get(volley.httpbin() .. "/status/418"))
  raises("http", function() teapot:raise_for_status() end, "418 Client Error")
  for _, code in ipairs {200, 304, 399, 600} do
    server.on("/ok", "HTTP/1.1 " .. code .. " X\r\n" .. (code == 304 and "" or "Content-Length: 0\r\n") .. "\r\n")
    resp = sent(volley.get(server.url("/ok")))
    eq(resp:raise_for_status(), resp)
  end
end)

case("RS 14.18 iter_content hands over n bytes each, of a stream and of what is in memory, as often as it is", function()
  for _, stream in ipairs {false, true} do
    local got = {}
    for piece in get(reply(200, {}, "abcdefg"), {stream = stream}):iter_content(3) do got[#got + 1] = piece end
    list(got, {"abc", "def", "g"})
  end
  local resp = get(reply(200, {}, "abc"))
  for _ = 1, 2 do
    local got = {}
    for piece in resp:iter_content(2) do got[#got + 1] = piece end
    list(got, {"ab", "c"})
  end
  for _, bad in ipairs {0, -1, 1.5, "x"} do raises("invalid_argument", function() resp:iter_content(bad) end) end
end)

case("RS 14.18 without n pieces come as they arrive", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", {gate = "g"}, "def"})
  local piece = sent(volley.get(server.url("/s"), {stream = true})):iter_content()
  eq(piece(), "abc")
  server.release "g"
  eq(piece(), "def")
  eq(piece(), nil)
end)

case("RS 14.18 a stream is read once: a second pass, and content after a part, are stream_consumed", function()
  local resp = get(reply(200, {}, "abcdef"), {stream = true})
  for _ in resp:iter_content(2) do end
  raises("stream_consumed", function() resp:iter_content(2) end)
  raises("stream_consumed", function() return resp.content end)
  resp = get(reply(200, {}, "abcdef"), {stream = true})
  eq(resp:iter_content(2)(), "ab")
  raises("stream_consumed", function() return resp.content end)
  resp:close()
  resp = get(reply(200, {}, "abcdef"), {stream = true})
  eq(resp.content, "abcdef")
  eq(resp.text, "abcdef")
end)

case("RS 14.19 lines end at \\n, \\r\\n and \\r; the last needs no end", function()
  list(lines_of "a\nb\r\nc\rd", {"a", "b", "c", "d"})
  list(lines_of "a\n\n\r\n\r\rb\n", {"a", "", "", "", "", "b"})
  list(lines_of "", {})
  list(lines_of "\n", {""})
end)

case("W37 lines are the same however the body is cut", function()
  local body, want = "one\r\ntwo\r\n\r\nthree\r\r\nfive", {"one", "two", "", "three", "", "five"}
  for cut = 1, #body - 1 do
    server.on("/l", {
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" .. ("%x\r\n%s\r\n"):format(cut, body:sub(1, cut)), {sleep = 0.002},
      ("%x\r\n%s\r\n0\r\n\r\n"):format(#body - cut, body:sub(cut + 1)),
    })
    local got = {}
    for line in sent(volley.get(server.url("/l"), {stream = true})):iter_lines() do got[#got + 1] = line end
    list(got, want, "cut at " .. cut)
  end
end)

case("RS 14.20 close frees the connection of a stream, and may be called again", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", {hangup = true}})
  local resp = sent(volley.get(server.url("/s"), {stream = true}))
  resp:close()
  resp:close()
  wait_until(function() return server.hangups() == 1 end)
  eq(resp.status_code, 200)
  local whole = get(reply(200, {}, "abc"))
  whole:close()
  eq(whole.content, "abc", "what is in memory stays")
end)

case("W38 the body of a closed stream is an error, never empty", function()
  local resp = get(reply(200, {}, "abc"), {stream = true})
  resp:close()
  is_closed(function() return resp.content end)
  is_closed(function() return resp.text end)
  is_closed(function() return resp:json() end)
  is_closed(function() for _ in resp:iter_content() do end end)
  is_closed(function() for _ in resp:iter_lines() do end end)
end)

case("RS 14.21 there is no raw; the name says what there is", function()
  throws(function() return get(reply(200)).raw end, "raw")
end)

case("RS 14.23 method, URL, headers and body of a request can be changed until it is sent", function()
  local req = volley.get(server.url("/a"), {headers = {["X-A"] = "1"}})
  req.method, req.url, req.body = "put", server.url("/b"), "new"
  req.headers["X-A"] = "2"
  sent(req)
  list({last().method, last().target, last().body, header(last(), "X-A")}, {"PUT", "/b", "new", "2"})
  throws(function() req.body = "late" end, "copy")
end)

case("W39 Content-Length follows a body that was changed", function()
  local req = volley.post(server.url("/x"), {data = "short"})
  req.body = "a good deal longer"
  sent(req)
  eq(last().body, "a good deal longer")
  eq(header(last(), "Content-Length"), "18")
  sent(volley.post(server.url("/x"), {data = "short", hooks = {before_request = function(r) r.body = "changed in the hook" end}}))
  eq(last().body, "changed in the hook")
  eq(header(last(), "Content-Length"), "19")
  req = volley.post(server.url("/x"), {data = "short"})
  req.body = nil
  sent(req)
  eq(header(last(), "Content-Length"), "0")
end)

case("RS 14.24 codes have requests' names and aliases; an unknown one raises", function()
  eq(volley.codes.ok, 200)
  eq(volley.codes["not_found"], 404)
  eq(volley.codes.teapot, 418)
  eq(volley.codes.moved, 301)
  eq(volley.codes.too_many, 429)
  eq(volley.codes.unavailable, 503)
  throws(function() return volley.codes.not_fuond end, "not_found")
end)
