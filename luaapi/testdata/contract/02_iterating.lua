-- LUA §2: imap, generators, gtimeout, streams.
local volley = require "volley"
require "checks"

local function gets(n, opts)
  local t = {}
  for i = 1, n do t[i] = volley.get(server.url("/" .. i), opts) end
  return t
end

local function dead(opts) return volley.get("http://127.0.0.1:1/", opts) end

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

case("LUA 2.34b every result taken lets one more request go, though others are ready", function()
  local pulled = 0
  local it = volley.imap(function()
    pulled = pulled + 1
    return server.url("/" .. pulled)
  end, {size = 3})
  for read = 1, 4 do
    it()
    eq(pulled, read + 2)
    wait_until(function() return server.count() == pulled end)
    volley.sleep(0.02)
  end
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
  local resps, errors = volley.map(gets(6), {size = 3, gtimeout = 0.5})
  ok(harness.clock() - began < 6, "took too long")
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

case("LUA 2.46b gtimeout ends callbacks and handlers that block, and not the handlers of what it ended", function()
  server.on("/hole", {{hangup = true}})
  local began = harness.clock()
  local function blocking() pcall(volley.sleep, 30) end
  local resps, errors = volley.map({
    volley.get(server.url("/a"), {callback = blocking}),
    volley.get(server.url("/b"), {callback = function() volley.get(server.url("/hole")):send() end}),
    dead {exception_handler = blocking},
    volley.get(server.url("/c")),
  }, {gtimeout = 0.6, exception_handler = function(_, err) volley.sleep(0.01) return "handled " .. err.kind end})
  ok(harness.clock() - began < 5)
  eq(resps[1], "handled batch_timeout")
  eq(resps[2], "handled batch_timeout")
  eq(errors[2].phase, "callback")
  eq(errors[3].kind, "batch_timeout")
  eq(resps[4].text, "/c")
  for _, v in volley.imap_enumerated({dead {}}, {gtimeout = 0.2, exception_handler = blocking}) do eq(v, false) end
  ok(harness.clock() - began < 5)
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

case("LUA 2.47b what a generator was pulled for when the loop was left is not sent", function()
  local pulled = 0
  local function gen()
    pulled = pulled + 1
    if pulled > 1 then volley.sleep(0.05) end
    return server.url("/b")
  end
  for _ in volley.imap(gen, {size = 3}) do break end
  eq(pulled, 2)
  volley.sleep(0.2)
  eq(pulled, 2)
  eq(server.count(), 1)
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
