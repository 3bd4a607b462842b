local t = { 1, 2, 3 }
t[3] = nil
assert(table.remove(t) == 2 and #t == 1)
assert(table.remove(t, 0) == nil and #t == 1 and table.remove({}) == nil)
t = { "a", "b", "c" }
assert(table.remove(t, 1) == "a" and t[1] == "b" and t[2] == "c" and #t == 2)
