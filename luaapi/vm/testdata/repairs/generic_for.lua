-- gopher-lua leaves the third value of a generic for to chance.
local n = 0
for k, v in next, { 10, 20, 30 } do n = n + v end
assert(n == 60, n)
for i in function(_, i) i = (i or 0) + 1 if i <= 3 then return i end end do n = n + i end
assert(n == 66, n)
