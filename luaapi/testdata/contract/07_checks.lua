-- Section 7: check, metric and thresholds.
local volley = require "volley"
require "checks"

case("LUA 7.20 check calls the predicates with resp, by name, and tells whether all held", function()
  server.on("/a", reply(200))
  local resp, seen = sent(volley.get(server.url("/a"))), {}
  local function predicate(name, result)
    return function(...)
      seen[#seen + 1] = name
      eq(select("#", ...), 1)
      eq(..., resp)
      return result
    end
  end
  eq(volley.check(resp, {b = predicate("b", 0), a = predicate("a", true), c = predicate("c", "")}), true)
  list(seen, {"a", "b", "c"})
  eq(volley.check(resp, {a = predicate("a", nil), b = predicate("b", true)}), false)
  list(seen, {"a", "b", "c", "a", "b"})
  eq(volley.check(resp, {}), true)
end)

case("LUA 7.21 check takes any value, such as a failed slot's", function()
  local function answered(v) return v end
  eq(volley.check(nil, {answered = answered}), false)
  eq(volley.check(false, {answered = answered}), false)
  eq(volley.check({1}, {answered = answered}), true)
end)

case("LUA 7.22 check never raises; what a predicate raises is logged once", function()
  for _ = 1, 5 do
    eq(volley.check(1, {
      ["with text"] = function() error("oops one") end,
      ["with an Error"] = function(v) return v.nothing.at.all end,
      ["no function"] = true,
      fine = function() return true end,
    }), false)
  end
  local log = harness.stderr()
  has(log, "oops one")
  has(log, 'check "with text" raised')
  has(log, "07_checks.lua:")
  has(log, 'check "no function"')
  eq(select(2, log:gsub("oops one", "")), 1)
end)

case("LUA 7.23 a predicate may wait", function()
  server.on("/a", reply(200))
  local resp = sent(volley.get(server.url("/a")))
  eq(volley.check(resp, {["still there"] = function() return volley.get(server.url("/a")):send().ok end}), true)
end)

case("LUA 7.24 check and exit: what cannot be caught goes through", function()
  harness.ends_with("exit 7")
  volley.check(1, {leaves = function() volley.exit(7) end})
  error("went on")
end)

case("LUA 7.25 check and metric refuse wrong arguments", function()
  raises("invalid_argument", function() volley.check(1) end, "predicates (argument 2) must be a table of predicates, got nothing")
  raises("invalid_argument", function() volley.check(1, "x") end, "must be a table")
  raises("invalid_argument", function() volley.metric("x", "y") end, "number (argument 2) must be a number")
  raises("invalid_argument", function() volley.metric("x", 0 / 0) end, "must be finite")
  raises("invalid_argument", function() volley.metric("x", math.huge) end, "must be finite")
  raises("invalid_argument", function() volley.metric({}, 1) end, "name (argument 1) must be a string")
  eq(select("#", volley.metric("x", -1.5)), 0)
end)

case("LUA 7.26 thresholds take their names and conditions", function()
  eq(select("#", volley.thresholds {
    p50 = "<1s", p90 = "<= 800ms", p95 = ">1µs", p99 = "<2m", max = "<1.5s", avg = ">=1ms", error_rate = "<1%",
    rps = ">100", checks = ">99.5%", ["check:status is 200"] = ">0.99", ["metric:m"] = "<5", ["metric:n"] = "p95<5",
  }), 0)
  volley.thresholds {}
end)

case("LUA 7.27 thresholds refuse wrong names and conditions where they are written", function()
  local function refused(t, ...) raises("invalid_argument", function() volley.thresholds(t) end, "volley.thresholds: ", ...) end
  refused({eror_rate = "<1%"}, 'unknown threshold "eror_rate"', 'did you mean "error_rate"?')
  refused({p95 = "800ms"}, 'did you mean "<800ms"?')
  refused({p95 = "<800"}, "has no unit", 'did you mean "<800ms"?')
  refused({p95 = 800}, 'must be a string such as "<800ms", got a number')
  refused({"p95<1s"}, "must have names as keys")
  refused({["metric:m"] = "q95<5"}, "unknown statistic")
  raises("invalid_argument", function() volley.thresholds() end, "must be a table of names and conditions")
  raises("invalid_argument", function()
    for i = 1, 300 do volley.thresholds {["metric:m" .. i] = "<1"} end
  end, "at most 200 thresholds")
end)
