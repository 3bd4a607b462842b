-- grequests: what a request is, its callbacks and hooks, sending it.
local volley = require "volley"
require "checks"

local dead = "http://127.0.0.1:1/"

case("RS 1.1 every verb builds a request; neither its URL nor anything else is looked at but the options", function()
  for _, m in ipairs {"get", "options", "head", "post", "put", "patch", "delete"} do
    local req = volley[m](server.url("/" .. m))
    eq(req.method, m:upper())
    eq(tostring(req), "<Request [" .. m:upper() .. "]>")
  end
  eq(volley.get("no url at all").url, "no url at all")
  eq(server.conns(), 0)
  for _, m in ipairs {"get", "options", "head", "post", "put", "patch", "delete"} do
    sent(volley[m](server.url("/" .. m)))
    eq(last().method, m:upper())
  end
end)

case("RS 1.1b a bad URL fails when it is sent, in its own slot", function()
  local resps, errors = volley.map {"no url at all", server.url("/2"), "ftp://h/", "http://[::1"}
  eq(resps[2].text, "/2")
  eq(errors[1].kind, "missing_schema")
  eq(errors[3].kind, "invalid_schema")
  eq(errors[4].kind, "invalid_url")
  for _, i in ipairs {1, 3, 4} do
    eq(errors[i].sent, "no")
    ok(errors[i]:is("invalid_url"))
  end
end)

case("RS 1.2 request takes any verb, in upper case", function()
  for given, want in pairs {post = "POST", PropFind = "PROPFIND", ["m-search"] = "M-SEARCH", ["x!#$"] = "X!#$"} do
    local req = volley.request(given, server.url("/"))
    eq(req.method, want)
    sent(req)
    eq(last().method, want)
  end
  fails("invalid_argument", volley.request("A B", server.url("/")):send())
  raises("invalid_argument", function() volley.request("", server.url("/")) end, "method")
  raises("invalid_argument", function() volley.get(server.url("/")).method = "" end, "method")
end)

case("RS 1.3 head does not follow redirects unless it is told to", function()
  server.on("/r", "HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n")
  eq(sent(volley.head(server.url("/r"))).status_code, 302)
  eq(sent(volley.request("HEAD", server.url("/r"))).status_code, 302)
  eq(sent(volley.session {}:head(server.url("/r"))).status_code, 302)
  eq(server.count("/to"), 0)
  local resp = sent(volley.head(server.url("/r"), {allow_redirects = true}))
  eq(resp.status_code, 200)
  eq(last().method, "HEAD")
end)

case("RS 1.4 method, url, headers, session, meta and response of a request", function()
  local s = volley.session {}
  local req = s:post(server.url("/x"), {headers = {["X-A"] = "1"}, data = "b", meta = 5, id = "i"})
  eq(req.method, "POST")
  eq(req.url, server.url("/x"))
  eq(req.headers["x-a"], "1")
  eq(req.body, "b")
  eq(req.session, s)
  eq(req.meta, 5)
  eq(req.id, "i")
  eq(req.response, nil)
  local resp = sent(req)
  eq(req.response, resp)
  eq(req.url, server.url("/x"))
end)

case("RS 1.5 error is nil until a failure; traceback is a script's own", function()
  local req = volley.get(dead)
  eq(req.error, nil)
  local err = fails("connect", req:send())
  eq(req.error, err)
  eq(req.response, nil)
  eq(err.traceback, nil, "no line of the script is to blame")
  local _, raised = volley.get(server.url("/"), {callback = function() error("mine") end}):send()
  has(raised.traceback, "01_requests.lua:")
end)

case("RS 1.6, W1 without a session connections are pooled all the same, cookies are not", function()
  server.on("/c", reply(200, {"Set-Cookie: a=1; Path=/"}))
  for _ = 1, 10 do sent(volley.get(server.url("/c"))) end
  eq(server.conns(), 1)
  for _, r in ipairs(server.requests()) do eq(header(r, "Cookie"), nil) end
  local s = volley.session {}
  for _ = 1, 3 do sent(s:get(server.url("/c"))) end
  eq(header(last(), "Cookie"), "a=1")
end)

case("RS 1.6b a session is used as it is and not closed", function()
  local s = volley.session {headers = {["X-S"] = "1"}}
  volley.map {volley.get(server.url("/1"), {session = s}), volley.get(server.url("/2"), {session = s})}
  for _, r in ipairs(server.requests()) do eq(header(r, "X-S"), "1") end
  sent(s:get(server.url("/3")))
end)

case("RS 1.7, W2 callback and hooks both run, hooks first", function()
  local order = {}
  local function note(x) return function() order[#order + 1] = x end end
  local s = volley.session {hooks = {response = note "session"}}
  sent(s:get(server.url("/"), {callback = note "callback", hooks = {response = {note "one", note "two"}}}))
  list(order, {"session", "one", "two", "callback"})
end)

case("RS 1.8 a callback gets the response; one without parameters will do", function()
  local got
  sent(volley.get(server.url("/"), {callback = function(...) got = {...} end}))
  eq(got[1].status_code, 200)
  sent(volley.get(server.url("/"), {callback = function() end}))
end)

case("RS 1.9 hooks run on every hop with its history, the callback on the last response with its body", function()
  server.on("/1", redirect(302, "/2"))
  server.on("/2", redirect(302, "/3"))
  local hops, calls = {}, {}
  sent(volley.get(server.url("/1"), {
    hooks = {response = function(resp) hops[#hops + 1] = resp.status_code .. ":" .. #resp.history end},
    callback = function(resp) calls[#calls + 1] = resp.text .. ":" .. #resp.history end,
  }))
  list(hops, {"302:0", "302:1", "200:2"})
  list(calls, {"/3:2"})
end)

case("RS 1.10 a callback's nil keeps the response, a Response takes its place, anything else is an error", function()
  local made = volley.response {status_code = 299, body = "made"}
  local function with(v)
    return volley.get(server.url("/"), {callback = function() return v end}):send()
  end
  eq(with(nil).text, "/")
  eq(with(made).status_code, 299)
  for _, v in ipairs {"text", 5, true, false, {}} do
    local err = fails("callback", with(v))
    has(err.message, type(v))
  end
end)

case("RS 1.11, W3 a callback that raises fails its slot with kind callback, and is logged", function()
  local resps, errors = volley.map {
    volley.get(server.url("/1"), {callback = function() error("wrong turn") end}),
    volley.get(server.url("/2"), {callback = function(resp) return resp.no_such_field end}),
    volley.get(server.url("/3")),
  }
  eq(resps[1], false)
  eq(errors[1].kind, "callback")
  eq(errors[1].response.text, "/1")
  has(errors[1].message, "wrong turn")
  has(errors[2].message, "no_such_field")
  eq(resps[3].text, "/3")
  has(harness.stderr(), "wrong turn")
end)

case("RS 1.12, W4 each send starts afresh and returns its own response", function()
  server.on("/f", reply(200, {}, "one"), {{reset = true}}, reply(200, {}, "three"))
  local req = volley.get(server.url("/f"), {headers = {Connection = "close"}})
  eq(sent(req).text, "one")
  fails("closed", req:send())
  eq(req.response, nil)
  eq(sent(req).text, "three")
  eq(req.error, nil)
  server.on("/g", reply(200, {}, "one"), {{reset = true}})
  local again = volley.get(server.url("/g"), {headers = {Connection = "close"}})
  sent(again)
  local resps, errors = volley.map {again}
  eq(resps[1], false, "no stale response")
  eq(errors[1].kind, "closed")
end)

case("RS 1.12b send's options lie over the request's for this one time", function()
  local req = volley.get(server.url("/x"), {headers = {["X-A"] = "1"}, params = {p = 1}})
  sent(req, {headers = {["X-B"] = "2"}})
  eq(header(last(), "X-A"), "1")
  eq(header(last(), "X-B"), "2")
  sent(req)
  eq(header(last(), "X-B"), nil)
end)

case("RS 1.13 volley.send starts a task; with a pool it waits while that is full", function()
  server.on("/slow", {{gate = "g"}, reply(200, {}, "slow")})
  local pool = volley.pool(1)
  local first = volley.send(volley.get(server.url("/slow")), pool)
  eq(first.done, false)
  local second
  local waiting = volley.spawn(function() second = volley.send(volley.get(server.url("/2")), pool) end)
  wait_until(function() return server.count("/slow") == 1 end)
  volley.sleep(0.02)
  eq(second, nil)
  server.release("g")
  waiting:join()
  eq(first:get().text, "slow")
  eq(second:get().text, "/2")
end)

case("RS 1.13b a sending that is killed closes its connection", function()
  server.on("/h", {{hangup = true}})
  local t = volley.send(volley.get(server.url("/h")))
  wait_until(function() return server.count() == 1 end)
  t:kill()
  local resp, err = t:get()
  eq(resp, nil)
  eq(err.kind, "cancelled")
  wait_until(function() return server.hangups() == 1 end)
end)
