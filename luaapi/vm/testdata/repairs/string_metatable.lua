-- No script changes what strings or numbers do for the others.
assert(getmetatable("") == false)
assert(not pcall(setmetatable, 1, {}) and not pcall(setmetatable, "x", {}))
assert(("x"):rep(2) == "xx")
