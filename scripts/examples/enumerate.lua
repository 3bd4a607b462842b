-- imap_enumerated tells which request a result belongs to, and leaves none out.
local volley = require "volley"
local base = volley.httpbin()

local paths = {"/delay/0.2", "/status/204", "/delay/5", "/get"}
local list = {}
for i, path in ipairs(paths) do list[i] = volley.get(base .. path, {timeout = 0.5}) end

for index, resp, req, err in volley.imap_enumerated(list) do
  print(index, req.url:sub(#base + 1), resp and resp.status_code or err.kind)
end
