-- LUA §2, the corners: nesting, killing, crawling, raising within loops.
local volley = require "volley"
require "checks"

local function gets(n, opts)
  local t = {}
  for i = 1, n do t[i] = volley.get(server.url("/" .. i), opts) end
  return t
end

local function dead(opts) return volley.get("http://127.0.0.1:1/", opts) end

case("LUA 2.70 imap in the body of imap", function()
  local n = 0
  for a in volley.imap(gets(3), {size = 2}) do
    for b in volley.imap(gets(2), {size = 2}) do
      ok(a.text and b.text)
      n = n + 1
    end
  end
  eq(n, 6)
end)

case("LUA 2.71 an error in the loop body passes through, nothing more is pulled", function()
  local pulled = 0
  throws(function()
    for _ in volley.imap(function() pulled = pulled + 1 return server.url("/" .. pulled) end, {size = 2}) do error("body broke") end
  end, "body broke")
  local at = pulled
  volley.sleep(0.03)
  eq(pulled, at)
end)

case("LUA 2.72 what a broken loop left in flight is cancelled when its task ends, and recorded", function()
  server.on("/h", {{hangup = true}})
  volley.spawn(function()
    for _ in volley.imap({server.url("/a"), server.url("/h"), server.url("/h")}, {size = 3}) do
      wait_until(function() return server.count("/h") == 2 end)
      break
    end
  end):join()
  wait_until(function() return server.hangups() == server.count("/h") end, "the cancelled connections")
  local cancelled = 0
  wait_until(function() return #harness.records() >= 1 + server.count("/h") end, "the records")
  for _, r in ipairs(harness.records()) do if r.kind == "cancelled" then cancelled = cancelled + 1 end end
  eq(cancelled, server.count("/h"))
end)

case("LUA 2.73 killing the task of a map cancels it", function()
  server.on("/h", {{hangup = true}})
  local t = volley.spawn(function() volley.map {server.url("/h"), server.url("/h")} end)
  wait_until(function() return server.count("/h") == 2 end)
  t:kill()
  wait_until(function() return server.hangups() == 2 end)
end)

case("LUA 2.74 volley.timeout around map cancels it", function()
  server.on("/h", {{hangup = true}})
  local v, err = volley.timeout(0.1, function() return volley.map {server.url("/h")} end)
  eq(v, nil)
  eq(err.kind, "total_timeout")
  wait_until(function() return server.hangups() == 1 end)
end)

case("LUA 2.76 a generator that waits for ever is a deadlock, not a hang", function()
  harness.ends_with("deadlock")
  local q = volley.queue()
  volley.map(function() return q:get() end)
end)

case("LUA 2.77 a handler that raises in imap and imap_enumerated fails its slot with kind callback", function()
  local got = {}
  for resp in volley.imap({dead(), volley.get(server.url("/2"))}, {exception_handler = function() error("h") end}) do got[#got + 1] = resp.text end
  list(got, {"/2"})
  for _, v, _, err in volley.imap_enumerated({dead()}, {exception_handler = function() error("h") end}) do
    eq(v, false)
    eq(err.kind, "callback")
  end
end)

case("LUA 2.78 ordered with failures: they are skipped or take their place", function()
  local got = {}
  for v in volley.imap({volley.get(server.url("/1")), dead(), volley.get(server.url("/3")), dead {meta = 4}}, {
    ordered = true, exception_handler = function(req) return req.meta end,
  }) do got[#got + 1] = type(v) == "number" and v or v.text end
  list(got, {"/1", "/3", 4})
end)

case("LUA 2.79 ordered imap_enumerated counts up", function()
  server.on("/1", {{sleep = 0.03}, reply(200, {}, "x")})
  local got = {}
  for i in volley.imap_enumerated(gets(4), {ordered = true, size = 2}) do got[#got + 1] = i end
  list(got, {1, 2, 3, 4})
end)

case("LUA 2.80 gtimeout of zero or less raises", function()
  for _, v in ipairs {0, -1, "x"} do raises("invalid_argument", function() volley.map({}, {gtimeout = v}) end, "gtimeout") end
end)

case("LUA 2.81 false from a generator is an element of the wrong type", function()
  local i = 0
  raises("invalid_argument", function() volley.map(function() i = i + 1 return i == 1 and server.url("/") or false end) end, "2")
end)

case("LUA 2.82 a string that is no URL fails in its slot", function()
  local resps, errors = volley.map {server.url("/1"), "no url", "ftp://x/"}
  eq(resps[1].text, "/1")
  eq(errors[2].kind, "missing_schema")
  eq(errors[3].kind, "invalid_schema")
  eq(errors[3].index, 3)
end)

case("LUA 2.83 an exception handler sees bad URLs and header values", function()
  local kinds = {}
  volley.map({"nope", volley.get(server.url("/"), {headers = {["X-A"] = "a\nb"}})}, {exception_handler = function(_, err) kinds[#kinds + 1] = err.kind end})
  list(kinds, {"missing_schema", "invalid_argument"})
end)

case("LUA 2.84 a callback may read a stream; its slot stays taken meanwhile", function()
  server.on("/1", {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", {sleep = 0.03}, "cd"})
  local body, during
  volley.map({
    volley.get(server.url("/1"), {stream = true, callback = function(resp)
      local parts = {}
      for c in resp:iter_content() do parts[#parts + 1] = c end
      body, during = table.concat(parts), server.count("/2")
    end}),
    volley.get(server.url("/2")),
  }, {size = 1})
  eq(body, "abcd")
  eq(during, 0)
end)

case("LUA 2.85 imap:close from the loop body and from a callback", function()
  local it, n = nil, 0
  it = volley.imap(gets(5), {size = 1})
  for _ in it do
    n = n + 1
    it:close()
  end
  eq(n, 1)
  local jt
  jt = volley.imap(gets(5, {callback = function() jt:close() end}), {size = 1})
  local m = 0
  for _ in jt do m = m + 1 end
  ok(m <= 1)
end)

case("LUA 2.86 fifty maps at once", function()
  local tasks = {}
  for t = 1, 50 do
    tasks[t] = volley.spawn(function() return volley.map(gets(3), {size = 2}).n end)
  end
  for t = 1, 50 do eq(tasks[t]:get(), 3) end
  eq(server.count(), 150)
end)

case("LUA 2.87 callbacks that do not block run one at a time, in completion order", function()
  for i = 1, 3 do server.on("/" .. i, {{sleep = 0.04 * (4 - i)}, reply(200, {}, "/" .. i)}) end
  local order, inside = {}, 0
  volley.map(gets(3, {callback = function(resp)
    inside = inside + 1
    eq(inside, 1)
    order[#order + 1] = resp.text
    inside = inside - 1
  end}))
  list(order, {"/3", "/2", "/1"})
end)

case("LUA 2.88 resp.request.meta and req.meta in loops are the caller's tables", function()
  local metas = {{}, {}, {}}
  local reqs = {}
  for i, m in ipairs(metas) do reqs[i] = volley.get(server.url("/" .. i), {meta = m}) end
  for resp, req in volley.imap(reqs) do
    eq(resp.request.meta, metas[tonumber(resp.text:sub(2))])
    eq(req.meta, resp.meta)
  end
  for i, resp, req in volley.imap_enumerated(reqs) do
    eq(req, reqs[i])
    eq(resp.meta, metas[i])
  end
end)

case("LUA 2.89 a body function that raises or gives no string fails its request only", function()
  local resps, errors = volley.map {
    volley.post(server.url("/a"), {data = function() error("body broke") end}),
    volley.post(server.url("/b"), {data = function() return {} end}),
    volley.get(server.url("/3")),
  }
  eq(resps[1], false)
  has(tostring(errors[1]), "body broke")
  eq(resps[2], false)
  eq(resps[3].text, "/3")
  eq(server.count("/a") + server.count("/b"), 0, "a cut chunked body is no request")
end)

case("LUA 2.90 one request in many tasks at once", function()
  local req, tasks = volley.get(server.url("/same")), {}
  for i = 1, 10 do tasks[i] = volley.send(req) end
  for i = 1, 10 do eq(tasks[i]:get().text, "/same") end
  eq(server.count("/same"), 10)
end)

case("LUA 2.91 a constant-memory generator of a thousand requests", function()
  local i, n = 0, 0
  for resp in volley.imap(function() i = i + 1 if i <= 1000 then return server.url("/n" .. i) end end, {size = 20}) do
    if resp.status_code == 200 then n = n + 1 end
  end
  eq(n, 1000)
  ok(server.conns() <= 20, "connections " .. server.conns())
end)

case("LUA 2.92 pairs works on every volley object", function()
  local resp = sent(volley.get(server.url("/"), {params = {a = 1}}))
  local _, err = dead():send()
  for what, object in pairs {response = resp, request = resp.request, error = err, session = volley.session {}, headers = resp.headers, cookies = resp.cookies} do
    local n = 0
    for k in pairs(object) do n = n + 1 ok(k ~= nil, what) end
    ok(n > 0 or what == "cookies", what)
  end
end)

case("LUA 2.93 a generator in a coroutine that errors names its line", function()
  throws(function() volley.map(coroutine.wrap(function()
    coroutine.yield(server.url("/1"))
    error("deep")
  end)) end, "02_corners.lua", "deep")
end)

case("LUA 2.94 on_progress that raises does not lose results", function()
  local good, resps = pcall(volley.map, gets(2), {on_progress = function() error("p") end})
  if good then eq(resps.n, 2) else has(tostring(resps), "p") end
end)

case("LUA 2.95 errors of an own handler in send: kind callback", function()
  local resp, err = dead {exception_handler = function() error("own broke") end}:send()
  eq(resp, nil)
  eq(err.kind, "callback")
end)
