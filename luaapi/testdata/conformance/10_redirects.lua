-- Surface §10: redirects.
local volley = require "volley"
require "checks"

-- chain lets server redirect with status from /r to where, and sends there.
local function chain(status, where, req)
  server.on("/r", redirect(status, where))
  return sent(req)
end

case("RS 10.1 301 302 303 307 308 with a Location are followed", function()
  for _, code in ipairs {301, 302, 303, 307, 308} do
    local resp = chain(code, "/to", volley.get(server.url("/r")))
    eq(resp.text, "/to", code)
    eq(resp.history[1].status_code, code)
  end
end)

case("RS 10.1b 300 304 305 and 201 never are", function()
  for _, code in ipairs {300, 304, 305, 201} do
    server.on("/r", "HTTP/1.1 " .. code .. " X\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n")
    local resp = sent(volley.get(server.url("/r")))
    eq(resp.status_code, code)
    eq(#resp.history, 0)
    eq(resp.is_redirect, false)
  end
  eq(server.count("/to"), 0)
end)

case("RS 10.1c an empty Location is returned as it is", function()
  server.on("/r", reply(302, {"Location:"}))
  local resp = sent(volley.get(server.url("/r")))
  eq(resp.status_code, 302)
  eq(resp.is_redirect, false)
  eq(server.count(), 1)
end)

case("RS 10.2 303 and 302 turn all but HEAD into GET, 301 POST only, 307 and 308 nothing", function()
  local after = {
    [301] = {GET = "GET", HEAD = "HEAD", POST = "GET", PUT = "PUT", PATCH = "PATCH", DELETE = "DELETE", OPTIONS = "OPTIONS"},
    [302] = {GET = "GET", HEAD = "HEAD", POST = "GET", PUT = "GET", PATCH = "GET", DELETE = "GET", OPTIONS = "GET"},
    [303] = {GET = "GET", HEAD = "HEAD", POST = "GET", PUT = "GET", PATCH = "GET", DELETE = "GET", OPTIONS = "GET"},
    [307] = {GET = "GET", HEAD = "HEAD", POST = "POST", PUT = "PUT", PATCH = "PATCH", DELETE = "DELETE", OPTIONS = "OPTIONS"},
    [308] = {GET = "GET", HEAD = "HEAD", POST = "POST", PUT = "PUT", PATCH = "PATCH", DELETE = "DELETE", OPTIONS = "OPTIONS"},
  }
  for code, methods in pairs(after) do
    for before, want in pairs(methods) do
      chain(code, "/to", volley.request(before, server.url("/r"), {allow_redirects = true}))
      eq(last().target, "/to")
      eq(last().method, want, code .. " " .. before)
    end
  end
end)

case("RS 10.3 a body goes on with 307 and 308, and with it what describes it", function()
  for _, code in ipairs {307, 308} do
    chain(code, "/to", volley.post(server.url("/r"), {json = {a = 1}}))
    eq(last().body, '{"a":1}')
    eq(header(last(), "Content-Type"), "application/json")
    eq(header(last(), "Content-Length"), "7")
  end
end)

case("RS 10.3b a dropped body takes Content-Length, Content-Type and Transfer-Encoding along", function()
  for _, code in ipairs {301, 302, 303} do
    local parts = {"a", "b"}
    for _, data in ipairs {"body", function() return table.remove(parts) end} do
      chain(code, "/to", volley.post(server.url("/r"), {data = data, headers = {["Content-Type"] = "text/x", ["X-Mine"] = "1"}}))
      eq(last().method, "GET")
      eq(last().body, "")
      for _, name in ipairs {"Content-Length", "Content-Type", "Transfer-Encoding"} do eq(header(last(), name), nil, name) end
      eq(header(last(), "X-Mine"), "1")
    end
  end
end)

case("RS 10.3c a dropped body stays dropped when a 307 follows", function()
  server.on("/r", redirect(303, "/r2"))
  server.on("/r2", redirect(307, "/to"))
  sent(volley.post(server.url("/r"), {data = "body"}))
  eq(last().method, "GET")
  eq(last().body, "")
  eq(header(last(), "Content-Length"), nil)
end)

case("RS 10.4 a file is sent again from its beginning", function()
  harness.put("f.txt", "0123456789")
  for _, code in ipairs {307, 308} do
    chain(code, "/to", volley.put(server.url("/r"), {data = volley.file("f.txt")}))
    eq(last().body, "0123456789")
    eq(header(last(), "Content-Length"), "10")
  end
end)

case("RS 10.4b multipart goes again byte for byte", function()
  harness.put("f.txt", "0123456789")
  chain(307, "/to", volley.post(server.url("/r"), {data = {k = "v"}, files = {f = volley.file("f.txt"), g = "text"}}))
  local all = server.requests()
  eq(all[2].body, all[1].body)
  eq(header(all[2], "Content-Type"), header(all[1], "Content-Type"))
end)

case("RS 10.4c a file that changes between the hops goes with its length of then", function()
  harness.put("f.txt", "0123456789")
  server.on("/r", {{gate = "changed"}, redirect(307, "/to")})
  local task = volley.send(volley.put(server.url("/r"), {data = volley.file("f.txt")}))
  wait_until(function() return server.count("/r") == 1 end, "the first hop")
  harness.put("f.txt", "abc")
  server.release("changed")
  ok(task:get())
  eq(last().body, "abc")
  eq(header(last(), "Content-Length"), "3")
end)

case("RS 10.5 thirty redirects, then too_many_redirects with the chain", function()
  server.on("/r", redirect(302, "/r"))
  local err = fails("too_many_redirects", volley.get(server.url("/r")):send())
  eq(server.count(), 31)
  eq(err.response.status_code, 302)
  eq(#err.response.history, 30)
  has(err.message, "30")
end)

case("RS 10.6 Location forms", function()
  local base = "http://" .. server.addr
  local forms = {
    {"to", "/a/b/to"}, {"./to", "/a/b/to"}, {"../to", "/a/to"}, {"../../../to", "/to"}, {"/to", "/to"},
    {"?q=1", "/a/b/r?q=1"}, {"//" .. server.addr .. "/sr", "/sr"}, {base .. "/abs", "/abs"}, {base:upper() .. "/Up", "/Up"},
    {base, "/"}, {base .. "?q", "/?q"}, {"/a b", "/a%20b"}, {"/ü?ü", "/%C3%BC?%C3%BC"}, {"/50%", "/50%25"}, {"/%zz", "/%25zz"},
    {"/a%2fb", "/a%2Fb"}, {"  /lead", "/lead"},
  }
  for _, form in ipairs(forms) do
    server.on("/a/b/r", redirect(302, form[1]), reply(200))
    sent(volley.get(server.url("/a/b/r")))
    eq(last().target, form[2], form[1])
  end
end)

case("RS 10.6b a Location that is no http URL is invalid_redirect, and nothing is sent", function()
  for _, location in ipairs {"ftp://h.test/", "mailto:a@h.test", "file:///etc/passwd", "data:,x", "http://:1/", "http://", "http://h.test:99999/", "http://[::1/"} do
    server.on("/r", redirect(302, location))
    local err = fails("invalid_redirect", volley.get(server.url("/r")):send())
    eq(err.response.status_code, 302, location)
    has(err.message, "the server redirects to")
  end
end)

case("RS 10.7 a fragment is inherited unless the Location has one, which goes on then", function()
  server.on("/r", redirect(302, "/r2"))
  server.on("/r2", redirect(302, "/to"))
  eq(sent(volley.get(server.url("/r#one"))).url, server.url("/to#one"))
  server.on("/r2", redirect(302, "/r3#two"))
  server.on("/r3", redirect(302, "/to"))
  eq(sent(volley.get(server.url("/r#one"))).url, server.url("/to#two"))
  eq(last().target, "/to", "a fragment is never sent")
end)

case("RS 10.8 params are not added again", function()
  server.on("/r", redirect(302, "/to?x=1"))
  sent(volley.session {params = {s = 1}}:get(server.url("/r"), {params = {r = 2}}))
  eq(server.requests()[1].target, "/r?s=1&r=2")
  eq(last().target, "/to?x=1")
end)

case("RS 10.9 other headers go along, in their order", function()
  server.on("/r", redirect(302, other.url("/to")))
  sent(volley.get(server.url("/r"), {headers = {{"X-B", "1"}, {"x-a", "2"}, {"X-B", "3"}, {"Referer", "http://h.test/"}}}))
  list(names(other.requests()[1]), {"Host", "User-Agent", "Accept-Encoding", "Accept", "X-B", "x-a", "X-B", "Referer"})
end)

case("RS 10.10 Authorization stays on the origin, however its default port is written", function()
  local s = volley.session {resolve = {["h.test:80"] = server.addr}, auth = {"u", "p"}}
  for _, location in ipairs {"/to", "http://h.test:80/to", "http://H.TEST/to"} do
    server.on("/r", redirect(302, location))
    sent(s:get("http://h.test/r"))
    eq(last().target, "/to")
    ok(header(last(), "Authorization"), location)
  end
end)

case("RS 10.10b another host, port or scheme ends it, http to https of one host too", function()
  local secure = harness.secure("good")
  local s = volley.session {
    resolve = {["example.test:80"] = server.addr, ["example.test:443"] = secure.addr, ["sub.example.test:80"] = server.addr},
    verify = secure.ca, auth = {"u", "p"},
  }
  for _, location in ipairs {"http://sub.example.test/to", other.url("/to"), "https://example.test/to"} do
    server.on("/r", redirect(302, location))
    local resp = sent(s:get("http://example.test/r"))
    eq(resp.url, location)
    eq(resp.request.headers["Authorization"], nil, location)
    ok(resp.history[1].request.headers["Authorization"])
  end
  eq(header(secure.requests()[1], "Authorization"), nil)
end)

case("RS 10.10c https to http ends it", function()
  local secure = harness.secure("good")
  secure.on("/r", redirect(302, server.url("/to")))
  sent(volley.get(secure.url("/r"), {verify = secure.ca, headers = {Authorization = "Bearer t"}}))
  eq(header(secure.requests()[1], "Authorization"), "Bearer t")
  eq(header(last(), "Authorization"), nil)
end)

case("RS 10.10d it does not come back when the chain does", function()
  server.on("/r", redirect(302, other.url("/o")))
  other.on("/o", redirect(302, server.url("/back")))
  sent(volley.get(server.url("/r"), {headers = {Authorization = "Bearer t"}}))
  eq(last().target, "/back")
  eq(header(last(), "Authorization"), nil)
end)

case("RS 10.11 Cookie comes from the jar, hop cookies included", function()
  server.on("/r", reply(302, {"Location: /to", "Set-Cookie: hop=1; Path=/", "Set-Cookie: old=; Max-Age=0; Path=/"}))
  server.on("/set", reply(200, {"Set-Cookie: old=3; Path=/"}))
  local s = volley.session {cookies = {mine = "2"}}
  sent(s:get(server.url("/set")))
  sent(s:get(server.url("/r")))
  has(header(server.requests()[2], "Cookie"), "old=3")
  local c = header(last(), "Cookie")
  has(c, "hop=1")
  has(c, "mine=2")
  hasnt(c, "old")
end)

case("RS 10.11b a hop's cookies are in its own response", function()
  server.on("/r", reply(302, {"Location: /to", "Set-Cookie: hop=1; Path=/"}))
  local resp = sent(volley.get(server.url("/r")))
  eq(resp.cookies:get("hop"), nil)
  eq(resp.history[1].cookies:get("hop"), "1")
end)

case("RS 10.12 Proxy-Authorization by hand does not leave the origin", function()
  server.on("/r", redirect(302, other.url("/to")))
  sent(volley.get(server.url("/r"), {headers = {["Proxy-Authorization"] = "Basic x"}}))
  eq(header(other.requests()[1], "Proxy-Authorization"), nil)
end)

case("RS 10.12b that of the proxy's URL goes to the proxy on each http hop, and never into a tunnel", function()
  local basic = "Basic " .. volley.base64.encode("pu:pp")
  local proxy = harness.proxy {authorization = basic}
  local secure = harness.secure("good")
  server.on("/r", redirect(302, "/r2"))
  server.on("/r2", redirect(302, secure.url("/to")))
  local url = proxy.url:gsub("://", "://pu:pp@")
  eq(sent(volley.get(server.url("/r"), {proxies = {all = url}, verify = secure.ca})).text, "/to")
  list(proxy.asked(), {
    "GET " .. server.url("/r") .. " " .. basic, "GET " .. server.url("/r2") .. " " .. basic, "CONNECT " .. secure.addr .. " " .. basic,
  })
  eq(header(secure.requests()[1], "Proxy-Authorization"), nil)
  for _, r in ipairs(server.requests()) do eq(header(r, "Proxy-Authorization"), nil) end
end)

case("RS 10.13 the proxy is chosen anew for each hop", function()
  server.on("/r", redirect(302, "http://localhost:" .. other.port .. "/to"))
  local proxies = {http = "http://" .. server.addr, no_proxy = "localhost"}
  eq(sent(volley.get("http://h.test/r", {proxies = proxies})).text, "/to")
  eq(last().target, "http://h.test/r")
  eq(other.requests()[1].target, "/to")
end)

case("RS 10.14 a chain uses one connection, with stream=true too", function()
  server.on("/1", reply(302, {"Location: /2"}, "a body"))
  server.on("/2", reply(302, {"Location: /3"}, ("x"):rep(1000)))
  for _, stream in ipairs {false, true} do
    local resp = sent(volley.get(server.url("/1"), {stream = stream}))
    eq(resp.text, "/3")
    eq(resp.history[1].text, "a body")
  end
  eq(server.conns(), 1)
end)

case("RS 10.15 history: oldest first, each with its own URL, request and history", function()
  server.on("/1", redirect(302, "/2"))
  server.on("/2", redirect(307, "/3"))
  local resp = sent(volley.get(server.url("/1")))
  eq(#resp.history, 2)
  for i, h in ipairs(resp.history) do
    eq(h.url, server.url("/" .. i))
    eq(h.request.url, server.url("/" .. i))
    eq(#h.history, i - 1)
    eq(h.is_redirect, true)
    ok(h.elapsed > 0)
  end
  eq(resp.history[2].history[1].url, resp.history[1].url)
  eq(resp.url, server.url("/3"))
end)

case("RS 10.16 allow_redirects=false: the 3xx itself and .next", function()
  server.on("/r", redirect(302, "/to?x=1#f"))
  local resp = sent(volley.post(server.url("/r"), {data = "body", params = {p = 1}, allow_redirects = false}))
  eq(resp.status_code, 302)
  eq(#resp.history, 0)
  eq(resp.next.method, "GET")
  eq(resp.next.url, server.url("/to?x=1#f"))
  eq(server.count("/to"), 0)
  eq(sent(resp.next).text, "/to")
  eq(last().target, "/to?x=1")
  eq(last().body, "")
  eq(sent(volley.get(server.url("/to"), {allow_redirects = false})).next, nil)
end)

case("RS 10.16b .next leaves credentials behind when it leaves the origin", function()
  server.on("/r", redirect(307, other.url("/to")))
  local s = volley.session {headers = {Authorization = "Bearer s", ["X-Key"] = "k"}, secret_headers = {"X-Key"}}
  local resp = sent(s:post(server.url("/r"), {data = "body", cookies = {c = 1}, allow_redirects = false}))
  sent(resp.next)
  local r = other.requests()[1]
  eq(r.method, "POST")
  eq(r.body, "body")
  for _, name in ipairs {"Authorization", "X-Key", "Cookie"} do eq(header(r, name), nil, name) end
end)

case("RS 10.17 elapsed is the last hop's alone", function()
  server.on("/r", {{sleep = 0.4}, redirect(302, "/to")})
  local resp = sent(volley.get(server.url("/r")))
  ok(resp.history[1].elapsed >= 0.4, "the hop: " .. resp.history[1].elapsed)
  ok(resp.elapsed < 0.4, "the last one: " .. resp.elapsed)
end)

case("W30 a 301 keeps method and body of a PUT, PATCH or DELETE: none is ever sent emptied", function()
  for _, method in ipairs {"PUT", "PATCH", "DELETE"} do
    chain(301, "/to", volley.request(method, server.url("/r"), {data = "body", headers = {["Content-Type"] = "text/x"}}))
    eq(last().method, method)
    eq(last().body, "body")
    eq(header(last(), "Content-Type"), "text/x")
  end
end)

case("W30b a one-shot body cannot follow a 301 with PUT", function()
  server.on("/r", redirect(301, "/to"))
  local parts = {"a"}
  fails("unrewindable_body", volley.put(server.url("/r"), {data = function() return table.remove(parts) end}):send())
  eq(server.count("/to"), 0)
end)

case("W31 a generator is not sent again empty: unrewindable_body carries the 307", function()
  server.on("/r", redirect(307, "/to"))
  for _, stream in ipairs {false, true} do
    local parts = {"a"}
    local err = fails("unrewindable_body", volley.post(server.url("/r"), {data = function() return table.remove(parts) end, stream = stream}):send())
    ok(err:is("redirect"))
    eq(err.response.status_code, 307)
    eq(err.sent, "yes")
    eq(err.retryable, false)
  end
  eq(server.count("/to"), 0)
end)

case("W32 secret headers and an own Host do not cross origins", function()
  server.on("/r", redirect(302, "/r2"))
  server.on("/r2", redirect(302, other.url("/to")))
  other.on("/to", redirect(302, server.url("/back")))
  local s = volley.session {secret_headers = {"X-Api-Key"}}
  sent(s:get(server.url("/r"), {headers = {["x-api-key"] = "k", Host = "virtual.test"}}))
  eq(header(server.requests()[2], "x-api-key"), "k", "on the same origin it stays")
  eq(header(server.requests()[2], "Host"), "virtual.test")
  eq(header(other.requests()[1], "x-api-key"), nil)
  eq(header(other.requests()[1], "Host"), other.addr)
  eq(header(last(), "x-api-key"), nil, "on the way back")
  eq(header(last(), "Host"), server.addr)
end)

case("W32b an https to http redirect counts as leaving", function()
  local secure = harness.secure("good")
  secure.on("/r", redirect(302, "http://localhost:" .. server.port .. "/to"))
  local s = volley.session {secret_headers = {"X-Api-Key"}, verify = secure.ca, headers = {["X-Api-Key"] = "k"}}
  sent(s:get((secure.url("/r"):gsub("127.0.0.1", "localhost"))))
  eq(header(secure.requests()[1], "X-Api-Key"), "k")
  eq(header(last(), "X-Api-Key"), nil)
end)

case("W33 explicit auth is not replaced by netrc on a redirect of the same origin", {netrc = "machine 127.0.0.1 login n password n"}, function()
  server.on("/r", redirect(302, "/to"))
  local basic = "Basic " .. volley.base64.encode("u:p")
  local s = volley.session {netrc = true}
  sent(s:get(server.url("/r"), {auth = {"u", "p"}}))
  eq(header(last(), "Authorization"), basic)
  sent(s:get(server.url("/r"), {headers = {Authorization = "Bearer t"}}))
  eq(header(last(), "Authorization"), "Bearer t")
end)

case("W33b netrc does not log in at the origin that a redirect leads to", {netrc = "machine localhost login n password n"}, function()
  server.on("/r", redirect(302, "http://localhost:" .. other.port .. "/to"))
  sent(volley.session {netrc = true}:get(server.url("/r"), {auth = {"u", "p"}}))
  eq(header(other.requests()[1], "Authorization"), nil)
end)
