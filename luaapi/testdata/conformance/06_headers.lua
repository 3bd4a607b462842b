-- Requests' surface §6: request headers and framing.
local volley = require "volley"
require "checks"

local function wire(method, opts)
  sent(volley.request(method, server.url("/x"), opts))
  return last()
end

local function count(req, name)
  local n = 0
  for _, given in ipairs(names(req)) do if given:lower() == name:lower() then n = n + 1 end end
  return n
end

case("RS 6.1 the default headers, in order; a kept connection needs no word", function()
  local r = wire "GET"
  list(names(r), {"Host", "User-Agent", "Accept-Encoding", "Accept"})
  eq(header(r, "User-Agent"), "volley/" .. volley.version)
  eq(header(r, "Accept-Encoding"), "gzip, deflate, br, zstd")
  eq(header(r, "Accept"), "*/*")
  wire "GET"
  eq(server.conns(), 1)
end)

case("RS 6.2 names keep their case and order, lookup does not mind case", function()
  local given = {{"x-zeta", "1"}, {"X-ALPHA", "2"}, {"x-Mid", "3"}, {"X-alpha", "4"}}
  local req = volley.get(server.url("/x"), {headers = given})
  eq(req.headers["X-ZETA"], "1")
  sent(req)
  local mine = {}
  for _, n in ipairs(names(last())) do if n:lower():find "^x%-" then mine[#mine + 1] = n end end
  list(mine, {"x-zeta", "X-ALPHA", "x-Mid", "X-alpha"})
end)

case("RS 6.2 the request's spelling of a session header is what goes out, once", function()
  local s = volley.session {headers = {{"X-One", "s"}, {"X-Two", "s"}}}
  sent(s:get(server.url("/x"), {headers = {["x-ONE"] = "r"}}))
  eq(count(last(), "x-one"), 1)
  has(last().head, "x-ONE: r")
  has(last().head, "X-Two: s")
end)

case("RS 6.3 false and volley.null take a default header out", function()
  for _, nothing in ipairs {false, volley.null} do
    local r = wire("GET", {headers = {["Accept-Encoding"] = nothing, ["user-agent"] = nothing, Accept = nothing}})
    list(names(r), {"Host"})
  end
  local s = volley.session {headers = {["User-Agent"] = false}}
  sent(s:get(server.url("/x")))
  eq(header(last(), "User-Agent"), nil)
end)

case("W19 a header that was taken out has no substitute on the wire", function()
  local r = wire("POST", {data = "b", headers = {["Accept-Encoding"] = false, ["User-Agent"] = false}})
  hasnt(r.raw:lower(), "identity")
  hasnt(r.raw:lower(), "user-agent")
  hasnt(r.raw:lower(), "accept-encoding")
end)

case("RS 6.4 a Host of one's own replaces it: one Host, first, also when chunked", function()
  local r = wire("GET", {headers = {{"X-A", "1"}, {"host", "virtual.test"}}})
  eq(names(r)[1], "Host")
  eq(header(r, "Host"), "virtual.test")
  eq(count(r, "host"), 1)
  local given
  r = wire("POST", {headers = {Host = "virtual.test"}, data = function()
    if not given then given = true return "x" end
  end})
  eq(header(r, "Transfer-Encoding"), "chunked")
  eq(header(r, "Host"), "virtual.test")
  eq(count(r, "host"), 1)
end)

case("RS 6.5 line breaks, a colon, an empty name and white space in front are refused unsent", function()
  for _, pair in ipairs {
    {"X-A", "a\rb"}, {"X-A", "a\nb"}, {"X-A", "a\r\nX-Evil: 1"}, {"X-A", " lead"}, {"X-A", "\tlead"},
    {" X-A", "v"}, {"X-A\n", "v"}, {"X:A", "v"}, {"", "v"}, {"X-Ä", "v"},
  } do
    local err = fails("invalid_argument", volley.get(server.url("/x"), {headers = {pair}}):send())
    eq(err.sent, "no")
  end
  eq(server.conns(), 0)
end)

case("RS 6.5 an empty value, spaces within and at the end, and tabs are fine", function()
  local r = wire("GET", {headers = {["X-Empty"] = "", ["X-In"] = "a  b", ["X-End"] = "a ", ["X-Tab"] = "a\tb"}})
  eq(header(r, "X-Empty"), "")
  eq(header(r, "X-In"), "a  b")
  eq(header(r, "X-Tab"), "a\tb")
  has(header(r, "X-End"), "a")
end)

case("RS 6.5 numbers and booleans go out as text, bytes as they are, é as UTF-8", function()
  local r = wire("GET", {headers = {["X-N"] = 7, ["X-B"] = true, ["X-U"] = "é", ["X-R"] = "\233"}})
  eq(header(r, "X-N"), "7")
  eq(header(r, "X-B"), "true")
  eq(header(r, "X-U"), "\195\169")
  eq(header(r, "X-R"), "\233")
end)

case("RS 6.5 a header value of another type raises where it is written", function()
  raises("invalid_argument", function() volley.get(server.url("/x"), {headers = {["X-A"] = print}}) end, "X-A")
  raises("invalid_argument", function() volley.get(server.url("/x"), {headers = {["X-A"] = {b = "c"}}}) end, "X-A")
end)

case("W20 control characters, NUL and a space in a name are refused unsent", function()
  for _, pair in ipairs {
    {"X-A", "a\0b"}, {"X-A", "a\1b"}, {"X-A", "a\127b"}, {"X-A", "a\11b"}, {"X A", "v"}, {"X-A ", "v"}, {"X-A\0", "v"}, {"X(A)", "v"},
  } do
    fails("invalid_argument", volley.get(server.url("/x"), {headers = {pair}}):send())
  end
  eq(server.conns(), 0)
end)

case("RS 6.6 without a body Content-Length is 0, but for GET and HEAD, which have none", function()
  for _, m in ipairs {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} do
    eq(header(wire(m), "Content-Length"), "0", m)
  end
  for _, m in ipairs {"GET", "HEAD"} do eq(header(wire(m), "Content-Length"), nil, m) end
end)

case("RS 6.6 a Content-Length by hand that does not fit the body is refused unsent, one that does goes out once", function()
  for _, opts in ipairs {{data = "abcdef"}, {data = "a"}, {}, {json = {a = 1}}} do
    opts.headers = {["Content-Length"] = "2"}
    local err = fails("invalid_argument", volley.post(server.url("/x"), opts):send())
    has(err.message, "leave")
  end
  eq(server.count(), 0)
  local r = wire("POST", {data = "ab", headers = {["content-length"] = "2"}})
  eq(header(r, "Content-Length"), "2")
  eq(count(r, "content-length"), 1)
  eq(r.body, "ab")
end)

case("RS 6.7 a stream is chunked, an empty one too; empty pieces end nothing", function()
  local function pieces(all)
    local i = 0
    return function() i = i + 1 return all[i] end
  end
  local r = wire("POST", {data = pieces {"ab", "", "", "c"}})
  eq(header(r, "Transfer-Encoding"), "chunked")
  eq(header(r, "Content-Length"), nil)
  has(r.raw, "\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
  r = wire("POST", {data = pieces {}})
  eq(header(r, "Transfer-Encoding"), "chunked")
  eq(header(r, "Content-Length"), nil)
  has(r.raw, "\r\n\r\n0\r\n\r\n")
end)

case("RS 6.7 Transfer-Encoding: chunked by hand sends any body chunked, without a length; no other coding goes out", function()
  local given
  local function once() if not given then given = true return "abc" end end
  for _, body in ipairs {"abc", once} do
    local r = wire("POST", {data = body, headers = {["Transfer-Encoding"] = "chunked"}})
    has(r.raw, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    eq(count(r, "transfer-encoding"), 1)
    eq(count(r, "content-length"), 0)
  end
  for _, headers in ipairs {{["Transfer-Encoding"] = "gzip"}, {["Transfer-Encoding"] = "chunked", ["Content-Length"] = "3"}} do
    fails("invalid_argument", volley.post(server.url("/y"), {data = "abc", headers = headers}):send())
  end
  eq(server.count "/y", 0)
end)

case("RS 6.8 forms, JSON and files have a Content-Type, text, files and iterators none", function()
  eq(header(wire("POST", {data = {a = 1}}), "Content-Type"), "application/x-www-form-urlencoded")
  eq(header(wire("POST", {json = {a = 1}}), "Content-Type"), "application/json")
  ok(header(wire("POST", {files = {f = "x"}}), "Content-Type"):match "^multipart/form%-data; boundary=%x+$")
  harness.put("f.bin", "x")
  local once
  for _, body in ipairs {"text", volley.file("f.bin"), function() if not once then once = true return "x" end end} do
    eq(header(wire("POST", {data = body}), "Content-Type"), nil)
  end
end)

case("RS 6.8 a Content-Type by hand wins, once", function()
  for _, opts in ipairs {{data = {a = 1}}, {json = {a = 1}}, {data = "x"}} do
    opts.headers = {["content-type"] = "text/own"}
    local r = wire("POST", opts)
    eq(header(r, "Content-Type"), "text/own")
    eq(count(r, "content-type"), 1)
  end
end)

case("W21 files under a multipart type by hand get our boundary", function()
  local r = wire("POST", {files = {f = "x"}, headers = {["Content-Type"] = "multipart/form-data"}})
  local boundary = header(r, "Content-Type"):match "^multipart/form%-data; boundary=(%x+)$"
  ok(boundary)
  eq(r.body:sub(1, #boundary + 2), "--" .. boundary)
  eq(count(r, "content-type"), 1)
end)

case("W21 a boundary by hand is used; another type beside files is refused unsent", function()
  local r = wire("POST", {files = {f = "x"}, headers = {["Content-Type"] = "multipart/form-data; boundary=mine"}})
  eq(r.body:sub(1, 6), "--mine")
  has(r.body, "\r\n--mine--\r\n")
  local err = fails("invalid_argument", volley.post(server.url("/y"), {files = {f = "x"}, headers = {["Content-Type"] = "text/plain"}}):send())
  has(err.message, "Content-Type")
  eq(server.count("/y"), 0)
end)

case("RS 6.9 auth= beats an Authorization header; credentials go out once", function()
  local r = wire("GET", {auth = {"u", "p"}, headers = {Authorization = "Bearer hand"}})
  eq(header(r, "Authorization"), "Basic " .. volley.base64.encode("u:p"))
  eq(count(r, "authorization"), 1)
  eq(header(wire("GET", {headers = {authorization = "Bearer hand"}}), "Authorization"), "Bearer hand")
end)

case("RS 6.9 the proxy URL's credentials beat a Proxy-Authorization header", function()
  sent(volley.get("http://h.test/", {
    proxies = {http = "http://u:p@" .. server.addr}, headers = {["Proxy-Authorization"] = "Basic hand"},
  }))
  eq(header(last(), "Proxy-Authorization"), "Basic " .. volley.base64.encode("u:p"))
  eq(count(last(), "proxy-authorization"), 1)
end)
