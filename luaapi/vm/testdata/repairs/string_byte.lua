assert(select("#", ("x"):rep(100000):byte(1, -1)) == 100000)
assert(("abc"):byte() == 97 and ("abc"):byte(-1) == 99 and select("#", ("abc"):byte(4)) == 0 and select("#", ("abc"):byte(0)) == 0)
assert(select("#", ("abc"):byte(-10, 10)) == 3 and select("#", ("abc"):byte(2, 1)) == 0)
