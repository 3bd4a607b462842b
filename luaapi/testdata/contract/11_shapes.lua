-- LUA §11: exact shapes: retries, hooks, sealing, numbers as text.
local volley = require "volley"
require "checks"

local fast = {total = 2, backoff = 0.001}
local function retry(over)
  local t = {total = 2, backoff = 0.001}
  for k, v in pairs(over or {}) do t[k] = v end
  return t
end

case("LUA 11.1 numbers and booleans are text wherever text goes out", function()
  sent(volley.get(server.url("/x"), {headers = {["X-N"] = 5, ["X-B"] = true, ["X-F"] = 1.5}, params = {n = 7, b = false}, cookies = {c = 3}}))
  local r = last()
  eq(header(r, "X-N"), "5")
  eq(header(r, "X-B"), "true")
  eq(header(r, "X-F"), "1.5")
  eq(r.target, "/x?b=false&n=7")
  eq(header(r, "Cookie"), "c=3")
  sent(volley.post(server.url("/x"), {data = {big = 1234567890123}}))
  eq(last().body, "big=1234567890123")
end)

case("LUA 11.2 retry = N tries again for GET on 503 and gives the last response when tries run out", function()
  server.on("/f", reply("503 a"), reply("503 b"), reply(200, {}, "ok"))
  local resp = sent(volley.get(server.url("/f"), {retry = fast}))
  eq(resp.text, "ok")
  eq(resp.attempts, 3)
  server.on("/g", reply("503 a", {}, "down"))
  resp = sent(volley.get(server.url("/g"), {retry = fast}))
  eq(resp.status_code, 503)
  eq(resp.attempts, 3)
  eq(server.count("/g"), 3)
end)

case("LUA 11.3 the default statuses: 408 429 502 503 504, never 500", function()
  for _, code in ipairs {408, 429, 502, 503, 504} do
    server.on("/f", reply(code .. " x"), reply(200, {}, "ok"))
    eq(sent(volley.get(server.url("/f"), {retry = fast})).status_code, 200, code)
  end
  for _, code in ipairs {500, 404, 501} do
    server.on("/f", reply(code .. " x"), reply(200, {}, "ok"))
    eq(sent(volley.get(server.url("/f"), {retry = fast})).status_code, code)
  end
end)

case("LUA 11.4 the default kinds: closed, incomplete_body, read_timeout for GET", function()
  local faults = {{{reset = true}}, {{close = true}}, {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {close = true}}, {{hangup = true}}}
  for i, fault in ipairs(faults) do
    server.on("/f", fault, reply(200, {}, "ok"))
    local resp = sent(volley.get(server.url("/f"), {retry = fast, timeout = {read = 0.5}, headers = {Connection = "close"}}))
    eq(resp.text, "ok", "fault " .. i)
    eq(resp.attempts, 2)
  end
end)

case("LUA 11.5 a POST is not retried on a status or after it was sent", function()
  server.on("/f", reply("503 x"), reply(200, {}, "ok"))
  eq(sent(volley.post(server.url("/f"), {data = "x", retry = fast})).status_code, 503)
  server.on("/g", {{reset = true}}, reply(200, {}, "ok"))
  local err = fails("closed", volley.post(server.url("/g"), {data = "x", retry = fast}):send())
  eq(server.count("/g"), 1)
  eq(err.attempts, 1)
end)

case("LUA 11.6 a POST with Idempotency-Key is, with the same key", function()
  server.on("/f", reply("503 x"), reply(200, {}, "ok"))
  eq(sent(volley.post(server.url("/f"), {data = "x", retry = fast, headers = {["Idempotency-Key"] = "k1"}})).status_code, 200)
  for _, r in ipairs(server.requests()) do
    eq(header(r, "Idempotency-Key"), "k1")
    eq(r.body, "x")
  end
end)

case("LUA 11.7 connect failures are retried for any method", function()
  local err = fails("connect", volley.post("http://127.0.0.1:1/", {data = "x", retry = fast}):send())
  eq(err.attempts, 3)
end)

case("LUA 11.8 methods: POST by name, or other methods only", function()
  server.on("/f", reply("503 x"), reply(200, {}, "ok"))
  eq(sent(volley.post(server.url("/f"), {data = "x", retry = retry {methods = {"POST"}}})).status_code, 200)
  server.on("/g", reply("503 x"), reply(200, {}, "ok"))
  eq(sent(volley.get(server.url("/g"), {retry = retry {methods = {"POST"}}})).status_code, 503)
end)

case("LUA 11.9 on replaces the list: status, class, range, kind", function()
  for _, on in ipairs {{500}, {"5xx"}, {"500-599"}} do
    server.on("/f", reply("500 x"), reply(200, {}, "ok"))
    eq(sent(volley.get(server.url("/f"), {retry = retry {on = on}})).status_code, 200)
  end
  server.on("/f", reply("503 x"), reply(200, {}, "ok"))
  eq(sent(volley.get(server.url("/f"), {retry = retry {on = {500}}})).status_code, 503, "503 is not on the list")
  other.on("/g", {{reset = true}}, reply(200, {}, "ok"))
  fails("closed", volley.get(other.url("/g"), {retry = retry {on = {"timeout"}}}):send())
  server.on("/h", {{hangup = true}}, reply(200, {}, "ok"))
  eq(sent(volley.get(server.url("/h"), {retry = retry {on = {"timeout"}}, timeout = 0.5})).text, "ok")
end)

case("LUA 11.10 Retry-After is a floor, capped by max_delay, and can be ignored", function()
  server.on("/f", reply("503 x", {"Retry-After: 1"}), reply(200, {}, "ok"))
  local began = harness.clock()
  sent(volley.get(server.url("/f"), {retry = fast}))
  ok(harness.clock() - began >= 0.95)
  server.on("/f", reply("503 x", {"Retry-After: 3600"}), reply(200, {}, "ok"))
  began = harness.clock()
  sent(volley.get(server.url("/f"), {retry = retry {max_delay = 0.05}}))
  ok(harness.clock() - began < 3)
  server.on("/f", reply("503 x", {"Retry-After: 3600"}), reply(200, {}, "ok"))
  sent(volley.get(server.url("/f"), {retry = retry {respect_retry_after = false}}))
end)

case("LUA 11.11 jitter=false takes the upper end: backoff doubled each time", function()
  server.on("/f", reply("503 x"), reply("503 x"), reply(200, {}, "ok"))
  local began = harness.clock()
  sent(volley.get(server.url("/f"), {retry = {total = 2, backoff = 0.05, jitter = false}}))
  ok(harness.clock() - began >= 0.145, "0.05 and 0.1 seconds")
end)

case("LUA 11.12 a body that cannot be read again is not sent a second time", function()
  server.on("/f", reply("503 x"), reply(200, {}, "ok"))
  local done
  local resp, err = volley.put(server.url("/f"), {retry = fast, data = function() if not done then done = true return "abc" end end}):send()
  eq(server.count("/f"), 1)
  if resp then eq(resp.status_code, 503) else eq(err.kind, "unrewindable_body") end
end)

case("LUA 11.13 files are sent again whole", function()
  harness.put("f.txt", "file")
  server.on("/f", reply("503 x"), reply(200, {}, "ok"))
  sent(volley.put(server.url("/f"), {retry = fast, data = volley.file("f.txt")}))
  for _, r in ipairs(server.requests()) do eq(r.body, "file") end
end)

case("LUA 11.14 the retry hook sees request, error or response, and attempt", function()
  server.on("/f", reply("503 x"), {{reset = true}}, reply(200, {}, "ok"))
  local seen = {}
  sent(volley.get(server.url("/f"), {retry = fast, headers = {Connection = "close"}, hooks = {retry = function(req, what, attempt)
    seen[#seen + 1] = {req.method .. (tostring(what):find("Response") and what.status_code or what.kind), attempt}
  end}}))
  eq(#seen, 2)
  eq(seen[1][1], "GET503")
  eq(seen[2][1], "GETclosed")
  eq(seen[2][2], seen[1][2] + 1)
end)

case("LUA 11.15 hooks in order: before_request, response per hop, redirect, callback for the final one", function()
  server.on("/1", redirect(302, "/2"))
  local log = {}
  sent(volley.get(server.url("/1"), {
    hooks = {
      before_request = function(req) log[#log + 1] = "before " .. req.url:match("/%d$") end,
      response = function(resp) log[#log + 1] = "response " .. resp.status_code end,
      redirect = function(resp, next_req) log[#log + 1] = "redirect " .. resp.status_code .. next_req.url:match("/%d$") end,
    },
    callback = function(resp) log[#log + 1] = "callback " .. resp.status_code .. " " .. #resp.history end,
  }))
  list(log, {"before /1", "response 302", "redirect 302/2", "before /2", "response 200", "callback 200 1"})
end)

case("LUA 11.16 the redirect hook returning false stops there", function()
  server.on("/1", redirect(302, "/2"))
  local resp = sent(volley.get(server.url("/1"), {hooks = {redirect = function() return false end}}))
  eq(resp.status_code, 302)
  eq(server.count("/2"), 0)
end)

case("LUA 11.17 before_request may change method, url, headers and body; it runs for each attempt", function()
  server.on("/f", reply("503 x"), reply(200, {}, "ok"))
  local n = 0
  sent(volley.put(server.url("/f"), {data = "old", retry = fast, hooks = {before_request = function(req)
    n = n + 1
    req.headers["X-N"] = n
    req.body = "body" .. n
  end}}))
  eq(n, 2)
  eq(header(server.requests()[1], "X-N"), "1")
  eq(header(server.requests()[2], "X-N"), "2")
  eq(server.requests()[2].body, "body2")
  eq(header(server.requests()[2], "Content-Length"), "5")
end)

case("LUA 11.18 before_request that raises is kind callback and nothing is sent", function()
  local err = fails("callback", volley.get(server.url("/"), {hooks = {before_request = function() error("hook broke") end}}):send())
  has(err.message, "hook broke")
  eq(err.sent, "no")
  eq(server.count(), 0)
end)

case("LUA 11.19 a response hook that raises is kind callback; one that returns a Response replaces it", function()
  fails("callback", volley.get(server.url("/"), {hooks = {response = function() error("x") end}}):send())
  local spare = sent(volley.get(server.url("/spare")))
  eq(sent(volley.get(server.url("/"), {hooks = {response = function() return spare end}})), spare)
end)

case("LUA 11.20 hooks and auth functions may block", function()
  local resp = sent(volley.get(server.url("/"), {
    auth = function(req) req.headers["X-T"] = sent(volley.get(server.url("/token"))).text end,
    hooks = {before_request = function() volley.sleep(0.001) end, response = function() volley.sleep(0.001) end},
  }))
  eq(resp.status_code, 200)
  eq(header(last(), "X-T"), "/token")
end)

case("LUA 11.21 an auth function runs once per attempt and hop", function()
  server.on("/1", redirect(302, "/2"))
  server.on("/2", reply("503 x"), reply(200, {}, "ok"))
  local n = 0
  sent(volley.get(server.url("/1"), {retry = fast, auth = function() n = n + 1 end}))
  ok(n >= 3, "ran " .. n)
  eq(n, server.count())
end)

case("LUA 11.22 method, url, headers, body and meta can be changed until the request is taken", function()
  local req = volley.get(server.url("/a"))
  req.method = "put"
  req.url = server.url("/b")
  req.headers["X-A"] = "1"
  req.body = "new"
  req.meta = 7
  local resp = sent(req)
  local r = last()
  eq(r.method, "PUT")
  eq(r.target, "/b")
  eq(header(r, "X-A"), "1")
  eq(r.body, "new")
  eq(header(r, "Content-Length"), "3")
  eq(resp.request.meta, 7)
end)

case("LUA 11.23 elsewhere a write raises: other fields, and a request as sent", function()
  local req = volley.get(server.url("/a"))
  throws(function() req.id = "x" end)
  throws(function() req.nope = 1 end, "nope")
  local resp = sent(req)
  throws(function() resp.request.url = "x" end)
  throws(function() resp.status_code = 5 end)
end)

case("LUA 11.24 resp.request is the request as sent", function()
  local resp = sent(volley.post(server.url("/a"), {params = {q = 1}, json = {a = 1}}))
  eq(resp.request.url, server.url("/a?q=1"))
  eq(resp.request.headers["Content-Type"], "application/json")
  ok(resp.request.headers["User-Agent"])
  eq(resp.request.body, '{"a":1}')
end)

case("LUA 11.25 an error of a batch carries its index and attempts", function()
  local _, errors = volley.map {server.url("/1"), volley.get("http://127.0.0.1:1/", {retry = fast})}
  eq(errors[2].index, 2)
  eq(errors[2].attempts, 3)
end)

case("LUA 11.26 JSON: numbers, marks, mistakes", function()
  local enc, dec = volley.json.encode, volley.json.decode
  eq(enc(9007199254740991), "9007199254740991")
  eq(enc(1e15), "1000000000000000")
  eq(enc(1.5), "1.5")
  eq(enc({}), "{}")
  eq(enc(volley.array {}), "[]")
  eq(enc({1, 2}), "[1,2]")
  eq(enc({b = 1, a = 2}), '{"a":2,"b":1}')
  eq(enc(volley.null), "null")
  eq(dec("null"), volley.null)
  eq(enc(dec('{"a":[],"b":[1,null]}')), '{"a":[],"b":[1,null]}')
  for _, bad in ipairs {{1, nil, 3}, {1, x = 2}, {f = print}, {n = 0 / 0}, {i = 1 / 0}} do
    throws(function() enc(bad) end)
  end
  local loop = {}
  loop.me = loop
  throws(function() enc(loop) end)
  raises("json", function() dec("{") end)
  raises("json", function() dec(("["):rep(100000)) end)
end)

case("LUA 11.27 total covers all attempts, not pauses", function()
  server.on("/f", {{sleep = 0.4}, reply("503 x")})
  fails("total_timeout", volley.get(server.url("/f"), {retry = {total = 5, backoff = 0.001}, timeout = {total = 0.6}}):send())
  server.on("/g", reply("503 x"), reply(200, {}, "ok"))
  eq(sent(volley.get(server.url("/g"), {retry = {total = 1, backoff = 1.2, jitter = false}, timeout = {total = 1}})).text, "ok")
end)

case("LUA 11.28 rate per minute, and per host", function()
  raises("invalid_argument", function() volley.map({}, {rate = "30/x"}) end, "rate")
  local began = harness.clock()
  volley.map({server.url("/1"), server.url("/2"), server.url("/3")}, {per_host = {rate = 40}})
  ok(harness.clock() - began >= 0.045)
  eq(volley.map({server.url("/1")}, {rate = "600/m"}).n, 1)
end)

case("LUA 11.29 a retry of a batch does not take another slot", function()
  server.on("/f", reply("503 x"), reply(200, {}, "ok"))
  local resps = volley.map({volley.get(server.url("/f"), {retry = fast}), server.url("/2")}, {size = 1})
  eq(resps[1].text, "ok")
  eq(resps[2].text, "/2")
  eq(server.peak(), 1)
  eq(#harness.records(), 2)
end)

case("LUA 11.30 raise_for_status with retries: the status is tried again, then a failure of kind http", function()
  server.on("/f", reply("503 x"))
  local err = fails("http", volley.get(server.url("/f"), {retry = fast, raise_for_status = true}):send())
  eq(server.count(), 3)
  eq(err.attempts, 3)
end)

case("LUA 11.31 retry=true or a negative count raises", function()
  raises("invalid_argument", function() volley.get(server.url("/"), {retry = -1}) end, "retry")
  raises("invalid_argument", function() volley.get(server.url("/"), {retry = 1.5}) end, "retry")
end)
