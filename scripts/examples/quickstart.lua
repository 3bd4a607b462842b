-- A first look: build requests, map them, stream a generator through imap.
local volley = require "volley"
local base = volley.httpbin() -- a test server inside volley, on loopback

local function shout(resp)
  print("callback", resp.status_code, resp.request.meta.row)
end

local requests = {
  volley.get(base .. "/get", {params = {user = "ada"}, meta = {row = 1}, callback = shout}),
  volley.post(base .. "/post", {json = {name = "grace"}, meta = {row = 2}, callback = shout}),
  volley.get(base .. "/status/404"),
  volley.get("http://127.0.0.1:9/", {timeout = 2}), -- nobody listens there
}

local responses, errors = volley.map(requests, {
  size = 10,
  exception_handler = function(req, err) print("failed", req.url, err.kind) end,
})
for i = 1, responses.n do print(i, responses[i]) end
print("second answer:", responses[2]:json().json.name, "errors:", errors[4].kind)

local function pages()
  for page = 1, 5 do coroutine.yield(volley.get(base .. "/get", {params = {page = page}})) end
end
local seen = 0
for resp in volley.imap(coroutine.wrap(pages), {size = 2}) do
  seen = seen + tonumber(resp:json().args.page[1])
end
print("pages add up to", seen)
