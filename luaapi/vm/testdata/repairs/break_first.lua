local function once()
  local left = 1
  return function()
    left = left - 1
    if left >= 0 then return left end
  end
end
local rounds = 0
for i = 1, 3 do
  for _ in once() do break end
  rounds = rounds + 1
end
assert(rounds == 3)
for i = 1, 3 do
  while true do break end
  for j = 1, 2 do do break end end
  repeat break until false
  rounds = rounds + 1
end
assert(rounds == 6)
