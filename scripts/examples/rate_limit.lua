-- Politeness: 20 requests a second, spread evenly, and two in flight to a host.
local volley = require "volley"
local url = volley.httpbin() .. "/get"

local list = {}
for i = 1, 10 do list[i] = volley.get(url) end

local began = volley.time.now()
for resp in volley.imap(list, {rate = 20, per_host = 2}) do
  print(resp.status_code, ("%.2f s"):format(volley.time.now() - began))
end
