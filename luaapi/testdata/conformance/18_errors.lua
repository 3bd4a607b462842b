-- Surface §18: exceptions, and every kind of Error provoked by what it is for.
local volley = require "volley"
require "checks"

local function get(steps, opts)
  server.on("/e", steps)
  return volley.get(server.url("/e"), opts):send()
end

-- caught is what fn raises.
local function caught(fn, ...)
  local good, err = pcall(fn, ...)
  ok(not good, "nothing was raised")
  return err
end

-- parents is the tree.
local parents = {
  invalid_argument = {"request_error"}, invalid_url = {"request_error"}, missing_schema = {"invalid_url"}, invalid_schema = {"invalid_url"},
  connection = {"request_error"}, dns = {"connection"}, connect = {"connection"}, connect_timeout = {"connection", "timeout"}, tls = {"connection"},
  proxy = {"connection"}, closed = {"connection"}, timeout = {"request_error"}, read_timeout = {"timeout"}, total_timeout = {"timeout"}, batch_timeout = {"timeout"},
  protocol = {"request_error"}, invalid_response = {"protocol"}, incomplete_body = {"protocol"}, too_large = {"request_error"}, body_too_large = {"too_large"},
  headers_too_large = {"too_large"}, decode = {"request_error"}, redirect = {"request_error"}, too_many_redirects = {"redirect"}, invalid_redirect = {"redirect"},
  unrewindable_body = {"redirect"}, http = {"request_error"}, json = {"request_error"}, cancelled = {"request_error"}, denied = {"request_error"},
  callback = {"request_error"}, in_doubt = {"request_error"}, script = {"request_error"}, script_deadline = {"script"}, script_memory = {"script"},
  script_stack = {"script"}, breaker = {"request_error"}, io = {"request_error"}, stream_consumed = {"request_error"}, closed_response = {"request_error"},
  internal = {"request_error"},
}

local function above(kind, into)
  into[kind] = true
  for _, p in ipairs(parents[kind] or {}) do above(p, into) end
  return into
end

-- kind is a case that provokes an Error of it and asks for every place of the
-- tree whether it stands below.
local function kind(name, opts, provoke)
  if not provoke then opts, provoke = {}, opts end
  case("RS 18.30 " .. name, opts, function()
    local resp, err = provoke()
    err = fails(name, resp or nil, err)
    local want = above(name, {})
    for k in pairs(parents) do eq(err:is(k), want[k] or false, name .. " is " .. k) end
    ok(err:is("request_error"))
    has(tostring(err), name .. ": ")
    ok(#err.message > 0)
  end)
end

kind("invalid_argument", function() return volley.get(server.url("/"), {headers = {["a b"] = "1"}}):send() end)
kind("invalid_url", function() return volley.get("http://h.test:99999/"):send() end)
kind("missing_schema", function() return volley.get("h.test/x"):send() end)
kind("invalid_schema", function() return volley.get("ftp://h.test/x"):send() end)
kind("dns", function() return volley.get("http://no-such-host.invalid/"):send() end)
kind("connect", function() return volley.get("http://127.0.0.1:1/"):send() end)
kind("connect_timeout", function() return volley.get("https://" .. server.addr .. "/", {timeout = {connect = 0.1}}):send() end)
kind("tls", function() return volley.get(harness.secure("expired").url("/")):send() end)
kind("proxy", function() return volley.get("http://h.test/", {proxies = {http = "http://127.0.0.1:1"}}):send() end)
kind("closed", function() return get {{reset = true}} end)
kind("timeout", function() return volley.spawn(volley.sleep, 1.5):get(0.02) end)
kind("read_timeout", function() return get({{hangup = true}}, {timeout = 0.1}) end)
kind("total_timeout", function() return get({{hangup = true}}, {timeout = {total = 0.1}}) end)
kind("batch_timeout", function()
  server.on("/e", {{hangup = true}})
  local _, errors = volley.map({volley.get(server.url("/e"))}, {gtimeout = 0.1})
  return nil, errors[1]
end)
kind("invalid_response", function() return get {"SSH-2.0-OpenSSH_9.9\r\n", {close = true}} end)
kind("incomplete_body", function() return get {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {close = true}} end)
kind("body_too_large", function() return get({reply(200, {}, "0123456789")}, {max_body = 9}) end)
kind("headers_too_large", function() return get {"HTTP/1.1 200 OK\r\nX-A: " .. ("x"):rep(2 ^ 20) .. "\r\n\r\n", {close = true}} end)
kind("decode", function() return get {reply(200, {"Content-Encoding: gzip"}, "no gzip")} end)
kind("too_many_redirects", function() return get({redirect(302, "/e")}, {max_redirects = 2}) end)
kind("invalid_redirect", function() return get {redirect(302, "ftp://h.test/")} end)
kind("unrewindable_body", function()
  server.on("/e", redirect(307, "/to"))
  local parts = {"a"}
  return volley.post(server.url("/e"), {data = function() return table.remove(parts) end}):send()
end)
kind("http", function() return get({reply("503 Busy")}, {raise_for_status = true}) end)
kind("json", function()
  local resp = get {reply(200, {}, "<html>")}
  return nil, caught(resp.json, resp)
end)
kind("cancelled", function()
  local task = volley.spawn(volley.sleep, 10)
  task:kill()
  return task:get()
end)
kind("denied", {private = true}, function() return volley.get(server.url("/")):send() end)
kind("callback", function() return get({reply(200)}, {callback = function() error("no") end}) end)
kind("script", function() return volley.spawn(error, "no"):get() end)
kind("script_memory", function() return volley.spawn(function() return ("x"):rep(2 ^ 40) end):get() end)
kind("script_stack", function()
  local function deeper() return 1 + deeper() end
  return volley.spawn(deeper):get()
end)
kind("io", function()
  return nil, caught(function() error(select(2, volley.post(server.url("/"), {data = volley.file("missing.txt")}):send())) end)
end)
kind("stream_consumed", function()
  local resp = sent(volley.get(server.url("/"), {stream = true}))
  for _ in resp:iter_content() do end
  return nil, caught(function() for _ in resp:iter_content() do end end)
end)
kind("closed_response", function()
  local resp = sent(volley.get(server.url("/"), {stream = true}))
  resp:close()
  return nil, caught(function() return resp.content end)
end)
kind("internal", function()
  local resp, err = volley.get("http://panic.test/"):send()
  has(err.traceback or "", "goroutine", "the Go stack")
  return resp, err
end)

case("RS 18.30 a fault in volley fails one request, the others go on", function()
  local resps, errors = volley.map {volley.get(server.url("/a")), volley.get("http://panic.test/"), volley.get(server.url("/b"))}
  eq(resps[1].text, "/a")
  eq(errors[2].kind, "internal")
  eq(resps[3].text, "/b")
end)

case("RS 18.1 RequestException: every Error is a request_error, with request and response", function()
  local req = volley.get(server.url("/r"), {max_redirects = 0})
  server.on("/r", redirect(302, "/to"))
  local err = fails("too_many_redirects", req:send())
  ok(err:is("request_error"))
  eq(err.request, req)
  eq(err.response.status_code, 302)
  err = fails("connect", volley.get("http://127.0.0.1:1/"):send())
  eq(err.response, nil)
  eq(err.request.url, "http://127.0.0.1:1/")
end)

case("RS 18.2 InvalidJSONError: NaN and Inf in json= never go out", function()
  for _, bad in ipairs {0 / 0, 1 / 0, -1 / 0} do
    raises("invalid_argument", function() error(select(2, volley.post(server.url("/"), {json = {a = bad}}):send())) end)
  end
  eq(server.count(), 0)
end)

case("RS 18.3 JSONDecodeError: resp:json() of no JSON, with the place and the response", function()
  for _, body in ipairs {"", "{", '{"a":1} x', "<html></html>"} do
    local resp = sent(volley.get((function() server.on("/j", reply(200, {}, body)) return server.url("/j") end)()))
    raises("json", function() resp:json() end)
  end
end)

case("RS 18.4 HTTPError: raise_for_status carries the response", function()
  server.on("/n", reply("404 Not Found", {}, "why"))
  local resp = sent(volley.get(server.url("/n")))
  local err = raises("http", function() resp:raise_for_status() end, "404", server.url("/n"))
  eq(err.response.text, "why")
  eq(sent(volley.get(server.url("/x"))):raise_for_status().text, "/x")
end)

case("RS 18.5 ConnectionError: refused, unresolved, reset, no response", function()
  local kinds = {}
  for _, url in ipairs {"http://127.0.0.1:1/", "http://no-such-host.invalid/", server.url("/reset"), server.url("/fin")} do
    server.on("/reset", {{reset = true}})
    server.on("/fin", {{close = true}})
    local _, err = volley.get(url):send()
    ok(err:is("connection"), url)
    kinds[#kinds + 1] = err.kind
  end
  list(kinds, {"connect", "dns", "closed", "closed"})
end)

case("RS 18.6 ProxyError: kind proxy, a connection error", function()
  ok(fails("proxy", volley.get("https://h.test/", {proxies = {all = "http://127.0.0.1:1"}}):send()):is("connection"))
end)

case("RS 18.7 SSLError: kind tls, a connection error", function()
  ok(fails("tls", volley.get(harness.secure("self_signed").url("/")):send()):is("connection"))
end)

case("RS 18.8 ConnectTimeout: a timeout and a connection error", function()
  local err = fails("connect_timeout", volley.get("https://" .. server.addr, {timeout = {connect = 0.1}}):send())
  ok(err:is("timeout"))
  ok(err:is("connection"))
end)

case("RS 18.9, RS 18.10 Timeout and ReadTimeout: a timeout, no connection error", function()
  local err = fails("read_timeout", get({{hangup = true}}, {timeout = 0.1}))
  ok(err:is("timeout"))
  ok(not err:is("connection"))
end)

case("RS 18.11 URLRequired: no URL raises, an empty one is missing_schema", function()
  raises("invalid_argument", function() volley.get() end)
  fails("missing_schema", volley.get(""):send())
end)

case("RS 18.12 TooManyRedirects: the last response and what came before it", function()
  local err = fails("too_many_redirects", get({redirect(302, "/e")}, {max_redirects = 3}))
  eq(err.response.status_code, 302)
  eq(#err.response.history, 3)
end)

case("RS 18.13 MissingSchema: suggests the URL with https", function()
  for _, url in ipairs {"h.test/x", "//h.test/x", "/rel", "localhost"} do
    ok(fails("missing_schema", volley.get(url):send()):is("invalid_url"), url)
  end
  has(fails("missing_schema", volley.get("h.test/x"):send()).message, "https://h.test/x")
end)

case("RS 18.14 InvalidSchema: names the scheme", function()
  for _, url in ipairs {"ftp://h.test/", "file:///etc/passwd", "mailto:a@h.test"} do
    local err = fails("invalid_schema", volley.get(url):send())
    ok(err:is("invalid_url"))
    has(err.message, url:match("^%a+"))
  end
end)

case("RS 18.15 InvalidURL", function()
  for _, url in ipairs {"http://", "http:///x", "http://h.test:abc/", "http://*.h.test/", "http://.h.test/", "http://[::1/"} do
    ok(fails("invalid_url", volley.get(url):send()):is("invalid_url"), url)
  end
end)

case("RS 18.16 InvalidProxyURL: invalid_argument, with how to write it", function()
  for _, url in ipairs {"http://:8080", "https://", "http:///x"} do
    raises("invalid_argument", function()
      error(select(2, volley.get("http://h.test/", {proxies = {http = url}}):send()))
    end, "invalid proxy", "http://host:port")
  end
end)

case("RS 18.17 InvalidHeader: in its own slot, before anything is sent", function()
  for _, h in ipairs {{"A\r\nB", "1"}, {"A", "1\r\nB: 2"}, {"A", "1\n2"}, {"", "1"}, {"A:", "1"}, {" A", "1"}, {"A", "a\0b"}} do
    local err = fails("invalid_argument", volley.get(server.url("/"), {headers = {h}}):send())
    eq(err.sent, "no")
  end
  eq(server.count(), 0)
end)

case("RS 18.18 ChunkedEncodingError: a body cut short is incomplete_body, bad framing invalid_response", function()
  local chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  fails("incomplete_body", get {chunked .. "5\r\nab", {close = true}})
  fails("incomplete_body", get {chunked .. "2\r\nab\r\n", {close = true}})
  fails("incomplete_body", get {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", {close = true}})
  ok(select(2, get {chunked .. "zz\r\n", {close = true}}):is("protocol"))
end)

case("RS 18.19 ContentDecodingError: decode, with the raw bytes", function()
  local err = fails("decode", get {reply(200, {"Content-Encoding: gzip"}, "no gzip")})
  eq(err.response.content, "no gzip")
end)

case("RS 18.20 StreamConsumedError", function()
  local resp = sent(volley.get(server.url("/x"), {stream = true}))
  local parts = {}
  for part in resp:iter_content(1) do parts[#parts + 1] = part end
  eq(table.concat(parts), "/x")
  raises("stream_consumed", function() return resp.content end)
end)

case("RS 18.21 RetryError: there is none; when tries run out on a status its response is the result", function()
  local resp = get({reply("503 Busy")}, {retry = {total = 2, backoff = 0.001}})
  eq(resp.status_code, 503)
  eq(resp.attempts, 3)
  fails("http", get({reply("503 Busy")}, {retry = {total = 1, backoff = 0.001}, raise_for_status = true}))
end)

case("RS 18.22 UnrewindableBodyError: for a redirect, and a redirect error", function()
  server.on("/r", redirect(308, "/to"))
  local parts = {"a"}
  local err = fails("unrewindable_body", volley.post(server.url("/r"), {data = function() return table.remove(parts) end}):send())
  ok(err:is("redirect"))
  eq(err.response.status_code, 308)
end)

case("RS 18.23 ValueError: timeouts, hook names and text with files raise as the request is built", function()
  for _, opts in ipairs {
    {timeout = 0}, {timeout = -1}, {timeout = {1, 2, 3}}, {timeout = "5"}, {hooks = {respons = print}}, {data = "text", files = {f = "x"}},
  } do
    raises("invalid_argument", function() volley.post(server.url("/"), opts) end)
  end
end)

case("RS 18.24 TypeError: unknown options and values of no use raise as the request is built", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {header = {}}) end, '"headers"')
  raises("invalid_argument", function() volley.post(server.url("/"), {data = print == nil or true}) end, "data")
  raises("invalid_argument", function() error(select(2, volley.post(server.url("/"), {json = {f = print}}):send())) end)
end)

case("RS 18.25 OSError: a path of a certificate is kind tls, of a body io", function()
  local secure = harness.secure("good")
  fails("tls", volley.get(secure.url("/"), {verify = dir .. "/nope.pem"}):send())
  raises("io", function() error(select(2, volley.post(server.url("/"), {data = volley.file("nope.txt")}):send())) end)
end)

case("RS 18.26 NotImplementedError: a stream with files", function()
  harness.put("f.txt", "x")
  for _, data in ipairs {function() end, volley.file("f.txt")} do
    raises("invalid_argument", function() volley.post(server.url("/"), {data = data, files = {f = "x"}}) end)
  end
end)

case("RS 18.27 UnicodeEncodeError: there is none; text goes out as its bytes", function()
  sent(volley.get(server.url("/"), {headers = {["X-A"] = "тест"}, auth = {"тест", "тест"}}))
  eq(header(last(), "X-A"), "тест")
  eq(header(last(), "Authorization"), "Basic " .. volley.base64.encode("тест:тест"))
end)

case("RS 18.28 CookieConflictError: there is none; get answers with one of them", function()
  local jar = volley.session().cookies
  jar:set("a", "1", {domain = "x.test"})
  jar:set("a", "2", {domain = "y.test"})
  ok(jar:get("a"))
  eq(jar:get("a", {domain = "y.test"}), "2")
end)

case("RS 18.29 err:is follows the tree, and knows what is no kind", function()
  local err = fails("connect", volley.get("http://127.0.0.1:1/"):send())
  for _, k in ipairs {"connect", "connection", "request_error"} do eq(err:is(k), true, k) end
  for _, k in ipairs {"timeout", "closed", "proxy"} do eq(err:is(k), false, k) end
  raises("invalid_argument", function() err:is("conection") end, "conection")
end)
