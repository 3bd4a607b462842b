-- An error object passes unchanged, as in assert(req:send()).
local object = { code = 1 }
local ok, err = pcall(assert, nil, object)
assert(not ok and err == object)
ok, err = pcall(assert, false, "plain")
assert(not ok and err == "plain", err)
assert(select("#", assert(1, 2, 3)) == 3)
