-- grequests: map, its sizes, handlers and deadline.
local volley = require "volley"
require "checks"

local dead = "http://127.0.0.1:1/"

local function urls(n)
  local t = {}
  for i = 1, n do t[i] = server.url("/" .. i) end
  return t
end

local function slow(n, seconds)
  for i = 1, n do server.on("/" .. i, {{sleep = seconds}, reply(200, {}, "/" .. i)}) end
end

case("RS 1.14 map takes a list, an iterator or a generator; the order is the input's", function()
  server.on("/1", {{gate = "g"}, reply(200, {}, "/1")})
  local i = 0
  local inputs = {
    urls(4),
    function() i = i + 1 return i <= 4 and server.url("/" .. i) or nil end,
    coroutine.wrap(function() for j = 1, 4 do coroutine.yield(volley.get(server.url("/" .. j))) end end),
  }
  for n, input in ipairs(inputs) do
    local t = volley.spawn(function() return volley.map(input) end)
    wait_until(function() return server.count() == 4 * n end)
    if n == 1 then server.release("g") end
    local resps = t:get()
    eq(resps.n, 4)
    for j = 1, 4 do eq(resps[j].text, "/" .. j) end
  end
end)

case("RS 1.15, W5 size bounds what is in flight", function()
  slow(12, 0.03)
  volley.map(urls(12), {size = 3})
  eq(server.peak(), 3)
end)

case("RS 1.15b, W5b the default is 100; there is no way to have no bound, but any number will do", function()
  for i = 1, 110 do server.on("/" .. i, {{gate = "g"}, reply(200)}) end
  local t = volley.spawn(function() return volley.map(urls(110)) end)
  wait_until(function() return server.count() == 100 end, "a hundred in flight")
  volley.sleep(0.03)
  eq(server.count(), 100)
  server.release("g")
  eq(t:get().n, 110)
  raises("invalid_argument", function() volley.map({}, {size = math.huge}) end, "size")
  eq(volley.map(urls(3), {size = 1000000}).n, 3)
end)

case("RS 1.15c, W11 a size below 1 is refused", function()
  for _, n in ipairs {0, -1, 0.5, 0 / 0} do
    for _, f in ipairs {volley.map, volley.imap, volley.imap_enumerated} do
      raises("invalid_argument", function() f({server.url("/")}, {size = n}) end, "size")
    end
  end
  eq(server.count(), 0)
end)

case("RS 1.16, W6 the request's stream wins over map's", function()
  local resps = volley.map({
    volley.get(server.url("/1"), {stream = true}),
    volley.get(server.url("/2")),
  }, {stream = false})
  local parts = {}
  for part in resps[1]:iter_content(1) do parts[#parts + 1] = part end
  eq(table.concat(parts), "/1")
  raises("stream_consumed", function() resps[1]:iter_content() end)
  eq(resps[2].text, "/2")
  eq(resps[2].text, "/2")
  resps = volley.map({volley.get(server.url("/1"), {stream = false}), volley.get(server.url("/2"))}, {stream = true})
  eq(resps[1].text, "/1")
  eq(resps[1].content, "/1")
  for part in resps[2]:iter_content() do eq(part, "/2") end
end)

case("RS 1.17 a slot is the response, else the handler's value of any type, else false", function()
  local values = {"text", 7, true, {1}, false}
  local reqs = {}
  for i = 1, 6 do reqs[i] = volley.get(dead, {meta = i}) end
  reqs[7] = volley.get(server.url("/7"))
  local resps = volley.map(reqs, {exception_handler = function(req) return values[req.meta] end})
  eq(resps.n, 7)
  for i = 1, 5 do eq(resps[i], values[i]) end
  eq(resps[6], false)
  eq(resps[7].text, "/7")
end)

case("RS 1.18 handlers are called after all have finished, in input order, with request and error", function()
  server.on("/late", {{sleep = 0.08}, {reset = true}})
  local seen, in_flight = {}, 0
  volley.map({
    volley.get(server.url("/late"), {meta = "late"}),
    volley.get(dead, {meta = "early"}),
    volley.get(server.url("/ok")),
  }, {
    exception_handler = function(req, err, extra)
      seen[#seen + 1] = req.meta .. " " .. err.kind
      eq(err.request.meta, req.meta)
      eq(extra, nil)
    end,
    on_progress = function(p) in_flight = p.in_flight end,
  })
  list(seen, {"late closed", "early connect"})
  eq(in_flight, 0)
end)

case("RS 1.18b a request's own handler sees its failure at once", function()
  server.on("/g", {{gate = "g"}, reply(200, {}, "late")})
  local resps = volley.map({
    volley.get(server.url("/g")),
    volley.get(dead, {exception_handler = function() server.release("g") return "at once" end}),
  })
  eq(resps[1].text, "late")
  eq(resps[2], "at once")
end)

case("RS 1.19 at gtimeout handlers get an error of kind batch_timeout", function()
  server.on("/1", {{hangup = true}})
  local seen = {}
  local resps, errors = volley.map({server.url("/1"), server.url("/2")}, {
    gtimeout = 0.5,
    exception_handler = function(req, err)
      seen[#seen + 1] = err.kind
      return "late"
    end,
  })
  list(seen, {"batch_timeout"})
  eq(resps[1], "late")
  eq(errors[1].kind, "batch_timeout")
  eq(resps[2].text, "/2")
end)

case("RS 1.20, W7 a handler that raises fails its slot only", function()
  local resps, errors = volley.map({volley.get(dead, {meta = 1}), server.url("/2"), volley.get(dead, {meta = 3})}, {
    exception_handler = function(req)
      if req.meta == 1 then error("handler broke") end
      return "kept"
    end,
  })
  eq(resps[1], false)
  eq(errors[1].kind, "callback")
  eq(errors[1].cause.kind, "connect")
  eq(resps[2].text, "/2")
  eq(resps[3], "kept")
  eq(errors[3].kind, "connect")
end)

case("RS 1.21 a 4xx or 5xx calls no handler unless raise_for_status is set", function()
  server.on("/404", reply("404 Not Found", {}, "no"))
  local seen = {}
  local opts = {exception_handler = function(req, err) seen[#seen + 1] = err.kind .. err.response.status_code end}
  local resps, errors = volley.map({server.url("/404")}, opts)
  eq(resps[1].status_code, 404)
  eq(next(errors), nil)
  eq(#seen, 0)
  resps, errors = volley.map({volley.get(server.url("/404"), {raise_for_status = true})}, opts)
  eq(resps[1], false)
  eq(errors[1].response.text, "no")
  list(seen, {"http404"})
end)

case("RS 1.22, W8 gtimeout runs from the call on, cancels what is in flight and sends nothing more", function()
  for i = 1, 6 do server.on("/" .. i, {{hangup = true}}) end
  local began = harness.clock()
  local resps, errors = volley.map(urls(6), {size = 2, gtimeout = 0.6})
  ok(harness.clock() - began < 6, "it took " .. harness.clock() - began)
  eq(resps.n, 6)
  for i = 1, 6 do eq(errors[i].kind, "batch_timeout") end
  wait_until(function() return server.hangups() == 2 end, "the connections to close")
  volley.sleep(0.03)
  eq(server.count(), 2)
  eq(errors[1].request.response, nil, "nothing arrives later")
end)

case("RS 1.22b gtimeout holds in imap and imap_enumerated as well", function()
  server.on("/1", {{hangup = true}})
  for _ in volley.imap({server.url("/1")}, {gtimeout = 0.05}) do error("a result") end
  local kinds = {}
  for i, resp, _, err in volley.imap_enumerated({server.url("/1"), server.url("/1")}, {gtimeout = 0.05}) do
    eq(resp, false)
    kinds[i] = err.kind
  end
  list(kinds, {"batch_timeout", "batch_timeout"})
  wait_until(function() return server.hangups() == server.count() end)
end)

case("RS 1.29 no input is no result", function()
  eq(volley.map({}).n, 0)
  eq(volley.map(function() end).n, 0)
  for _ in volley.imap {} do error("a step") end
  for _ in volley.imap_enumerated(function() end) do error("a step") end
  eq(volley.map({}, {gtimeout = 5}).n, 0)
end)

case("RS 1.30 one request in several slots has a response for each", function()
  server.on("/n", {{sleep = 0.04}, reply(200, {}, "1")}, reply(200, {}, "2"), reply(500, {}, "3"))
  local req = volley.get(server.url("/n"))
  local resps = volley.map({req, req, req}, {size = 1})
  list({resps[1].text, resps[2].text, resps[3].text}, {"1", "2", "3"})
  eq(server.count(), 3)
  local n = 0
  for resp, same in volley.imap({req, req, req}) do
    eq(same, req)
    eq(resp.text, "3")
    n = n + 1
  end
  eq(n, 3)
end)

case("RS 1.31 a shared session: no cookie is lost and connections stay, however many", function()
  local s, reqs = volley.session {}, {}
  for i = 1, 20 do
    server.on("/" .. i, {{gate = "g"}, reply(200, {"Set-Cookie: c" .. i .. "=" .. i .. "; Path=/"})})
    reqs[i] = s:get(server.url("/" .. i))
  end
  local t = volley.spawn(function() volley.map(reqs, {size = 20}) end)
  wait_until(function() return server.count() == 20 end, "all in flight")
  server.release("g")
  t:join()
  eq(#s.cookies:list(), 20)
  local opened = server.conns()
  eq(opened, 20)
  volley.map(reqs, {size = 20})
  eq(server.conns(), opened, "all of them are used again")
end)
