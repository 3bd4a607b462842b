-- A first look: a list with a callback and an exception handler, then a generator.
local volley = require "volley"
local base = volley.httpbin() -- a test server inside volley, on loopback

local responses = volley.map({
  volley.get(base .. "/status/200", {callback = function(resp) print("callback", resp.status_code) end}),
  volley.post(base .. "/post", {json = {name = "grace"}}),
  volley.get("http://127.0.0.1:9/", {timeout = 2}), -- nobody listens there
}, {size = 10, exception_handler = function(req, err) print("failed", req.url, err.kind) end})
for i = 1, responses.n do print(i, responses[i]) end
print(responses[2]:json().json.name)

local function pages() -- pulled one by one, as slots become free
  for page = 1, 5 do coroutine.yield(volley.get(base .. "/get", {params = {page = page}})) end
end
local sum = 0
for resp in volley.imap(coroutine.wrap(pages), {size = 2}) do sum = sum + resp:json().args.page[1] end
print("pages add up to", sum)
