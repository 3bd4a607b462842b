-- A Go function as body never finishes.
assert(not pcall(coroutine.create, print))
