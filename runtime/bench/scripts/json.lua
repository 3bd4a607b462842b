-- Answers decoded, and a field of each looked at.
local url, n = volley.vars.url, tonumber(volley.vars.n)
local i = 0
local function requests()
  if i == n then return nil end
  i = i + 1
  return volley.get(url)
end

local ok, bad = 0, 0
for resp in volley.imap(requests, {size = tonumber(volley.vars.size)}) do
  if resp.status_code == 200 and resp:json().items[1].name == "item number 0" then ok = ok + 1 else bad = bad + 1 end
end
print(ok, bad)
