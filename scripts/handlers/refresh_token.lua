-- Log in before anything else, send the token along, and log in anew when a
-- server refuses it. LOGIN answers {"token": "..."}:
-- volley run --handlers refresh_token.lua --var login=LOGIN FILE
local function login()
  local who = {user = volley.vars.user, password = volley.vars.password}
  local resp, err = volley.post(volley.vars.login, {json = who}):send()
  if not resp then error("no token: " .. tostring(err), 0) end
  volley.shared.set("token", resp:raise_for_status():json().token) -- shared: --handler-vms
end

local renewing -- the login under way: many requests may be refused at once

local function renew()
  renewing = renewing or volley.spawn(function() login() return true end)
  local done, err = renewing:get()
  renewing = nil
  if not done then error(err, 0) end
end

local function bearer() return "Bearer " .. volley.shared.get("token") end

return {
  setup = function()
    if not volley.vars.login then error("refresh_token.lua needs --var login=URL", 0) end
    login()
  end,
  request = function(req)
    if req.url ~= volley.vars.login then req.headers.Authorization = bearer() end
  end,
  response = function(resp)
    if resp.status_code ~= 401 or resp.url == volley.vars.login then return end
    if resp.request.headers.Authorization == bearer() then renew() end
    return "retry"
  end,
}
