-- What Lua makes of the rows: absence, order, holes, bytes, truth, numbers.
local volley = require "volley"
require "checks"

case("L1 volley.null and false take a header out, volley.null a parameter and a cookie", function()
  local s = volley.session {headers = {["X-A"] = "1", ["X-B"] = "2"}, params = {p = 1, q = 2}, cookies = {c = "1", d = "2"}}
  sent(s:get(server.url("/x"), {headers = {["X-A"] = volley.null, ["x-b"] = false}, params = {p = volley.null}}))
  eq(header(last(), "X-A"), nil)
  eq(header(last(), "X-B"), nil)
  eq(last().target, "/x?q=2")
  sent(s:get(server.url("/x")))
  eq(header(last(), "X-A"), "1", "for one request only")
  eq(last().target, "/x?p=1&q=2")
end)

case("L1b false is a value of parameters and forms, volley.null is none", function()
  sent(volley.post(server.url("/x"), {params = {a = false, b = volley.null}, data = {c = false, d = volley.null}}))
  eq(last().target, "/x?a=false")
  eq(last().body, "c=false")
end)

case("L2 plain tables go out sorted, pairs as they stand: params, data, headers, files, cookies", function()
  local many, want = {}, {}
  for i = 1, 20 do
    local k = ("k%02d"):format(i)
    many[k] = i
    want[i] = k .. "=" .. i
  end
  sent(volley.post(server.url("/x"), {params = many, data = many, cookies = many}))
  eq(last().target, "/x?" .. table.concat(want, "&"))
  eq(last().body, table.concat(want, "&"))
  local pairs_ = {{"z", 1}, {"a", 2}, {"m", 3}, {"a", 4}}
  sent(volley.post(server.url("/x"), {params = pairs_, data = pairs_, headers = {{"X-Z", 1}, {"X-A", 2}, {"X-M", 3}}}))
  eq(last().target, "/x?z=1&a=2&m=3&a=4")
  eq(last().body, "z=1&a=2&m=3&a=4")
  local mine = {}
  for _, n in ipairs(names(last())) do if n:find("^X%-") then mine[#mine + 1] = n end end
  list(mine, {"X-Z", "X-A", "X-M"})
end)

case("L2b files: sorted by name, or in the order of pairs", function()
  sent(volley.post(server.url("/x"), {files = {b = "1", a = "2", c = "3"}}))
  local order = {}
  for name in last().body:gmatch('; name="(.-)"') do order[#order + 1] = name end
  list(order, {"a", "b", "c"})
  sent(volley.post(server.url("/x"), {files = {{"b", "1"}, {"a", "2"}, {"c", "3"}}}))
  order = {}
  for name in last().body:gmatch('; name="(.-)"') do order[#order + 1] = name end
  list(order, {"b", "a", "c"})
end)

case("L3 timeouts and files have named fields; what a tuple would leave out is left out", function()
  server.on("/h", {{hangup = true}})
  fails("read_timeout", volley.get(server.url("/h"), {timeout = {read = 0.05}}):send())
  fails("total_timeout", volley.get(server.url("/h"), {timeout = {total = 0.05}}):send())
  raises("invalid_argument", function() volley.get(server.url("/"), {timeout = {1, 2}}) end, "timeout")
  raises("invalid_argument", function() volley.get(server.url("/"), {auth = {nil, "password"}}) end, "auth")
  sent(volley.post(server.url("/x"), {files = {f = {content = "only"}}}))
  has(last().body, "only")
end)

case("L4 results have no holes, and say how many they are", function()
  local dead = "http://127.0.0.1:1/"
  local resps, errors = volley.map {dead, server.url("/2"), dead, dead}
  eq(resps.n, 4)
  eq(#resps, 4)
  list({resps[1], resps[3], resps[4]}, {false, false, false})
  local failed = 0
  for i = 1, resps.n do if errors[i] then failed = failed + 1 end end
  eq(failed, 3)
end)

case("L5 a failure ends no loop: imap passes over it, imap_enumerated has an index first", function()
  local dead = "http://127.0.0.1:1/"
  local n = 0
  for resp in volley.imap({dead, server.url("/2"), dead, server.url("/4")}, {size = 1}) do
    ok(resp.ok)
    n = n + 1
  end
  eq(n, 2)
  local seen = {}
  for i, resp in volley.imap_enumerated({dead, server.url("/2"), dead}, {size = 1}) do seen[i] = resp and resp.text end
  list(seen, {false, "/2", false})
end)

case("L6 content is bytes, text is UTF-8", function()
  local latin = "caf\233"
  server.on("/l", reply(200, {"Content-Type: text/plain; charset=iso-8859-1"}, latin))
  server.on("/z", reply(200, {}, "\0\1\255\254"))
  local resp = sent(volley.get(server.url("/l")))
  eq(resp.content, latin)
  eq(resp.text, "caf\195\169")
  eq(sent(volley.get(server.url("/z"))).content, "\0\1\255\254")
  sent(volley.post(server.url("/x"), {data = "\0\1\255\254"}))
  eq(last().body, "\0\1\255\254")
end)

case("L7 whether there is data is asked as requests asks: nothing, '' and {} leave json in place", function()
  for _, data in ipairs {"", {}} do
    sent(volley.post(server.url("/x"), {data = data, json = {a = 1}}))
    eq(last().body, '{"a":1}')
  end
  sent(volley.post(server.url("/x"), {data = "0", json = {a = 1}}))
  eq(last().body, "0")
  sent(volley.post(server.url("/x"), {json = 0}))
  eq(last().body, "0")
end)

case("L8 {} is an object, volley.array{} a list; a list that was read stays one", function()
  sent(volley.post(server.url("/x"), {json = {o = {}, l = volley.array {}}}))
  eq(last().body, '{"l":[],"o":{}}')
  server.on("/j", reply(200, {"Content-Type: application/json"}, '{"l":[],"o":{}}'))
  local value = sent(volley.get(server.url("/j"))):json()
  sent(volley.post(server.url("/x"), {json = value}))
  eq(last().body, '{"l":[],"o":{}}')
end)

case("L9 integers above 2^53 keep their digits as strings when asked", function()
  server.on("/j", reply(200, {"Content-Type: application/json"}, '{"id":12345678901234567890,"n":7,"neg":-9007199254740993}'))
  local resp = sent(volley.get(server.url("/j")))
  local exact = resp:json {bigint = "string"}
  eq(exact.id, "12345678901234567890")
  eq(exact.neg, "-9007199254740993")
  eq(exact.n, 7)
  eq(type(resp:json().id), "number")
end)

case("L10 a response is true whatever its status", function()
  server.on("/404", reply(404))
  local resp = sent(volley.get(server.url("/404")))
  ok(resp)
  eq(resp.ok, false)
end)

case("L11 callbacks and hooks of many requests never run at the same moment", function()
  local inside, most, total = 0, 0, 0
  local function busy()
    inside = inside + 1
    most = math.max(most, inside)
    for _ = 1, 200 do total = total + 1 end
    inside = inside - 1
  end
  local reqs = {}
  for i = 1, 40 do reqs[i] = volley.get(server.url("/" .. i), {callback = busy, hooks = {response = busy, before_request = busy}}) end
  volley.map(reqs)
  eq(most, 1)
  eq(total, 40 * 3 * 200)
end)

case("L12 a stream is closed by hand, or with its task", function()
  server.on("/s", {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", {hangup = true}})
  local resp = sent(volley.get(server.url("/s"), {stream = true}))
  resp:close()
  wait_until(function() return server.hangups() == 1 end, "the connection to close")
  volley.spawn(function() sent(volley.get(server.url("/s"), {stream = true})) end):join()
  wait_until(function() return server.hangups() == 2 end, "the task's connection to close")
end)

case("L13 next is a field like any other", function()
  server.on("/r", redirect(302, "/to"))
  local resp = sent(volley.get(server.url("/r"), {allow_redirects = false}))
  eq(resp.next.url, server.url("/to"))
  server.on("/l", reply(200, {'Link: </p2>; rel="next"'}))
  has(sent(volley.get(server.url("/l"))).links.next.url, "/p2")
end)
