-- Surface §9: Digest. The server's part is played here: what the client
-- answers is computed again, by another road.
local volley = require "volley"
require "checks"

local hashes = {MD5 = volley.hash.md5, ["SHA-256"] = volley.hash.sha256, ["SHA-512-256"] = harness.sha512_256}

local function challenge(text) return reply("401 Unauthorized", {"WWW-Authenticate: " .. text}) end

-- fields takes an Authorization: Digest value apart.
local function fields(value)
  local f = {}
  ok(value and value:match("^Digest "), "no digest: " .. tostring(value))
  for name, quoted, plain in value:gsub("^Digest ", ""):gmatch('([%w%-*]+)="?([^",]*)"?(,?)') do f[name] = quoted ~= "" and quoted or plain end
  return f
end

-- check_response computes the response of a request again.
local function check_response(r, user, password, realm)
  local f = fields(header(r, "Authorization"))
  local name = (f.algorithm or "MD5"):upper()
  local session = name:sub(-5) == "-SESS"
  local hash = hashes[session and name:sub(1, -6) or name]
  local key = hash(user .. ":" .. realm .. ":" .. password)
  if session then key = hash(key .. ":" .. f.nonce .. ":" .. f.cnonce) end
  local what = r.method .. ":" .. r.target
  if f.qop == "auth-int" then what = what .. ":" .. hash(r.body) end
  local middle = f.qop and f.nonce .. ":" .. f.nc .. ":" .. f.cnonce .. ":" .. f.qop or f.nonce
  eq(f.response, hash(key .. ":" .. middle .. ":" .. hash(what)), "the response")
  eq(f.username, user)
  eq(f.uri, r.target)
  return f
end

case("RS 9.7 Digest: a challenge is answered once, over the same connection, and stands in the history", function()
  server.on("/d", reply("401 Unauthorized", {'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", opaque="o", algorithm=MD5'}, "a body"), reply(200, {}, "in"))
  local resp = sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "p")}))
  eq(resp.text, "in")
  eq(#resp.history, 1)
  eq(resp.history[1].status_code, 401)
  local all = server.requests()
  eq(header(all[1], "Authorization"), nil, "the first is bare")
  eq(#all, 2)
  eq(all[1].conn, all[2].conn)
  local f = check_response(all[2], "u", "p", "r")
  eq(f.realm, "r")
  eq(f.nonce, "n")
  eq(f.opaque, "o")
  eq(f.algorithm, "MD5")
  eq(f.qop, "auth")
  eq(f.nc, "00000001")
  ok(#f.cnonce >= 16, f.cnonce)
end)

case("RS 9.7b Digest: a second 401 is the result", function()
  server.on("/d", challenge 'Digest realm="r", nonce="n", qop="auth"')
  local resp = sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "wrong")}))
  eq(resp.status_code, 401)
  eq(#resp.history, 1)
  eq(server.count(), 2)
end)

case("RS 9.7c Digest: a WWW-Authenticate that comes with a 200 is nothing", function()
  server.on("/d", reply(200, {'WWW-Authenticate: Digest realm="r", nonce="n"'}, "in"))
  eq(#sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "p")})).history, 0)
  eq(server.count(), 1)
end)

case("RS 9.7d Digest: each hop of a redirect may challenge", function()
  server.on("/r", challenge 'Digest realm="r", nonce="n1", qop="auth"', redirect(302, "/to"))
  server.on("/to", challenge 'Digest realm="r", nonce="n2", qop="auth"', reply(200, {}, "in"))
  local resp = sent(volley.get(server.url("/r"), {auth = volley.auth.digest("u", "p")}))
  eq(resp.text, "in")
  local codes = {}
  for _, h in ipairs(resp.history) do codes[#codes + 1] = h.status_code end
  list(codes, {401, 302, 401})
  check_response(last(), "u", "p", "r")
end)

case("RS 9.7e Digest: no answer goes to another origin", function()
  server.on("/r", redirect(302, other.url("/o")))
  other.on("/o", challenge 'Digest realm="r", nonce="n", qop="auth"')
  eq(sent(volley.get(server.url("/r"), {auth = volley.auth.digest("u", "p")})).status_code, 401)
  eq(other.count(), 1)
end)

case("RS 9.7f Digest against go-httpbin", function()
  for _, algorithm in ipairs {"MD5", "SHA-256"} do
    local url = volley.httpbin() .. "/digest-auth/auth/u/p/" .. algorithm
    eq(sent(volley.get(url, {auth = volley.auth.digest("u", "p")})).status_code, 200, algorithm)
    eq(sent(volley.get(url, {auth = volley.auth.digest("u", "wrong")})).status_code, 401, algorithm)
  end
end)

case("RS 9.8 Digest: MD5 by default, algorithms in any case", function()
  for _, algorithm in ipairs {"", "MD5", "md5", "MD5-sess", "MD5-SESS", "SHA-256", "sha-256"} do
    server.on("/d", challenge('Digest realm="r", nonce="n", qop="auth"' .. (algorithm ~= "" and ", algorithm=" .. algorithm or "")), reply(200))
    eq(sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "p")})).status_code, 200)
    eq(check_response(last(), "u", "p", "r").algorithm, algorithm ~= "" and algorithm or nil)
  end
end)

case("W29 Digest: SHA-256-sess, SHA-512-256 and SHA-512-256-sess", function()
  for _, algorithm in ipairs {"SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"} do
    server.on("/d", challenge('Digest realm="r", nonce="n", qop="auth", algorithm=' .. algorithm), reply(200))
    eq(sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "p")})).status_code, 200)
    check_response(last(), "u", "p", "r")
  end
end)

case("W29b Digest: what cannot be answered is not sent again: the 401 is the result", function()
  for _, text in ipairs {
    'Digest realm="r", nonce="n", algorithm=SHA', 'Digest realm="r", nonce="n", algorithm=SHA-512', 'Digest realm="r", nonce="n", algorithm=TIGER',
    'Digest realm="r", nonce="n", qop="auth-conf"', 'Digest realm="r"', 'Basic realm="r"', "Negotiate", 'Digestive realm="r", nonce="n"',
  } do
    server.on("/d", challenge(text), reply(200))
    local resp = sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "p")}))
    eq(resp.status_code, 401, text)
    eq(#resp.history, 0)
  end
  eq(server.count(), 8)
end)

case("RS 9.9 Digest: without qop the form of RFC 2069", function()
  server.on("/d", challenge 'Digest realm="r", nonce="n"', reply(200))
  sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "p")}))
  local f = check_response(last(), "u", "p", "r")
  eq(f.qop, nil)
  eq(f.nc, nil)
  eq(f.cnonce, nil)
end)

case("RS 9.9b Digest: auth is preferred in a list, blanks and case do not matter", function()
  for _, qop in ipairs {"auth,auth-int", "auth-int, auth", " AUTH ", "x,auth"} do
    server.on("/d", challenge('Digest realm="r", nonce="n", qop="' .. qop .. '"'), reply(200))
    sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "p")}))
    eq(check_response(last(), "u", "p", "r").qop, "auth", qop)
  end
end)

case("RS 9.9c Digest: auth-int covers the body", function()
  harness.put("f.txt", "of a file")
  for _, data in ipairs {"text", volley.file("f.txt"), false} do
    server.on("/d", challenge 'Digest realm="r", nonce="n", qop="auth-int", algorithm=SHA-256', reply(200))
    sent(volley.post(server.url("/d"), {auth = volley.auth.digest("u", "p"), data = data or nil}))
    eq(check_response(last(), "u", "p", "r").qop, "auth-int")
  end
end)

case("RS 9.10 Digest: the uri is path and query as they are sent", function()
  server.on("/a%20b", challenge 'Digest realm="r", nonce="n", qop="auth"', reply(200))
  eq(sent(volley.get(server.url("/a b?x=1&y=a,b#frag"), {params = {z = "ü"}, auth = volley.auth.digest("u", "p")})).status_code, 200)
  local r = last()
  has(header(r, "Authorization"), 'uri="/a%20b?x=1&y=a,b&z=%C3%BC"')
end)

case("RS 9.10b Digest: several challenges, in one header or in several; the strongest is answered", function()
  local both = 'Basic realm="b", Digest realm="r", nonce="m", qop="auth", algorithm=MD5, Digest realm="r", nonce="s", qop="auth", algorithm=SHA-256'
  local apart = reply("401 Unauthorized", {
    'WWW-Authenticate: Digest realm="r", nonce="m", qop="auth", algorithm=MD5', 'WWW-Authenticate: Digest realm="r", nonce="s", qop="auth", algorithm=SHA-256',
    'WWW-Authenticate: Digest realm="r", nonce="t", qop="auth", algorithm=SHA-3', 'WWW-Authenticate: Basic realm="b"',
  })
  for _, first in ipairs {challenge(both), apart} do
    server.on("/d", first, reply(200))
    sent(volley.get(server.url("/d"), {auth = volley.auth.digest("u", "p")}))
    eq(check_response(last(), "u", "p", "r").nonce, "s")
  end
end)

case("RS 9.10c Digest: quotes and backslashes in names are escaped, commas in values do not end them", function()
  server.on("/d", challenge 'Digest realm="a \\"b\\", c", nonce="n=,x", qop="auth"', reply(200))
  sent(volley.get(server.url("/d"), {auth = volley.auth.digest('u"\\', "p")}))
  local value = header(last(), "Authorization")
  has(value, 'username="u\\"\\\\"')
  has(value, 'realm="a \\"b\\", c"')
  has(value, 'nonce="n=,x"')
end)

case("RS 9.11 Digest: the nonce serves again, answered ahead, with a count of its own each time", function()
  server.on("/d", challenge 'Digest realm="r", nonce="n", qop="auth"', reply(200))
  local s = volley.session {auth = volley.auth.digest("u", "p")}
  for i = 1, 3 do
    eq(#sent(s:get(server.url("/d"))).history, i == 1 and 1 or 0)
    eq(check_response(last(), "u", "p", "r").nc, ("%08x"):format(i))
  end
  eq(server.count(), 4)
end)

case("RS 9.11b Digest: requests at the same time never share a count", function()
  server.on("/d", challenge 'Digest realm="r", nonce="n", qop="auth"', reply(200))
  local s = volley.session {auth = volley.auth.digest("u", "p")}
  sent(s:get(server.url("/d")))
  local reqs, seen = {}, {}
  for i = 1, 40 do reqs[i] = s:get(server.url("/d"), {params = {i = i}}) end
  local resps, errors = volley.map(reqs, {size = 20})
  eq(next(errors), nil)
  eq(resps.n, 40)
  for i, r in ipairs(server.requests()) do
    if i > 2 then
      local nc = check_response(r, "u", "p", "r").nc
      eq(seen[nc], nil, "a count twice")
      seen[nc] = true
    end
  end
end)

case("RS 9.11c Digest: a stale nonce is replaced, and the count begins again", function()
  local s = volley.session {auth = volley.auth.digest("u", "p")}
  server.on("/d", challenge 'Digest realm="r", nonce="n1", qop="auth"', reply(200), challenge 'Digest realm="r", nonce="n2", qop="auth", stale=true', reply(200))
  sent(s:get(server.url("/d")))
  eq(#sent(s:get(server.url("/d"))).history, 1)
  local f = check_response(last(), "u", "p", "r")
  eq(f.nonce, "n2")
  eq(f.nc, "00000001")
end)

case("RS 9.12 Digest: bodies go again from their beginning", function()
  harness.put("f.txt", "of a file")
  for _, opts in ipairs {{data = "text"}, {data = volley.file("f.txt")}, {json = {a = 1}}, {files = {f = volley.file("f.txt")}}} do
    server.on("/d", challenge 'Digest realm="r", nonce="n", qop="auth"', reply(200))
    opts.auth = volley.auth.digest("u", "p")
    eq(sent(volley.post(server.url("/d"), opts)).status_code, 200)
    local all = server.requests()
    eq(all[#all].body, all[#all - 1].body)
    ok(#last().body > 0)
  end
end)

case("RS 9.12b Digest: a one-shot body cannot be sent again", function()
  server.on("/d", challenge 'Digest realm="r", nonce="n", qop="auth"', reply(200))
  local parts = {"a"}
  fails("unrewindable_body", volley.post(server.url("/d"), {data = function() return table.remove(parts) end, auth = volley.auth.digest("u", "p")}):send())
  eq(server.count(), 1)
end)
