-- What is loaded goes through the same repairs as a file.
local f = assert(loadstring("local n = 0 for k, v in next, {10, 20} do n = n + v end return n"))
assert(f() == 30, f())
local bad, err = loadstring("x = = 1", "=name")
assert(bad == nil and err:find("^name:1: "), err)
