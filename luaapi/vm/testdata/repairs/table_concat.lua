local t = {}
for i = 1, 20000 do t[i] = i end
assert(#table.concat(t, ",") == 108893)
assert(table.concat({ 1, 2, 3 }, 0) == "10203")
assert(table.concat({ 1, 2, 3 }, "-", 2, 3) == "2-3" and table.concat({}, "x") == "")
local ok, err = pcall(table.concat, { 1, {}, 3 })
assert(not ok and err:find("invalid value (table) at index 2", 1, true), err)
