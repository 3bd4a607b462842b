-- The iterator works outside for … in, too.
local it = ("a=1, b=2"):gmatch("(%w)=(%w)")
local k, v = it()
assert(k == "a" and v == "1")
k, v = it()
assert(k == "b" and v == "2" and it() == nil and it() == nil)
