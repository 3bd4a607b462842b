assert(tostring(("x"):match("y")) == "nil")
assert(select("#", ("x"):match("y")) == 1)
assert(("2024-05-06"):match("^(%d+)-(%d+)") == "2024" and ("abc"):match("()b()") == 2)
