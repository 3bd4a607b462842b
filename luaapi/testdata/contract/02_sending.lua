-- LUA §2: send and map.
local volley = require "volley"
require "checks"

local function gets(n, opts)
  local t = {}
  for i = 1, n do t[i] = volley.get(server.url("/" .. i), opts) end
  return t
end

local function dead(opts) return volley.get("http://127.0.0.1:1/", opts) end

case("LUA 2.1 send returns a response, or nil and an error", function()
  eq(sent(volley.get(server.url("/a"))).status_code, 200)
  local resp, err = dead():send()
  eq(resp, nil)
  eq(err.kind, "connect")
end)

case("LUA 2.2 send blocks its own green thread only", function()
  server.on("/slow", {{gate = "g"}, reply(200, {}, "slow")})
  local order = {}
  local task = volley.spawn(function()
    local resp = sent(volley.get(server.url("/slow")))
    order[#order + 1] = resp.text
  end)
  wait_until(function() return server.count("/slow") == 1 end)
  local resp = sent(volley.get(server.url("/fast")))
  order[#order + 1] = resp.text
  server.release("g")
  task:get()
  list(order, {"/fast", "slow"})
end)

case("LUA 2.3 send takes request options", function()
  sent(volley.get(server.url("/o"), {params = {a = 1}}), {headers = {["X-O"] = "1"}})
  eq(header(last(), "X-O"), "1")
  raises("invalid_argument", function() volley.get(server.url("/")):send {heders = {}} end, "headers")
end)

case("LUA 2.4 map keeps input order whatever the order of completion", function()
  server.on("/1", {{gate = "g"}, reply(200, {}, "/1")})
  local t = volley.spawn(function() return volley.map(gets(5)) end)
  wait_until(function() return server.count() == 5 end)
  server.release("g")
  local resps, errors = t:get()
  for i = 1, 5 do eq(resps[i].text, "/" .. i) end
  eq(resps.n, 5)
  eq(type(errors), "table")
  eq(next(errors), nil)
end)

case("LUA 2.5 a failed slot holds false, without holes; errors is keyed by index", function()
  local resps, errors = volley.map {volley.get(server.url("/1")), dead(), volley.get(server.url("/3"))}
  eq(#resps, 3)
  eq(resps.n, 3)
  eq(resps[2], false)
  eq(resps[3].text, "/3")
  eq(errors[2].kind, "connect")
  eq(errors[2].index, 2)
  eq(errors[1], nil)
  eq(errors[3], nil)
end)

case("LUA 2.6 a failed slot holds what the exception handler returned; errors has it all the same", function()
  local resps, errors = volley.map({dead {meta = "m"}, volley.get(server.url("/2"))}, {
    exception_handler = function(req, err) return req.meta .. ":" .. err.kind end,
  })
  eq(resps[1], "m:connect")
  eq(errors[1].kind, "connect")
end)

case("LUA 2.7 an exception handler that returns nil leaves false", function()
  local resps = volley.map({dead()}, {exception_handler = function() end})
  eq(resps[1], false)
  eq(resps.n, 1)
end)

case("LUA 2.8 map calls exception handlers in input order after all finished", function()
  server.on("/slow", {{sleep = 0.05}, {reset = true}})
  server.on("/ok", {{sleep = 0.1}, reply(200, {}, "x")})
  local seen, done_before = {}, nil
  volley.map({volley.get(server.url("/slow"), {meta = 1}), dead {meta = 2}, volley.get(server.url("/ok"), {
    callback = function() done_before = #seen end,
  })}, {exception_handler = function(req) seen[#seen + 1] = req.meta end})
  list(seen, {1, 2})
  eq(done_before, 0, "handlers ran before the last request ended")
end)

case("LUA 2.9 a request's own exception handler beats the batch's and takes the slot", function()
  local own, batch = nil, 0
  local resps = volley.map({dead {exception_handler = function(_, err) own = err.kind return "own" end}}, {
    exception_handler = function() batch = batch + 1 end,
  })
  eq(own, "connect")
  eq(resps[1], "own")
  eq(batch, 0)
end)

case("LUA 2.10 a request's exception handler serves send too", function()
  local seen
  local resp, err = dead {exception_handler = function(req, e) seen = e.kind return "value" end}:send()
  eq(seen, "connect")
  ok(resp == nil or resp == "value")
  if resp == nil then eq(err.kind, "connect") end
end)

case("LUA 2.11 a handler that raises loses nothing else: kind callback, logged once with its traceback", function()
  local calls = 0
  local resps, errors = volley.map({dead(), volley.get(server.url("/2")), dead()}, {exception_handler = function()
    calls = calls + 1
    error("handler broke")
  end})
  eq(calls, 2)
  eq(resps[1], false)
  eq(resps[2].text, "/2")
  eq(errors[1].kind, "callback")
  has(errors[1].message, "handler broke")
  has(errors[1].traceback, "02_sending")
  local _, n = harness.stderr():gsub("stack traceback", "")
  eq(n, 1, "logged tracebacks")
end)

case("LUA 2.12 callback: nil keeps the response", function()
  local seen
  local resps = volley.map {volley.get(server.url("/1"), {callback = function(resp) seen = resp.text end})}
  eq(seen, "/1")
  eq(resps[1].text, "/1")
end)

case("LUA 2.13 callback: a Response replaces it", function()
  local spare = sent(volley.get(server.url("/spare")))
  local resps, errors = volley.map {volley.get(server.url("/1"), {callback = function() return spare end})}
  eq(resps[1], spare)
  eq(errors[1], nil)
  eq(sent(volley.get(server.url("/2"), {callback = function() return spare end})), spare)
end)

case("LUA 2.14 callback: anything else is a failure of kind callback", function()
  for _, v in ipairs {"text", 5, false, {}} do
    local err = fails("callback", volley.get(server.url("/1"), {callback = function() return v end}):send())
    eq(err.phase, "callback")
    eq(err.sent, "yes")
  end
end)

case("LUA 2.15 a callback that raises fails its slot only, keeps the traceback and the cause", function()
  local resps, errors = volley.map {
    volley.get(server.url("/1"), {callback = function() error("cb broke") end}),
    volley.get(server.url("/2")),
  }
  eq(resps[1], false)
  eq(resps[2].text, "/2")
  eq(errors[1].kind, "callback")
  has(errors[1].message, "cb broke")
  has(errors[1].traceback, "02_sending.lua:")
  has(harness.stderr(), "cb broke")
end)

case("LUA 2.16 a failure by callback is seen by the exception handler", function()
  local kind
  local resps = volley.map({volley.get(server.url("/1"), {callback = function() error("x") end})}, {
    exception_handler = function(_, err) kind = err.kind return "handled" end,
  })
  eq(kind, "callback")
  eq(resps[1], "handled")
end)

case("LUA 2.17 a callback runs after the hooks", function()
  local order = {}
  sent(volley.get(server.url("/"), {
    callback = function() order[#order + 1] = "callback" end,
    hooks = {response = {function() order[#order + 1] = "hook1" end, function() order[#order + 1] = "hook2" end}},
  }))
  list(order, {"hook1", "hook2", "callback"})
end)

case("LUA 2.18 a 4xx or 5xx is a response, not an error", function()
  server.on("/500", reply("500 Oops", {}, "e"))
  local called
  local resps, errors = volley.map({volley.get(server.url("/500"))}, {exception_handler = function() called = true end})
  eq(resps[1].status_code, 500)
  eq(resps[1].ok, false)
  eq(called, nil)
  eq(next(errors), nil)
end)

case("LUA 2.19 an empty input is an empty result and an ended iterator", function()
  local resps, errors = volley.map {}
  eq(resps.n, 0)
  eq(#resps, 0)
  eq(next(errors), nil)
  for _ in volley.imap {} do error("a step") end
  for _ in volley.imap(function() end) do error("a step") end
  for _ in volley.imap_enumerated {} do error("a step") end
end)

case("LUA 2.20 string keys and holes in a list raise", function()
  raises("invalid_argument", function() volley.map {volley.get(server.url("/1")), x = volley.get(server.url("/2"))} end)
  raises("invalid_argument", function() volley.map {volley.get(server.url("/1")), nil, volley.get(server.url("/3"))} end)
  raises("invalid_argument", function() volley.map {[2] = volley.get(server.url("/1"))} end)
end)

case("LUA 2.21 an input that is neither table nor function raises", function()
  for _, v in ipairs {5, "http://x/", true} do
    raises("invalid_argument", function() volley.map(v) end)
  end
  raises("invalid_argument", function() volley.map(nil) end)
end)

case("LUA 2.22 a string stands for a GET", function()
  local resps = volley.map {server.url("/s")}
  eq(resps[1].text, "/s")
  eq(resps[1].request.method, "GET")
  for resp, req in volley.imap {server.url("/t")} do
    eq(resp.text, "/t")
    eq(req.url, server.url("/t"))
  end
end)

case("LUA 2.23 an element that is neither a Request nor a string raises with its index", function()
  raises("invalid_argument", function() volley.map {volley.get(server.url("/1")), 5} end, "2")
  raises("invalid_argument", function() volley.map {volley.get(server.url("/1")), {}, volley.get(server.url("/3"))} end, "2")
  raises("invalid_argument", function() for _ in volley.imap {server.url("/1"), true} do end end, "2")
  local i = 0
  raises("invalid_argument", function()
    for _ in volley.imap(function() i = i + 1 return i == 3 and print or (i < 3 and server.url("/g") or nil) end) do end
  end, "3")
end)

case("LUA 2.24 unknown batch options raise with the nearest; size below 1 is an error", function()
  raises("invalid_argument", function() volley.map({}, {szie = 1}) end, '"size"')
  for _, n in ipairs {0, -1, 0.5} do
    raises("invalid_argument", function() volley.map({}, {size = n}) end, "size")
    raises("invalid_argument", function() volley.imap({}, {size = n}) end, "size")
  end
  raises("invalid_argument", function() volley.map({}, {size = "many"}) end, "size")
  raises("invalid_argument", function() volley.map({}, {exception_handler = 1}) end, "exception_handler")
end)

case("LUA 2.25 size bounds what is in flight", function()
  for i = 1, 12 do server.on("/" .. i, {{sleep = 0.01}, reply(200, {}, "x")}) end
  volley.map(gets(12), {size = 3})
  eq(server.peak(), 3)
  eq(server.count(), 12)
end)

case("LUA 2.26 --size is the default, an explicit size wins", {size = 2}, function()
  for i = 1, 6 do server.on("/" .. i, {{sleep = 0.02}, reply(200, {}, "x")}) end
  volley.map(gets(6))
  eq(server.peak(), 2)
  volley.map(gets(6), {size = 4})
  eq(server.peak(), 4)
end)

case("LUA 2.52 rate spreads evenly with burst 1", function()
  local began = harness.clock()
  volley.map(gets(5), {rate = 50})
  ok(harness.clock() - began >= 0.075, "5 requests at 50/s took " .. (harness.clock() - began))
  began = harness.clock()
  volley.map(gets(4), {rate = "40/s"})
  ok(harness.clock() - began >= 0.07)
  raises("invalid_argument", function() volley.map({}, {rate = "fast"}) end, "rate")
  raises("invalid_argument", function() volley.map({}, {rate = 0}) end, "rate")
end)

case("LUA 2.53 per_host bounds each host", function()
  for i = 1, 8 do server.on("/" .. i, {{sleep = 0.01}, reply(200, {}, "x")}) end
  volley.map(gets(8), {size = 8, per_host = 2})
  eq(server.peak(), 2)
  volley.map(gets(8), {size = 8, per_host = {concurrency = 3}})
  ok(server.peak() <= 3)
end)

case("LUA 2.54 on_progress counts done, ok, failed, in_flight, total, rate", function()
  local p, n = nil, 0
  volley.map({volley.get(server.url("/1")), dead(), volley.get(server.url("/3"))}, {on_progress = function(q) p, n = q, n + 1 end})
  ok(n >= 1)
  eq(p.done, 3)
  eq(p.ok, 2)
  eq(p.failed, 1)
  eq(p.in_flight, 0)
  eq(p.total, 3)
  eq(type(p.rate), "number")
  local q
  local sent_one
  volley.map(function() if not sent_one then sent_one = true return server.url("/g") end end, {on_progress = function(x) q = x end})
  ok(q.done == 1)
end)

case("LUA 2.64 slots are recorded once each: done = ok + failed", function()
  volley.map({volley.get(server.url("/1")), dead(), dead()}, {exception_handler = function() end})
  dead():send()
  local n, handled, failed = 0, 0, 0
  wait_until(function() return #harness.records() == 4 end)
  for _, r in ipairs(harness.records()) do
    n = n + 1
    if not r.ok then failed = failed + 1 end
    if r.handled then handled = handled + 1 end
  end
  eq(n, 4)
  eq(failed, 3)
  ok(handled >= 2)
end)

case("LUA 2.65 fields of a request cannot be changed once a send took it", function()
  server.on("/slow", {{gate = "g"}, reply(200, {}, "x")})
  local req = volley.get(server.url("/slow"))
  req.headers["X-Before"] = "1"
  local t = volley.send(req)
  wait_until(function() return server.count() == 1 end)
  eq(header(last(), "X-Before"), "1")
  throws(function() req.headers["X-After"] = "1" end)
  throws(function() req.url = "http://x/" end)
  server.release("g")
  t:get()
end)
