-- Requests' surface §15: content codings.
local volley = require "volley"
require "checks"

local function bytes(hex)
  return (hex:gsub("%x%x", function(b) return string.char(tonumber(b, 16)) end))
end

local text = "hello, coding"
local gzip = bytes "1f8b08000000000000ffca48cdc9c9d75148ce4fc9cc4b07040000ffff190b36d60d000000"
local zlib = bytes "789cca48cdc9c9d75148ce4fc9cc4b07040000ffff219f04d5"
local deflate = bytes "ca48cdc9c9d75148ce4fc9cc4b07040000ffff"
local brotli = bytes "0b068068656c6c6f2c20636f64696e6703"
local zstd = bytes "28b52ffd040069000068656c6c6f2c20636f64696e67b46777dc"
local zlib_in_gzip = bytes "1f8b08000000000000ffaa9873cae3ecc993d7033dcef99f3ce3cdcec2c0f0ffbfe27c96ab80000000ffff330abdac19000000"

local function coded(coding, body)
  server.on("/c", reply(200, {"Content-Encoding: " .. coding}, body))
  return volley.get(server.url("/c"))
end

local function decodes(coding, body, want) eq(sent(coded(coding, body)).content, want or text, coding) end

local function broken(coding, body, ...)
  local err = fails("decode", coded(coding, body):send())
  eq(err.phase, "decode")
  for _, word in ipairs {...} do has(err.message, word) end
  return err
end

case("RS 15.1 gzip, x-gzip, deflate with and without zlib's frame, in any case", function()
  for _, coding in ipairs {"gzip", "x-gzip", "GZip", " gzip "} do decodes(coding, gzip) end
  decodes("deflate", zlib)
  decodes("Deflate", deflate)
end)

case("RS 15.1 what another server codes", function()
  eq(sent(volley.get(volley.httpbin() .. "/gzip")):json().gzipped, true)
  eq(sent(volley.get(volley.httpbin() .. "/deflate")):json().deflated, true)
end)

case("RS 15.1 several members of gzip, and chains, on one line and on several", function()
  decodes("gzip", gzip .. gzip, text .. text)
  decodes("deflate, gzip", zlib_in_gzip)
  server.on("/two", reply(200, {"Content-Encoding: deflate", "Content-Encoding: gzip"}, zlib_in_gzip))
  eq(sent(volley.get(server.url("/two"))).content, text)
end)

case("RS 15.1 the headers stay as they were sent; size tells both lengths", function()
  local resp = sent(coded("gzip", gzip))
  eq(resp.headers["content-encoding"], "gzip")
  eq(resp.headers["content-length"], tostring(#gzip))
  eq(resp.size.body, #text)
  ok(resp.size.wire >= #gzip)
end)

case("RS 15.1 a stream is decoded as it is read", function()
  server.on("/c", reply(200, {"Content-Encoding: gzip"}, gzip))
  local got = {}
  for piece in sent(volley.get(server.url("/c"), {stream = true})):iter_content(5) do got[#got + 1] = piece end
  list(got, {"hello", ", cod", "ing"})
end)

case("RS 15.2 br and zstd are built in and asked for", function()
  decodes("br", brotli)
  decodes("zstd", zstd)
  decodes("zstd", zstd .. zstd, text .. text)
  has(header(last(), "Accept-Encoding"), "br, zstd")
end)

case("RS 15.3 an unknown coding is decode, with the bytes as they came", function()
  local err = broken("rot13", "uryyb", "rot13")
  eq(err.response.content, "uryyb")
  eq(err.response.status_code, 200)
  err = broken("gzip, rot13", gzip, "rot13")
  eq(err.response.content, gzip)
end)

case("RS 15.3 identity and an empty coding change nothing", function()
  decodes("identity", "plain", "plain")
  decodes("", "plain", "plain")
  decodes("identity, gzip", gzip)
end)

case("RS 15.4 a corrupt coding is decode and names it", function()
  broken("gzip", "not gzip at all", "gzip")
  broken("gzip", gzip:sub(1, 20) .. "\0\0\0" .. gzip:sub(24), "gzip")
  broken("gzip", gzip .. "trailing garbage", "gzip")
  broken("deflate", "\255\255\255\255", "deflate")
  broken("br", "\255\255\255\255\255", "br")
  broken("zstd", "not zstd", "zstd")
end)

case("RS 15.4 a corrupt stream raises decode where it is read", function()
  server.on("/c", reply(200, {"Content-Encoding: gzip"}, "not gzip at all"))
  local resp = sent(volley.get(server.url("/c"), {stream = true}))
  raises("decode", function() return resp.content end)
end)

case("RS 15.5 a truncated coding is never a short success", function()
  for name, body in pairs {gzip = gzip, deflate = zlib, br = brotli, zstd = zstd} do
    for cut = 1, #body - 1, 3 do broken(name, body:sub(1, cut)) end
  end
end)

case("W40 gzip without its last bytes is decode, though its framing is whole", function()
  broken("gzip", gzip:sub(1, -2), "cut short")
  broken("gzip", gzip:sub(1, -9), "cut short")
  broken("gzip", gzip:sub(1, 12), "cut short")
  broken("gzip", gzip .. gzip:sub(1, 9), "cut short")
end)

case("RS 15.6 no body is no error, whatever its coding: empty, HEAD, 204, 304", function()
  for _, coding in ipairs {"gzip", "deflate", "br", "zstd", "deflate, gzip"} do decodes(coding, "", "") end
  server.on("/h", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n")
  eq(sent(volley.head(server.url("/h"))).content, "")
  server.on("/204", "HTTP/1.1 204 No\r\nContent-Encoding: gzip\r\n\r\n")
  eq(sent(volley.get(server.url("/204"))).content, "")
  server.on("/304", "HTTP/1.1 304 No\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n")
  eq(sent(volley.get(server.url("/304"))).content, "")
end)

case("RS 15.7 the body of a redirect is not decoded on the way", function()
  server.on("/1", reply("302 Found", {"Location: /2", "Content-Encoding: gzip"}, "no gzip"))
  eq(sent(volley.get(server.url("/1"))).text, "/2")
  server.on("/1", reply("302 Found", {"Location: /2", "Content-Encoding: rot13"}, "uryyb"))
  eq(sent(volley.get(server.url("/1"))).text, "/2")
end)

case("RS 15.1a max_body counts decoded bytes", function()
  server.on("/c", reply(200, {"Content-Encoding: gzip"}, gzip))
  fails("body_too_large", volley.get(server.url("/c"), {max_body = #text - 1}):send())
  eq(sent(volley.get(server.url("/c"), {max_body = #text})).text, text)
end)
