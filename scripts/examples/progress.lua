-- on_progress is called after each result, with the counts so far.
local volley = require "volley"
local base = volley.httpbin()

local list = {}
for i = 1, 50 do list[i] = volley.get(base .. "/delay/0.02") end
list[51] = volley.get("http://127.0.0.1:9/")

volley.map(list, {
  size = 10,
  on_progress = function(p)
    if p.done % 10 == 0 or p.done == p.total then
      print(("%d of %d, %d ok, %d failed"):format(p.done, p.total, p.ok, p.failed))
    end
  end,
})
