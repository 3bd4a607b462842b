-- A first look: four requests at once, one of them to nobody.
local volley = require "volley"
local base = volley.httpbin() -- a test server inside volley, on loopback

local responses, errors = volley.map({
  volley.get(base .. "/get", {params = {user = "ada"}}),
  volley.post(base .. "/post", {json = {name = "grace"}}),
  volley.get(base .. "/status/404"),
  volley.get("http://127.0.0.1:9/", {timeout = 2}),
}, {size = 10})

for i = 1, responses.n do print(i, responses[i], errors[i] and errors[i].kind or "") end
print(responses[2]:json().json.name)
