-- Sort what comes back: send again what a busy server put off, let pass what is
-- gone, stop when nobody is let in, and put a response of our own where there
-- was none: volley run --handlers triage.lua FILE
return {
  response = function(resp)
    if resp.status_code == 503 then return "retry" end -- up to ten times, with pauses
    if resp.status_code == 410 then return "skip" end -- neither ok nor failed
    if resp.status_code == 401 then return "stop" end -- nothing new is sent
  end,
  exception = function(req, err)
    if err.kind == "cancelled" then return end -- we stopped
    if volley.shared.incr("failed " .. err.kind) == 1 then
      volley.log.warn("first " .. err.kind .. ": " .. tostring(err))
    end
    return volley.response{status_code = 599, body = err.kind, url = req.url}
  end,
  teardown = function(run)
    volley.log.info(("%d ok, %d failed, %d skipped"):format(run.ok, run.failed, run.skipped))
  end,
}
