-- Hooks: response, and those that requests lacks.
local volley = require "volley"
require "checks"

case("RS 17.1 response: a list runs in order; each may replace what the next one sees", function()
  local seen = {}
  local function made(code) return volley.response {status_code = code} end
  local resp = sent(volley.get(server.url("/"), {hooks = {response = {
    function(r) seen[1] = r.status_code return made(201) end,
    function(r) seen[2] = r.status_code end,
    function(r) seen[3] = r.status_code return made(202) end,
  }}}))
  list(seen, {200, 201, 201})
  eq(resp.status_code, 202)
end)

case("RS 17.1b response: on each hop, and on a 401 that is answered", function()
  server.on("/1", redirect(302, "/2"))
  server.on("/2", reply(401, {'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'}), reply(200, {}, "in"))
  local codes = {}
  local resp = sent(volley.get(server.url("/1"), {
    auth = volley.auth.digest("u", "p"),
    hooks = {response = function(r) codes[#codes + 1] = r.status_code end},
  }))
  eq(resp.text, "in")
  list(codes, {302, 401, 200})
end)

case("RS 17.1c what a response hook gives that is no Response fails the request", function()
  for _, v in ipairs {"text", 5, true, {}} do
    local err = fails("callback", volley.get(server.url("/"), {hooks = {response = function() return v end}}):send())
    has(err.message, "Response")
  end
end)

case("RS 17.2 a hook that raises fails its request with kind callback, whichever it is", function()
  server.on("/r", redirect(302, "/to"))
  server.on("/f", reply(503))
  for _, name in ipairs {"before_request", "response", "redirect", "retry"} do
    local err = fails("callback", volley.get(server.url(name == "retry" and "/f" or "/r"), {
      retry = {total = 1, backoff = 0.001},
      hooks = {[name] = function() error("broke in " .. name) end},
    }):send())
    has(err.message, "broke in " .. name)
    has(err.traceback, "17_hooks.lua:")
    eq(err.phase, "callback")
  end
end)

case("RS 17.2b the other requests of a batch go on", function()
  local resps, errors = volley.map({
    volley.get(server.url("/1"), {hooks = {response = function() error("broke") end}}),
    server.url("/2"),
  }, {exception_handler = function(_, err) return err.kind end})
  eq(resps[1], "callback")
  eq(errors[1].kind, "callback")
  eq(resps[2].text, "/2")
  eq(#harness.records(), 2)
end)

case("RS 17.3 before_request: before each send, hops and retries included, with what will go out", function()
  server.on("/1", redirect(307, "/2"))
  server.on("/2", reply(503), reply(200, {}, "ok"))
  local urls = {}
  local resp = sent(volley.put(server.url("/1"), {
    data = "first", retry = {total = 1, backoff = 0.001},
    hooks = {before_request = function(req)
      urls[#urls + 1] = req.url:match("/%d$")
      req.headers["X-Send"] = #urls
      req.body = "body " .. #urls
    end},
  }))
  eq(resp.text, "ok")
  list(urls, {"/1", "/2", "/1", "/2"})
  for i, r in ipairs(server.requests()) do
    eq(header(r, "X-Send"), tostring(i))
    eq(r.body, "body " .. i)
    eq(header(r, "Content-Length"), tostring(#r.body))
  end
end)

case("RS 17.3b before_request may change method and URL; credentials stay with their host", function()
  local resp = sent(volley.get(server.url("/a"), {hooks = {before_request = function(req)
    req.method = "delete"
    req.url = server.url("/b?c=d")
  end}}))
  eq(last().method, "DELETE")
  eq(last().target, "/b?c=d")
  eq(resp.request.method, "DELETE")
  eq(resp.url, server.url("/b?c=d"))
end)

case("RS 17.4b redirect: once a hop, after that hop's response hooks", function()
  server.on("/1", redirect(302, "/2"))
  server.on("/2", redirect(302, "/3"))
  local order = {}
  sent(volley.get(server.url("/1"), {hooks = {
    redirect = function(resp, next_req) order[#order + 1] = "to " .. next_req.url:match("/%d$") end,
    response = function(resp) order[#order + 1] = "at " .. resp.url:match("/%d$") end,
  }}))
  list(order, {"at /1", "to /2", "at /2", "to /3", "at /3"})
end)

case("RS 17.4c redirect: not called where none is followed", function()
  server.on("/r", redirect(302, "/to"))
  local n = 0
  sent(volley.get(server.url("/r"), {allow_redirects = false, hooks = {redirect = function() n = n + 1 end}}))
  eq(n, 0)
end)

case("RS 17.5 retry: request, error or response, and which try comes next", function()
  server.on("/f", reply(503), {{close = true}}, reply(200, {}, "ok"))
  local seen = {}
  local req = volley.get(server.url("/f"), {
    meta = "m", headers = {Connection = "close"}, retry = {total = 3, backoff = 0.001},
    hooks = {retry = function(r, what, attempt)
      local good, code = pcall(function() return what.status_code end) -- an Error has none
      seen[#seen + 1] = r.meta .. " " .. (good and code or what.kind) .. " " .. attempt
    end},
  })
  eq(sent(req).attempts, 3)
  list(seen, {"m 503 2", "m closed 3"})
end)

case("RS 17.6 a failure goes to the exception handler, an end to the callback: one of them, once", function()
  local calls = {}
  local opts = {
    retry = {total = 1, backoff = 0.001},
    callback = function(resp) calls[#calls + 1] = "callback " .. resp.status_code end,
    exception_handler = function(_, err) calls[#calls + 1] = "handler " .. err.kind end,
  }
  server.on("/r", redirect(302, "/to"))
  sent(volley.get(server.url("/r"), opts))
  volley.get("http://127.0.0.1:1/", opts):send()
  list(calls, {"callback 200", "handler connect"})
end)

case("RS 17.6b hooks of a batch that block are parked, and the batch goes on", function()
  local order = {}
  volley.map({
    volley.get(server.url("/1"), {hooks = {response = function()
      sent(volley.get(server.url("/inner")))
      volley.sleep(0.05)
      order[#order + 1] = "slow"
    end}}),
    volley.get(server.url("/2"), {callback = function() order[#order + 1] = "fast" end}),
  })
  list(order, {"fast", "slow"})
end)
