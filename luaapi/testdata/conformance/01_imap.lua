-- grequests: imap and imap_enumerated.
local volley = require "volley"
require "checks"

local dead = "http://127.0.0.1:1/"

-- numbers makes a generator of n requests and a count of what was pulled.
local function numbers(n)
  local count = {pulled = 0}
  return function()
    if count.pulled >= n then return nil end
    count.pulled = count.pulled + 1
    return server.url("/" .. count.pulled)
  end, count
end

case("RS 1.23 imap sends nothing before the first step, and yields as they complete", function()
  server.on("/1", {{gate = "g"}, reply(200, {}, "/1")})
  local gen, count = numbers(3)
  local results = volley.imap(gen, {size = 3})
  volley.sleep(0.02)
  eq(count.pulled, 0)
  eq(server.conns(), 0)
  local order = {}
  for resp, req in results do
    eq(req.url, server.url(resp.text))
    order[#order + 1] = resp.text
    if #order == 2 then server.release("g") end
  end
  eq(order[3], "/1")
end)

case("RS 1.23b a failure is skipped, or yields what its handler returned; nil skips it", function()
  local got = {}
  for v in volley.imap({volley.get(dead, {meta = "a"}), volley.get(dead, {meta = "b"}), volley.get(dead, {meta = "c"})}, {
    size = 1, exception_handler = function(req) if req.meta ~= "b" then return req.meta end end,
  }) do got[#got + 1] = v end
  list(got, {"a", "c"})
  for _ in volley.imap {dead, dead} do error("a result") end
end)

case("RS 1.23c a handler that raises in imap loses nothing else", function()
  local got = {}
  for resp in volley.imap({dead, server.url("/2"), server.url("/3")}, {size = 1, exception_handler = function() error("broke") end}) do
    got[#got + 1] = resp.text
  end
  list(got, {"/2", "/3"})
  has(harness.stderr(), "broke")
end)

case("RS 1.23d a handler may yield false", function()
  local got = {}
  for v in volley.imap({dead, server.url("/2")}, {size = 1, exception_handler = function() return false end}) do got[#got + 1] = v end
  eq(got[1], false)
  eq(got[2].text, "/2")
end)

case("RS 1.24, W9 the input is pulled as fast as results are read, at most size ahead", function()
  local gen, count = numbers(20)
  local results = volley.imap(gen, {size = 3})
  for read = 1, 5 do
    results()
    volley.sleep(0.02)
    ok(count.pulled <= read + 3, count.pulled .. " pulled after " .. read)
  end
  local rest = 0
  for _ in results do rest = rest + 1 end
  eq(rest, 15)
end)

case("RS 1.25, W10 after a break nothing more is pulled or sent", function()
  local gen, count = numbers(20)
  for _ in volley.imap(gen, {size = 2}) do break end
  local at = count.pulled
  volley.sleep(0.05)
  eq(count.pulled, at)
  ok(at <= 4)
end)

case("RS 1.25b, W10b close cancels what is in flight, at once", function()
  server.on("/h", {{hangup = true}})
  local results = volley.imap({server.url("/1"), server.url("/h"), server.url("/h")}, {size = 3})
  results()
  wait_until(function() return server.count("/h") == 2 end)
  results:close()
  wait_until(function() return server.hangups() == 2 end)
  eq(results(), nil)
end)

case("RS 1.25c, W10c what a broken loop left in flight ends with its task", function()
  server.on("/h", {{hangup = true}})
  volley.spawn(function()
    for _ in volley.imap({server.url("/1"), server.url("/h")}, {size = 2}) do
      wait_until(function() return server.count("/h") == 1 end)
      break
    end
  end):join()
  wait_until(function() return server.hangups() == 1 end)
end)

case("RS 1.26 an input that raises: what is in flight comes first, then the error", function()
  server.on("/1", {{sleep = 0.05}, reply(200, {}, "/1")})
  server.on("/2", {{sleep = 0.03}, reply(200, {}, "/2")})
  local i, got = 0, {}
  throws(function()
    for resp in volley.imap(function()
      i = i + 1
      if i == 3 then error("no more") end
      return server.url("/" .. i)
    end, {size = 5}) do got[#got + 1] = resp.text end
  end, "no more")
  list(got, {"/2", "/1"})
end)

case("RS 1.27 a size of 0 is an error", function()
  raises("invalid_argument", function() volley.imap({server.url("/")}, {size = 0}) end, "size")
end)

case("RS 1.28 imap_enumerated: the input's index from 1, failures included, and the request", function()
  server.on("/1", {{gate = "g"}, reply(200, {}, "/1")})
  local order = {}
  for i, v, req, err in volley.imap_enumerated({
    volley.get(server.url("/1"), {meta = 1}), volley.get(dead, {meta = 2}), volley.get(dead, {meta = 3}), volley.get(server.url("/4"), {meta = 4}),
  }, {size = 4, exception_handler = function(req) if req.meta == 3 then return "value" end end}) do
    eq(req.meta, i)
    order[#order + 1] = i
    if i == 1 or i == 4 then
      eq(v.text, "/" .. i)
      eq(err, nil)
    else
      eq(v, i == 3 and "value")
      eq(err.kind, "connect")
      eq(err.index, i)
    end
    if #order == 3 then server.release("g") end
  end
  eq(#order, 4)
  eq(order[4], 1)
end)

case("RS 1.28b imap_enumerated takes a generator", function()
  local gen = numbers(5)
  local seen = {}
  for i, resp in volley.imap_enumerated(gen, {size = 2}) do seen[i] = resp.text end
  list(seen, {"/1", "/2", "/3", "/4", "/5"})
end)

case("RS 1.28c imap of imap's own iterator, and of a callable table", function()
  local gen, n = numbers(3), 0
  for resp in volley.imap(setmetatable({}, {__call = function() return gen() end})) do
    ok(resp.ok)
    n = n + 1
  end
  eq(n, 3)
end)
