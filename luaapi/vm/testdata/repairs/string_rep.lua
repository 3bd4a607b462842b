assert(("ab"):rep(3) == "ababab" and ("ab"):rep(0) == "" and ("ab"):rep(-1) == "")
local ok, err = pcall(string.rep, "x", 64 * 2 ^ 20 + 1)
assert(not ok and err:find("larger than", 1, true), err)
