assert(type(collectgarbage("count")) == "number" and collectgarbage("count") > 0)
assert(collectgarbage() == 0)
