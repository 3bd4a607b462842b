-- What every case checks with. Each check counts, so that a case that checks
-- nothing fails.
local function show(v)
  if type(v) == "string" then return string.format("%q", v) end
  return tostring(v)
end

-- case runs fn in a script of its own. opts: write, private, size,
-- instructions, env, vars, args.
function case(name, opts, fn)
  local run = fn or opts
  if harness.pick(name, fn and opts or nil) then run() end
end

function eq(got, want, what)
  harness.checked()
  if got ~= want then
    error((what and what .. ": " or "") .. "got " .. show(got) .. ", want " .. show(want), 2)
  end
end

function ok(v, what)
  harness.checked()
  if not v then error((what or "not true") .. ": " .. show(v), 2) end
  return v
end

function has(s, sub, what)
  harness.checked()
  if type(s) ~= "string" or not s:find(sub, 1, true) then
    error((what and what .. ": " or "") .. show(s) .. " does not contain " .. show(sub), 2)
  end
end

function hasnt(s, sub, what)
  harness.checked()
  if s:find(sub, 1, true) then
    error((what and what .. ": " or "") .. show(s) .. " contains " .. show(sub), 2)
  end
end

-- list compares two arrays.
function list(got, want, what)
  harness.checked()
  local a, b = {}, {}
  for i = 1, #got do a[i] = show(got[i]) end
  for i = 1, #want do b[i] = show(want[i]) end
  a, b = table.concat(a, ", "), table.concat(b, ", ")
  if a ~= b then error((what and what .. ": " or "") .. "got {" .. a .. "}, want {" .. b .. "}", 2) end
end

-- raises calls fn, which must raise an Error of that kind with those texts.
function raises(kind, fn, ...)
  harness.checked()
  local good, err = pcall(fn)
  if good then error("nothing was raised, want " .. kind, 2) end
  if type(err) ~= "userdata" then error("raised " .. show(err) .. ", want an Error of kind " .. kind, 2) end
  if not err:is(kind) then error("raised " .. tostring(err) .. " (" .. err.kind .. "), want " .. kind, 2) end
  for _, text in ipairs {...} do has(tostring(err), text) end
  return err
end

-- throws calls fn, which must raise anything with those texts.
function throws(fn, ...)
  harness.checked()
  local good, err = pcall(fn)
  if good then error("nothing was raised", 2) end
  for _, text in ipairs {...} do has(tostring(err), text) end
  return err
end

-- fails takes `nil, err`.
function fails(kind, resp, err)
  harness.checked()
  if resp then error("got " .. tostring(resp) .. ", want kind " .. kind, 2) end
  if err.kind ~= kind then error("kind " .. tostring(err.kind) .. ", want " .. kind .. ": " .. tostring(err), 2) end
  return err
end

-- sent sends and must get a response.
function sent(req, opts)
  harness.checked()
  local resp, err = req:send(opts)
  if not resp then error("not sent: " .. tostring(err), 2) end
  return resp
end

-- reply is a response's bytes. headers: array of lines.
function reply(status, headers, body)
  local lines = {"HTTP/1.1 " .. status .. (tostring(status):find(" ") and "" or " Reason")}
  for _, h in ipairs(headers or {}) do lines[#lines + 1] = h end
  body = body or ""
  lines[#lines + 1] = "Content-Length: " .. #body
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

function redirect(status, location) return reply(status, {"Location: " .. location}) end

-- header finds a header line's value in a request that a server got, in any
-- case; nil when it is not there.
function header(req, name)
  for line in (req.head .. "\r\n"):gmatch("(.-)\r\n") do
    local n, v = line:match("^([^:]*):%s*(.*)$")
    if n and n:lower() == name:lower() then return v end
  end
end

-- names are a request's header names in order.
function names(req)
  local out = {}
  for line in (req.head .. "\r\n"):gmatch("(.-)\r\n") do
    local n = line:match("^([^:]+):")
    if n then out[#out + 1] = n end
  end
  return out
end

-- wait_until gives f three seconds to come true.
function wait_until(f, what)
  harness.checked()
  local deadline = harness.clock() + 3
  while not f() do
    if harness.clock() > deadline then error("waited in vain" .. (what and " for " .. what or ""), 2) end
    volley.sleep(0.005)
  end
end

function last() local all = server.requests() return all[#all] end
