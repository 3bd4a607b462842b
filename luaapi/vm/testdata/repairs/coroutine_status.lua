-- "normal" is for every coroutine that waits for one it has resumed.
local outer, seen
outer = coroutine.create(function()
  coroutine.wrap(function()
    coroutine.wrap(function() seen = coroutine.status(outer) end)()
  end)()
end)
assert(coroutine.resume(outer))
assert(seen == "normal", seen)
