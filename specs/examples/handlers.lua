-- The functions that handlers.yaml names.
local M = {}

function M.users() -- rows for the spec: an iterator
  local names, i = {"ada", "grace", "barbara"}, 0
  return function()
    i = i + 1
    if names[i] then return {name = names[i]} end
  end
end

function M.sign(req)
  req.headers["X-Signature"] = volley.hash.hmac("sha256", "not a secret", req.method .. " " .. req.url)
end

function M.count(resp) volley.shared.incr("status " .. resp.status_code) end

function M.teardown(run)
  volley.log.info(("%d answers with 200, %d of %d ok"):format(volley.shared.get("status 200") or 0, run.ok, run.ok + run.failed + run.skipped))
end

return M
