local ok, err = pcall(error)
assert(not ok and err == nil)
ok, err = pcall(function() error("x", 2) end)
assert(not ok and not err:find("^ "), err)
