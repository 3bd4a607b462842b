-- Tasks start, and go on when what they wait for has ended, in the order in
-- which they were made.
local first = spawn(function() print("first") fetch() print("first again") end)
for i = 1, 3 do
  spawn(function() print("start", i) join(first) print("end", i) end)
end
print("main")
print(join(spawn(function(a, b) return b, a end, 1, 2)))

--[[ output
main
first
start	1
start	2
start	3
2	1
first again
end	1
end	2
end	3
]]
