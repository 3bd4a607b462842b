-- One body after another, each streamed to a file.
local url, n, length = volley.vars.url, tonumber(volley.vars.n), tonumber(volley.vars.length)
local ok, bad = 0, 0
for _ = 1, n do
  local resp = assert(volley.get(url, {stream = true}):send())
  resp:save(volley.vars.out)
  if resp.status_code == 200 and resp.size.body == length then ok = ok + 1 else bad = bad + 1 end
end
print(ok, bad)
