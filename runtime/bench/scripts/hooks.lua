-- A hook that computes: about as much as looking closely at a document.
return {
  response = function(resp)
    local sum = 0
    for i = 1, 20000 do sum = (sum * 31 + i) % 65521 end
    if sum < 0 then error("the sum is wrong: " .. sum) end
  end,
}
