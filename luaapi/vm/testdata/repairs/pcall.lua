-- A caught error must not detach the upvalues of functions that still run.
local a
local function get() return a end
pcall(error, "x")
a = 42
assert(get() == 42, get())
