local pieces = { "local n = 0 for k, v in next, {1, 2} ", "do n = n + v end return n" }
local f = assert(load(function() return table.remove(pieces, 1) end))
assert(f() == 3, f())
