-- Adapters: pools of connections and retries.
local volley = require "volley"
require "checks"

local fast = {total = 2, backoff = 0.001}

-- tries answers with the replies one after another and returns how many
-- requests that took, and what came of it.
local function tries(req, ...)
  server.on("/t", ...)
  local before = server.count()
  local resp, err = req:send()
  return server.count() - before, resp or err
end

local function request(method, over)
  local retry = {total = 2, backoff = 0.001}
  for k, v in pairs(over or {}) do retry[k] = v end
  return volley.request(method, server.url("/t"), {retry = retry, headers = {Connection = "close"}, timeout = {read = 0.5}})
end

case("RS 4.1 pool.per_host connections; more requests wait for one", function()
  local s, reqs = volley.session {pool = {per_host = 2}}, {}
  for i = 1, 6 do
    server.on("/" .. i, {{sleep = 0.02}, reply(200)})
    reqs[i] = s:get(server.url("/" .. i))
  end
  volley.map(reqs, {size = 6})
  eq(server.peak(), 2)
  eq(server.conns(), 2)
  for _, bad in ipairs {{per_host = 0}, {per_host = "x"}, {size = 5}, 5} do
    raises("invalid_argument", function() volley.session {pool = bad} end, "pool")
  end
end)

case("RS 4.1b pool.idle_timeout closes what lies idle", function()
  local s = volley.session {pool = {per_host = 2, idle_timeout = 0.4}}
  sent(s:get(server.url("/")))
  sent(s:get(server.url("/")))
  eq(server.conns(), 1)
  volley.sleep(1)
  sent(s:get(server.url("/")))
  eq(server.conns(), 2)
end)

case("RS 4.2 a connection that was not verified is not used where verification is asked", function()
  local s = harness.secure("good")
  sent(volley.get(s.url("/"), {verify = false}))
  fails("tls", volley.get(s.url("/")):send())
  sent(volley.get(s.url("/"), {verify = s.ca}))
  local before = s.conns()
  sent(volley.get(s.url("/"), {verify = false}))
  sent(volley.get(s.url("/"), {verify = s.ca}))
  eq(s.conns(), before, "each has its own, which is used again")
end)

case("RS 4.2b client certificates do not share a connection with none", function()
  local s = harness.secure("good", true)
  sent(volley.get(s.url("/"), {verify = s.ca, cert = {cert = s.cert, key = s.key}}))
  fails("tls", volley.get(s.url("/"), {verify = s.ca}):send())
end)

case("RS 4.3 a connection is used again once its body was read", function()
  server.on("/b", reply(200, {}, ("x"):rep(100000)))
  local resp = sent(volley.get(server.url("/b"), {stream = true}))
  sent(volley.get(server.url("/2")))
  eq(server.conns(), 2, "the first is being read")
  eq(#resp.content, 100000)
  local a, b = volley.send(volley.get(server.url("/3"))), volley.send(volley.get(server.url("/4")))
  a:get()
  b:get()
  eq(server.conns(), 2)
end)

case("RS 4.3b closing an unread stream drops its connection", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\nab", {hangup = true}})
  local resp = sent(volley.get(server.url("/s"), {stream = true}))
  resp:close()
  wait_until(function() return server.hangups() == 1 end)
  sent(volley.get(server.url("/2")))
  eq(server.conns(), 2)
end)

case("RS 4.3c Connection: close is obeyed, on both sides", function()
  server.on("/c", reply(200, {"Connection: close"}))
  sent(volley.get(server.url("/c")))
  sent(volley.get(server.url("/2"), {headers = {Connection = "close"}}))
  sent(volley.get(server.url("/3")))
  eq(server.conns(), 3)
end)

case("RS 4.4 an idle connection that the server closed is replaced without a word", function()
  server.on("/1", {reply(200), {close = true}})
  sent(volley.get(server.url("/1")))
  volley.sleep(0.03)
  eq(sent(volley.post(server.url("/2"), {data = "x"})).attempts, 1)
  eq(server.count("/2"), 1)
  eq(server.conns(), 2)
end)

case("RS 4.4b one that dies under a request: GET is sent once more, a POST that was written is not", function()
  server.on("/dies", {{reset = true}}, reply(200, {}, "again"))
  sent(volley.get(server.url("/1")))
  eq(sent(volley.get(server.url("/dies"))).text, "again")
  eq(server.count("/dies"), 2)
  server.on("/dies", {{reset = true}}, reply(200, {}, "again"))
  sent(volley.get(server.url("/1")))
  local err = fails("closed", volley.post(server.url("/dies"), {data = "x"}):send())
  eq(server.count("/dies"), 3)
  eq(err.sent, "maybe")
end)

case("RS 4.5, W15 retry = n: connecting for any method, closed and timeouts for safe ones, some statuses, never 500", function()
  local err = fails("connect", volley.post("http://127.0.0.1:1/", {retry = fast, data = "x"}):send())
  eq(err.attempts, 3)
  local n, got = tries(request("GET"), {{hangup = true}})
  eq(n, 3)
  eq(got.kind, "read_timeout", "the kind stays what it was")
  eq(got.attempts, 3)
  n, got = tries(request("POST"), {{hangup = true}})
  eq(n, 1)
  eq(got.kind, "read_timeout")
  eq(tries(request("GET"), reply(500)), 1)
  eq(tries(request("GET"), reply(503)), 3)
  server.on("/t", reply(503))
  local before = server.count()
  sent(volley.get(server.url("/t")))
  eq(server.count() - before, 1, "none unless asked for")
end)

case("RS 4.6 on: statuses, classes, ranges and kinds; the last response is the result", function()
  local n, resp = tries(request("GET", {on = {500}}), reply("500 a"))
  eq(n, 3)
  eq(resp.status_code, 500)
  eq(resp.attempts, 3)
  eq(tries(request("GET", {on = {"4xx"}}), reply(404)), 3)
  eq(tries(request("GET", {on = {"500-503"}}), reply(503)), 3)
  eq(tries(request("GET", {on = {"500-503"}}), reply(504)), 1)
  eq(tries(request("GET", {on = {"closed"}}), {{reset = true}}), 3)
  eq(tries(request("GET", {on = {503}}), {{reset = true}}), 1)
  eq(tries(request("GET", {on = {"connection"}}), {{reset = true}}), 3, "a kind holds for those below it")
  for _, bad in ipairs {{"6000"}, {"timeuot"}, {}, {"500-"}, {true}} do
    raises("invalid_argument", function() request("GET", {on = bad}) end, "on")
  end
end)

case("RS 4.6b raise_for_status turns the last response into a failure", function()
  server.on("/t", reply("503 Busy"))
  local err = fails("http", volley.get(server.url("/t"), {retry = fast, raise_for_status = true}):send())
  eq(server.count(), 3)
  eq(err.response.status_code, 503)
end)

case("RS 4.6c pauses double from backoff on, up to max_delay", function()
  local began = harness.clock()
  tries(request("GET", {total = 3, backoff = 0.04, jitter = false}), reply(503))
  ok(harness.clock() - began >= 0.27, "0.04, 0.08, 0.16")
  began = harness.clock()
  tries(request("GET", {total = 3, backoff = 30, max_delay = 0.02, jitter = false}), reply(503))
  ok(harness.clock() - began < 5)
  for _, bad in ipairs {{backoff = -1}, {max_delay = "x"}, {total = -1}, {jitter = 1}} do
    raises("invalid_argument", function() request("GET", bad) end, (next(bad)))
  end
end)

case("RS 4.6d Retry-After, seconds or a date, is the shortest pause", function()
  local began = harness.clock()
  tries(request("GET"), reply(429, {"Retry-After: 1"}), reply(200))
  ok(harness.clock() - began >= 0.95)
  began = harness.clock()
  tries(request("GET", {max_delay = 0.01}), reply(503, {"Retry-After: Fri, 31 Dec 2199 23:59:59 GMT"}), reply(200))
  ok(harness.clock() - began < 5, "capped by max_delay")
  for _, odd in ipairs {"Retry-After: soon", "Retry-After: -5", "Retry-After:"} do
    local n, resp = tries(request("GET"), reply(503, {odd}), reply(200))
    eq(n, 2)
    eq(resp.status_code, 200)
  end
end)

case("RS 4.7 the idempotent methods are retried, POST and PATCH when they are named", function()
  for _, m in ipairs {"GET", "PUT", "DELETE", "OPTIONS", "TRACE", "HEAD"} do
    eq(tries(request(m), "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"), 3, m)
  end
  for _, m in ipairs {"POST", "PATCH", "REPORT"} do eq(tries(request(m), reply(503)), 1, m) end
  eq(tries(request("POST", {methods = {"POST"}}), reply(503)), 3)
  eq(tries(request("POST", {methods = "all"}), reply(503)), 3)
  eq(tries(request("POST", {methods = {"post"}}), reply(503)), 3, "in any case")
  eq(tries(request("GET", {methods = {"POST"}}), reply(503)), 1)
end)

case("RS 4.8b a retry begins at the first URL again, redirects and all", function()
  server.on("/r", redirect(302, "/t"))
  server.on("/t", reply(503), reply(200, {}, "ok"))
  local resp = sent(volley.get(server.url("/r"), {retry = fast}))
  eq(resp.text, "ok")
  eq(#resp.history, 1)
  eq(resp.attempts, 2)
  eq(server.count("/r"), 2)
end)

case("RS 4.8 retries are counted for each request; a session's are a default", function()
  server.on("/a", reply(503), reply(200))
  server.on("/b", reply(503), reply(503), reply(200))
  local s = volley.session {retry = fast}
  local resps = volley.map({s:get(server.url("/a")), s:get(server.url("/b")), s:get(server.url("/b"), {retry = 0})}, {size = 1})
  eq(resps[1].attempts, 2)
  eq(resps[2].attempts, 3)
  eq(resps[3].attempts, 1)
end)

case("RS 4.9 SOCKS needs nothing more", function()
  local proxy = harness.socks()
  sent(volley.get(server.url("/s"), {proxies = {all = "socks5://" .. proxy.addr}}))
  list(proxy.targets(), {server.addr})
  local h = harness.socks("u", "p")
  sent(volley.get("http://localhost:" .. server.port .. "/", {proxies = {all = "socks5h://u:p@" .. h.addr}}))
  list(h.targets(), {"localhost:" .. server.port})
  fails("proxy", volley.get(server.url("/"), {proxies = {all = "socks5://u:wrong@" .. h.addr}}):send())
end)
