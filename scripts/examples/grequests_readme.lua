-- The programs of grequests' README, each under its Python original. Its hosts
-- are paths of the built-in server here, and its dead one is a port nobody has.
local volley = require "volley"
local base, dead = volley.httpbin(), "http://127.0.0.1:9/"

-- urls = ['http://www.heroku.com', …, 'http://fakedomain/', 'http://kennethreitz.com']
-- rs = (grequests.get(u) for u in urls)
-- grequests.map(rs)
-- [<Response [200]>, <Response [200]>, <Response [200]>, <Response [200]>, None, <Response [200]>]
local urls = {base .. "/get", base .. "/html", base .. "/json", base .. "/xml", dead, base .. "/robots.txt"}
local rs = {}
for i, u in ipairs(urls) do rs[i] = volley.get(u) end
for _, resp in ipairs(volley.map(rs)) do print(resp) end

-- def exception_handler(request, exception):
--     print("Request failed")
-- reqs = [
--     grequests.get('http://httpbin.org/delay/1', timeout=0.001),
--     grequests.get('http://fakedomain/'),
--     grequests.get('http://httpbin.org/status/500')]
-- grequests.map(reqs, exception_handler=exception_handler)
-- Request failed
-- Request failed
-- [None, None, <Response [500]>]
local function exception_handler(request, exception) print("Request failed", exception.kind) end
local reqs = {
  volley.get(base .. "/delay/1", {timeout = 0.05}),
  volley.get(dead),
  volley.get(base .. "/status/500"),
}
for _, resp in ipairs(volley.map(reqs, {exception_handler = exception_handler})) do print(resp) end

-- rs = [grequests.get(f'https://httpbin.org/status/{code}') for code in range(200, 206)]
-- for index, response in grequests.imap_enumerated(rs, size=5):
--     print(index, response)                    (and imap, without the index)
local function statuses()
  for code = 200, 205 do coroutine.yield(volley.get(base .. "/status/" .. code)) end
end
local sum = 0
for response in volley.imap(coroutine.wrap(statuses), {size = 5}) do sum = sum + response.status_code end
print("imap", sum)
for index, response in volley.imap_enumerated(coroutine.wrap(statuses), {size = 5, ordered = true}) do
  print(index, response)
end
