-- The harness provides object, a userdata with __pairs and __index.
local seen = {}
for k, v in pairs(object) do seen[k] = v end
assert(seen.a == 1 and seen.b == 2)
local list = {}
for i, v in ipairs(object) do list[i] = v end
assert(#list == 2 and list[2] == "two")
