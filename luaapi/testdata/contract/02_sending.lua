-- LUA §2: send, map, imap, imap_enumerated.
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

case("LUA 2.27 imap yields resp, req in completion order", function()
  server.on("/1", {{gate = "g"}, reply(200, {}, "/1")})
  local order = {}
  for resp, req in volley.imap(gets(3), {size = 3}) do
    order[#order + 1] = resp.text
    eq(req.url, server.url(resp.text))
    if #order == 2 then server.release("g") end
  end
  eq(#order, 3)
  eq(order[3], "/1")
end)

case("LUA 2.28 imap is lazy: nothing is sent before the first step", function()
  local pulled = 0
  local it = volley.imap(function() pulled = pulled + 1 return pulled == 1 and server.url("/a") or nil end)
  volley.sleep(0.03)
  eq(pulled, 0)
  eq(server.conns(), 0)
  eq(it().text, "/a")
  eq(it(), nil)
end)

case("LUA 2.29 imap skips a failed request without a handler's value", function()
  local got = {}
  for resp in volley.imap {dead(), volley.get(server.url("/2"))} do got[#got + 1] = resp.text end
  list(got, {"/2"})
end)

case("LUA 2.30 imap yields a handler's non-nil value with its request", function()
  local got = {}
  for v, req in volley.imap({dead {meta = 1}, dead {meta = 2}}, {exception_handler = function(req)
    if req.meta == 1 then return "one" end
  end}) do got[#got + 1] = tostring(v) .. req.meta end
  list(got, {"one1"})
end)

case("LUA 2.31 imap calls handlers as failures happen", function()
  server.on("/slow", {{gate = "g"}, reply(200, {}, "slow")})
  local n = 0
  for resp in volley.imap({volley.get(server.url("/slow")), dead()}, {exception_handler = function()
    n = n + 1
    server.release("g")
  end}) do eq(resp.text, "slow") end
  eq(n, 1)
end)

case("LUA 2.32 imap_enumerated skips nothing: index, resp or value or false, req, err", function()
  local got = {}
  for i, v, req, err in volley.imap_enumerated({volley.get(server.url("/1")), dead {meta = 2}, dead {meta = 3}}, {
    exception_handler = function(r) if r.meta == 3 then return "three" end end,
  }) do
    ok(req)
    got[i] = {v, err and err.kind}
  end
  eq(got[1][1].text, "/1")
  eq(got[1][2], nil)
  eq(got[2][1], false)
  eq(got[2][2], "connect")
  eq(got[3][1], "three")
  eq(got[3][2], "connect")
end)

case("LUA 2.33 ordered: imap in input order, bounded by size", function()
  server.on("/1", {{gate = "g"}, reply(200, {}, "/1")})
  local order = {}
  local t = volley.spawn(function()
    for resp in volley.imap(gets(6), {size = 3, ordered = true}) do order[#order + 1] = resp.text end
  end)
  wait_until(function() return server.count() >= 3 end)
  volley.sleep(0.05)
  eq(server.count(), 3, "sent while the first is unfinished: in flight and finished-but-unread together are at most size")
  eq(#order, 0)
  server.release("g")
  t:get()
  list(order, {"/1", "/2", "/3", "/4", "/5", "/6"})
end)

case("LUA 2.34 imap: in flight and finished-but-unread together never pass size", function()
  local pulled = 0
  local it = volley.imap(function()
    pulled = pulled + 1
    if pulled <= 20 then return server.url("/" .. pulled) end
  end, {size = 3})
  it()
  wait_until(function() return server.count() >= 3 end)
  volley.sleep(0.05)
  ok(server.count() <= 4, "requests sent for one read: " .. server.count())
  ok(pulled <= 5, "pulled " .. pulled)
  it:close()
end)

case("LUA 2.35 a generator is pulled one by one and may be a closure or a coroutine", function()
  local n = 0
  local resps = volley.map(coroutine.wrap(function()
    for i = 1, 4 do coroutine.yield(server.url("/" .. i)) n = i end
  end), {size = 2})
  eq(resps.n, 4)
  eq(resps[4].text, "/4")
  eq(n, 4)
end)

case("LUA 2.36 a generator may block: send and sleep", function()
  local i = 0
  local resps = volley.map(function()
    i = i + 1
    if i > 3 then return nil end
    volley.sleep(0.005)
    local inner = sent(volley.get(server.url("/inner")))
    return volley.get(server.url(inner.text .. i))
  end, {size = 2})
  eq(resps.n, 3)
  eq(resps[3].text, "/inner3")
end)

case("LUA 2.37 a generator that raises: what is in flight is delivered, then the error is raised (imap)", function()
  server.on("/1", {{sleep = 0.03}, reply(200, {}, "/1")})
  local i, got = 0, {}
  local err = throws(function()
    for resp in volley.imap(function()
      i = i + 1
      if i == 3 then error("generator broke") end
      return server.url("/" .. i)
    end, {size = 5}) do got[#got + 1] = resp.text end
  end, "generator broke")
  eq(#got, 2)
  ok(err)
end)

case("LUA 2.38 a generator that raises in map raises there, after what was in flight ended", function()
  server.on("/1", {{sleep = 0.03}, reply(200, {}, "/1")})
  local i, called = 0, 0
  throws(function()
    volley.map(function()
      i = i + 1
      if i == 2 then error({code = 42}) end
      return volley.get(server.url("/1"), {callback = function() called = called + 1 end})
    end)
  end)
  eq(called, 1)
end)

case("LUA 2.39 a generator's error value arrives as it was raised", function()
  local value = {code = 42}
  local good, err = pcall(function() volley.map(function() error(value) end) end)
  eq(good, false)
  eq(err, value)
end)

case("LUA 2.40 the same Request several times: each slot has its own response", function()
  server.on("/same", reply(200, {}, "a"), reply(200, {}, "b"), reply(200, {}, "c"))
  local req = volley.get(server.url("/same"))
  local resps = volley.map {req, req, req}
  local seen = {}
  for i = 1, 3 do seen[resps[i].text] = true end
  ok(seen.a and seen.b and seen.c)
end)

case("LUA 2.41 the same Request again: one slot fails, the others do not", function()
  server.on("/same", reply(200, {}, "a"), {{reset = true}}, reply(200, {}, "c"))
  local req = volley.get(server.url("/same"), {headers = {Connection = "close"}})
  local resps, errors = volley.map({req, req, req}, {size = 1})
  eq(resps[1].text, "a")
  eq(resps[2], false)
  eq(errors[2].kind, "closed")
  eq(resps[3].text, "c")
end)

case("LUA 2.42 gtimeout cancels what is in flight, fails the rest of a list as batch_timeout", function()
  for i = 1, 6 do server.on("/" .. i, {{hangup = true}}) end
  server.on("/1", reply(200, {}, "/1"))
  local began = harness.clock()
  local resps, errors = volley.map(gets(6), {size = 3, gtimeout = 0.15})
  ok(harness.clock() - began < 3, "took too long")
  eq(resps[1].text, "/1")
  eq(resps.n, 6)
  for i = 2, 6 do
    eq(resps[i], false)
    eq(errors[i].kind, "batch_timeout", "slot " .. i)
    ok(errors[i]:is("timeout"))
  end
  eq(errors[6].sent, "no", "unsent")
  wait_until(function() return server.hangups() == 3 end, "the cancelled connections to close")
  ok(server.count() <= 4)
end)

case("LUA 2.43 gtimeout: a generator is not pulled again", function()
  server.on("/h", {{hangup = true}})
  local pulled = 0
  local resps, errors = volley.map(function() pulled = pulled + 1 return server.url("/h") end, {size = 2, gtimeout = 0.1})
  local at = pulled
  volley.sleep(0.05)
  eq(pulled, at)
  eq(resps.n, at)
  ok(at <= 3)
  for i = 1, resps.n do eq(errors[i].kind, "batch_timeout") end
end)

case("LUA 2.44 gtimeout in imap: the handlers see batch_timeout, the loop ends", function()
  server.on("/h", {{hangup = true}})
  local kinds = {}
  for _ in volley.imap({server.url("/h"), server.url("/h")}, {gtimeout = 0.1, exception_handler = function(_, err)
    kinds[#kinds + 1] = err.kind
  end}) do end
  list(kinds, {"batch_timeout", "batch_timeout"})
end)

case("LUA 2.45 gtimeout in imap_enumerated of a list: every slot comes", function()
  server.on("/h", {{hangup = true}})
  local n = 0
  for _, v, _, err in volley.imap_enumerated({server.url("/h"), server.url("/h"), server.url("/h")}, {size = 1, gtimeout = 0.1}) do
    n = n + 1
    eq(v, false)
    eq(err.kind, "batch_timeout")
  end
  eq(n, 3)
end)

case("LUA 2.46 gtimeout counts from the call, a blocking generator does not hold it up", function()
  local began = harness.clock()
  local resps = volley.map(function() volley.sleep(30) return server.url("/") end, {gtimeout = 0.1})
  ok(harness.clock() - began < 5)
  eq(resps.n, 0)
end)

case("LUA 2.47 after a break nothing more is pulled or sent, what is in flight is recorded", function()
  local pulled = 0
  for _ in volley.imap(function() pulled = pulled + 1 return server.url("/b") end, {size = 3}) do break end
  local at = pulled
  volley.sleep(0.05)
  eq(pulled, at)
  ok(server.count() <= 4)
  wait_until(function() return #harness.records() >= 1 end)
end)

case("LUA 2.48 imap():close() cancels at once", function()
  server.on("/h", {{hangup = true}})
  local it = volley.imap({server.url("/ok"), server.url("/h"), server.url("/h"), server.url("/h")}, {size = 3})
  eq(it().text, "/ok")
  wait_until(function() return server.count("/h") >= 2 end)
  it:close()
  wait_until(function() return server.hangups() == server.count("/h") end, "the connections to close")
  eq(it(), nil)
  it:close()
end)

case("LUA 2.49 imap is a callable object for the generic for, and for stepping by hand", function()
  local it = volley.imap(gets(2))
  local resp, req = it()
  ok(resp.status_code == 200 and req.method == "GET")
  ok(it())
  eq(it(), nil)
  eq(it(), nil)
end)

case("LUA 2.50 volley.send starts a Task whose value is the response, or nil and the error", function()
  local a, b = volley.send(volley.get(server.url("/a"))), volley.send(dead())
  eq(a:get().text, "/a")
  local resp, err = b:get()
  eq(resp, nil)
  eq(err.kind, "connect")
end)

case("LUA 2.51 volley.send with a pool is bounded by it", function()
  for i = 1, 6 do server.on("/" .. i, {{sleep = 0.01}, reply(200, {}, "x")}) end
  local pool, tasks = volley.pool(2), {}
  for i, req in ipairs(gets(6)) do tasks[i] = volley.send(req, pool) end
  ok(volley.joinall(tasks))
  eq(server.peak(), 2)
  eq(server.count(), 6)
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

case("LUA 2.55 a callback that blocks is parked: the batch goes on, its slot stays taken", function()
  local order = {}
  local resps = volley.map({
    volley.get(server.url("/1"), {callback = function()
      sent(volley.get(server.url("/inner")))
      volley.sleep(0.05)
      order[#order + 1] = "blocked"
    end}),
    volley.get(server.url("/2"), {callback = function() order[#order + 1] = "second" end}),
    volley.get(server.url("/3"), {callback = function() order[#order + 1] = "third" end}),
  }, {size = 2})
  eq(resps.n, 3)
  eq(order[3], "blocked")
end)

case("LUA 2.56 a blocked callback's slot stays taken", function()
  local in_callback = true
  local t = volley.spawn(function()
    return volley.map({volley.get(server.url("/1"), {callback = function() volley.sleep(0.1) in_callback = false end}),
      volley.get(server.url("/2"), {hooks = {before_request = function() eq(in_callback, false, "the slot was given away") end}})}, {size = 1})
  end)
  local resps = t:get()
  eq(resps[2].text, "/2")
end)

case("LUA 2.57 an exception handler may send", function()
  local resps = volley.map({dead()}, {exception_handler = function() return sent(volley.get(server.url("/again"))) end})
  eq(resps[1].text, "/again")
end)

case("LUA 2.58 a batch within a callback does not deadlock", function()
  local resps = volley.map({volley.get(server.url("/1"), {callback = function()
    eq(volley.map({server.url("/a"), server.url("/b")}).n, 2)
  end})}, {size = 1})
  eq(resps[1].text, "/1")
end)

case("LUA 2.59 stream is the batch's default for requests that do not say; the request's word wins", function()
  local resps = volley.map({volley.get(server.url("/1")), volley.get(server.url("/2"), {stream = false})}, {stream = true})
  eq(resps[2].text, "/2")
  local parts = {}
  for chunk in resps[1]:iter_content() do parts[#parts + 1] = chunk end
  eq(table.concat(parts), "/1")
end)

case("LUA 2.60 map: a stream gives up its slot after its callback; it stays open until read", function()
  local resps = volley.map(gets(4, {stream = true}), {size = 1})
  for i = 1, 4 do eq(resps[i].content, "/" .. i) end
end)

case("LUA 2.62 imap: an unread stream is closed when the loop asks for the next result", function()
  local kept = {}
  for resp in volley.imap(gets(3, {stream = true}), {size = 1}) do kept[#kept + 1] = resp end
  eq(#kept, 3)
  raises("closed_response", function() return kept[1].content end)
end)

case("LUA 2.63 a stream that a task left unread is closed with the task", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", {hangup = true}})
  local resp = volley.spawn(function() return sent(volley.get(server.url("/s"), {stream = true})) end):get()
  wait_until(function() return server.hangups() == 1 end, "the connection to close")
  raises("closed_response", function() return resp.content end)
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
