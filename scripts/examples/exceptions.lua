-- Failures: kinds, their tree, who hears of them, and values that take their place.
local volley = require "volley"
local base = volley.httpbin()

local requests = {
  volley.get(base .. "/delay/1", {timeout = 0.05, meta = "slow"}),
  volley.get("http://127.0.0.1:9/", {meta = "dead"}),
  volley.get("no-scheme.test", {meta = "bad url"}),
  volley.get(base .. "/status/500", {meta = "strict", raise_for_status = true}),
  volley.get(base .. "/status/500", {meta = "lenient"}), -- a 500 is a response
  volley.get("http://127.0.0.1:9/", {meta = "own", exception_handler = function() return "own fallback" end}),
}

local responses, errors = volley.map(requests, {
  exception_handler = function(req, err)
    print(req.meta, err.kind, err:is("timeout") and "a timeout" or err:is("connection") and "a connection" or "")
    if err:is("connection") then return "fallback" end
  end,
})
for i = 1, responses.n do print(i, responses[i], errors[i]) end

-- One request: the response, or nil and the error.
local resp, err = volley.get("http://127.0.0.1:9/"):send()
print(resp, err.kind, err.phase, err.sent)

-- Wrong code raises where it is written, and the message says how to mend it.
print(select(2, pcall(volley.get, base, {header = {}})))
