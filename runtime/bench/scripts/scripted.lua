-- A header of its own for every request; the status of each is checked.
local url, n = volley.vars.url, tonumber(volley.vars.n)
local i = 0
local function requests()
  if i == n then return nil end
  i = i + 1
  return volley.get(url, {headers = {["X-Id"] = i}})
end

local ok, bad = 0, 0
for resp in volley.imap(requests, {size = tonumber(volley.vars.size)}) do
  if resp.status_code == 200 then ok = ok + 1 else bad = bad + 1 end
end
print(ok, bad)
