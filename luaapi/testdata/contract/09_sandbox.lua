-- LUA §9: the sandbox.
local volley = require "volley"
require "checks"

case("LUA 9.1 no popen, execute, loadlib, debug, io files", function()
  for _, path in ipairs {"io.popen", "os.execute", "os.remove", "os.rename", "os.tmpname", "package.loadlib", "debug.sethook", "debug.getregistry"} do
    local lib, name = path:match("(%w+)%.(%w+)")
    throws(function() _G[lib][name]("x") end)
  end
end)

case("LUA 9.2 reading outside the folder is denied and names the flag", function()
  for _, path in ipairs {"/etc/passwd", "../x", "/proc/self/environ"} do
    raises("denied", function() volley.lines(path) end, "--allow-read")
  end
  local good, err = pcall(function() error(select(2, volley.post(server.url("/"), {data = volley.file("/etc/passwd")}):send())) end)
  eq(good, false)
  eq(err.kind, "denied")
  eq(server.count(), 0)
end)

case("LUA 9.3 names that begin with a dot are denied", function()
  harness.put(".env", "SECRET=1")
  harness.put(".ssh/id", "key")
  raises("denied", function() volley.lines(".env") end)
  raises("denied", function() volley.lines(".ssh/id") end)
  eq(#volley.glob(dir .. "/.*"), 0)
end)

case("LUA 9.4 writing is denied without --allow-write", function()
  raises("denied", function() volley.write("x.txt", "x") end, "--allow-write")
  raises("denied", function() volley.append("x.txt", "x") end, "--allow-write")
  raises("denied", function() sent(volley.get(server.url("/"))):save("x.txt") end, "--allow-write")
  raises("denied", function() volley.session {}.cookies:save("x.txt") end, "--allow-write")
  eq(harness.slurp("x.txt"), nil)
end)

case("LUA 9.5 writing outside the folder is denied with --allow-write", {write = true}, function()
  volley.write("in.txt", "x")
  raises("denied", function() volley.write("../out.txt", "x") end)
  raises("denied", function() volley.write("/tmp/volley-contract-out.txt", "x") end)
end)

case("LUA 9.6 the environment is denied by name", function()
  raises("denied", function() return volley.env.HOME end, "--allow-env")
  throws(function() return assert(os.getenv("HOME")) end)
end)

case("LUA 9.7 --deny-private: loopback is denied, after DNS, in every spelling, and httpbin is exempt or denied alike", {private = true}, function()
  for _, host in ipairs {"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"} do
    local err = fails("denied", volley.get("http://" .. host .. ":" .. server.port .. "/"):send())
    eq(err.sent, "no")
  end
  eq(server.conns(), 0)
end)

case("LUA 9.8 denials by a redirect", function()
  server.on("/r", redirect(302, "file:///etc/passwd"))
  fails("invalid_redirect", volley.get(server.url("/r")):send())
end)

case("LUA 9.9 a runaway script is stopped by --max-instructions, uncatchably", {instructions = 2000000}, function()
  harness.ends_with("instruction")
  while true do pcall(function() while true do end end) end
end)

case("LUA 9.10 --max-instructions is shared by all threads", {instructions = 2000000}, function()
  harness.ends_with("instruction")
  for _ = 1, 10 do volley.spawn(function() while true do volley.sleep(0) for _ = 1, 1000 do end end end) end
  volley.sleep(30)
end)

case("LUA 9.11 memory hogs meet caps: string.rep", function()
  throws(function() return ("x"):rep(8e9) end)
  throws(function() return ("x"):rep(1e9):rep(1e9) end)
end)

case("LUA 9.12 a deep recursion is an error, not a crash", function()
  local function f() return 1 + f() end
  throws(f, "stack")
end)

case("LUA 9.13 deeply nested source is refused", function()
  local f, err = loadstring("return " .. ("{"):rep(100000) .. ("}"):rep(100000))
  eq(f, nil)
  ok(err)
end)

case("LUA 9.14 a pattern that backtracks for ever is stopped", function()
  local began = harness.clock()
  pcall(volley.timeout, 0.3, function() return ("a"):rep(40):find(("a*"):rep(20) .. "b") end)
  ok(harness.clock() - began < 5)
end)

case("LUA 9.15 a sparse table is no memory bomb", function()
  local t = {}
  t[67108862] = 1
  eq(t[67108862], 1)
end)

case("LUA 9.16 the string metatable is frozen or private", function()
  local good = pcall(function() getmetatable("").__index = function() return "owned" end end)
  eq(good and ("x").foo or nil, nil)
end)

case("LUA 9.17 require finds modules beside the script only", function()
  harness.put("beside.lua", "return {v = 1}")
  eq(require("beside").v, 1)
  throws(function() require("no_such_module") end, "no_such_module")
  throws(function() require("../beside") end)
  throws(function() require("/etc/passwd") end)
end)

case("LUA 9.18 swaps of fields work as in Lua 5.1", function()
  local t = {1, 2}
  t[1], t[2] = t[2], t[1]
  list(t, {2, 1})
end)

case("LUA 9.19 standard functions follow Lua 5.1", function()
  eq(tostring(tonumber("0x10")), "16")
  eq(math.huge > 1e308, true)
  eq(select("#", pcall(error)), 2)
  eq(("%5.2f|%d|%s|%q"):format(3.14159, 42, "s", "q"), ' 3.14|42|s|"q"')
  eq(table.concat({1, 2, 3}, ","), "1,2,3")
  list({("a,b,c"):match("(%w),(%w)")}, {"a", "b"})
  eq(#"a\0b", 3)
  eq(os.time {year = 2020, month = 1, day = 1, hour = 12} > 0, true)
  local n = 0
  for _ in ("a b c"):gmatch("%a") do n = n + 1 end
  eq(n, 3)
end)

case("LUA 9.20 secrets are masked in error texts", function()
  server.on("/r", {{reset = true}})
  local err = fails("closed", volley.get((server.url("/r"):gsub("//", "//us:s3cret@")), {auth = {"u", "p4ssw0rd"}}):send())
  hasnt(tostring(err), "s3cret")
  hasnt(tostring(err), "p4ssw0rd")
  hasnt(tostring(err.request), "s3cret")
end)
