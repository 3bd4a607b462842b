-- More of the contract, found by use.
local volley = require "volley"
require "checks"

case("LUA 7.8b volley.codes has requests' names in upper case too", function()
  eq(volley.codes.NOT_FOUND, 404)
  eq(volley.codes.OK, 200)
end)
