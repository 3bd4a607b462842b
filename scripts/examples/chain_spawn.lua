-- Chains: each user logs in, then makes calls that need the token. The chains run side by side.
local volley = require "volley"
local base = volley.httpbin()

local function chain(user)
  local login = assert(volley.post(base .. "/post", {json = {token = "t-" .. user}}):send())
  local auth = volley.auth.bearer(login:json().json.token)
  local responses = volley.map{
    volley.get(base .. "/bearer", {auth = auth}),
    volley.get(base .. "/delay/0.1", {auth = auth}),
  }
  return user, responses[1]:json().token, responses[2].status_code
end

local began, tasks = volley.time.now(), {}
for i, user in ipairs{"ada", "grace", "barbara"} do tasks[i] = volley.spawn(chain, user) end
for _, task in ipairs(tasks) do print(task:get()) end
print(("three chains of 0.1 s each took %.1f s"):format(volley.time.now() - began))
