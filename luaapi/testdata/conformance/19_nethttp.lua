-- Surface §19: where Go's own net/http would behave otherwise.
local volley = require "volley"
require "checks"

case("RS 19.1 header fields keep their order and case on the wire", function()
  sent(volley.get(server.url("/"), {headers = {{"x-zulu", "1"}, {"X-alpha", "2"}, {"x-ZULU", "3"}, {"ETag", "4"}}}))
  list(names(last()), {"Host", "User-Agent", "Accept-Encoding", "Accept", "x-zulu", "X-alpha", "x-ZULU", "ETag"})
  server.on("/h", "HTTP/1.1 200 OK\r\nx-zulu: 1\r\nX-alpha: 2\r\nx-ZULU: 3\r\nContent-Length: 0\r\n\r\n")
  local got = {}
  for name, value in sent(volley.get(server.url("/h"))).headers:pairs() do got[#got + 1] = name .. "=" .. value end
  list(got, {"x-zulu=1", "X-alpha=2", "x-ZULU=3", "Content-Length=0"})
end)

case("RS 19.2 301 keeps the method of all but POST, 302 and 303 the body of none", function()
  server.on("/r", redirect(301, "/to"))
  sent(volley.put(server.url("/r"), {data = "b"}))
  eq(last().method .. last().body, "PUTb")
  server.on("/r", redirect(302, "/to"))
  sent(volley.put(server.url("/r"), {data = "b"}))
  eq(last().method .. last().body, "GET")
end)

case("RS 19.2b a body that cannot be sent again is an error, not the 307 as it is", function()
  server.on("/r", redirect(307, "/to"))
  local parts = {"a"}
  fails("unrewindable_body", volley.post(server.url("/r"), {data = function() return table.remove(parts) end}):send())
end)

case("RS 19.2c thirty redirects, not ten", function()
  local replies = {}
  for i = 1, 30 do replies[i] = redirect(302, "/r") end
  replies[31] = reply(200, {}, "there")
  server.on("/r", unpack(replies))
  local resp = sent(volley.get(server.url("/r")))
  eq(resp.text, "there")
  eq(#resp.history, 30)
end)

case("RS 19.2d credentials do not go to a subdomain", function()
  local s = volley.session {resolve = {["h.test:80"] = server.addr, ["sub.h.test:80"] = other.addr}}
  server.on("/r", redirect(302, "http://sub.h.test/to"))
  sent(s:get("http://h.test/r", {headers = {Authorization = "Bearer t", Cookie = "c=1"}, cookies = {d = 1}}))
  eq(other.requests()[1].target, "/to")
  for _, name in ipairs {"Authorization", "Cookie"} do eq(header(other.requests()[1], name), nil, name) end
end)

case("RS 19.3 proxies of the environment: loopback is no exception, lower case first, all_proxy counts", function()
  harness.setenv("HTTP_PROXY", "http://127.0.0.1:1")
  harness.setenv("http_proxy", "http://" .. server.addr)
  sent(volley.session():get(other.url("/one")))
  eq(last().target, other.url("/one"))
  sent(volley.session():get("http://localhost/two"))
  eq(last().target, "http://localhost/two")
  harness.setenv("HTTP_PROXY")
  harness.setenv("http_proxy")
  harness.setenv("ALL_PROXY", "http://" .. server.addr)
  sent(volley.session():get(other.url("/three")))
  eq(last().target, other.url("/three"), "not the first look's answer")
end)

case("RS 19.3b under CGI only HTTP_PROXY is left out, as a Proxy header can set it", function()
  harness.setenv("REQUEST_METHOD", "GET")
  harness.setenv("HTTP_PROXY", "http://127.0.0.1:1")
  sent(volley.session():get(server.url("/direct")))
  eq(last().target, "/direct")
  harness.setenv("http_proxy", "http://" .. server.addr)
  sent(volley.session():get("http://h.test/"))
  eq(last().target, "http://h.test/")
end)

case("RS 19.4 a coding that was undone stays in the headers, with the length as sent", function()
  local gz = volley.base64.decode("H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==")
  server.on("/z", reply(200, {"Content-Encoding: gzip"}, gz))
  local resp = sent(volley.get(server.url("/z")))
  eq(resp.text, "hello")
  eq(resp.headers["Content-Encoding"], "gzip")
  eq(resp.headers["Content-Length"], tostring(#gz))
  eq(resp.size.wire, #gz)
  eq(resp.size.body, 5)
  eq(header(last(), "Accept-Encoding"), "gzip, deflate, br, zstd")
end)

case("RS 19.4b an Accept-Encoding of one's own does not switch decoding off; none at all can be had", function()
  local gz = volley.base64.decode("H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==")
  server.on("/z", reply(200, {"Content-Encoding: gzip"}, gz))
  eq(sent(volley.get(server.url("/z"), {headers = {["Accept-Encoding"] = "gzip"}})).text, "hello")
  eq(sent(volley.get(server.url("/z"), {headers = {["Accept-Encoding"] = false}})).text, "hello")
  eq(header(last(), "Accept-Encoding"), nil)
end)

case("RS 19.5 on a connection that died GET, HEAD, OPTIONS and TRACE go out again; no other method does", function()
  for method, again in pairs {GET = true, HEAD = true, OPTIONS = true, TRACE = true, PUT = false, DELETE = false, POST = false, PATCH = false} do
    local path = "/" .. method
    server.on(path, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {{reset = true}}, "HTTP/1.1 204 Again\r\n\r\n")
    sent(volley.request(method, server.url(path)))
    local resp, err = volley.request(method, server.url(path)):send()
    if again then
      eq(resp and resp.status_code, 204, method)
    else
      fails("closed", resp, err)
      eq(server.count(path), 2, method)
    end
  end
end)

case("RS 19.6 a stray % and spaces, which net/url refuses, are quoted; control characters are refused here too", function()
  for raw, want in pairs {["/%zz"] = "/%25zz", ["/100%"] = "/100%25", ["/a b"] = "/a%20b", ["/a:b"] = "/a:b", ["/?q=%"] = "/?q=%25"} do
    sent(volley.get(server.url(raw)))
    eq(last().target, want)
  end
  local before = server.count()
  for _, raw in ipairs {"/a\nb", "/a\rb", "/a\127b", "/a\0b"} do
    local err = fails("invalid_url", volley.get(server.url(raw)):send())
    has(err.message, ("%%%02X"):format(raw:byte(3)))
  end
  eq(server.count(), before)
end)

case("RS 19.7 cookies are listed, deleted and sent raw", function()
  server.on("/set", reply(200, {'Set-Cookie: q="a b"; Path=/', "Set-Cookie: u=\195\188, x; Path=/", "Set-Cookie: b=a\\b; Path=/"}))
  local s = volley.session()
  sent(s:get(server.url("/set")))
  eq(#s.cookies:list(), 3)
  sent(s:get(server.url("/x")))
  local c = header(last(), "Cookie")
  for _, part in ipairs {'q="a b"', "u=\195\188, x", "b=a\\b"} do has(c, part) end
  s.cookies:delete("q")
  sent(s:get(server.url("/x")))
  hasnt(header(last(), "Cookie"), "q=")
  s.cookies:clear()
  sent(s:get(server.url("/x")))
  eq(header(last(), "Cookie"), nil)
end)

case("RS 19.8 as many connections stay open to a host as were in use", function()
  local function round(gate)
    local reqs = {}
    for i = 1, 12 do
      server.on("/" .. i, {{gate = gate}, reply(200)})
      reqs[i] = volley.get(server.url("/" .. i))
    end
    local before = server.count()
    local task = volley.spawn(volley.map, reqs, {size = 12})
    wait_until(function() return server.count() == before + 12 end, "twelve requests at a time")
    server.release(gate)
    task:get()
  end
  round("one")
  eq(server.conns(), 12)
  round("two")
  eq(server.conns(), 12)
end)

case("RS 19.9 the read timeout holds between any two bytes of a body, and again for each", function()
  local steps = {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}
  for _ = 1, 6 do
    steps[#steps + 1] = {sleep = 0.2}
    steps[#steps + 1] = "x"
  end
  steps[#steps + 1] = {hangup = true}
  server.on("/d", steps)
  local began = harness.clock()
  local err = fails("read_timeout", volley.get(server.url("/d"), {timeout = {read = 0.7}}):send())
  eq(err.phase, "body")
  ok(harness.clock() - began >= 1.2, "it ended at the drip, after " .. harness.clock() - began)
end)
