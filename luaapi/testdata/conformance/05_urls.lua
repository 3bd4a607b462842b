-- Requests' surface §5: how a URL is prepared.
local volley = require "volley"
require "checks"

-- as sends to any host by way of the server as a proxy and returns the
-- absolute URL that was asked for.
local function as(url, opts)
  opts = opts or {}
  opts.proxies = {http = "http://" .. server.addr}
  sent(volley.get(url, opts))
  return last().target
end

-- at sends to the server and returns the request target.
local function at(rest)
  sent(volley.get("http://" .. server.addr .. rest))
  return last().target
end

local function refused(kind, url, ...)
  local err = fails(kind, volley.get(url):send())
  eq(err.sent, "no", url)
  for _, text in ipairs {...} do has(tostring(err), text, url) end
  return err
end

case("RS 5.1 a URL without a path gets one", function()
  eq(as "http://h.test", "http://h.test/")
  eq(as "http://h.test?x", "http://h.test/?x")
  eq(as("http://h.test", {params = {a = 1}}), "http://h.test/?a=1")
  eq(sent(volley.get("http://" .. server.addr)).url, "http://" .. server.addr .. "/")
end)

case("RS 5.2 leading white space is taken off, a trailing space is escaped", function()
  eq(as "  \t\n http://h.test/x", "http://h.test/x")
  eq(as "http://h.test/x ", "http://h.test/x%20")
end)

case("RS 5.3 scheme and host are lower-cased, the path is kept", function()
  eq(as "HTTP://EXAMPLE.test/Path?Q=Ab", "http://example.test/Path?Q=Ab")
  eq(header(last(), "Host"), "example.test")
end)

case("RS 5.4 dot segments are removed", function()
  local forms = {
    ["/a/../b/./c"] = "/b/c", ["/../../x"] = "/x", ["/a/b/.."] = "/a/", ["/a/b/."] = "/a/b/",
    ["/a/%2e%2e/b"] = "/b", ["/..."] = "/...", ["/a/.."] = "/",
  }
  for given, want in pairs(forms) do eq(at(given), want, given) end
end)

case("RS 5.5 unreserved escapes are undone, others upper-cased, reserved ones kept", function()
  eq(at "/%7Euser/%2f", "/~user/%2F")
  eq(at "/%41%2d%5f%2e%2E?%7e=%c3%bc&x=%26", "/A-_..?~=%C3%BC&x=%26")
end)

case("RS 5.6 a URL with an invalid escape is sent, with the rest of it as it was meant", function()
  eq(at "/100%/x?y=%", "/100%25/x?y=%25")
end)

case("W16 only the percent sign that begins no escape is quoted", function()
  eq(at "/%7Euser/%2f/%zz", "/~user/%2F/%25zz")
  eq(at "/%2", "/%252")
  eq(at "/%%41", "/%25A")
end)

case("RS 5.7 spaces are escaped in path, query and fragment", function()
  local resp = sent(volley.get("http://" .. server.addr .. "/a b?c d=e f#g h"))
  eq(last().target, "/a%20b?c%20d=e%20f")
  eq(resp.url, server.url("/a%20b?c%20d=e%20f#g%20h"))
end)

case("RS 5.8 sub-delimiters of a path stay, other marks are escaped", function()
  eq(at "/!$&'()*+,;=:@", "/!$&'()*+,;=:@")
  eq(at '/[]{}|\\^`"<>', "/%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E")
end)

case("RS 5.9 a double slash in front of a path is kept", function()
  eq(at "//v:h", "//v:h")
  eq(at "//evil.test/x", "//evil.test/x")
  eq(at "/a//b", "/a//b")
end)

case("RS 5.10 a port that was written is kept, the scheme's own too, in URL and Host", function()
  local resp = sent(volley.get("http://h.test:80/", {proxies = {http = "http://" .. server.addr}}))
  eq(resp.url, "http://h.test:80/")
  eq(header(last(), "Host"), "h.test:80")
  eq(as "http://h.test:8080/", "http://h.test:8080/")
  eq(header(last(), "Host"), "h.test:8080")
end)

case("RS 5.11 userinfo is decoded into Basic credentials and not sent in the target", function()
  eq(as "http://u:p%20w@h.test/x", "http://h.test/x")
  eq(header(last(), "Authorization"), "Basic " .. volley.base64.encode("u:p w"))
  as "http://u:p w@h.test/x"
  eq(header(last(), "Authorization"), "Basic " .. volley.base64.encode("u:p w"))
  eq(header(last(), "Host"), "h.test")
end)

case("W17 userinfo shows neither in resp.url nor in an error", function()
  local secret = "s3cr3t"
  local resp = sent(volley.get((server.url("/x"):gsub("//", "//us:" .. secret .. "@"))))
  eq(resp.url, server.url("/x"))
  eq(resp.request.url, server.url("/x"))
  local err = fails("connect", volley.get("http://us:" .. secret .. "@127.0.0.1:1/x"):send())
  hasnt(tostring(err), secret)
  hasnt(err.message, secret)
  local bad = fails("invalid_url", volley.get("http://us:" .. secret .. "@h:99999/"):send())
  hasnt(tostring(bad), secret)
  server.on("/r", redirect(302, "http://us:" .. secret .. "@" .. server.addr .. "/to"))
  eq(sent(volley.get(server.url("/r"))).url, server.url("/to"))
end)

case("RS 5.12 an IPv6 address stands in brackets; without them it is invalid_url", function()
  eq(as "http://[::1]:8080/x", "http://[::1]:8080/x")
  eq(header(last(), "Host"), "[::1]:8080")
  eq(as "http://[::1]/x", "http://[::1]/x")
  refused("invalid_url", "http://fe80::5054:ff:fe5a:fc0")
  refused("invalid_url", "http://[::1/")
  refused("invalid_url", "http://[zz]/")
end)

case("RS 5.13 international names become IDNA 2008, paths percent-encoded UTF-8", function()
  eq(as "http://bücher.test/ü", "http://xn--bcher-kva.test/%C3%BC")
  eq(header(last(), "Host"), "xn--bcher-kva.test")
  eq(as "http://BÜCHER.test/", "http://xn--bcher-kva.test/")
  eq(as "http://straße.test/", "http://xn--strae-oqa.test/")
  eq(as "http://xn--bcher-kva.test/", "http://xn--bcher-kva.test/")
  refused("invalid_url", "http://☃.net/")
end)

case("RS 5.14 names with an empty label or a star, no host, and bad ports are invalid_url", function()
  for _, url in ipairs {
    "http://*.h.test/", "http://.h.test/", "http://", "http:///x", "http://h.test:abc/", "http://h.test:99999/", "http://h..test/",
  } do
    local err = refused("invalid_url", url)
    ok(err:is("request_error"))
  end
end)

case("RS 5.15 a URL without a scheme is missing_schema and is told what it may have meant", function()
  refused("missing_schema", "example.com/x", "https://example.com/x")
  refused("missing_schema", "//h.test/x", "https://h.test/x")
  refused("missing_schema", "", "https://")
  refused("missing_schema", "/rel", "base_url")
end)

case("RS 5.16 other schemes are invalid_schema; host:port without a scheme is told so", function()
  refused("invalid_schema", "localhost:3128", "http://localhost:3128")
  refused("invalid_schema", "localhost:3128/x", "http://localhost:3128/x")
  for _, url in ipairs {"ftp://h.test/", "mailto:a@b.test", "file:///etc/passwd", "HTTPX://h.test/", "javascript:alert(1)"} do
    local err = refused("invalid_schema", url)
    ok(err:is("request_error"))
  end
end)

case("RS 5.17 http+unix is invalid_schema and points to the session's unix option", function()
  refused("invalid_schema", "http+unix://%2Fvar%2Frun%2Fx.sock/path", "unix=")
end)

case("RS 5.18 control characters and spaces in a host are refused", function()
  refused("invalid_url", "http://h.test/a\nb", "%0A")
  refused("invalid_url", "http://exa mple.test/")
  refused("invalid_url", "http://h.test/a\0b")
end)

case("W18 nothing of a URL with a line break or a space in its host is sent", function()
  refused("invalid_url", server.url("/a\r\nX-Evil: 1"))
  refused("invalid_url", "http://127.0.0.1 evil.test:" .. server.port .. "/")
  refused("invalid_url", "http://127.0.0.1%20:" .. server.port .. "/")
  eq(server.conns(), 0)
end)

case("RS 5.19 the fragment stays in the URL and is never sent", function()
  local resp = sent(volley.get(server.url("/x?q=1#frag")))
  eq(resp.url, server.url("/x?q=1#frag"))
  eq(last().target, "/x?q=1")
  hasnt(last().raw, "frag")
  eq(as "http://h.test/x#frag", "http://h.test/x")
end)
