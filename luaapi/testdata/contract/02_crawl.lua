-- More of the contract, found by use.
local volley = require "volley"
require "checks"

case("LUA 2.75 a crawl: callbacks feed the queue that the generator reads", function()
  local q, seen, pending = volley.queue(), {}, 1
  q:put("/1")
  local resps = volley.map(function()
    local path = q:get()
    return path and volley.get(server.url(path), {callback = function(resp)
      local i = tonumber(resp.text:sub(2))
      seen[#seen + 1] = i
      if i < 8 then
        pending = pending + 1
        q:put("/" .. (i * 2))
      end
      pending = pending - 1
      if pending == 0 then q:close() end
    end}) or nil
  end, {size = 4})
  eq(resps.n, 4)
  list(seen, {1, 2, 4, 8})
end)

case("LUA 2.75b a generator that waits for what a request in flight will bring is no deadlock", function()
  local q, i = volley.queue(), 0
  local resps = volley.map(function()
    i = i + 1
    if i == 1 then return volley.get(server.url("/1"), {callback = function(resp) q:put(resp.text) end}) end
    if i == 2 then return server.url(q:get() .. "/next") end
  end)
  eq(resps.n, 2)
  eq(resps[2].text, "/1/next")
end)

case("LUA 2.75c imap: a generator that blocks does not hold back a response that is there", function()
  local i = 0
  local it = volley.imap(function()
    i = i + 1
    if i == 2 then volley.sleep(1) end
    if i <= 2 then return server.url("/" .. i) end
  end)
  local began = harness.clock()
  eq(it().text, "/1")
  ok(harness.clock() - began < 0.8, "the first response came after " .. (harness.clock() - began))
  eq(it().text, "/2")
end)
