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
