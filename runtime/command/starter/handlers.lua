-- Hooks for any script or spec:  volley run --handlers handlers.lua spec.yaml
return {
  request = function(req) req.headers["X-Request-Id"] = volley.uuid() end,
  response = function(resp)
    if resp.status_code == 503 then return "retry" end
  end,
  exception = function(req, err) volley.log.warn(tostring(err)) end,
}
