-- get.lua in a session, which says what is spoken.
local url, n = volley.vars.url, tonumber(volley.vars.n)
local session = volley.session{http_version = volley.vars.version}
local protocol = volley.vars.version == "2" and "HTTP/2.0" or "HTTP/1.1"
local i = 0
local function requests()
  if i == n then return nil end
  i = i + 1
  return session:get(url)
end

local ok, bad = 0, 0
for resp in volley.imap(requests, {size = tonumber(volley.vars.size)}) do
  if resp.status_code == 200 and resp.protocol == protocol then ok = ok + 1 else bad = bad + 1 end
end
print(ok, bad)
