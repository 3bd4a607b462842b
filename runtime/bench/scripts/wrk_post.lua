-- wrk's way to POST: set once, no function is called for a request.
local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.method, wrk.body = "POST", file:read("*a")
wrk.headers["Content-Type"] = "application/json"
file:close()
