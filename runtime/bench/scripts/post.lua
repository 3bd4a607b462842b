-- The same JSON posted again and again.
local url, n, body = volley.vars.url, tonumber(volley.vars.n), volley.vars.body
local i = 0
local function requests()
  if i == n then return nil end
  i = i + 1
  return volley.post(url, {data = body, headers = {["Content-Type"] = "application/json"}})
end

local ok, bad = 0, 0
for resp in volley.imap(requests, {size = tonumber(volley.vars.size)}) do
  if resp.status_code == 200 then ok = ok + 1 else bad = bad + 1 end
end
print(ok, bad)
