-- More of the contract, found by use.
local volley = require "volley"
require "checks"

case("LUA 9.21 a unix socket that may not be used is kind denied, naming the flag", function()
  local good, err = pcall(function()
    error(select(2, volley.session {unix = "/var/run/docker.sock"}:get("http://x/"):send()))
  end)
  eq(good, false)
  has(tostring(err), "--allow-write")
  eq(err.kind, "denied")
end)

case("LUA 9.22 a CA file that may not be read is kind denied, naming the flag", function()
  local good, err = pcall(function()
    error(select(2, volley.get("https://127.0.0.1:1/", {verify = "/etc/ssl/private/x.pem"}):send()))
  end)
  eq(good, false)
  has(tostring(err), "--allow-read")
  eq(err.kind, "denied")
end)
