-- LUA §6: green threads.
local volley = require "volley"
require "checks"

case("LUA 6.1 spawn passes arguments, get returns all results", function()
  local a, b, c = volley.spawn(function(x, y) return x, y, nil end, 1, "two"):get()
  eq(a, 1)
  eq(b, "two")
  eq(c, nil)
end)

case("LUA 6.2 a task that raises: get returns nil and the error", function()
  local v, err = volley.spawn(function() error("task broke") end):get()
  eq(v, nil)
  has(tostring(err), "task broke")
  local t = {}
  v, err = volley.spawn(function() error(t) end):get()
  eq(v, nil)
  ok(err)
end)

case("LUA 6.3 get with a timeout: kind timeout, the task goes on", function()
  local t = volley.spawn(function() volley.sleep(1.5) return "late" end)
  local v, err = t:get(0.02)
  eq(v, nil)
  eq(err.kind, "timeout")
  eq(t.done, false)
  eq(t:get(), "late")
  eq(t.done, true)
  eq(t:get(), "late", "again")
end)

case("LUA 6.4 join says whether it came in time", function()
  local t = volley.spawn(function() volley.sleep(1.5) end)
  eq(t:join(0.01), false)
  eq(t:join(), true)
end)

case("LUA 6.5 kill stops it, no pcall holds it, and its request is cancelled", function()
  server.on("/h", {{hangup = true}})
  local after
  local t = volley.spawn(function()
    pcall(function() volley.get(server.url("/h")):send() end)
    after = true
  end)
  wait_until(function() return server.count("/h") == 1 end)
  t:kill()
  t:join()
  eq(after, nil)
  eq(t.done, true)
  wait_until(function() return server.hangups() == 1 end)
end)

case("LUA 6.6 sleep pauses this thread only", function()
  local order = {}
  local t = volley.spawn(function() volley.sleep(0.05) order[#order + 1] = "slow" end)
  local u = volley.spawn(function() volley.sleep(0.01) order[#order + 1] = "fast" end)
  volley.joinall {t, u}
  list(order, {"fast", "slow"})
end)

case("LUA 6.7 sleep wants a number that is not negative", function()
  raises("invalid_argument", function() volley.sleep(-1) end)
  raises("invalid_argument", function() volley.sleep("x") end)
end)

case("LUA 6.8 joinall with a timeout", function()
  local t = volley.spawn(function() volley.sleep(0.2) end)
  eq(volley.joinall({t}, {timeout = 0.02}), false)
  eq(volley.joinall {t}, true)
  eq(volley.joinall {}, true)
end)

case("LUA 6.9 timeout returns results, or nil and total_timeout", function()
  local a, b = volley.timeout(1, function(x) return x, "b" end, 7)
  eq(a, 7)
  eq(b, "b")
  local v, err = volley.timeout(0.03, function() volley.sleep(5) end)
  eq(v, nil)
  eq(err.kind, "total_timeout")
end)

case("LUA 6.10 timeout stops a busy loop, and no pcall in it holds", function()
  local began = harness.clock()
  local v, err = volley.timeout(0.05, function() while true do pcall(function() while true do end end) end end)
  eq(v, nil)
  eq(err.kind, "total_timeout")
  ok(harness.clock() - began < 3)
end)

case("LUA 6.11 timeout: an error of fn is not swallowed", function()
  local good, v, err = pcall(volley.timeout, 1, function() error("inner") end)
  if good then
    eq(v, nil)
    has(tostring(err), "inner")
  else
    has(tostring(v), "inner")
  end
end)

case("LUA 6.12 timeout cancels the request in it", function()
  server.on("/h", {{hangup = true}})
  local v, err = volley.timeout(0.08, function() return volley.get(server.url("/h")):send() end)
  eq(v, nil)
  eq(err.kind, "total_timeout")
  wait_until(function() return server.hangups() == 1 end)
end)

case("LUA 6.13 pool:spawn blocks while full", function()
  local pool, running, peak = volley.pool(2), 0, 0
  for _ = 1, 6 do
    pool:spawn(function()
      running = running + 1
      peak = math.max(peak, running)
      volley.sleep(0.01)
      running = running - 1
    end)
  end
  eq(pool:join(), true)
  eq(peak, 2)
  eq(running, 0)
end)

case("LUA 6.14 pool:map in order, pool:imap over results", function()
  local pool = volley.pool(3)
  list(pool:map(function(x) volley.sleep((5 - x) * 0.01) return x * 2 end, {1, 2, 3, 4}), {2, 4, 6, 8})
  local sum = 0
  for v in pool:imap(function(x) return x end, {1, 2, 3}) do sum = sum + v end
  eq(sum, 6)
end)

case("LUA 6.15 pool:map raises an error of fn", function()
  throws(function() volley.pool(2):map(function(x) if x == 2 then error("two broke") end end, {1, 2, 3}) end, "two broke")
end)

case("LUA 6.16 pool:join with a timeout; pool size is checked", function()
  local pool = volley.pool(1)
  pool:spawn(function() volley.sleep(0.1) end)
  eq(pool:join(0.01), false)
  eq(pool:join(), true)
  raises("invalid_argument", function() volley.pool(0) end)
end)

case("LUA 6.17 queue: first in first out, put blocks while full, get while empty", function()
  local q, log = volley.queue(1), {}
  local t = volley.spawn(function()
    for i = 1, 3 do
      q:put(i)
      log[#log + 1] = "put" .. i
    end
    q:close()
  end)
  volley.sleep(0.01)
  list(log, {"put1"})
  local got = {}
  for v in function() return q:get() end do got[#got + 1] = v end
  list(got, {1, 2, 3})
  t:get()
end)

case("LUA 6.18 queue: get with a timeout", function()
  local q = volley.queue()
  local v, err = q:get(0.02)
  eq(v, nil)
  eq(err.kind, "timeout")
end)

case("LUA 6.19 queue: get after close drains, then nil; put after close raises", function()
  local q = volley.queue(5)
  q:put("a")
  q:close()
  eq(q:get(), "a")
  eq(q:get(), nil)
  throws(function() q:put("b") end)
end)

local function nap(x)
  volley.sleep(0.001)
  return x
end

case("LUA 6.20 blocking works under pcall and xpcall, and errors pass through", function()
  local good, v = pcall(function() return nap(5) end)
  eq(good, true)
  eq(v, 5)
  local bad, msg = xpcall(function() nap() error("after nap", 0) end, function(m) nap() return "handled " .. m end)
  eq(bad, false)
  eq(msg, "handled after nap")
end)

case("LUA 6.21 blocking works in iterators, metamethods and comparators", function()
  local sum = 0
  for v in function(_, i) i = nap((i or 0) + 1) if i <= 3 then return i end end do sum = sum + v end
  eq(sum, 6)
  local mt = setmetatable({}, {
    __index = function(_, k) return nap(k .. "!") end, __add = function() return nap(42) end,
    __call = function(_, x) return nap(x) end, __eq = function() return nap(true) end,
    __lt = function() return nap(true) end, __concat = function() return nap("cat") end,
    __tostring = function() return nap("str") end, __newindex = function(t, k, v) rawset(t, k, nap(v)) end,
    __unm = function() return nap(-1) end, __len = nil,
  })
  eq(mt.key, "key!")
  eq(mt + 1, 42)
  eq(mt(7), 7)
  eq(mt .. "x", "cat")
  eq(tostring(mt), "str")
  eq(-mt, -1)
  eq(mt < setmetatable({}, getmetatable(mt)), true)
  mt.set = 9
  eq(rawget(mt, "set"), 9)
  local t = {3, 1, 2}
  table.sort(t, function(a, b) nap() return a < b end)
  list(t, {1, 2, 3})
  eq(("abc"):gsub("%w", function(c) return nap(c:upper()) end), "ABC")
end)

case("LUA 6.22 blocking works in require", function()
  harness.put("mod.lua", 'volley.sleep(0.001) return {v = require("volley").get("' .. server.url("/m") .. '"):send().text}')
  eq(require("mod").v, "/m")
end)

case("LUA 6.23 blocking works in user coroutines", function()
  local co = coroutine.create(function(a)
    nap()
    local b = coroutine.yield(a + 1)
    nap()
    return b * 2
  end)
  local good, v = coroutine.resume(co, 1)
  eq(good, true)
  eq(v, 2)
  good, v = coroutine.resume(co, 10)
  eq(good, true)
  eq(v, 20)
  eq(coroutine.status(co), "dead")
  local w = coroutine.wrap(function() for i = 1, 2 do nap() coroutine.yield(i) end end)
  eq(w(), 1)
  eq(w(), 2)
end)

case("LUA 6.24 a coroutine's own yield across a metamethod is refused in words, as in Lua 5.1", function()
  local t = setmetatable({}, {__index = function() return coroutine.yield("meta") end})
  local good, err = coroutine.resume(coroutine.create(function() return t.x end))
  eq(good, false)
  has(tostring(err), "yield across")
end)

case("LUA 6.25 a send in a coroutine within a task works beside others", function()
  local out = volley.pool(4):map(function(i)
    return coroutine.wrap(function() return sent(volley.get(server.url("/" .. i))).text end)()
  end, {1, 2, 3, 4})
  list(out, {"/1", "/2", "/3", "/4"})
end)

case("LUA 6.26 a deadlock is reported with the parked threads' tracebacks", function()
  harness.ends_with("deadlock")
  volley.queue():get()
end)

case("LUA 6.27 a deadlock names where each thread is parked", function()
  harness.ends_with("06_greenthreads.lua")
  local q = volley.queue()
  local t = volley.spawn(function() q:get() end)
  t:join()
end)

case("LUA 6.28 a task that raises and whose result nobody takes is kept for the report", function()
  harness.allow_unhandled()
  volley.spawn(function() error("nobody looks") end)
  volley.sleep(0.01)
  ok(true)
end)

case("LUA 6.29 the script waits for its tasks", function()
  local done
  volley.spawn(function() volley.sleep(0.03) print("done later") end)
  ok(not done)
end)

case("LUA 6.30 a task may take its own handle's siblings' results in any order", function()
  local tasks = {}
  for i = 1, 10 do tasks[i] = volley.spawn(function() volley.sleep((10 - i) * 0.003) return i end) end
  for i = 1, 10 do eq(tasks[i]:get(), i) end
end)

case("LUA 6.31 spawn wants a function", function()
  raises("invalid_argument", function() volley.spawn(5) end)
  raises("invalid_argument", function() volley.spawn() end)
end)

case("LUA 6.32 unknown fields of tasks, pools and queues raise", function()
  throws(function() return volley.spawn(print).dnoe end, "done")
  throws(function() return volley.pool(1).spwan end, "spawn")
  throws(function() return volley.queue().putt end, "put")
end)

case("LUA 6.33 many threads", function()
  local n = 0
  local tasks = {}
  for i = 1, 500 do tasks[i] = volley.spawn(function() volley.sleep(0.001) n = n + 1 end) end
  ok(volley.joinall(tasks))
  eq(n, 500)
end)

case("LUA 6.34 nested timeouts: the outer one ends the inner", function()
  local v, err = volley.timeout(0.05, function()
    local w, e = volley.timeout(10, function() volley.sleep(20) end)
    return "inner " .. tostring(e)
  end)
  eq(v, nil)
  eq(err.kind, "total_timeout")
end)
