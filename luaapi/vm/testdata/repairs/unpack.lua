-- As many values as fit are passed on; stock's stack does not grow.
local t = {}
for i = 1, 100000 do t[i] = i end
assert(select("#", unpack(t)) == 100000 and select("#", pcall(unpack, t)) == 100001)
local ok, err = pcall(unpack, {}, 1, 1e9)
assert(not ok and err:find("too many results", 1, true), err)
