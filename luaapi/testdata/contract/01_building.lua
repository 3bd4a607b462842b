-- LUA §1: building requests. Nothing is sent.
local volley = require "volley"
require "checks"

-- form sends a request to the server and returns what came.
local function wire(opts, method)
  sent(volley.request(method or "POST", server.url("/x"), opts))
  return last()
end

case("LUA 1.1 every verb builds a request of its method and sends nothing", function()
  for _, m in ipairs {"get", "options", "head", "post", "put", "patch", "delete"} do
    eq(volley[m](server.url("/")).method, m:upper())
  end
  eq(volley.request("propfind", server.url("/")).method, "PROPFIND", "methods are upper-cased")
  eq(server.conns(), 0)
end)

case("LUA 1.2 an unknown option raises when the request is built and names the nearest", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {header = {}}) end, 'unknown option "header"', 'did you mean "headers"?')
  raises("invalid_argument", function() volley.get(server.url("/"), {timeuot = 1}) end, '"timeout"')
  raises("invalid_argument", function() volley.request("GET", server.url("/"), {alow_redirects = true}) end, '"allow_redirects"')
end)

case("LUA 1.3 a wrong type raises when the request is built and names the option", function()
  local wrong = {
    params = 5, headers = "x", timeout = "5", allow_redirects = "no", max_redirects = "many",
    stream = 1, callback = "f", exception_handler = 1, files = "x", cookies = 1, verify = 7,
    retry = "x", raise_for_status = "yes", proxies = "http://x", hooks = 1, tags = "x", session = {},
    http_version = 2, max_body = "1k", auth = 5,
  }
  for name, value in pairs(wrong) do
    raises("invalid_argument", function() volley.get(server.url("/"), {[name] = value}) end, name)
  end
end)

case("LUA 1.4 a data value that is no body raises", function()
  raises("invalid_argument", function() volley.post(server.url("/"), {data = true}) end, "data")
end)

case("LUA 1.5 a timeout of zero or less raises", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {timeout = 0}) end, "timeout")
  raises("invalid_argument", function() volley.get(server.url("/"), {timeout = -1}) end, "timeout")
  raises("invalid_argument", function() volley.get(server.url("/"), {timeout = {read = -1}}) end, "read")
  raises("invalid_argument", function() volley.get(server.url("/"), {timeout = {raed = 1}}) end, "read")
end)

case("LUA 1.6 verify='' raises", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {verify = ""}) end, "verify")
end)

case("LUA 1.7 an unknown hook name raises with the nearest", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {hooks = {respones = print}}) end, "response")
end)

case("LUA 1.8 an unknown http_version raises", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {http_version = "3"}) end, "http_version")
end)

case("LUA 1.9 an unknown retry option raises with the nearest", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {retry = {totl = 1}}) end, "total")
  raises("invalid_argument", function() volley.get(server.url("/"), {retry = {total = 1, on = {"tiemout"}}}) end, "timeout")
end)

case("LUA 1.10 params: a table is sorted, a list repeats, nil is dropped", function()
  eq(wire({params = {b = 2, a = 1, c = {"x", "y"}}}).target, "/x?a=1&b=2&c=x&c=y")
end)

case("LUA 1.11 params: pairs keep their order", function()
  eq(wire({params = {{"z", "1"}, {"a", "2"}, {"z", "3"}}}).target, "/x?z=1&a=2&z=3")
end)

case("LUA 1.12 params: a string is appended", function()
  eq(wire({params = "q=1&r"}).target, "/x?q=1&r")
end)

case("LUA 1.13 params go after an existing query and before the fragment", function()
  local resp = sent(volley.get(server.url("/x?a=1#frag"), {params = {b = 2}}))
  eq(last().target, "/x?a=1&b=2")
  has(resp.url, "?a=1&b=2#frag")
end)

case("LUA 1.14 params are escaped: space is +, UTF-8 is %XX, ~ stays", function()
  eq(wire({params = {{"k", "a b&c=é~"}}}).target, "/x?k=a+b%26c%3D%C3%A9~")
end)

case("LUA 1.15 params: an empty string stays, an empty list drops the key", function()
  eq(wire({params = {{"a", ""}, {"b", {}}}}).target, "/x?a=")
end)

case("LUA 1.16 data: a string goes as it is, without a Content-Type", function()
  local r = wire {data = "raw\0bytes"}
  eq(r.body, "raw\0bytes")
  eq(header(r, "Content-Length"), "9")
  eq(header(r, "Content-Type"), nil)
end)

case("LUA 1.17 data: a table is a sorted form", function()
  local r = wire {data = {b = "x y", a = 1, c = {"1", "2"}, d = true}}
  eq(r.body, "a=1&b=x+y&c=1&c=2&d=true")
  eq(header(r, "Content-Type"), "application/x-www-form-urlencoded")
end)

case("LUA 1.18 data: pairs keep order and repeats", function()
  eq(wire({data = {{"z", "1"}, {"a", "2"}, {"z", "3"}}}).body, "z=1&a=2&z=3")
end)

case("LUA 1.19 data: volley.file is streamed with a Content-Length", function()
  harness.put("up.txt", "file body")
  local r = wire {data = volley.file("up.txt")}
  eq(r.body, "file body")
  eq(header(r, "Content-Length"), "9")
  eq(header(r, "Transfer-Encoding"), nil)
end)

case("LUA 1.20 data: an iterator function is sent chunked, one chunk an item", function()
  local parts, i = {"one", "", "two"}, 0
  local r = wire {data = function() i = i + 1 return parts[i] end}
  eq(r.body, "onetwo")
  eq(header(r, "Transfer-Encoding"), "chunked")
  eq(header(r, "Content-Length"), nil, "never both")
  has(r.raw, "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
end)

case("LUA 1.21 a body function may block", function()
  local i = 0
  local r = wire {data = function()
    i = i + 1
    if i > 3 then return nil end
    volley.sleep(0.01)
    return tostring(i)
  end}
  eq(r.body, "123")
end)

case("LUA 1.22 no body: Content-Length 0 for POST, none for GET", function()
  eq(header(wire {}, "Content-Length"), "0")
  eq(header(wire({}, "GET"), "Content-Length"), nil)
  eq(header(wire({data = ""}, "PUT"), "Content-Length"), "0")
end)

case("LUA 1.23 a GET may have a body", function()
  local r = wire({data = "q"}, "GET")
  eq(r.body, "q")
  eq(header(r, "Content-Length"), "1")
end)

case("LUA 1.24 json: a table is encoded with sorted keys and its Content-Type", function()
  local r = wire {json = {b = {1, 2}, a = "x", n = volley.null, e = volley.array {}, o = {}}}
  eq(r.body, '{"a":"x","b":[1,2],"e":[],"n":null,"o":{}}')
  eq(header(r, "Content-Type"), "application/json")
end)

case("LUA 1.25 json: scalars and null are sent", function()
  eq(wire({json = volley.null}).body, "null")
  eq(wire({json = false}).body, "false")
  eq(wire({json = 0}).body, "0")
  eq(wire({json = ""}).body, '""')
  eq(wire({json = volley.array {}}).body, "[]")
end)

case("LUA 1.26 json: NaN and Inf are errors", function()
  local good, err = pcall(function()
    local _, e = volley.post(server.url("/x"), {json = {x = 0 / 0}}):send()
    error(e)
  end)
  eq(good, false)
  eq(err.kind, "invalid_argument")
  eq(server.count(), 0)
end)

case("LUA 1.27 json: a Content-Type that was given stays", function()
  eq(header(wire {json = {}, headers = {["Content-Type"] = "application/vnd.x+json"}}, "Content-Type"), "application/vnd.x+json")
end)

case("LUA 1.28 data wins over json", function()
  local r = wire {data = "d", json = {a = 1}}
  eq(r.body, "d")
end)

case("LUA 1.29 an empty data table leaves json in place, as in requests", function()
  eq(wire({data = {}, json = {a = 1}}).body, '{"a":1}')
end)

case("LUA 1.30 files: a string is a part with its key as filename", function()
  local r = wire {files = {f = "content"}}
  ok(header(r, "Content-Type"):match("^multipart/form%-data; boundary="))
  has(r.body, 'Content-Disposition: form-data; name="f"; filename="f"\r\n\r\ncontent\r\n')
  eq(tonumber(header(r, "Content-Length")), #r.body, "all sizes are known")
end)

case("LUA 1.31 files: filename, content, type, headers; data fields come first", function()
  local r = wire {
    data = {k = "v"},
    files = {f = {filename = "n.txt", content = "abc", type = "text/plain", headers = {["X-Part"] = "1"}}},
  }
  has(r.body, 'name="k"\r\n\r\nv\r\n')
  has(r.body, 'name="f"; filename="n.txt"\r\nContent-Type: text/plain\r\nX-Part: 1\r\n\r\nabc\r\n')
  ok(r.body:find('name="k"', 1, true) < r.body:find('name="f"', 1, true))
end)

case("LUA 1.32 files: pairs repeat a name, in order; volley.file has its base name", function()
  harness.put("sub/a.bin", "AAA")
  local r = wire {files = {{"f", volley.file("sub/a.bin")}, {"f", {filename = "b", content = "BBB"}}}}
  has(r.body, 'name="f"; filename="a.bin"')
  has(r.body, 'name="f"; filename="b"')
  ok(r.body:find("AAA", 1, true) < r.body:find("BBB", 1, true))
end)

case("LUA 1.33 files: filename=false is an ordinary field; names are escaped", function()
  local r = wire {files = {{"plain", {filename = false, content = "v"}}, {'q"', {filename = 'a"b\r\n.txt', content = "c"}}}}
  has(r.body, 'form-data; name="plain"\r\n\r\nv\r\n')
  has(r.body, 'name="q%22"; filename="a%22b%0D%0A.txt"')
end)

case("LUA 1.34 headers: a table is sent sorted, pairs in order and case", function()
  local r = wire {headers = {["X-B"] = "2", ["X-A"] = "1"}}
  ok(r.head:find("X-A: 1", 1, true) < r.head:find("X-B: 2", 1, true))
  r = wire {headers = {{"x-zed", "1"}, {"X-aLpha", "2"}, {"x-zed", "3"}}}
  local mine = {}
  for _, n in ipairs(names(r)) do if n:lower():find("^x%-") then mine[#mine + 1] = n end end
  list(mine, {"x-zed", "X-aLpha", "x-zed"})
end)

case("LUA 1.35 headers: false and volley.null remove a default", function()
  local r = wire {headers = {["User-Agent"] = false, ["accept-encoding"] = volley.null}}
  eq(header(r, "User-Agent"), nil)
  eq(header(r, "Accept-Encoding"), nil)
  eq(header(r, "Accept"), "*/*")
end)

case("LUA 1.36 cookies: a table goes to its host, and is not kept", function()
  local s = volley.session {}
  sent(s:get(server.url("/a"), {cookies = {b = "2", a = 1}}))
  local c = header(last(), "Cookie")
  ok(c == "a=1; b=2" or c == "b=2; a=1", c)
  sent(s:get(server.url("/b")))
  eq(header(last(), "Cookie"), nil)
end)

case("LUA 1.37 auth: a pair and volley.auth.basic are Basic in UTF-8; numbers are taken", function()
  eq(header(wire {auth = {"user", "pass"}}, "Authorization"), "Basic dXNlcjpwYXNz")
  eq(header(wire {auth = volley.auth.basic("ü", 1)}, "Authorization"), "Basic " .. volley.base64.encode("ü:1"))
end)

case("LUA 1.38 auth: bearer", function()
  eq(header(wire {auth = volley.auth.bearer("tok")}, "Authorization"), "Bearer tok")
end)

case("LUA 1.39 auth: userinfo of the URL is used and not sent in the target", function()
  sent(volley.get((server.url("/x"):gsub("http://", "http://us%%40er:p@"))))
  eq(header(last(), "Authorization"), "Basic " .. volley.base64.encode("us@er:p"))
  eq(last().target, "/x")
end)

case("LUA 1.40 auth: a function may change url, headers and body; Content-Length follows", function()
  local r = wire {data = "short", auth = function(req)
    req.headers["X-Signed"] = "yes"
    req.body = "a longer body"
  end}
  eq(header(r, "X-Signed"), "yes")
  eq(r.body, "a longer body")
  eq(header(r, "Content-Length"), "13")
end)

case("LUA 1.41 auth=false sends no session auth", function()
  local s = volley.session {auth = {"u", "p"}}
  sent(s:get(server.url("/")))
  ok(header(last(), "Authorization"))
  sent(s:get(server.url("/"), {auth = false}))
  eq(header(last(), "Authorization"), nil)
end)

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
