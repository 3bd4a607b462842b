-- Sign every request, each retry and redirect anew: an HMAC over method, URL
-- and body, with a key from the variables:
-- volley run --handlers sign.lua --var key=... FILE
return {
  setup = function()
    if not volley.vars.key then error("sign.lua needs --var key=...", 0) end
  end,
  request = function(req)
    local body = type(req.body) == "string" and req.body or "" -- a streamed one is not signed
    req.headers["X-Signature"] = volley.hash.hmac("sha256", volley.vars.key, req.method .. "\n" .. req.url .. "\n" .. body)
  end,
}
