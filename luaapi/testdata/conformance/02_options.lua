-- Session.request's keywords, which are a request's options.
local volley = require "volley"
require "checks"

-- target sends a GET and returns its request target.
local function target(opts, url)
  sent(volley.get(server.url(url or "/x"), opts))
  return last().target
end

-- wire sends a POST and returns what came.
local function wire(opts)
  sent(volley.post(server.url("/x"), opts))
  return last()
end

case("RS 2.1 method is any token, in upper case", function()
  sent(volley.request("purge", server.url("/")))
  eq(last().method, "PURGE")
  for _, v in ipairs {true, {}, print} do
    raises("invalid_argument", function() volley.request(v, server.url("/")) end)
  end
  for _, bad in ipairs {"GE T", "GET\r\nX: 1", "G\0T", "GÉT"} do
    fails("invalid_argument", volley.request(bad, server.url("/")):send())
  end
end)

case("RS 2.2 url is a string; anything else raises at once", function()
  for _, v in ipairs {true, {}, print, volley.null} do
    raises("invalid_argument", function() volley.get(v) end, "url")
  end
  raises("invalid_argument", function() volley.get(nil) end, "url")
  fails("missing_schema", volley.get(5):send())
end)

case("RS 2.3 params: escaped as forms are", function()
  eq(target {params = {{"a b", "c d"}}}, "/x?a+b=c+d")
  eq(target {params = {{"k", "é"}}}, "/x?k=%C3%A9")
  eq(target {params = {{"k", "~-._*"}}}, "/x?k=~-._%2A")
  eq(target {params = {{"k&=", "&=+#/?%"}}}, "/x?k%26%3D=%26%3D%2B%23%2F%3F%25")
end)

case("RS 2.3b params: lists repeat, null is dropped, '' stays, {} drops the key", function()
  eq(target {params = {{"a", {1, 2}}, {"b", ""}, {"c", {}}, {"d", volley.null}}}, "/x?a=1&a=2&b=")
  eq(target {params = {{"a", {"1", volley.null, "3"}}}}, "/x?a=1&a=3")
  eq(target {params = {}}, "/x")
  eq(target {params = {a = volley.null}}, "/x")
end)

case("RS 2.3c params: a string is appended as it is, and quoted where it must be", function()
  eq(target {params = "a=1&b"}, "/x?a=1&b")
  eq(target {params = "q=a b&é"}, "/x?q=a%20b&%C3%A9")
  eq(target {params = "q=a%20b"}, "/x?q=a%20b")
  eq(target {params = ""}, "/x")
end)

case("RS 2.3d params: after a query that is there, before the fragment", function()
  eq(target({params = {b = 2}}, "/x?a=1#top"), "/x?a=1&b=2")
  eq(target({params = {b = 2}}, "/x#top"), "/x?b=2")
  local resp = sent(volley.get(server.url("/x#top"), {params = {b = 2}}))
  eq(resp.url, server.url("/x?b=2#top"))
  has(target({params = {b = 2}}, "/x?a=1&"), "a=1&")
end)

case("RS 2.3e params of other types raise and name themselves", function()
  for _, v in ipairs {5, true, print} do
    raises("invalid_argument", function() volley.get(server.url("/"), {params = v}) end, "params")
  end
  raises("invalid_argument", function() volley.get(server.url("/"), {params = {a = {b = {}}}}) end, "params")
end)

case("RS 2.4 data: text, table, pairs, file, function", function()
  harness.put("d.txt", "from a file")
  local i, parts = 0, {"from ", "a ", "function"}
  eq(wire({data = "text"}).body, "text")
  eq(wire({data = {k = "v"}}).body, "k=v")
  eq(wire({data = {{"k", "1"}, {"k", "2"}}}).body, "k=1&k=2")
  eq(wire({data = volley.file("d.txt")}).body, "from a file")
  eq(wire({data = function() i = i + 1 return parts[i] end}).body, "from a function")
end)

case("RS 2.5 json: every value is sent, {} [] 0 false '' and null too", function()
  local want = {["{}"] = {}, ["[]"] = volley.array {}, ["0"] = 0, ["false"] = false, ['""'] = "", ["null"] = volley.null, ["1.5"] = 1.5}
  for text, value in pairs(want) do
    local r = wire {json = value}
    eq(r.body, text)
    eq(header(r, "Content-Type"), "application/json")
  end
end)

case("RS 2.5b json is left out where there is data, or files", function()
  eq(wire({data = "d", json = {a = 1}}).body, "d")
  local r = wire {files = {f = "content"}, json = {a = 1}}
  has(header(r, "Content-Type"), "multipart/form-data")
  hasnt(r.body, '"a"')
end)

case("RS 2.5c json: what JSON cannot say fails the request before anything is sent", function()
  for _, v in ipairs {0 / 0, 1 / 0, {f = print}, {1, nil, 3}, {1, x = 2}} do
    fails("invalid_argument", volley.post(server.url("/x"), {json = v}):send())
  end
  local loop = {}
  loop.me = loop
  fails("invalid_argument", volley.post(server.url("/x"), {json = loop}):send())
  eq(server.count(), 0)
end)

case("RS 2.5d json is compact UTF-8, keys sorted", function()
  eq(wire({json = {b = {1, 2}, a = "é/<>&\n"}}).body, '{"a":"é/<>&\\n","b":[1,2]}')
end)

case("RS 2.6 headers: numbers and booleans are text, null and false remove, other types raise", function()
  local r = wire {headers = {["X-N"] = 5, ["X-B"] = true, Accept = volley.null, ["user-agent"] = false}}
  eq(header(r, "X-N"), "5")
  eq(header(r, "X-B"), "true")
  eq(header(r, "Accept"), nil)
  eq(header(r, "User-Agent"), nil)
  for _, v in ipairs {5, "X: 1", true} do
    raises("invalid_argument", function() volley.get(server.url("/"), {headers = v}) end, "headers")
  end
  raises("invalid_argument", function() volley.get(server.url("/"), {headers = {["X-T"] = {{}}}}) end, "headers")
end)

case("RS 2.7 cookies: a table or a jar, for this request only", function()
  local s = volley.session {cookies = {kept = "1"}}
  sent(s:get(server.url("/"), {cookies = {once = 2}}))
  eq(header(last(), "Cookie"), "kept=1; once=2")
  sent(s:get(server.url("/")))
  eq(header(last(), "Cookie"), "kept=1")
  sent(volley.get(server.url("/"), {cookies = s.cookies}))
  eq(header(last(), "Cookie"), "kept=1")
end)

case("RS 2.8 files make a multipart form", function()
  local r = wire {files = {f = "content"}, data = {k = "v"}}
  local boundary = header(r, "Content-Type"):match("^multipart/form%-data; boundary=(.+)$")
  ok(boundary)
  has(r.body, "--" .. boundary .. "\r\n")
  eq(r.body:sub(-#boundary - 6), "--" .. boundary .. "--\r\n")
end)

case("RS 2.9 auth: a pair, an Auth, a function, false", function()
  eq(header(wire {auth = {"u", "p"}}, "Authorization"), "Basic dTpw")
  eq(header(wire {auth = volley.auth.bearer("t")}, "Authorization"), "Bearer t")
  eq(header(wire {auth = function(req) req.headers.Authorization = "Own x" end}, "Authorization"), "Own x")
  eq(header(wire {auth = false}, "Authorization"), nil)
  local s = volley.session {auth = {"s", "s"}}
  sent(s:get(server.url("/"), {auth = {"u", "p"}}))
  eq(header(last(), "Authorization"), "Basic dTpw")
  for _, v in ipairs {5, "u:p", true, {"only"}, {1, 2, 3}} do
    raises("invalid_argument", function() volley.get(server.url("/"), {auth = v}) end, "auth")
  end
end)

case("RS 2.10 timeout: seconds or named; 0, negative, booleans, text, tuples and NaN raise", function()
  for _, v in ipairs {0, -1, true, "5", {1, 2}, {1, 2, 3}, 0 / 0, {read = 0}, {connect = -1}, {reed = 1}, {total = "x"}} do
    raises("invalid_argument", function() volley.get(server.url("/"), {timeout = v}) end, "timeout")
  end
  server.on("/h", {{hangup = true}})
  fails("read_timeout", volley.get(server.url("/h"), {timeout = 0.05}):send())
  fails("read_timeout", volley.get(server.url("/h"), {timeout = {read = 0.05, connect = 5}}):send())
  sent(volley.get(server.url("/"), {timeout = {read = false, connect = volley.null}}))
end)

case("RS 2.11 allow_redirects", function()
  server.on("/r", redirect(302, "/to"))
  for _, m in ipairs {"get", "post", "put", "patch", "delete", "options"} do
    eq(sent(volley[m](server.url("/r"))).text, "/to", m)
    eq(sent(volley[m](server.url("/r"), {allow_redirects = false})).status_code, 302, m)
  end
  raises("invalid_argument", function() volley.get(server.url("/"), {allow_redirects = 1}) end, "allow_redirects")
end)

case("RS 2.12 proxies by scheme, scheme and host, all; nothing is direct", function()
  local proxy = "http://" .. other.addr
  local want = {
    {{http = proxy}, true}, {{all = proxy}, true}, {{["http://127.0.0.1"] = proxy}, true}, {{["all://127.0.0.1"] = proxy}, true},
    {{https = proxy}, false}, {{["http://elsewhere.test"] = proxy}, false},
    {{all = proxy, http = volley.null}, false}, {{all = proxy, http = ""}, false}, {{http = proxy, ["http://127.0.0.1"] = false}, false},
    {{http = proxy, no_proxy = "127.0.0.1"}, false}, {{http = proxy, no_proxy = "elsewhere.test"}, true},
  }
  for i, w in ipairs(want) do
    local before = other.count()
    sent(volley.get(server.url("/p" .. i), {proxies = w[1]}))
    eq(other.count() > before, w[2], "proxies " .. i)
  end
end)

case("RS 2.13 hooks: a function or a list; other events raise", function()
  local n = 0
  local function count() n = n + 1 end
  sent(volley.get(server.url("/"), {hooks = {response = count}}))
  sent(volley.get(server.url("/"), {hooks = {response = {count, count}}}))
  eq(n, 3)
  raises("invalid_argument", function() volley.get(server.url("/"), {hooks = {request = count}}) end, "request")
  raises("invalid_argument", function() volley.get(server.url("/"), {hooks = {response = 5}}) end, "response")
  raises("invalid_argument", function() volley.get(server.url("/"), {hooks = {response = {count, 5}}}) end, "response")
end)

case("RS 2.14 stream hands the response over at its headers", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", {gate = "g"}, "cd"})
  local resp = sent(volley.get(server.url("/s"), {stream = true}))
  eq(resp.status_code, 200)
  server.release("g")
  eq(resp.content, "abcd")
end)

case("RS 2.15, W12 verify: true, false, a file, a folder; '' raises", function()
  local s = harness.secure("good")
  fails("tls", volley.get(s.url("/"), {verify = true}):send())
  sent(volley.get(s.url("/"), {verify = false}))
  sent(volley.get(s.url("/"), {verify = s.ca}))
  harness.put("cas/one.pem", harness.slurp("ca.pem"))
  sent(volley.get(s.url("/"), {verify = dir .. "/cas"}))
  raises("invalid_argument", function() volley.get(s.url("/"), {verify = ""}) end, "verify", "false")
  raises("invalid_argument", function() volley.session {verify = ""} end, "verify")
  local session = volley.session {}
  raises("invalid_argument", function() session.verify = "" end, "verify")
end)

case("RS 2.16 cert: one PEM file with both, or cert and key", function()
  local s = harness.secure("good", true)
  sent(volley.get(s.url("/"), {verify = s.ca, cert = {cert = s.cert, key = s.key}}))
  harness.put("both.pem", harness.slurp("cert.pem") .. harness.slurp("key.pem"))
  sent(volley.get(s.url("/"), {verify = s.ca, cert = dir .. "/both.pem"}))
  raises("invalid_argument", function() volley.get(s.url("/"), {cert = {cert = s.cert, kee = s.key}}) end, "cert")
  local err = select(2, volley.get(s.url("/"), {verify = s.ca, cert = s.cert}):send())
  has(tostring(err), "cert.pem", "a certificate without its key")
end)

case("RS 2.17 an unknown option raises where it is written", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {tiemout = 5}) end, 'unknown option "tiemout"', 'did you mean "timeout"?')
  raises("invalid_argument", function() volley.session {}:post(server.url("/"), {jsn = {}}) end, 'did you mean "json"?')
  raises("invalid_argument", function() volley.get(server.url("/")):send {zzz = 1} end, 'unknown option "zzz"')
  raises("invalid_argument", function() volley.get(server.url("/"), {[1] = "x"}) end)
end)
