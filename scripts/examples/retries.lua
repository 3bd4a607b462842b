-- Retries: what is tried again, how often it was, and what is left when tries run out.
local volley = require "volley"
local base = volley.httpbin()

-- Fails at random with a 500, which only an explicit `on` retries.
local resp = volley.get(base .. "/unstable", {
  params = {failure_rate = 0.6},
  retry = {total = 40, on = {"5xx", "connect"}, backoff = 0.001, max_delay = 0.01},
}):send()
print("unstable", resp.status_code, resp.attempts > 1 and "after retries" or "at once")

-- A number takes the defaults: 503 of a GET is one of them. The last response is the result.
local tries = 0
resp = volley.get(base .. "/status/503", {
  retry = {total = 2, backoff = 0.01},
  hooks = {retry = function(_, why, attempt) tries = tries + 1; print("retry", attempt, why.status_code) end},
}):send()
print("gone", resp.status_code, resp.attempts .. " attempts", tries .. " retries")

-- A POST may have been acted on: it is not sent twice unasked.
resp = volley.post(base .. "/status/503", {retry = 5}):send()
print("post", resp.status_code, resp.attempts .. " attempt")
