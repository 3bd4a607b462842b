-- The part of spec_handlers.yaml that is Lua.
return {
  trace = function(req)
    req.headers["X-B"] = 1
    req.headers["x-a"] = "1.10"
  end,
  log_in = function(req) req.headers.Authorization = "Basic " .. volley.base64.encode("user:secret") end,
  request = function(req) volley.shared.append("seen", req.url) end,
  response = function(resp) volley.shared.incr("answers") end,
  teardown = function(run)
    assert(#volley.shared.get("seen") == 14 and volley.shared.get("answers") == 10, "hooks saw something else")
    assert(run.ok == 10 and run.failed == 2, "another account")
  end,
}
